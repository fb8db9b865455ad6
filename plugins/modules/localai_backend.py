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
  - Installs and removes inference backends in the directory from which LocalAI reads them.
  - Looks up names in galleries. A meta backend such as V(llama-cpp) is resolved to the build for the capability of the
    host.
  - Stages each backend in a hidden directory and moves it into place in one step. A backend is complete or absent.
  - All unknown names, galleries and accounts of a task are reported together.
  - The same task can run every night. Check mode predicts exactly what the run does.
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
    details:
      - Check mode reads galleries and manifests if the run would, and fails if the run would.
      - It cannot predict errors in the content, such as a damaged archive, or a tag that moves before the run.
      - An O(owner) or O(group) that does not exist is a warning in check mode, because an earlier task may create it.
        See O(pending).
      - The first run that changes something tests whether the file system of O(backends_path) stores owners and modes.
        Until then, check mode assumes that it does, and warns.
  diff_mode:
    support: full
  idempotent:
    support: full
    details:
      - With O(force=true), every run reinstalls the backends.
      - With O(state=latest), a run changes nothing if nothing newer is available.
options:
  name:
    description:
      - The names of the backends in the gallery. V(gallery@name) selects one gallery. The same backend from two
        galleries is an error.
      - Names are case-insensitive. A backend is stored with the spelling of the gallery.
      - LocalAI lists every name, and a model can only use names of lower-case letters, digits, C(-) and C(_). With
        O(state=present) and O(state=latest), a new backend is an error if no model could use it. With O(uri), that is
        its name and its O(alias). In a gallery, a build may have another name if a meta backend or an alias leads to
        it. Backends that exist are kept, repaired and removed under any name.
      - An empty list changes nothing.
      - Either this option or O(backends) is required.
    type: list
    elements: str
  backends:
    description:
      - The backends as a list of mappings, in place of O(name). Each backend can have its own state, source and
        version. They are installed together, and a mistake in one of them prevents all changes.
      - Backends without O(backends[].state) use O(state). Backends without O(backends[].uri), O(backends[].digest) and
        O(backends[].release) use O(release) or O(pins).
      - Backends with O(backends[].state=absent) are removed after the others are installed. It is an error if another
        backend of the list needs one of them. In the result, they are at the end of RV(backends).
      - It is an error if the list has a name twice with different options.
    type: list
    elements: dict
    suboptions:
      name:
        description: The name of the backend, as for O(name).
        type: str
        required: true
      state:
        description: The desired state of the backend, as for O(state). The default is O(state).
        type: str
        choices: [present, latest, absent]
      uri:
        description: Installs the backend from this source, as for O(uri).
        type: str
      alias:
        description: Another name that the backend from O(backends[].uri) answers to, as for O(alias).
        type: str
      release:
        description: The release of LocalAI whose build is installed, as for O(release).
        type: str
      digest:
        description: The digest of the build, as for O(digest).
        type: str
    version_added: 1.0.0
  state:
    description:
      - With V(present), each backend is installed and can run. An installed backend that can run is not changed, and
        requires no network.
      - With V(present), a damaged or lost backend is repaired with its recorded build, from a previous version or from
        its source by digest. So a repair does not undo a rollback. If no source has the recorded build any more, the
        repair installs the build that the tag points to now, with a warning. If you chose the recorded build by
        O(digest), by O(pins) or as a previous version, this is an error instead.
      - With V(latest), each backend is also upgraded to the current build in the gallery for the current capability of
        the host. Builds are compared by the digest of the image, else by the version in the gallery, else by the
        SHA-256 of the archive. If the source has none of these, the backend is not changed, with a warning.
      - With V(latest), a meta backend is resolved again. If it points to another build now, that build is installed.
        The old build is removed, unless it was requested by its own name or another meta backend points to it.
      - While a GPU of the host cannot be read (see O(capability)), a meta backend is not resolved again. Its installed
        build is kept, upgraded with V(latest) to the build with the same name, and repaired if it is damaged.
      - With V(absent), all backends in O(backends_path) that answer to the names are removed. These are the directory
        with the name, a meta backend together with its build, and every build that has the name as its alias. Meta
        backends that point to a removed build are removed too.
      - A build that another installed meta backend points to is not removed. It is an error to request its removal by
        its own name.
      - System backends are never changed.
    type: str
    choices: [present, latest, absent]
    default: present
  uri:
    description:
      - Installs the one backend in O(name) from this source, without a gallery.
      - An image in a registry is V(quay.io/project/image:tag) or V(oci://registry/image:tag). An archive is
        V(https://host/backend.tar.gz) or the path of a file on the host. A directory is a path on the host.
      - An image in a local OCI layout is V(ocilayout:/path). If there are several images, its name in the layout
        follows, as in V(ocilayout:/path:registry/image:tag), or its digest, as in V(ocilayout:/path@sha256:…). A tag
        suffices if only one image has it.
      - An image in a tar file, which has an OCI layout or is from C(docker save), is V(ocifile:///path/image.tar). A
        name or a digest can follow in the same way.
      - Archives can be tar, tar.gz, tar.bz2, tar.xz, tar.zst and zip. Their first bytes tell the format. To decompress
        zstd, in archives and in images, the host needs Python 3.14, one of the Python libraries C(zstandard) and
        C(backports.zstd), or the program C(zstd).
      - All archives except zip are unpacked during the download and need no additional space.
      - An installed backend from another source is replaced.
      - If the URL has a signature in its query, it is never shown. C(metadata.json) contains it, as LocalAI writes it.
      - Mutually exclusive with O(release), O(digest) and O(pins). Write the digest of an image into the reference.
    type: str
  alias:
    description:
      - Another name that the backend from O(uri) answers to.
      - Requires O(uri), because the alias of a backend in a gallery is the one that the gallery declares.
    type: str
  release:
    description:
      - A release of LocalAI, such as V(v4.9.0). It replaces V(latest) in the tags of the gallery's images, so
        V(latest-cpu-whisper) becomes V(v4.9.0-cpu-whisper).
      - A backend with another tag is replaced, even by an older build. A backend of this release requires no network.
      - It is an error if a backend has no image with such a tag. The error lists all such backends of O(name), and
        nothing is installed.
      - Mutually exclusive with O(uri), O(digest) and O(pins).
    type: str
  digest:
    description:
      - The digest of the build that the one backend in O(name) resolves to, such as V(sha256:…). It is the digest of an
        image, of an image index, or the SHA-256 of an archive.
      - A backend with another digest is replaced, even by an older build. A backend with this digest requires no
        network.
      - Mutually exclusive with O(uri), O(release) and O(pins).
    type: str
  pins:
    description:
      - A set of pinned builds to install exactly as recorded, without consulting a gallery or resolving a tag.
        M(localai.core.localai_backend_info) returns it with
        O(localai.core.localai_backend_info#module:pins=true).
      - For each backend in O(name), the row for the capability of this host is used. If there is none, the same
        fallbacks apply as in the capability map of a meta backend. A name without a row is an error.
      - While a GPU of the host cannot be read (see O(capability)), only a row for the installed build is used. Without
        such a row, the installed build is kept, with a warning.
      - Keys that this version of the collection does not know are ignored, also those of rows. So one set can have the
        pins of M(localai.core.localai_model) too, in format 2.
      - Mutually exclusive with O(uri), O(release) and O(digest).
    type: dict
    suboptions:
      format:
        description: The version of this format, which is 1 or 2.
        type: int
        required: true
      backends:
        description: One row for each name, capability and platform.
        type: list
        elements: dict
        required: true
        suboptions:
          name:
            description: The requested name.
            type: str
            required: true
          capability:
            description: The capability of the hosts that use the row.
            type: str
            required: true
          platform:
            description: The platform of the hosts that use the row, as V(os/architecture).
            type: str
            required: true
          backend:
            description: The build. If it differs from the name, the name becomes a meta backend that points to it.
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
            description: The digest of the build.
            type: str
            required: true
          gallery:
            description: The name of the gallery that lists the build, whose policy for signatures applies.
            type: str
            version_added: 1.0.0
          signer:
            description:
              - The signer of the build, as verified by the host that made the pins with O(signatures).
              - A host with O(signatures) does not verify the build again if this signer satisfies its policy.
            type: dict
            version_added: 1.0.0
            suboptions:
              identity:
                description: The identity in the certificate.
                type: str
                required: true
              issuer:
                description: The issuer that vouches for the identity.
                type: str
                required: true
              source_repository:
                description: The repository of the source, empty if the certificate does not state it.
                type: str
                required: true
              time:
                description: When the build was signed, in UTC.
                type: str
                required: true
              digest:
                description: The digest that was signed, of the image or of its index.
                type: str
                required: true
              log:
                description: The transparency log with the signature.
                type: str
                required: true
              log_index:
                description: The index of the entry in this log.
                type: int
                required: true
              trusted_root:
                description: The trusted root that the signature was verified with.
                type: str
                required: true
  exclusive:
    description:
      - Whether to remove all backends except those in O(name) and their builds.
      - The other backends that LocalAI lists are removed after everything is installed. System backends are not
        removed, nor are files, symlinks and directories that LocalAI does not list.
      - While a GPU of the host cannot be read (see O(capability)), all builds for its vendor that have one of the
        names, also as an alias, are kept.
      - It is an error if O(name) is empty.
    type: bool
    default: false
  keep_previous:
    description:
      - The number of previous versions to keep of each backend that is replaced, or removed because a meta backend
        points to another build. They are in C(.localai-core/kept) of O(backends_path), where LocalAI does not list
        them.
      - If it is set, every run removes surplus previous versions of the backends in O(name). Set V(0) to free their
        disk space. If it is not set, no previous versions are added, and existing ones are kept.
      - A pinned build is restored from a previous version without network access, for example to roll back by
        O(digest).
      - O(state=absent) and O(exclusive) remove the previous versions of a backend together with it.
    type: int
  verify:
    description:
      - Whether to compare the path, type, size and symlink target of all files of the backends with their record, and
        to repair differences. New files, and files that LocalAI's Python backends rewrite, are ignored.
      - A backend that LocalAI or an early version of this collection installed has no record and is not verified.
    type: bool
    default: false
  force:
    description: Whether to reinstall installed backends.
    type: bool
    default: false
  download_only:
    description:
      - Whether to only download and verify the builds that the same task without this option would install, for example
        during the day before a maintenance window. Backends that LocalAI lists and runs are not changed, and nothing is
        removed. RV(restart_required) is false, and RV(unload) and RV(removed) are empty.
      - The next run without this option moves the downloaded build into place, and transfers nothing, if it is the
        build that this run needs. With O(pins), that run needs no network for it, and with O(digest) it only reads the
        gallery. Otherwise it also asks the registry which build is the current one. If that is another one by then, it
        is downloaded.
      - The builds are in C(.localai-core/downloaded) of O(backends_path), one for each backend at most. They are no
        previous versions, and O(keep_previous) does not apply to them. A build that was never installed is removed when
        another one is downloaded or installed for the backend, and with O(state=absent). A repair does not remove it.
      - A backend from a directory or a file without SHA-256 on the host, or from a web server that states neither an
        ETag nor a date, is not downloaded.
      - Cannot be used with O(state=absent), O(exclusive) and O(force). Backends with O(backends[].state=absent) are
        left alone.
    type: bool
    default: false
    version_added: 1.0.0
  owner:
    description:
      - The owner of backends, usually the user of the LocalAI service. LocalAI's Python backends write into their
        directories.
      - If it is set, it also applies to installed backends, without a download.
      - The default for new backends is the owner of O(backends_path), if the module runs as a user who may change
        owners.
    type: str
  group:
    description:
      - The group of backends.
      - If it is set, it also applies to installed backends, without a download.
      - The default for new backends is the group of O(backends_path), if the module runs as a user who may change
        groups.
    type: str
  directory_mode:
    description:
      - The mode of the top directory of backends, as an octal number in quotes such as V('0750'), or as a symbolic mode
        such as V(u=rwx,g=rx,o=). A symbolic mode is applied to V(0755).
      - If it is set, it also applies to installed backends.
      - The owner needs all permissions. If LocalAI cannot read one directory, it lists no backend at all.
      - The default for new backends is V('0755').
    type: raw
  lock_timeout:
    description: The time in seconds to wait for another run that changes O(backends_path).
    type: int
    default: 60
  pending:
    description:
      - The options whose value an earlier task of the play creates, so that it does not exist yet in check mode.
        Without this, check mode warns of an O(owner) or O(group) that does not exist, and of an O(backends_path) whose
        parent directory does not exist.
      - It has no effect outside of check mode.
    type: list
    elements: str
    choices: [owner, group, backends_path]
    default: []
    version_added: 1.0.0
notes:
  - If the Python that Ansible uses lacks requests or PyYAML, and a run needs them, the module runs again with a Python
    of the distribution (such as C(/usr/bin/python3)) that has both, if there is one.
  - A transfer continues after an error at the byte where it stopped. After an interrupted run, the next run continues
    the transfers that take more than about ten seconds, and starts others again. To continue them, free space of four
    times the size of the image or the archive is needed.
seealso:
  - module: localai.core.localai_backend_info
  - module: localai.core.localai_model
  - module: localai.core.localai_server
"""

EXAMPLES = r"""
- name: Install the build of a backend for this host
  localai.core.localai_backend:
    name: llama-cpp
    owner: localai
    group: localai

- name: Install two backends
  localai.core.localai_backend:
    name: [llama-cpp, whisper]
  register: result

- name: Restart LocalAI if it must read its backends again
  ansible.builtin.service:
    name: local-ai
    state: restarted
  when: result.restart_required

- name: Install the build for CUDA 12, regardless of the detected capability
  localai.core.localai_backend:
    name: llama-cpp
    capability: nvidia-cuda-12

- name: Upgrade backends that have a newer build, and keep two previous versions of each
  localai.core.localai_backend:
    name: [llama-cpp, whisper]
    state: latest
    keep_previous: 2

- name: Download the newer builds during the day, without a change for the running server
  localai.core.localai_backend:
    name: [llama-cpp, whisper]
    state: latest
    download_only: true

- name: Pin a build by its digest; if it is a previous version, this needs no network
  localai.core.localai_backend:
    name: llama-cpp
    digest: sha256:74a814f29d241baf407327e052777b028fc1c528dc952b060e1ae7a080f53117
    keep_previous: 2

- name: Install the builds of one release of LocalAI
  localai.core.localai_backend:
    name: [llama-cpp, whisper]
    release: v4.9.0

- name: Install exactly the pinned builds of the fleet, and remove all other backends
  localai.core.localai_backend:
    name: [llama-cpp, whisper]
    pins: "{{ lookup('ansible.builtin.file', 'pins.yml') | from_yaml }}"
    exclusive: true

- name: Install only builds that LocalAI's own workflow has signed
  localai.core.localai_backend:
    name: [llama-cpp, whisper]
    signatures: enforce

- name: Install backends with different sources and states in one task
  localai.core.localai_backend:
    backends:
      - name: llama-cpp
      - name: whisper
        state: latest
      - name: my-backend
        uri: registry.example.com/ai/my-backend:v1
        alias: chat
      - name: piper
        state: absent

- name: Remove all backends except these
  localai.core.localai_backend:
    name: [llama-cpp, whisper]
    exclusive: true

- name: Remove a backend together with its build
  localai.core.localai_backend:
    name: whisper
    state: absent

- name: Verify and repair all files, and give them to the user of the service
  localai.core.localai_backend:
    name: llama-cpp
    verify: true
    owner: localai
    group: localai

- name: Use a private gallery, with a copy on the host as a mirror
  localai.core.localai_backend:
    name: company@llama-cpp
    galleries:
      - name: company
        url: https://git.example.com/ai/gallery/index.yaml
        mirrors: [/srv/localai/company.yaml]

- name: Log in to a private registry with a certificate from a private CA
  localai.core.localai_backend:
    name: my-backend
    uri: registry.example.com:5000/ai/my-backend:v1
    endpoints:
      - host: registry.example.com:5000
        username: puller
        password: "{{ vault_registry_password }}"
        ca_path: /etc/ssl/certs/company.pem

- name: Pull Docker Hub's images from a proxy project, then from a second mirror, then from Docker Hub
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

- name: Install without network, from a gallery file and a directory that C(skopeo copy) filled
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

- name: Install an image that is in no gallery, with a second name
  localai.core.localai_backend:
    name: my-llama
    uri: quay.io/example/my-llama:v1
    alias: llama-cpp

- name: Install an image from a directory with an OCI layout
  localai.core.localai_backend:
    name: my-backend
    uri: ocilayout:/srv/backends/images:v1

- name: Install an image from a file that C(docker save) wrote
  localai.core.localai_backend:
    name: my-backend
    uri: ocifile:///srv/backends/my-backend.tar

- name: Install an archive
  localai.core.localai_backend:
    name: my-backend
    uri: https://files.example.com/my-backend.tar.gz

- name: Install from a directory on the host
  localai.core.localai_backend:
    name: my-backend
    uri: /srv/backends/my-backend

- name: Start a large download in the background, as the role does
  localai.core.localai_backend:
    name: vllm
  async: 7200
  poll: 0
  register: download

- name: Read the progress
  localai.core.localai_backend_info:
  register: info

- name: Show the transferred bytes, the total bytes and the remaining seconds
  ansible.builtin.debug:
    msg: "{{ info.in_progress }}"

- name: Wait for the end of the download, and fail if it failed
  ansible.builtin.async_status:
    jid: "{{ download.ansible_job_id }}"
  register: status
  until: status is finished
  retries: 720
  delay: 10
"""

RETURN = r"""
msg:
  description:
    - One line about the changes, or in check mode about the predicted changes. It has the size of each transfer, if
      that is known, and the reason for each repair. More than five names with the same action are only counted.
  returned: always
  type: str
  version_added: 1.0.0
  sample: "Installed llama-cpp (cuda12-llama-cpp, 42.0 MiB); repaired piper (it was damaged: lib/x is missing)."
backends:
  description:
    - One entry for each requested name, in this order. With O(backends), those with O(backends[].state=absent) follow
      the others.
  returned: always
  type: list
  elements: dict
  sample:
    - name: llama-cpp
      backend: cuda12-llama-cpp
      action: upgrade
      capability: nvidia-cuda-12
      reason: its digest was sha256:74a814f29d241baf407327e052777b028fc1c528dc952b060e1ae7a080f53117,
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
      description: The name, with the spelling of the gallery.
      type: str
    backend:
      description: The concrete backend that answers to the name, or null if there is none.
      type: str
    action:
      description:
        - V(none), V(install), V(repair), V(upgrade), V(replace), V(restore), V(download), V(chown), V(prune) or
          V(remove).
        - With V(restore), a previous version is restored.
        - With V(download), the build is only downloaded (see O(download_only)). Then the source, the version and the
          digest are those of the downloaded build.
        - With V(chown), only owner, group and mode change.
        - With V(prune), only surplus previous versions are removed (see O(keep_previous)).
      type: str
    capability:
      description:
        - For a meta backend that was resolved, the key of its capability map that was used. Otherwise the capability of
          the host, which is null if RV(capability) is null.
      type: str
    reason:
      description:
        - The reason for the action, or the reason why nothing is done. It is the same in check mode and in the run, and
          is about the state before the run.
      type: str
    run_file:
      description: The file that LocalAI starts for the name after this run, or null.
      type: str
    uri:
      description: The source of the backend, if it is recorded.
      type: str
    served_by:
      description:
        - The full URL or reference that delivered the content. Null if nothing was transferred, or in check mode.
      type: str
    version:
      description: The version of the installed backend in the gallery, or null.
      type: str
    digest:
      description:
        - The digest that the image reference pointed to, or the SHA-256 of an archive in the gallery.
        - Null for other archives, for directories, and if it is not recorded.
      type: str
    bytes_transferred:
      description:
        - The bytes that were transferred over the network for the backend, from the source that finally delivered it.
          Zero in check mode.
      type: int
    elapsed:
      description: The time in seconds to transfer the backend. Zero in check mode.
      type: float
removed:
  description: Backends that are removed although they are not in O(name).
  returned: always
  type: list
  elements: dict
  sample:
    - backend: cuda12-whisper
      reason: its alias was whisper
  contains:
    backend:
      description: The directory of O(backends_path) that is removed.
      type: str
    reason:
      description: The reason for the removal.
      type: str
unload:
  description:
    - The names of backends whose files changed while their run file did not.
    - Models that LocalAI has loaded with these backends use the old process until they are unloaded. Pass the names to
      O(localai.core.localai_server#module:unload_backends).
  returned: always
  type: list
  elements: str
  version_added: 1.0.0
  sample: [cuda12-llama-cpp, llama-cpp]
restart_required:
  description:
    - Whether a running LocalAI must be restarted to read its backends again, because the run file of a name changed.
    - It depends only on this run, not on earlier runs.
  returned: always
  type: bool
  sample: false
capability:
  description:
    - The capability of the host. Null if it is unknown, because a GPU cannot be read although its compute driver is in
      use.
  returned: always
  type: str
  sample: nvidia-cuda-12
diff:
  description:
    - The changes of each directory of O(backends_path), with C(backend), C(alias), C(uri), C(digest), C(version),
      C(owner), C(group), C(mode) and C(run_file) before and after. A state is empty if the directory does not exist.
    - C(previous) is the number of previous versions, if there are any. C(paths_to_change) is the number of paths whose
      owner, group or mode change, if nothing else changes.
    - C(problem) is the damage that is repaired. C(reinstalled) is set if the same build is installed again.
    - It is the same in check mode and in the run that follows.
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
        previous: 1
"""

from ansible_collections.localai.core.plugins.module_utils._module.backend import run_backend


def main() -> None:
    """Run the module."""
    run_backend()


if __name__ == "__main__":
    main()
