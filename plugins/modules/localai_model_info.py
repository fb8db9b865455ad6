#!/usr/bin/python
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: localai_model_info
short_description: List LocalAI models, installed and available
version_added: 1.0.0
author:
  - localai.core contributors (@localai-core)
description:
  - Lists all models of a host with their files and problems, also models that LocalAI or an administrator installed.
  - Returns the backends that the models need, the problems in the models path that LocalAI does not report, and the
    files that no model uses.
  - Requires no privileges except those to read the models path. Requires no network, unless O(available), O(upgrades)
    or O(pins) is set.
extends_documentation_fragment:
  - localai.core.connection
  - localai.core.models
  - localai.core.signatures
attributes:
  action_group:
    membership:
      - localai.core.localai
      - localai.core.localai_models
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details:
      - This module changes nothing.
  idempotent:
    support: full
options:
  name:
    description:
      - Lists only models with these names, which are case-insensitive. The default is to list all.
      - For O(available) and O(pins), V(gallery@name) selects one gallery.
      - RV(backends), RV(problems) and RV(unused) are always those of all models.
    type: list
    elements: str
  available:
    description: Whether to read the galleries and list their entries.
    type: bool
    default: false
  upgrades:
    description:
      - Whether to query galleries and servers for the changes that O(localai.core.localai_model#module:state=latest)
        would make.
      - Models that were installed with pins are not checked, nor are those that neither LocalAI nor
        M(localai.core.localai_model) installed.
    type: bool
    default: false
  pins:
    description:
      - Whether to return a set of pins for O(localai.core.localai_model#module:pins).
      - Without O(name), the set has all installed models, as they are installed.
      - With O(name), an installed model is pinned as it is installed, and any other one as the gallery has it now. With
        V(gallery@name), a model is always pinned as this gallery has it now.
      - The Hub of Hugging Face is queried for the commit of each repository, see E(HF_ENDPOINT) of the task's
        environment. If a file has no known SHA-256, that of the Hub or of its registry is used.
    type: bool
    default: false
  verify:
    description:
      - Whether to read all files of the listed models and compare them with their recorded SHA-256.
      - This reads every byte of the models. Without it, only the sizes of files are compared.
    type: bool
    default: false
  service_user:
    description:
      - The user that the service of LocalAI runs as, by name or number. RV(problems) then has the files that this user
        may not read.
    type: str
seealso:
  - module: localai.core.localai_model
  - module: localai.core.localai_backend
  - module: localai.core.localai_backend_info
"""

EXAMPLES = r"""
- name: List the installed models
  localai.core.localai_model_info:
    service_user: localai
  register: info

- name: Assert that all of them are complete
  ansible.builtin.assert:
    that: info.models | rejectattr('complete') | length == 0
    fail_msg: "{{ info.models | map(attribute='problems') | flatten | join(' ') }}"

- name: Install the backends that they need
  localai.core.localai_backend:
    name: "{{ info.backends }}"
  when: info.backends | length > 0

- name: Show the problems in the models path, and how to solve them
  ansible.builtin.debug:
    msg: "{{ info.problems }}"

- name: Show how many bytes pruning would free
  ansible.builtin.debug:
    msg: "{{ info.unused | selectattr('prunable') | map(attribute='size') | sum }}"

- name: Compare all files of a model with their recorded digests
  localai.core.localai_model_info:
    name: qwen3-4b
    verify: true
  register: verified

- name: List upgrades
  localai.core.localai_model_info:
    upgrades: true
  register: outdated

- name: Show the reason for each upgrade
  ansible.builtin.debug:
    msg: "{{ outdated.upgrades | items2dict(key_name='name', value_name='reason') }}"

- name: List the entries of the galleries
  localai.core.localai_model_info:
    available: true
  register: gallery

- name: Show the embedding models
  ansible.builtin.debug:
    msg: "{{ gallery.available | selectattr('tags', 'contains', 'embeddings') | map(attribute='name') }}"

- name: Pin the models of this host, which were tested, for the whole fleet
  localai.core.localai_model_info:
    pins: true
  register: tested

- name: Pin the backends that they need
  localai.core.localai_backend_info:
    name: "{{ tested.backends }}"
    pins: true
    pin_capabilities: [default, nvidia-cuda-12]
  register: needed

- name: Write both into one file, which can be committed to Git
  ansible.builtin.copy:
    content: "{{ needed.pins | combine(tested.pins) | to_nice_yaml(indent=2) }}"
    dest: pins.yml
    mode: "0644"
  delegate_to: localhost
"""

RETURN = r"""
models:
  description: One entry for each model of the models path, sorted by name.
  returned: success
  type: list
  elements: dict
  sample:
    - name: qwen3-4b
      served_name: qwen3-4b
      file: qwen3-4b.yaml
      installed_by: collection
      model: qwen3-4b
      gallery: localai
      variant: null
      backend: llama-cpp
      config:
        name: qwen3-4b
        backend: llama-cpp
        parameters:
          model: Qwen3-4B.Q4_K_M.gguf
      files:
        - filename: Qwen3-4B.Q4_K_M.gguf
          uri: huggingface://MaziyarPanahi/Qwen3-4B-GGUF/Qwen3-4B.Q4_K_M.gguf
          sha256: a37931937683a723ae737a0c6fc67dab7782fd8a1b9dea2ca445b7a1dbd5ca3a
          size: 2497280640
          present: true
      complete: true
      problems: []
      pinned: false
      size: 2497280640
  contains:
    name:
      description:
        - The name of the model on the host, which is that of its YAML file without C(.yaml). In a file with several
          models, it is the name in the configuration.
      type: str
    served_name:
      description: The name under which LocalAI serves the model, which its configuration can set.
      type: str
    file:
      description: The YAML file with its configuration, relative to O(models_path).
      type: str
    installed_by:
      description:
        - V(collection) if M(localai.core.localai_model) installed it, V(localai) if LocalAI did, or V(hand).
      type: str
    model:
      description: The entry of the gallery that it was installed from, or null if that is not recorded.
      type: str
    gallery:
      description: The gallery with this entry, or null if that is not recorded.
      type: str
    variant:
      description: The entry whose build it is, if a variant was requested.
      type: str
    backend:
      description: The backend that it needs, as galleries name it, or null. Its configuration can have another name.
      type: str
    config:
      description:
        - Its configuration, without credentials and queries of addresses. Null if the YAML file is missing or cannot be
          read.
      type: dict
    files:
      description: Its files. For a model that was made by hand, those that its configuration names.
      type: list
      elements: dict
      contains:
        filename:
          description: The path of the file, relative to O(models_path).
          type: str
        uri:
          description: Its source, if it is recorded, without credentials and a query.
          type: str
        sha256:
          description: Its SHA-256, if it is recorded.
          type: str
        size:
          description: Its size on the disk in bytes, or null if it is missing.
          type: int
        present:
          description: Whether the file exists.
          type: bool
    complete:
      description:
        - Whether its YAML file can be read, and all its files exist with their recorded sizes. With O(verify=true),
          also whether they have their recorded digests.
      type: bool
    problems:
      description:
        - Sentences about files that are missing or differ, and about the problems of its files in RV(problems).
      type: list
      elements: str
    pinned:
      description: Whether it was installed with O(localai.core.localai_model#module:pins).
      type: bool
    size:
      description: The bytes of its files. Files that several models use are counted for each of them.
      type: int
backends:
  description:
    - The backends that all models need, as galleries name them, for O(localai.core.localai_backend#module:name).
  returned: success
  type: list
  elements: str
  sample: [llama-cpp, whisper]
problems:
  description:
    - The problems in the models path, with advice. They include YAML files that LocalAI refuses, files that LocalAI
      lists as models by mistake, missing files, names that no request finds, and files of interrupted downloads.
  returned: success
  type: list
  elements: dict
  sample:
    - path: voice.tar.bz2
      problem: LocalAI lists voice.tar.bz2 as a model. It is an archive.
      advice: Remove it if it is unpacked, or move it into a subdirectory.
  contains:
    path:
      description:
        - The file or directory, relative to O(models_path). Null if the models path cannot be read.
      type: str
    problem:
      description: The problem, as a sentence.
      type: str
    advice:
      description: How to solve it.
      type: str
unused:
  description: The files that no YAML file of the models path mentions. LocalAI's caches are listed as a whole.
  returned: success
  type: list
  elements: dict
  sample:
    - path: old-model.gguf
      size: 4683073952
      prunable: true
      reason: This collection installed it for a model.
  contains:
    path:
      description: The file or directory, relative to O(models_path).
      type: str
    size:
      description: Its size in bytes.
      type: int
    prunable:
      description: Whether O(localai.core.localai_model#module:prune=true) removes it.
      type: bool
    reason:
      description: A sentence about the origin of the file, and why it is or is not removed.
      type: str
in_progress:
  description:
    - The current transfer of another run of M(localai.core.localai_model), or null. It is updated at most every two
      seconds.
    - It is null again as soon as that run ends, even if the run is killed.
  returned: success
  type: dict
  sample:
    model: qwen3-4b
    source: huggingface.co
    bytes_done: 195163840
    bytes_total: 2497280640
    bytes_per_second: 97379950
    seconds_left: 24
  contains:
    model:
      description: The model whose file is transferred.
      type: str
    source:
      description: The server or file that delivers the bytes, or null before the first byte.
      type: str
    bytes_done:
      description: The bytes that were transferred.
      type: int
    bytes_total:
      description: The size of the file in bytes, or null if it is unknown.
      type: int
    bytes_per_second:
      description: The average rate, or null at the beginning.
      type: int
    seconds_left:
      description: The remaining time at this rate, or null if it is unknown.
      type: int
available:
  description: The entries of the galleries, with O(available=true).
  returned: when O(available=true)
  type: list
  elements: dict
  sample:
    - name: qwen3-4b
      gallery: localai
      backend: null
      description: Qwen3 is the latest generation of large language models in the Qwen series.
      license: apache-2.0
      tags: [qwen, qwen3, llm, gguf]
      size: 2.3GB
      variants: []
      file_count: 1
      urls:
        - https://huggingface.co/Qwen/Qwen3-4B
      installed: true
  contains:
    name:
      description: The name.
      type: str
    gallery:
      description: The gallery with the entry.
      type: str
    backend:
      description: The backend that it needs. Null if the base file of the entry decides it, which is not read.
      type: str
    description:
      description: Its description.
      type: str
    license:
      description: Its licence.
      type: str
    tags:
      description: Its tags.
      type: list
      elements: str
    size:
      description: Its size, as text of the gallery.
      type: str
    variants:
      description: The entries with other builds of it, for O(localai.core.localai_model#module:variant).
      type: list
      elements: str
    file_count:
      description: The number of its files, without those of its base file.
      type: int
    urls:
      description: Pages about it.
      type: list
      elements: str
    installed:
      description: Whether a model of this name, or one from this entry, is installed.
      type: bool
upgrades:
  description:
    - The models that O(localai.core.localai_model#module:state=latest) would change, with O(upgrades=true). A model
      that cannot be checked causes a warning.
  returned: when O(upgrades=true)
  type: list
  elements: dict
  sample:
    - name: qwen3-4b
      action: upgrade
      reason: its gallery or its source has another version; Qwen3-4B.Q4_K_M.gguf has another content
      model: qwen3-4b
      gallery: localai
      variant: null
      backend: llama-cpp
      config:
        name: qwen3-4b
        backend: llama-cpp
        parameters:
          model: Qwen3-4B.Q4_K_M.gguf
      files:
        - filename: Qwen3-4B.Q4_K_M.gguf
          uri: huggingface://MaziyarPanahi/Qwen3-4B-GGUF/Qwen3-4B.Q4_K_M.gguf
          installed: a37931937683a723ae737a0c6fc67dab7782fd8a1b9dea2ca445b7a1dbd5ca3a
          available: 7485fe6f11af29433bc51cab58009521f205840f5b4ae3a32fa7f92e8534fdf5
  contains:
    name:
      description: The name of the model.
      type: str
    action:
      description:
        - V(upgrade), V(repair) if files of it are missing or changed at their server, or V(replace) if LocalAI
          installed it.
      type: str
    reason:
      description: The reason for the change.
      type: str
    model:
      description: The entry of the gallery, or null if it comes from elsewhere.
      type: str
    gallery:
      description: The gallery that has this entry now.
      type: str
    variant:
      description: The entry whose build it would be, if a variant was requested.
      type: str
    backend:
      description: The backend that it would need.
      type: str
    config:
      description: The configuration that it would have, without credentials and queries of addresses.
      type: dict
    files:
      description: The files that would be transferred.
      type: list
      elements: dict
      contains:
        filename:
          description: The path of the file, relative to O(models_path).
          type: str
        uri:
          description: Its source, without credentials and a query.
          type: str
        installed:
          description: The recorded SHA-256 of the installed file, or null.
          type: str
        available:
          description: The SHA-256 of the new file, or null if the gallery does not state it.
          type: str
pins:
  description:
    - The models with their files at fixed versions, with O(pins=true), for O(localai.core.localai_model#module:pins).
    - Credentials and queries of addresses are left out, with a warning. A file without a known SHA-256 also causes a
      warning.
    - If it is combined with the pins of M(localai.core.localai_backend_info), the result is a set for both modules.
  returned: when O(pins=true)
  type: dict
  sample:
    format: 2
    models:
      - name: qwen3-4b
        model: qwen3-4b
        gallery: localai
        variant: null
        config:
          name: qwen3-4b
          backend: llama-cpp
          parameters:
            model: Qwen3-4B.Q4_K_M.gguf
        definition:
          name: qwen3
          config_file: "backend: llama-cpp\n"
          files:
            - filename: Qwen3-4B.Q4_K_M.gguf
              sha256: a37931937683a723ae737a0c6fc67dab7782fd8a1b9dea2ca445b7a1dbd5ca3a
              uri: https://huggingface.co/MaziyarPanahi/Qwen3-4B-GGUF/resolve/5f0b1a2c3d4e5f60718293a4b5c6d7e8f9012345/Qwen3-4B.Q4_K_M.gguf
        files:
          - filename: Qwen3-4B.Q4_K_M.gguf
            uri: https://huggingface.co/MaziyarPanahi/Qwen3-4B-GGUF/resolve/5f0b1a2c3d4e5f60718293a4b5c6d7e8f9012345/Qwen3-4B.Q4_K_M.gguf
            sha256: a37931937683a723ae737a0c6fc67dab7782fd8a1b9dea2ca445b7a1dbd5ca3a
            size: 2497280640
"""

from ansible_collections.localai.core.plugins.module_utils._module.models.info import run_model_info


def main() -> None:
    """Run the module."""
    run_model_info()


if __name__ == "__main__":
    main()
