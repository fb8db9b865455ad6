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
  - Lists the backends on a host as LocalAI lists them, with what is wrong with each.
  - Tells what the host can run and what that was concluded from.
  - Needs no privileges, and no network unless O(available), O(upgrades) or O(pins) ask for it.
extends_documentation_fragment:
  - localai.core.host
attributes:
  check_mode:
    support: full
  diff_mode:
    support: N/A
    details:
      - Nothing is ever changed.
  idempotent:
    support: full
options:
  name:
    description:
      - Lists only these, in any case. The default is to list all.
      - For O(pins), V(gallery@name) picks one gallery.
    type: list
    elements: str
  available:
    description: Whether to read the galleries too, and list what is in them.
    type: bool
    default: false
  upgrades:
    description:
      - Whether to ask the galleries and registries what O(localai.core.localai_backend#module:state=latest) would
        upgrade.
    type: bool
    default: false
  pins:
    description:
      - Whether to ask the galleries and registries what the backends are at this moment, and return it as a set for
        O(localai.core.localai_backend#module:pins).
      - Without O(name), it is for what is installed.
    type: bool
    default: false
  pin_capabilities:
    description:
      - The capabilities of the hosts that the set of O(pins) is for. The default is that of this host. It is an error
        to leave this out when that is unknown, so that RV(capability) is null.
      - The rows for V(nvidia-l4t), V(metal) and V(darwin-x86) are for the platforms that these are, all others for
        O(platform).
    type: list
    elements: str
  disk_usage:
    description: Whether to measure what each backend takes on the disk. This walks through all their files.
    type: bool
    default: false
seealso:
  - module: localai.core.localai_backend
"""

EXAMPLES = r"""
- name: List what is installed
  localai.core.localai_backend_info:
  register: localai_backends

- name: Stop when one of them cannot run
  ansible.builtin.assert:
    that: localai_backends.backends | rejectattr('runnable') | length == 0

- name: Stop when the GPU of a host cannot be read
  ansible.builtin.assert:
    that: localai_backends.capability is not none
    fail_msg: "{{ localai_backends.capability_evidence.unreadable | map(attribute='output') | join(' ') }}"

- name: See what one backend takes on the disk
  localai.core.localai_backend_info:
    name: llama-cpp
    disk_usage: true

- name: See what could be upgraded
  localai.core.localai_backend_info:
    upgrades: true
  register: localai_upgrades

- name: Tell it
  ansible.builtin.debug:
    msg: "{{ localai_upgrades.upgrades | items2dict(key_name='name', value_name='reason') }}"

- name: List what the gallery has for this host
  localai.core.localai_backend_info:
    available: true
  register: localai_gallery

- name: Show the names that can be installed
  ansible.builtin.debug:
    msg: "{{ localai_gallery.available | selectattr('compatible') | map(attribute='name') }}"

- name: Ask what two backends are at this moment on all kinds of hosts
  localai.core.localai_backend_info:
    name: [llama-cpp, whisper]
    pins: true
    pin_capabilities: [default, nvidia-cuda-12, amd]
  register: localai_pins
  run_once: true

- name: Write it down, to be checked into Git
  ansible.builtin.copy:
    content: "{{ localai_pins.pins | to_nice_yaml(indent=2) }}"
    dest: pins.yml
    mode: "0644"
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
capability:
  description:
    - What the host can run. Null when that is unknown, because a GPU cannot be read although its compute driver is in
      use. RV(capability_evidence.unreadable) then tells why.
    - RV(backends) is then listed as if the memory of the GPU sufficed.
  returned: success
  type: str
  sample: nvidia-cuda-12
capability_evidence:
  description: What the capability was concluded from.
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
      description: The rule that decided.
      type: str
    forced_by:
      description: The option, variable or file that set the capability, or null when it was detected.
      type: str
    gpus:
      description: The GPUs that were seen, each with its C(vendor) and where it was C(seen), the deciding one first.
      type: list
      elements: dict
    vram:
      description:
        - The bytes of memory of all GPUs, as far as the kernel and the vendors' tools tell. Null when they were not
          asked.
      type: int
    cuda:
      description: The CUDA versions found as C(/usr/local/cuda-<version>).
      type: list
      elements: str
    unreadable:
      description:
        - The vendors whose GPU is present and whose memory is unknown. Where the memory of other GPUs decided, it has
          only those that go before them. It is empty where an option, a variable or a file set the capability.
        - Those whose compute driver (C(nvidia) or C(amdgpu)) is in use make RV(capability) null. Then it has only them.
      type: list
      elements: dict
      sample:
        - vendor: nvidia
          probe: nvidia-smi
          output: "exit status 18: Failed to initialize NVML: Driver/library version mismatch"
      contains:
        vendor:
          description: V(nvidia), V(amd) or V(intel).
          type: str
        probe:
          description: The tool that tells the memory of this vendor's GPUs.
          type: str
        output:
          description: What it printed, in one line of at most 300 characters, or why it printed nothing.
          type: str
backends:
  description: One entry per name that LocalAI knows, sorted by name.
  returned: success
  type: list
  elements: dict
  sample:
    - name: llama-cpp
      kind: alias
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
      problem: null
  contains:
    name:
      description: The name.
      type: str
    kind:
      description: V(concrete), V(meta), V(alias) or V(system). An alias goes before all others, as it does for LocalAI.
      type: str
    backend:
      description: The directory that answers to the name.
      type: str
    run_file:
      description: What LocalAI starts for the name.
      type: str
    runnable:
      description: Whether that file is there.
      type: bool
    metadata:
      description: What stands in C(metadata.json), or null when there is none or it cannot be read.
      type: dict
    problem:
      description: What is wrong, or null.
      type: str
    disk_usage:
      description: The bytes that its directory takes on the disk, with O(disk_usage=true).
      type: int
in_progress:
  description:
    - What another run transfers at this moment, or null. It tells this at most every two seconds.
    - It is gone when that run ends, however it ends.
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
      description: The backend that comes.
      type: str
    source:
      description: The server, or the file, that its bytes come from, or null before the first one came.
      type: str
    bytes_done:
      description: The bytes that came.
      type: int
    bytes_total:
      description: The bytes that it has, compressed, or null when that is not known.
      type: int
    bytes_per_second:
      description: How many came in a second on average, or null at the start.
      type: int
    seconds_left:
      description: How long the rest takes at this rate, or null when that is not known.
      type: int
problems:
  description:
    - What is wrong with directories that have no entry in RV(backends), and with the host as a whole.
    - What LocalAI left behind when it was interrupted is told here too.
  returned: success
  type: list
  elements: dict
  sample:
    - name: half-installed
      problem: it has no run.sh and is no meta backend
  contains:
    name:
      description: The directory, or null for the host as a whole.
      type: str
    problem:
      description: What is wrong.
      type: str
kept:
  description:
    - The trees that were replaced and are kept, the latest of each backend first.
    - With O(name), those of the builds that answer to these names, or did.
  returned: success
  type: list
  elements: dict
  sample:
    - backend: cuda12-llama-cpp
      path: /var/lib/local-ai/backends/.localai-core/kept/cuda12-llama-cpp/1
      uri: quay.io/go-skynet/local-ai-backends:latest-gpu-nvidia-cuda-12-llama-cpp
      digest: sha256:74a814f29d241baf407327e052777b028fc1c528dc952b060e1ae7a080f53117
      version: null
  contains:
    backend:
      description: The backend that it was.
      type: str
    path:
      description: Where it is.
      type: str
    uri:
      description: Where it was installed from, if that is recorded.
      type: str
    digest:
      description: Its digest, if that is recorded. Pin it to go back to this tree.
      type: str
    version:
      description: Its version, if the gallery stated one.
      type: str
    disk_usage:
      description: The bytes that it takes on the disk, with O(disk_usage=true).
      type: int
upgrades:
  description:
    - What O(localai.core.localai_backend#module:state=latest) would upgrade, with O(upgrades=true).
    - When RV(capability) is null, that is never another build than the one that is installed.
  returned: when O(upgrades=true)
  type: list
  elements: dict
  sample:
    - name: llama-cpp
      backend: cuda12-llama-cpp
      installed: sha256:74a814f29d241baf407327e052777b028fc1c528dc952b060e1ae7a080f53117
      available_backend: cuda12-llama-cpp
      available: sha256:6fe79103aeba3992d2109de99820a70c3a65b461151a5d8ecb52b80a4777ac00
      reason: its digest is sha256:74a814f29d241baf407327e052777b028fc1c528dc952b060e1ae7a080f53117,
        and its source has sha256:6fe79103aeba3992d2109de99820a70c3a65b461151a5d8ecb52b80a4777ac00
  contains:
    name:
      description: The name.
      type: str
    backend:
      description: The build that answers to it.
      type: str
    installed:
      description: The digest of that, else its version, if one is recorded.
      type: str
    available_backend:
      description: The build that would answer to it.
      type: str
    available:
      description: The digest of that, else its version.
      type: str
    reason:
      description: Why it would be upgraded.
      type: str
pins:
  description:
    - What the backends are at this moment, with O(pins=true), for O(localai.core.localai_backend#module:pins).
    - A capability for which a backend has no build has no row, and there is a warning.
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
      description: The gallery that has it.
      type: str
    compatible:
      description:
        - Whether it can be installed on this host. When RV(capability) is null, that is not so for a meta backend of
          which no build is installed, if the GPU decides between its builds.
      type: bool
    installed:
      description: Whether the name is in RV(backends).
      type: bool
    resolves_to:
      description: The concrete backend for this host, or null when there is none.
      type: str
    uri:
      description: Where it is installed from. Null for a meta backend.
      type: str
    alias:
      description: The alias that it gets.
      type: str
    version:
      description: Its version, if the gallery states one.
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
