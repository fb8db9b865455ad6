# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signatures beside an image: Sigstore bundles, and what cosign before version 2.6 wrote, as referrers of its manifest.

An index of referrers need not state their types. Only those with a type of another kind are left out unread.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._errors import SourceError
from .._http.failover import ORIGIN_ERRORS
from .manifest import Descriptor, Manifest, Repository, verified

_BUNDLE = "application/vnd.dev.sigstore.bundle"
_SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json"
_MOST_REFERRERS = 64
_MOST_BYTES = 4 * 1024**2


@dataclass(frozen=True)
class Signature:
    """A signature of an image: a bundle in JSON, or the payload that cosign signed, with the annotations about it."""

    content: bytes
    is_bundle: bool
    annotations: t.Mapping[str, str]


def signatures_beside(repository: Repository, digest: str, problems: list[str]) -> t.Iterator[Signature]:
    """Yield the signatures of the manifest with a digest; raises SourceError, TransportError.

    What is wrong with one of them does not hide the others, and is added to `problems`.
    """
    candidates = [referrer for referrer in repository.referrers(digest) if _may_be_signature(referrer)]
    for referrer in candidates[:_MOST_REFERRERS]:
        try:
            yield from _signatures_in(referrer, repository, digest)
        except ORIGIN_ERRORS as e:
            problems.append(f"{repository}: {e}")
    if len(candidates) > _MOST_REFERRERS:
        problems.append(f"{repository} has {len(candidates)} signatures, of which {_MOST_REFERRERS} were read")


def _signatures_in(referrer: Descriptor, repository: Repository, digest: str) -> t.Iterator[Signature]:
    manifest = repository.manifest(referrer.digest)
    if not manifest.is_index and manifest.subject == digest:
        for layer in _signature_layers(manifest):
            yield Signature(_content(repository, layer), layer.media_type.startswith(_BUNDLE), layer.annotations)


def _may_be_signature(referrer: Descriptor) -> bool:
    """Whether a referrer may be a signature: it states no type, an empty one, or one of Sigstore or cosign."""
    kind = referrer.artifact_type
    return not kind or any(word in kind for word in ("sigstore", "cosign", "vnd.oci.empty"))


def _signature_layers(manifest: Manifest) -> t.Iterator[Descriptor]:
    for layer in manifest.layers:
        if layer.media_type.startswith(_BUNDLE) or layer.media_type == _SIMPLE_SIGNING:
            yield layer


def _content(repository: Repository, layer: Descriptor) -> bytes:
    if layer.size > _MOST_BYTES:
        raise SourceError(f"the signature {layer.digest} has {layer.size} bytes, which is not plausible.")
    return b"".join(verified(repository.blob(layer), layer))
