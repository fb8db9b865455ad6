# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options that both modules for backends have."""

from __future__ import annotations


class ModuleDocFragment:
    """`BACKENDS_OPTIONS` of `_module/argspec.py`, and the attributes of the modules."""

    DOCUMENTATION = r"""
options:
  backends_path:
    description:
      - The directory from which LocalAI reads its backends, E(LOCALAI_BACKENDS_PATH) of its service.
    type: path
    default: /var/lib/local-ai/backends
  backends_system_path:
    description:
      - The directory with the backends of the operating system, E(LOCALAI_BACKENDS_SYSTEM_PATH) of LocalAI's service.
        Its backends are listed and never changed.
      - Servers since v4.10 list aliases and meta backends of this directory too. A backend of this directory is not
        listed if O(backends_path) has a directory with its name, or one with its alias. See O(server_version).
      - It cannot be the same directory as O(backends_path).
    type: path
    default: /usr/share/localai/backends
  galleries:
    description:
      - The galleries in which names are looked up, in this order. They are read only if a name requires it.
      - If several galleries have a name, the first one is used, unless the name is written as V(gallery@name).
      - The keys are those of E(LOCALAI_BACKEND_GALLERIES), and O(galleries[].sha256). So the value of that variable can
        be used here, as a list or as JSON text.
    type: list
    elements: dict
    default:
      - name: localai
        url: https://index.localai.io/backends
        mirrors:
          - github:mudler/LocalAI/backend/index.yaml@master
          - oci://quay.io/go-skynet/local-ai-backends:gallery-backends
        artifact_verification:
          issuer: https://token.actions.githubusercontent.com
          identity: https://github.com/mudler/LocalAI/.github/workflows/gallery_publish.yml@refs/heads/master
    suboptions:
      name:
        description: The name of the gallery, which is used in V(gallery@name).
        type: str
        required: true
      url:
        description:
          - The location of the index. V(https://), V(http://), V(file://), the path of a file on the host, or
            V(github:organisation/repository/path@branch).
          - V(oci://registry/repository:tag) or V(oci://registry/repository@sha256:…) for a gallery that is an artifact
            of the type V(application/vnd.localai.gallery.v1) in a registry, as LocalAI publishes it since v4.11. The
            credentials and mirrors of O(endpoints) apply to it.
          - An index is YAML in UTF-8, or in UTF-16 with a byte order mark.
          - A URL that ends with V(.ref) is a file with the name of the index in the same directory.
        type: str
        required: true
      mirrors:
        description: Other locations of the same index. They are tried in this order if O(galleries[].url) fails.
        type: list
        elements: str
        default: []
      sha256:
        description:
          - The SHA-256 of the index, 64 hexadecimal digits with or without V(sha256:) before them. A location with
            another index counts as failed. LocalAI ignores this key.
          - For V(oci://) it is the sum of the file V(index.yaml) in the artifact, and not the digest of the artifact.
        type: str
      verification:
        description:
          - The policy for the signatures of the gallery's images, with LocalAI's own keys.
          - It is applied with O(signatures=warn) and O(signatures=enforce).
        type: dict
        version_added: 1.0.0
        suboptions: &policy
          issuer:
            description: The issuer of the certificate. A policy needs this key or C(issuer_regex).
            type: str
          issuer_regex:
            description:
              - A regular expression of Go (RE2) that is found in the issuer. C(^) and C($) match its start and its end.
              - Syntax that Go and Python read differently is an error, for example look-around, C(\p) and
                C([[:alpha:]]).
            type: str
          identity:
            description:
              - The identity in the certificate, such as the address of a workflow file with a branch or tag. A policy
                needs this key or C(identity_regex).
            type: str
          identity_regex:
            description: A regular expression that is found in the identity, as for the issuer.
            type: str
          source_repository:
            description: The repository of the source, as the certificate states it.
            type: str
          not_before:
            description: The earliest time of a signature, such as V(2026-08-05T00:00:00Z), in quotes.
            type: str
      artifact_verification:
        description:
          - The policy for the signature of the index itself, if it is read from a registry.
          - It is applied with O(signatures=warn) and O(signatures=enforce).
        type: dict
        version_added: 1.0.0
        suboptions: *policy
  capability:
    description:
      - The capability of the host, for example V(nvidia-cuda-12), V(amd), V(intel), V(vulkan), V(metal) or V(default).
      - The default is the value of E(LOCALAI_FORCE_META_BACKEND_CAPABILITY) in the environment of the module, or the
        content of the file C(/run/localai/capability). Without them, the capability is detected in the same way as by
        LocalAI.
      - The memory of GPUs is read from the kernel. If the kernel does not report it, it is read with C(nvidia-smi),
        C(rocm-smi), C(xpu-smi) and C(vulkaninfo). These tools are searched for in E(PATH), C(/opt/rocm/bin),
        C(/usr/lib/wsl/lib), C(/usr/local/bin) and C(/usr/local/cuda/bin). A tool is stopped after 120 seconds.
      - The kernel reports the memory of an AMD GPU (C(mem_info_vram_total)). If C(mem_info_gtt_total) is at least 8
        times as large, it is added, because processors with graphics such as Strix Halo use the memory of the host.
      - If a GPU is present and its memory cannot be read, the builds that are installed for its vendor are kept, with a
        warning. If its compute driver (C(nvidia) or C(amdgpu)) is in use, the capability is unknown. A meta backend
        without an installed build is then an error, unless it points to the same build with and without the GPU. Set
        this option to install such a backend. With other drivers, such as C(nouveau) and C(i915), the host is treated
        as one without a GPU.
      - With V(disable), builds for other hardware are not refused.
      - This option does not change the capability that LocalAI detects. Set E(LOCALAI_FORCE_META_BACKEND_CAPABILITY)
        for its service too, because LocalAI chooses between backends with the same alias by its own capability.
    type: str
  platform:
    description:
      - The platform of images, as V(os/architecture) or V(os/architecture/variant), for example V(linux/arm64).
      - Other usual names, such as V(linux/x86_64), V(linux/aarch64) and V(linux/arm64/v8), mean the same as in
        containerd. An image for a lower variant is used if there is none for the variant itself.
      - The default is the platform of the host.
    type: str
  server_version:
    description:
      - The version of the LocalAI server, as V(vX.Y.Z). The default is the newest one.
      - It decides how O(backends_system_path) is listed. Servers up to v4.9 list its directories with a C(run.sh), and
        no aliases and meta backends.
      - With the variable E(LOCALAI_PREFER_DEV_BACKENDS) of the module set to V(true), a development build that can run
        answers to its alias before other builds, as with this variable of a server since v4.10.
    type: str
    version_added: 1.0.0
requirements:
  - python >= 3.8
  - PyYAML, to read a gallery
attributes:
  check_mode:
    description: Predicts in C(check_mode) what would change, without changing anything.
  diff_mode:
    description: Returns what changes, or in C(check_mode) would change.
  idempotent:
    description: A second run with the same arguments changes nothing.
  platform:
    description: The operating systems that are supported.
    support: full
    platforms: posix
"""
