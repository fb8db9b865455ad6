# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options about signatures, which every module that reads galleries has."""

from __future__ import annotations


class ModuleDocFragment:
    """`SIGNATURE_OPTIONS` of `_module/argspec.py`."""

    DOCUMENTATION = r"""
options:
  signatures:
    description:
      - Whether to verify the Sigstore signatures of images, and of indexes that are read from a registry.
      - With V(ignore), nothing is verified. A policy in O(galleries) that is not applied for this reason is a warning.
      - With V(warn), a signature that is missing or not valid, or whose signer the policy does not name, is a warning.
      - With V(enforce), it is an error, and nothing is changed. Only images can be installed then, each with a policy.
      - The policy of an image is O(localai.core.localai_backend#module:galleries[].verification) of the gallery that
        lists it. LocalAI's own images (C(quay.io/go-skynet/local-ai-backends) and
        C(docker.io/localai/localai-backends)) have to be signed by LocalAI's workflow C(backend_merge.yml), unless
        their gallery has another policy. An image that no gallery of the task lists, such as one of C(uri) or of pins,
        needs a signer that one of all these policies names.
      - Signatures are verified against O(trusted_root), without asking Sigstore's services. The signature itself is
        fetched from the registry, its mirrors or the OCI layout that has the image.
      - The record of a build with a verified signature has its signer. The build is not verified again while this
        signer satisfies the policy. The signer of a build that was installed without verification is added to its
        record.
      - A host needs the Python library C(cryptography) 38 or newer for this. It needs no library for pins
        that have the signers of their builds.
      - Models have no signatures. For them, only the index of a gallery in a registry is verified.
    type: str
    choices: [ignore, warn, enforce]
    default: ignore
    version_added: 1.0.0
  trusted_root:
    description:
      - The keys and certificates of the Sigstore services to trust, as the absolute path of a C(trusted_root.json) on
        the host, or as its content.
      - The default is the trusted root of Sigstore's public instance, which is part of this collection.
    type: raw
    version_added: 1.0.0
  legacy_signatures:
    description:
      - Whether referrers in the form that cosign had before version 2.6 also count as signatures. LocalAI signed v4.3
        to v4.9 in this form. Such a signature has no proof that it is in a public log, only a promise of the log.
      - Signatures under a tag that ends with C(.sig) never count.
    type: bool
    default: false
    version_added: 1.0.0
"""
