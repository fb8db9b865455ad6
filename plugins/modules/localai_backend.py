#!/usr/bin/python
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: localai_backend
short_description: Install and remove LocalAI backends
version_added: 0.1.0
author:
  - localai.core contributors (@localai-core)
description:
  - Puts inference backends of LocalAI into the directory that it reads them from, and removes them.
  - Names are looked up in galleries. A meta backend such as V(llama-cpp) becomes the build for what the host can run.
  - A backend is fetched into a hidden directory beside the others, and appears in one step, complete, or not at all.
extends_documentation_fragment:
  - localai.core.host
attributes:
  check_mode:
    support: full
    details:
      - Check mode reads the gallery and the registry's manifests where the run would, and fails where the run would.
      - It cannot foresee what only the bytes show, such as an archive that is damaged, nor a tag that moves in between.
      - An O(owner) or O(group) that does not exist is a warning in check mode, because a task before may create it.
  diff_mode:
    support: full
  idempotent:
    support: full
    details:
      - With O(force=true), every run installs again.
options:
  name:
    description:
      - The backends, by their names in the gallery. V(gallery@name) picks one gallery.
      - Upper and lower case are the same. A backend is stored as the gallery spells it.
      - With an empty list nothing is done.
    type: list
    elements: str
    required: true
  state:
    description:
      - With V(present), each backend is installed and can run. What is installed and can run stays as it is, and
        needs no network. What is damaged is repaired.
      - With V(absent), nothing in O(backends_path) answers to the names any more. The directory of that name goes, a
        meta backend with the build that it stands for, and every build that has the name as its alias. Meta backends
        that stand for a removed build go along.
      - A build that another installed meta backend stands for stays, and is an error when it is named itself.
      - A backend of the system is never changed.
    type: str
    choices: [present, absent]
    default: present
  uri:
    description:
      - Installs the one backend in O(name) straight from here, without a gallery.
      - An image of a registry, V(quay.io/project/image:tag) or V(oci://registry/image:tag); an image in a local OCI
        layout, V(ocilayout:/path), V(ocilayout:/path:tag) or V(ocilayout:/path@sha256:…); an image in a tar file of
        such a layout or of C(docker save), V(ocifile:///path/image.tar); an archive, V(https://host/backend.tar.gz) or
        a file on the host; or a directory on the host.
      - Archives may be tar, tar.gz, tar.bz2, tar.xz, tar.zst and zip. For zstd, in archives and in images, the host
        needs Python 3.14, its library C(zstandard) or the program C(zstd).
      - All but zip is unpacked while it arrives and needs no space but the backend's own.
      - An installed backend that came from elsewhere is replaced.
    type: str
  alias:
    description: Another name that the backend from O(uri) answers to.
    type: str
  force:
    description: Whether to install again what is installed.
    type: bool
    default: false
  owner:
    description:
      - The user that new backends belong to, usually the one that LocalAI runs as. LocalAI's Python backends write into
        their own directories.
      - The default is the owner of O(backends_path), where this user may give files away.
    type: str
  group:
    description:
      - The group that new backends belong to.
      - The default is the group of O(backends_path), where this user may give files away.
    type: str
  directory_mode:
    description:
      - The mode of the top directory of new backends, as an octal number in quotes.
      - LocalAI lists no backend at all when it may not look into one of them.
      - The default is V('0755').
    type: raw
  lock_timeout:
    description: The time in seconds to wait for another run that changes O(backends_path).
    type: int
    default: 60
seealso:
  - module: localai.core.localai_backend_info
"""

EXAMPLES = r"""
- name: Install the builds of two backends that suit this host
  localai.core.localai_backend:
    name:
      - llama-cpp
      - whisper
    owner: localai
    group: localai

- name: Take the build for CUDA 12, whatever is detected
  localai.core.localai_backend:
    name: llama-cpp
    capability: nvidia-cuda-12

- name: Use a gallery and a registry of one's own
  localai.core.localai_backend:
    name: company@llama-cpp
    galleries:
      - name: company
        url: https://git.example.com/ai/gallery/index.yaml
        mirrors:
          - file:///srv/gallery/index.yaml
    endpoints:
      - host: registry.example.com:5000
        username: puller
        password: "{{ vault_registry_password }}"
        ca_path: /etc/ssl/certs/company.pem

- name: Install an image that is in no gallery
  localai.core.localai_backend:
    name: my-backend
    uri: quay.io/example/my-backend:v1
    alias: llama-cpp

- name: Take Docker Hub's images by way of a proxy project, and fall back to a second mirror, then to Docker Hub
  localai.core.localai_backend:
    name: llama-cpp
    endpoints:
      - host: docker.io
        mirrors:
          - url: https://harbor.example.com/dockerhub
          - url: https://mirror.example.com?ns
      - host: harbor.example.com
        username: robot
        password: "{{ vault_harbor_password }}"

- name: Install on a host without any network, from a directory that C(skopeo copy) filled
  localai.core.localai_backend:
    name: llama-cpp
    galleries:
      - name: localai
        url: /srv/localai/gallery.yaml
    endpoints:
      - host: quay.io
        mirrors:
          - url: ocilayout:/srv/localai/images
            resolve: true

- name: Install an image that docker saved to a file
  localai.core.localai_backend:
    name: my-backend
    uri: ocifile:///srv/backends/my-backend.tar

- name: Start a large pull that other tasks need not wait for
  localai.core.localai_backend:
    name: vllm
  async: 7200
  poll: 0
  register: pull

- name: Show how far it is until it has ended
  localai.core.localai_backend_info:
  register: info
  until: info.in_progress is none
  retries: 720
  delay: 10

- name: Take its result, and fail if it failed
  ansible.builtin.async_status:
    jid: "{{ pull.ansible_job_id }}"
  register: pulled
  until: pulled is finished
  retries: 60
  delay: 5

- name: Install from a directory that an earlier task unpacked
  localai.core.localai_backend:
    name: my-backend
    uri: /srv/backends/my-backend

- name: Remove a backend with the build that was installed for it
  localai.core.localai_backend:
    name: whisper
    state: absent

- name: Install a backend and remember the result
  localai.core.localai_backend:
    name: silero-vad
  register: installed_backends

- name: Restart LocalAI when it does not know its backends any more
  ansible.builtin.service:
    name: local-ai
    state: restarted
  when: installed_backends.restart_required
"""

RETURN = r"""
backends:
  description: One entry per name asked for, in that order.
  returned: always
  type: list
  elements: dict
  sample:
    - name: piper
      backend: piper
      action: install
      capability: default
      reason: it is not installed
      run_file: /var/lib/local-ai/backends/piper/run.sh
      uri: quay.io/example/piper:latest
      served_by: quay.io/example/piper@sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0
      version: null
      digest: sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0
      bytes_transferred: 41234567
      elapsed: 3.21
  contains:
    name:
      description: The name, as the gallery spells it.
      type: str
    backend:
      description: The concrete backend that answers to the name, or null when none does.
      type: str
    action:
      description: What is done, V(none), V(install), V(repair), V(replace) or V(remove).
      type: str
    capability:
      description: For a meta backend that was resolved, the key of its map that decided. Otherwise that of the host.
      type: str
    reason:
      description: Why this is done, or why nothing is.
      type: str
    run_file:
      description: What LocalAI starts for the name after this run, or null.
      type: str
    uri:
      description: Where the backend was installed from, if that is recorded.
      type: str
    served_by:
      description: The full URL or reference that delivered the bytes, or null when none were fetched or in check mode.
      type: str
    version:
      description: The version that the gallery states for what is installed, or null.
      type: str
    digest:
      description:
        - The digest that the image reference pointed at, or the SHA-256 of an archive that the gallery states.
        - Null for other archives, for directories, and when it is not recorded.
      type: str
    bytes_transferred:
      description: The bytes that came over the network for the backend. Zero in check mode.
      type: int
    elapsed:
      description: The seconds that it took to fetch the backend. Zero in check mode.
      type: float
removed:
  description: What is removed without being named.
  returned: always
  type: list
  elements: dict
  sample:
    - backend: cpu-whisper
      reason: it is what whisper stands for
  contains:
    backend:
      description: The directory of O(backends_path) that goes.
      type: str
    reason:
      description: Why it goes along.
      type: str
replaced:
  description:
    - The names whose files changed while their run file stayed the same.
    - Models that LocalAI has loaded keep the old process until they are unloaded.
  returned: always
  type: list
  elements: str
  sample: [cpu-llama-cpp, llama-cpp]
restart_required:
  description:
    - Whether a running LocalAI has to be restarted to know its backends, because the run file of some name differs
      before and after this run.
    - It tells what this run does, and remembers nothing of earlier ones.
  returned: always
  type: bool
  sample: true
capability:
  description: What the host can run.
  returned: always
  type: str
  sample: nvidia-cuda-12
diff:
  description:
    - What changes for each directory of O(backends_path), with C(backend), C(alias), C(uri), C(digest), C(version),
      C(owner), C(group), C(mode) and C(run_file) before and after. It is empty where there is no directory.
    - The same in check mode and in the run that follows it.
  returned: always
  type: list
  elements: dict
  sample:
    - before_header: cpu-whisper
      after_header: cpu-whisper
      before: {}
      after:
        backend: cpu-whisper
        alias: whisper
        uri: quay.io/go-skynet/local-ai-backends:latest-cpu-whisper
        digest: sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0
        version: null
        owner: localai
        group: localai
        mode: "0755"
        run_file: /var/lib/local-ai/backends/cpu-whisper/run.sh
"""

from ansible_collections.localai.core.plugins.module_utils._run import run_backend


def main() -> None:
    """Run the module."""
    run_backend()


if __name__ == "__main__":
    main()
