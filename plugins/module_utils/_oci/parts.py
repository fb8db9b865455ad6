# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that belongs to an image: its documents and layers for some platforms, and their referrers."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from .._errors import SourceError
from .._http.failover import ORIGIN_ERRORS
from .manifest import Descriptor, Manifest, Repository, choose
from .platform import Platform

# As for a pull, see `image`.
_MOST_LEVELS = 4
_MOST_REFERRERS = 64


@dataclass(frozen=True)
class Parts:
    """The `top` document, which a tag means, all `documents` below it, their `blobs`, and the `referrers` of each.

    Each part is there once. Children of an index for other platforms are left out.
    """

    top: Manifest
    documents: tuple[Manifest, ...] = ()
    blobs: tuple[Descriptor, ...] = ()
    referrers: tuple[Manifest, ...] = ()

    @property
    def all_documents(self) -> tuple[Manifest, ...]:
        """The indexes and manifests, each once."""
        return _each((self.top, *self.documents, *self.referrers))

    @property
    def size(self) -> int:
        """The bytes of all parts."""
        return sum(len(manifest.document) for manifest in self.all_documents) + sum(blob.size for blob in self.blobs)

    def merged(self, other: Parts) -> Parts:
        """Return these parts and those of the same image for other platforms."""
        return Parts(
            self.top,
            _each(self.documents + other.documents),
            _each(self.blobs + other.blobs),
            _each(self.referrers + other.referrers),
        )


class _Digested(t.Protocol):
    @property
    def digest(self) -> str: ...


_Part = t.TypeVar("_Part", bound=_Digested)


def _each(parts: t.Iterable[_Part]) -> tuple[_Part, ...]:
    """Return each part once."""
    return tuple({part.digest: part for part in parts}.values())


def parts_of(top: Manifest, repository: Repository, platforms: t.Iterable[Platform], problems: list[str]) -> Parts:
    """Return the parts of the image that `top` is; raises SourceError, TransportError.

    A referrer that cannot be read is added to `problems`.
    """
    documents: dict[str, Manifest] = {}
    for platform in platforms:
        manifest = top
        for _level in range(_MOST_LEVELS):
            if manifest.is_index:
                manifest = repository.manifest(choose(manifest, platform).digest)
                documents[manifest.digest] = manifest
        if manifest.is_index:
            raise SourceError(f"its indexes are nested more than {_MOST_LEVELS} levels deep.")
    parts = Parts(top, tuple(documents.values()))
    about = tuple(_referrers_of((top, *parts.documents), repository, problems))
    return replace(parts, referrers=about, blobs=_blobs_of((top, *parts.documents, *about)))


def _referrers_of(manifests: t.Iterable[Manifest], repository: Repository, problems: list[str]) -> t.Iterator[Manifest]:
    """Yield the manifests that are about some others, each once."""
    seen = set()
    for manifest in manifests:
        try:
            descriptors = repository.referrers(manifest.digest)[:_MOST_REFERRERS]
        except ORIGIN_ERRORS as e:
            problems.append(f"{repository}: the referrers of {manifest.digest} cannot be listed: {e}")
            continue
        for descriptor in descriptors:
            try:
                referrer = repository.manifest(descriptor.digest)
            except ORIGIN_ERRORS as e:
                problems.append(f"{repository}: {descriptor.digest}, which is about {manifest.digest}: {e}")
                continue
            if not referrer.is_index and referrer.subject == manifest.digest and referrer.digest not in seen:
                seen.add(referrer.digest)
                yield referrer


def _blobs_of(manifests: t.Iterable[Manifest]) -> tuple[Descriptor, ...]:
    """Return the configurations and layers of some manifests, each once."""
    return _each(
        blob
        for manifest in manifests
        for blob in (*((manifest.config,) if manifest.config is not None else ()), *manifest.layers)
    )
