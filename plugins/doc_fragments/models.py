# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options that both modules for models have."""

from __future__ import annotations


class ModuleDocFragment:
    """`MODELS_OPTIONS` of `_module/models/argspec.py`, and the attributes of the modules."""

    DOCUMENTATION = r"""
options:
  models_path:
    description:
      - The directory from which LocalAI reads its models, E(LOCALAI_MODELS_PATH) of its service.
    type: path
    default: /var/lib/local-ai/models
  galleries:
    description:
      - The galleries in which models are looked up, in this order. They are read only if a model requires it.
      - If several galleries have a name, the first one is used, unless the name is written as V(gallery@name).
      - The keys are those of E(LOCALAI_GALLERIES), and O(galleries[].sha256). So the value of that variable can be used
        here, as a list or as JSON text.
    type: list
    elements: dict
    default:
      - name: localai
        url: https://index.localai.io/models
        mirrors:
          - github:mudler/LocalAI/gallery/index.yaml@master
          - oci://quay.io/go-skynet/local-ai-backends:gallery-models
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
          - The base files of entries are read as LocalAI reads them, from the C(url) of the entry. One without a scheme
            is relative to the gallery. Base files may also be at private addresses, which LocalAI itself refuses.
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
          - Models are not signed, so it is not applied. With O(signatures=ignore), a run that reads the gallery warns
            of it.
        type: dict
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
        suboptions: *policy
requirements:
  - python >= 3.8
  - PyYAML, to read a gallery, and the YAML files of models
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
