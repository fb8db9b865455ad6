#!/usr/bin/python
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: localai_backend
short_description: Install, upgrade, pin, repair and remove LocalAI backends
version_added: 0.1.0
author:
  - localai.core contributors (@localai-core)
description:
  - Puts inference backends of LocalAI into the directory that it reads them from, and removes them.
  - Names are looked up in galleries. A meta backend such as V(llama-cpp) becomes the build for what the host can run.
  - A backend is fetched into a hidden directory beside the others, and appears in one step, complete, or not at all.
  - The same task can run every night. It says in check mode what it would do, and does exactly that.
extends_documentation_fragment:
  - localai.core.host
attributes:
  check_mode:
    support: full
    details:
      - Check mode reads the gallery and the registry's manifests where the run would, and fails where the run would.
      - It cannot foresee what only the bytes show, such as an archive that is damaged, nor a tag that moves in between.
      - An O(owner) or O(group) that does not exist is a warning in check mode, because a task before may create it.
      - Whether the file system of O(backends_path) keeps owners and modes is found out by the first run that changes
        something. Until then, check mode takes it for granted and warns.
  diff_mode:
    support: full
  idempotent:
    support: full
    details:
      - With O(force=true), every run installs again.
      - With O(state=latest), a run that finds nothing newer changes nothing.
options:
  name:
    description:
      - The backends, by their names in the gallery. V(gallery@name) picks one gallery. One backend from two galleries
        is an error.
      - Upper and lower case are the same. A backend is stored as the gallery spells it.
      - With an empty list nothing is done.
    type: list
    elements: str
    required: true
  state:
    description:
      - With V(present), each backend is installed and can run. What is installed and can run stays as it is, and
        needs no network.
      - With V(present), a backend that is damaged or was lost is repaired with the build that is recorded for it, from
        a previous version that is this build, or from its source by digest. So a build that you went back to survives
        every repair. Where nobody has the recorded build any more, the repair installs what the tag means now, with a
        warning; if you chose the recorded build yourself, by O(digest), by O(pins) or as a previous version, it is an
        error instead.
      - With V(latest), each backend is also what its gallery serves now, for what this host is now. The digest of an
        image decides, else the version that the gallery states, else the SHA-256 of an archive. A source that states
        none of them is left as it is, with a warning.
      - With V(latest), a meta backend is resolved again. When another build is right by now, that is installed, and the
        old one goes, unless it was asked for by its own name or another meta backend points to it.
      - While a GPU of the host cannot be read (see O(capability)), a meta backend is not resolved again. The build that
        is installed for it stays. With V(latest) it is upgraded to what its gallery serves under the same name. If it
        is damaged, it is repaired.
      - With V(absent), nothing in O(backends_path) answers to the names any more. The directory of that name goes, a
        meta backend with the build that it points to, and every build that has the name as its alias. Meta backends
        that stand for a removed build go along.
      - A build that another installed meta backend points to stays, and is an error when it is named itself.
      - A backend of the system is never changed.
    type: str
    choices: [present, latest, absent]
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
      - Where the URL has a signature in its query, that is never shown. C(metadata.json) has it, as LocalAI writes it.
    type: str
  alias:
    description: Another name that the backend from O(uri) answers to.
    type: str
  release:
    description:
      - A release of LocalAI, such as V(v4.9.0). It takes the place of V(latest) in the tag of the gallery's images, so
        that V(latest-cpu-whisper) becomes V(v4.9.0-cpu-whisper).
      - What was installed from another tag is replaced, downgrades included. What is of this release needs no network.
      - A backend whose image has no such tag, or that is no image, is an error.
      - Only one of O(uri), O(release), O(digest) and O(pins) can be given.
    type: str
  digest:
    description:
      - The digest, as in V(sha256:…), of the build that the one backend in O(name) resolves to. That of an image, of an
        index of images, or the SHA-256 of an archive.
      - What has another digest is replaced, downgrades included. What has it needs no network.
    type: str
  pins:
    description:
      - A set of backends to install exactly so, with no gallery and no tag being looked up, as
        M(localai.core.localai_backend_info) returns it with O(localai.core.localai_backend_info#module:pins=true).
      - For each of O(name) the row for the capability of this host counts, or that for the nearest one, as in the map
        of a meta backend. A name without a row is an error.
      - While a GPU of the host cannot be read (see O(capability)), only a row for the build that is installed counts.
        Without such a row that build stays, with a warning.
    type: dict
    suboptions:
      format:
        description: The version of this format. It is 1.
        type: int
        required: true
      backends:
        description: One row for each name, capability and platform.
        type: list
        elements: dict
        required: true
        suboptions:
          name:
            description: The name that is asked for.
            type: str
            required: true
          capability:
            description: The capability of the hosts that the row is for.
            type: str
            required: true
          platform:
            description: The platform of the hosts that the row is for, as V(os/architecture).
            type: str
            required: true
          backend:
            description: The build. When it is not the name itself, the name becomes a meta backend that points to it.
            type: str
            required: true
          alias:
            description: Another name that the build answers to.
            type: str
          uri:
            description: The image or archive to install.
            type: str
            required: true
          digest:
            description: The digest that it must have.
            type: str
            required: true
  exclusive:
    description:
      - Whether the backends in O(name), and the builds that they stand for, are the only ones left.
      - What LocalAI lists besides is removed, after everything was installed. Files, symlinks and directories that
        LocalAI does not list stay, and so do the backends of the system.
      - While a GPU of the host cannot be read (see O(capability)), all builds for its vendor that have one of the names
        or have it as their alias stay.
      - An empty O(name) is refused with it.
    type: bool
    default: false
  keep_previous:
    description:
      - How many previous versions of each backend to keep when they are replaced, or removed because a meta backend
        points to another build now. They are in C(.localai-core/kept) of O(backends_path), where LocalAI does not list
        them.
      - When it is given, previous versions of the backends in O(name) beyond this number are removed in every run. Set
        V(0) to free their space. Without it, nothing new is kept, and the previous versions that exist stay.
      - A pin that a kept tree satisfies is satisfied by it, without network. So one goes back to what was, by O(digest)
        for example.
      - O(state=absent) and O(exclusive) remove what is kept of a backend along with it.
    type: int
  verify:
    description:
      - Whether to compare all files of the backends with what was installed, by path, type, size and target of
        symlinks, and to repair what differs. What LocalAI's Python backends rewrite does not count, nor do new files.
      - A backend that LocalAI or an early version of this collection installed has no record and is left alone.
    type: bool
    default: false
  force:
    description: Whether to install again what is installed.
    type: bool
    default: false
  owner:
    description:
      - The user that backends belong to, usually the one that LocalAI runs as. LocalAI's Python backends write into
        their own directories.
      - When it is given, what is installed already is given to this user too, without a download.
      - The default for new backends is the owner of O(backends_path), where this user may give files away.
    type: str
  group:
    description:
      - The group that backends belong to.
      - When it is given, what is installed already is given to this group too, without a download.
      - The default for new backends is the group of O(backends_path), where this user may give files away.
    type: str
  directory_mode:
    description:
      - The mode of the top directory of backends, as an octal number in quotes.
      - When it is given, what is installed already gets it too.
      - LocalAI lists no backend at all when it may not look into one of them.
      - The default for new backends is V('0755').
    type: raw
  lock_timeout:
    description: The time in seconds to wait for another run that changes O(backends_path).
    type: int
    default: 60
notes:
  - A transfer goes on after a fault at the byte where it stopped, but only within one run. The run after one that was
    killed starts over.
seealso:
  - module: localai.core.localai_backend_info
"""

EXAMPLES = r"""
- name: Install the build of one backend that suits this host
  localai.core.localai_backend:
    name: llama-cpp
    owner: localai
    group: localai

- name: Install two backends
  localai.core.localai_backend:
    name: [llama-cpp, whisper]
  register: localai_result

- name: Restart LocalAI when it does not know its backends any more
  ansible.builtin.service:
    name: local-ai
    state: restarted
  when: localai_result.restart_required

- name: Take the build for CUDA 12, whatever is detected
  localai.core.localai_backend:
    name: llama-cpp
    capability: nvidia-cuda-12

- name: Upgrade what the gallery has anew, and keep the last two trees of each backend
  localai.core.localai_backend:
    name: [llama-cpp, whisper]
    state: latest
    keep_previous: 2

- name: Pin a build by its digest, which goes back without network where that tree was kept
  localai.core.localai_backend:
    name: llama-cpp
    digest: sha256:74a814f29d241baf407327e052777b028fc1c528dc952b060e1ae7a080f53117
    keep_previous: 2

- name: Take the builds of one release of LocalAI
  localai.core.localai_backend:
    name: [llama-cpp, whisper]
    release: v4.9.0

- name: Install exactly what was written down for the fleet, and nothing else
  localai.core.localai_backend:
    name: [llama-cpp, whisper]
    pins: "{{ lookup('ansible.builtin.file', 'pins.yml') | from_yaml }}"
    exclusive: true

- name: Remove all backends but these
  localai.core.localai_backend:
    name: [llama-cpp, whisper]
    exclusive: true

- name: Remove a backend with the build that was installed for it
  localai.core.localai_backend:
    name: whisper
    state: absent

- name: Compare every file with what was installed, repair, and give all to the service
  localai.core.localai_backend:
    name: llama-cpp
    verify: true
    owner: localai
    group: localai

- name: Take names from a gallery of one's own, of which the host has a copy
  localai.core.localai_backend:
    name: company@llama-cpp
    galleries:
      - name: company
        url: https://git.example.com/ai/gallery/index.yaml
        mirrors: [/srv/localai/company.yaml]

- name: Log in to a private registry that has a certificate of one's own authority
  localai.core.localai_backend:
    name: my-backend
    uri: registry.example.com:5000/ai/my-backend:v1
    endpoints:
      - host: registry.example.com:5000
        username: puller
        password: "{{ vault_registry_password }}"
        ca_path: /etc/ssl/certs/company.pem

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

- name: Install without any network, from a gallery and a directory that C(skopeo copy) filled
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

- name: Install an image that is in no gallery, and let it answer to a second name
  localai.core.localai_backend:
    name: my-llama
    uri: quay.io/example/my-llama:v1
    alias: llama-cpp

- name: Install an image from a directory in the OCI layout
  localai.core.localai_backend:
    name: my-backend
    uri: ocilayout:/srv/backends/images:v1

- name: Install an image that C(docker save) wrote to a file
  localai.core.localai_backend:
    name: my-backend
    uri: ocifile:///srv/backends/my-backend.tar

- name: Install an archive
  localai.core.localai_backend:
    name: my-backend
    uri: https://files.example.com/my-backend.tar.gz

- name: Install from a directory of the host
  localai.core.localai_backend:
    name: my-backend
    uri: /srv/backends/my-backend

- name: Start a large pull that other tasks need not wait for
  localai.core.localai_backend:
    name: vllm
  async: 7200
  poll: 0
  register: localai_pull

- name: See how far it is
  localai.core.localai_backend_info:
  register: localai_progress

- name: Show the bytes done, the bytes in all and the seconds left
  ansible.builtin.debug:
    msg: "{{ localai_progress.in_progress }}"

- name: Wait until it has ended, and fail if it failed
  ansible.builtin.async_status:
    jid: "{{ localai_pull.ansible_job_id }}"
  register: localai_pulled
  until: localai_pulled is finished
  retries: 720
  delay: 10
"""

RETURN = r"""
backends:
  description: One entry per name asked for, in that order.
  returned: always
  type: list
  elements: dict
  sample:
    - name: llama-cpp
      backend: cuda12-llama-cpp
      action: upgrade
      capability: nvidia-cuda-12
      reason: its digest is sha256:74a814f29d241baf407327e052777b028fc1c528dc952b060e1ae7a080f53117,
        and its source has sha256:6fe79103aeba3992d2109de99820a70c3a65b461151a5d8ecb52b80a4777ac00
      run_file: /var/lib/local-ai/backends/cuda12-llama-cpp/run.sh
      uri: quay.io/go-skynet/local-ai-backends:latest-gpu-nvidia-cuda-12-llama-cpp
      version: null
      digest: sha256:6fe79103aeba3992d2109de99820a70c3a65b461151a5d8ecb52b80a4777ac00
      served_by:
        quay.io/go-skynet/local-ai-backends@sha256:6fe79103aeba3992d2109de99820a70c3a65b461151a5d8ecb52b80a4777ac00
      bytes_transferred: 42013781
      elapsed: 0.192
  contains:
    name:
      description: The name, as the gallery spells it.
      type: str
    backend:
      description: The concrete backend that answers to the name, or null when none does.
      type: str
    action:
      description:
        - What is done, V(none), V(install), V(repair), V(upgrade), V(replace), V(restore), V(chown), V(prune) or
          V(remove).
        - With V(restore), a tree that was kept takes its place again.
        - With V(chown), only owner, group and mode change.
        - With V(prune), only previous versions beyond O(keep_previous) are removed.
      type: str
    capability:
      description:
        - For a meta backend that was resolved, the key of its map that decided. Otherwise that of the host, which is
          null when RV(capability) is.
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
      description:
        - The bytes that came over the network for the backend, from the source that delivered it in the end. Zero in
          check mode.
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
    - backend: cuda12-whisper
      reason: its alias is whisper
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
  sample: [cuda12-llama-cpp, llama-cpp]
restart_required:
  description:
    - Whether a running LocalAI has to be restarted to know its backends, because the run file of some name differs
      before and after this run.
    - It tells what this run does, and remembers nothing of earlier ones.
  returned: always
  type: bool
  sample: false
capability:
  description:
    - What the host can run. Null when that is unknown, because a GPU cannot be read although its compute driver is in
      use.
  returned: always
  type: str
  sample: nvidia-cuda-12
diff:
  description:
    - What changes for each directory of O(backends_path), with C(backend), C(alias), C(uri), C(digest), C(version),
      C(owner), C(group), C(mode) and C(run_file) before and after. It is empty where there is no directory.
    - C(kept) is the number of replaced trees, where there are any. C(paths_to_change) counts, where only owner, group
      or mode change, the paths of which they do.
    - The same in check mode and in the run that follows it.
  returned: always
  type: list
  elements: dict
  sample:
    - before_header: cuda12-llama-cpp
      after_header: cuda12-llama-cpp
      before:
        backend: cuda12-llama-cpp
        alias: llama-cpp
        uri: quay.io/go-skynet/local-ai-backends:latest-gpu-nvidia-cuda-12-llama-cpp
        digest: sha256:74a814f29d241baf407327e052777b028fc1c528dc952b060e1ae7a080f53117
        version: null
        owner: localai
        group: localai
        mode: "0755"
        run_file: /var/lib/local-ai/backends/cuda12-llama-cpp/run.sh
      after:
        backend: cuda12-llama-cpp
        alias: llama-cpp
        uri: quay.io/go-skynet/local-ai-backends:latest-gpu-nvidia-cuda-12-llama-cpp
        digest: sha256:6fe79103aeba3992d2109de99820a70c3a65b461151a5d8ecb52b80a4777ac00
        version: null
        owner: localai
        group: localai
        mode: "0755"
        run_file: /var/lib/local-ai/backends/cuda12-llama-cpp/run.sh
        kept: 1
"""

from ansible_collections.localai.core.plugins.module_utils._module.backend import run_backend


def main() -> None:
    """Run the module."""
    run_backend()


if __name__ == "__main__":
    main()
