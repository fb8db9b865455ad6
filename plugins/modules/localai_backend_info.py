#!/usr/bin/python
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: localai_backend_info
short_description: List LocalAI backends, installed and available
version_added: 0.1.0
author:
  - localai.core contributors (@localai-core)
description:
  - Lists the backends of a host as LocalAI lists them, with the problems of each.
  - Returns the capability of the host and the evidence for it.
  - Requires no privileges. Requires no network, unless O(available), O(upgrades) or O(pins) is set.
extends_documentation_fragment:
  - localai.core.connection
  - localai.core.backends
  - localai.core.signatures
attributes:
  action_group:
    membership:
      - localai.core.localai
      - localai.core.localai_backends
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
      - Lists only backends with these names, which are case-insensitive. The default is to list all.
      - For O(pins), V(gallery@name) selects one gallery.
    type: list
    elements: str
  available:
    description: Whether to read the galleries and list their entries.
    type: bool
    default: false
  upgrades:
    description:
      - Whether to query galleries and registries for upgrades with O(localai.core.localai_backend#module:state=latest).
    type: bool
    default: false
  pins:
    description:
      - Whether to query galleries and registries for the current builds of the backends, and return them as a set of
        pins for O(localai.core.localai_backend#module:pins).
      - Without O(name), the set has all installed backends.
    type: bool
    default: false
  pin_capabilities:
    description:
      - The capabilities of the hosts that will use the set of pins. The default is the capability of this host. This
        option is required if that is unknown, so that RV(capability) is null.
      - The rows for V(nvidia-l4t), V(metal) and V(darwin-x86) are for the platforms of such hosts. All other rows are
        for O(platform).
    type: list
    elements: str
  release:
    description:
      - With O(pins), the release of LocalAI whose builds are pinned, as for
        O(localai.core.localai_backend#module:release).
      - Backends without an image of this release are an error that lists all of them, for all O(pin_capabilities).
    type: str
    version_added: 1.0.0
  disk_usage:
    description: Whether to measure the disk usage of each backend. This reads all its directories.
    type: bool
    default: false
seealso:
  - module: localai.core.localai_backend
  - module: localai.core.localai_model_info
  - module: localai.core.localai_server_info
"""

EXAMPLES = r"""
- name: List the installed backends
  localai.core.localai_backend_info:
  register: info

- name: Assert that all of them can run
  ansible.builtin.assert:
    that: info.backends | rejectattr('runnable') | length == 0

- name: List the backends as a server of LocalAI v4.9 does
  localai.core.localai_backend_info:
    server_version: v4.9.0

- name: Show the names that models cannot use
  ansible.builtin.debug:
    msg: "{{ info.backends | rejectattr('usable') | map(attribute='name') }}"

- name: Assert that the GPU of the host can be read
  ansible.builtin.assert:
    that: info.capability is not none
    fail_msg: "{{ info.capability_evidence.unreadable | map(attribute='output') | join(' ') }}"

- name: Measure the disk usage of a backend
  localai.core.localai_backend_info:
    name: llama-cpp
    disk_usage: true

- name: List upgrades
  localai.core.localai_backend_info:
    upgrades: true
  register: info

- name: Show the reason for each upgrade
  ansible.builtin.debug:
    msg: "{{ info.upgrades | items2dict(key_name='name', value_name='reason') }}"

- name: List the entries of the galleries
  localai.core.localai_backend_info:
    available: true
  register: gallery

- name: Show the names that can be installed on this host
  ansible.builtin.debug:
    msg: "{{ gallery.available | selectattr('compatible') | map(attribute='name') }}"

- name: Pin the current builds of two backends for all kinds of hosts
  localai.core.localai_backend_info:
    name: [llama-cpp, whisper]
    pins: true
    pin_capabilities: [default, nvidia-cuda-12, amd]
  register: current
  run_once: true

- name: Verify who signed the current builds, and pin them with their signers
  localai.core.localai_backend_info:
    name: [llama-cpp, whisper]
    pins: true
    pin_capabilities: [default, nvidia-cuda-12, amd]
    signatures: enforce
  register: verified
  delegate_to: localhost
  run_once: true

- name: Write the pins to a file, which can be committed to Git
  ansible.builtin.copy:
    content: "{{ current.pins | to_nice_yaml(indent=2) }}"
    dest: pins.yml
    mode: "0644"
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
capability:
  description:
    - The capability of the host. Null if it is unknown, because a GPU cannot be read although its compute driver is in
      use. RV(capability_evidence.unreadable) then has the reason.
    - RV(backends) is then listed as if the GPU had enough memory.
  returned: success
  type: str
  sample: nvidia-cuda-12
capability_evidence:
  description: The evidence for the capability.
  returned: success
  type: dict
  sample:
    rule: GPU vendor nvidia with /usr/local/cuda-12
    forced_by: null
    gpus:
      - vendor: nvidia
        seen: /sys/class/drm/card0/device/vendor
    vram: 25769803776
    cuda: ["12"]
    unreadable: []
  contains:
    rule:
      description: The rule that was applied.
      type: str
    forced_by:
      description: The option, variable or file that set the capability, or null if it was detected.
      type: str
    gpus:
      description:
        - The GPUs that were detected, each with its C(vendor) and the path where it was C(seen). The first decides.
      type: list
      elements: dict
    vram:
      description:
        - The bytes of memory of all GPUs that the kernel and the vendors' tools report. Null if they were not queried.
      type: int
    cuda:
      description: The CUDA versions found as C(/usr/local/cuda-<version>).
      type: list
      elements: str
    unreadable:
      description:
        - The vendors whose GPU is present but whose memory is unknown. If the memory of another GPU decided, only
          vendors with a higher priority are listed. Empty if an option, a variable or a file set the capability.
        - If the compute driver (C(nvidia) or C(amdgpu)) of such a GPU is in use, RV(capability) is null, and only these
          vendors are listed.
      type: list
      elements: dict
      version_added: 1.0.0
      sample:
        - vendor: nvidia
          probe: nvidia-smi
          output: "exit status 18: Failed to initialize NVML: Driver/library version mismatch"
      contains:
        vendor:
          description: V(nvidia), V(amd) or V(intel).
          type: str
        probe:
          description: The tool that reports the memory of this vendor's GPUs.
          type: str
        output:
          description: Its output in one line of at most 300 characters, or the reason why there is none.
          type: str
backends:
  description: One entry for each name that LocalAI knows, sorted by name.
  returned: success
  type: list
  elements: dict
  sample:
    - name: llama-cpp
      kind: alias
      is_meta: false
      is_system: false
      listed: true
      usable: true
      backend: cuda12-llama-cpp
      run_file: /var/lib/local-ai/backends/cuda12-llama-cpp/run.sh
      runnable: true
      metadata:
        alias: llama-cpp
        name: cuda12-llama-cpp
        gallery_url: https://index.localai.io/backends
        installed_at: "2026-11-26T17:34:12Z"
        uri: quay.io/go-skynet/local-ai-backends:latest-gpu-nvidia-cuda-12-llama-cpp
        digest: sha256:74a814f29d241baf407327e052777b028fc1c528dc952b060e1ae7a080f53117
      platform_digest: sha256:2ac6e3ecb8f0b1a0a4dd7c5e8f3e1b2c9d80fa6b47c5e1d3f29a0b8c7d6e5f41
      signer: null
      problem: null
  contains:
    name:
      description: The name.
      type: str
    kind:
      description:
        - V(concrete), V(meta), V(alias) or V(system). An alias takes precedence, as in LocalAI.
        - Every name from O(backends_system_path) is V(system), also an alias or a meta backend there.
      type: str
    is_meta:
      description: Whether LocalAI lists the name as a meta backend.
      type: bool
      version_added: 1.0.0
    is_system:
      description: Whether the backend is in O(backends_system_path).
      type: bool
      version_added: 1.0.0
    listed:
      description:
        - Whether LocalAI lists the name. It lists no backend at all while a C(metadata.json) or a directory in
          O(backends_path) cannot be read.
      type: bool
      version_added: 1.0.0
    usable:
      description:
        - Whether a model can use the name. LocalAI also lists names that no model can use. These have capitals, or
          characters other than letters, digits, C(-) and C(_).
      type: bool
      version_added: 1.0.0
    backend:
      description: The directory that answers to the name.
      type: str
    run_file:
      description: The file that LocalAI starts for the name.
      type: str
    runnable:
      description: Whether this file exists.
      type: bool
    metadata:
      description:
        - The content of C(metadata.json), or null if the file does not exist or cannot be read. Null for backends of
          O(backends_system_path) if O(server_version) is v4.9 or older, which does not read it.
      type: dict
    platform_digest:
      description:
        - The digest of its image for the platform of this host, if it was installed from an index, or null. A pin can
          have this digest too.
      type: str
      version_added: 1.0.0
    signer:
      description:
        - The signer of its image, if a task with O(signatures) has verified it, or null.
        - C(identity) and C(issuer) are those of the certificate. C(source_repository) is the repository of the source,
          and C(time) the time of the signature. C(digest) is the signed digest, of the image or of its index. C(log)
          and C(log_index) are the entry in a transparency log. C(trusted_root) is the trusted root that the signature
          was verified with.
      type: dict
      version_added: 1.0.0
    problem:
      description:
        - The problem, or null. A name that no model can use is no problem if another name leads to the same backend.
      type: str
    disk_usage:
      description: The disk usage of its directory in bytes, with O(disk_usage=true).
      type: int
in_progress:
  description:
    - The current transfer of another run, or null. It is updated at most every two seconds.
    - It is null again as soon as that run ends, even if the run is killed.
  returned: success
  type: dict
  sample:
    backend: cuda12-llama-cpp
    source: quay.io/go-skynet/local-ai-backends
    bytes_done: 19516384
    bytes_total: 42013781
    bytes_per_second: 9737995
    seconds_left: 2
  contains:
    backend:
      description: The backend that is transferred.
      type: str
    source:
      description: The server or file that delivers the bytes, or null before the first byte.
      type: str
    bytes_done:
      description: The bytes that were transferred.
      type: int
    bytes_total:
      description: The compressed size of the backend in bytes, or null if it is unknown.
      type: int
    bytes_per_second:
      description: The average rate, or null at the beginning.
      type: int
    seconds_left:
      description: The remaining time at this rate, or null if it is unknown.
      type: int
problems:
  description:
    - The problems of directories that have no entry in RV(backends), and of the host.
    - They include the directories that LocalAI leaves behind if it is interrupted, symlinks in O(backends_path),
      which LocalAI does not list, and directories of O(backends_system_path) whose C(metadata.json) cannot be read.
  returned: success
  type: list
  elements: dict
  sample:
    - name: half-installed
      problem: it has no run.sh and is not a meta backend
  contains:
    name:
      description: The directory in O(backends_path), or null for the host and for O(backends_system_path).
      type: str
    problem:
      description: The problem.
      type: str
previous:
  description:
    - The previous versions of backends, the latest one of each backend first.
    - With O(name), only the previous versions of builds that answer to these names or did so earlier.
  returned: success
  type: list
  elements: dict
  version_added: 1.0.0
  sample:
    - backend: cuda12-llama-cpp
      path: /var/lib/local-ai/backends/.localai-core/kept/cuda12-llama-cpp/1
      uri: quay.io/go-skynet/local-ai-backends:latest-gpu-nvidia-cuda-12-llama-cpp
      digest: sha256:74a814f29d241baf407327e052777b028fc1c528dc952b060e1ae7a080f53117
      version: null
  contains:
    backend:
      description: The name of the backend.
      type: str
    path:
      description: The path of the previous version.
      type: str
    uri:
      description: Its source, if it is recorded.
      type: str
    digest:
      description: Its digest, if it is recorded. Pin it to roll back to this version.
      type: str
    version:
      description: Its version, if the gallery had one.
      type: str
    disk_usage:
      description: Its disk usage in bytes, with O(disk_usage=true).
      type: int
upgrades:
  description:
    - The upgrades that O(localai.core.localai_backend#module:state=latest) would install, with O(upgrades=true).
    - If RV(capability) is null, only upgrades of the installed builds are considered, and no other builds.
  returned: when O(upgrades=true)
  type: list
  elements: dict
  sample:
    - name: llama-cpp
      backend: cuda12-llama-cpp
      installed: sha256:74a814f29d241baf407327e052777b028fc1c528dc952b060e1ae7a080f53117
      available_backend: cuda12-llama-cpp
      available: sha256:6fe79103aeba3992d2109de99820a70c3a65b461151a5d8ecb52b80a4777ac00
      reason: its digest was sha256:74a814f29d241baf407327e052777b028fc1c528dc952b060e1ae7a080f53117,
        and its source has sha256:6fe79103aeba3992d2109de99820a70c3a65b461151a5d8ecb52b80a4777ac00
  contains:
    name:
      description: The name.
      type: str
    backend:
      description: The build that answers to the name.
      type: str
    installed:
      description: The digest of this build, else its version, if one is recorded.
      type: str
    available_backend:
      description: The build that would answer to the name.
      type: str
    available:
      description: The digest of the new build, else its version.
      type: str
    reason:
      description: The reason for the upgrade.
      type: str
pins:
  description:
    - The current builds of the backends, with O(pins=true), for O(localai.core.localai_backend#module:pins).
    - If a backend has no build for a capability, there is a warning instead of a row.
    - With O(signatures), each row has the C(signer) of its build, and C(format) is 2.
  returned: when O(pins=true)
  type: dict
  sample:
    format: 1
    backends:
      - name: llama-cpp
        capability: nvidia-cuda-12
        platform: linux/amd64
        backend: cuda12-llama-cpp
        alias: llama-cpp
        uri: quay.io/go-skynet/local-ai-backends:latest-gpu-nvidia-cuda-12-llama-cpp
        digest: sha256:74a814f29d241baf407327e052777b028fc1c528dc952b060e1ae7a080f53117
available:
  description: The entries of the galleries, with O(available=true).
  returned: when O(available=true)
  type: list
  elements: dict
  sample:
    - name: llama-cpp
      kind: meta
      gallery: localai
      compatible: true
      installed: true
      resolves_to: cuda12-llama-cpp
      uri: null
      alias: llama-cpp
      version: null
      tags: [text-to-text, LLM, CPU, GPU]
      license: mit
      description: LLM inference in C/C++
  contains:
    name:
      description: The name.
      type: str
    kind:
      description: V(meta) or V(concrete).
      type: str
    gallery:
      description: The gallery with the entry.
      type: str
    compatible:
      description:
        - Whether it can be installed on this host. If RV(capability) is null, a meta backend cannot be installed if its
          build depends on the GPU and none is installed yet.
      type: bool
    installed:
      description: Whether the name is in RV(backends).
      type: bool
    resolves_to:
      description: The concrete backend for this host, or null if there is none.
      type: str
    uri:
      description: The source. Null for a meta backend.
      type: str
    alias:
      description: The alias of the backend.
      type: str
    version:
      description: Its version, if the gallery has one.
      type: str
    tags:
      description: Its tags.
      type: list
      elements: str
    license:
      description: Its licence.
      type: str
    description:
      description: Its description.
      type: str
"""

from ansible_collections.localai.core.plugins.module_utils._module.backend_info import run_info


def main() -> None:
    """Run the module."""
    run_info()


if __name__ == "__main__":
    main()
