# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a bundle gets, and what of it is missing yet. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ..._bundle.contents import Contents, Stored, StoredFile, StoredImage, stored_blob
from .wanted import Wanted, WantedFile, WantedImage

if t.TYPE_CHECKING:
    from ..._oci.manifest import Descriptor


class MissingBlob(t.NamedTuple):
    """A blob to fetch, and the image that it is of."""

    image: WantedImage
    blob: Descriptor


@dataclass(frozen=True)
class Missing:
    """What has to be transferred."""

    blobs: tuple[MissingBlob, ...] = ()
    files: tuple[WantedFile, ...] = ()

    @property
    def size(self) -> int:
        """The bytes, as far as they are known."""
        return sum(blob.size for _image, blob in self.blobs) + sum(file.size for file in self.files)


def missing_of(wanted: Wanted, old: Contents, known: Contents, has: t.Callable[[Stored], bool]) -> Missing:
    """Return what is neither in the directory nor at the site, each thing once.

    `old` is what the directory has, `known` what the site has. `has` tells whether a file of the directory is there,
    with its size.
    """
    blobs: dict[str, MissingBlob] = {}
    for image in wanted.images.values():
        for blob in image.parts.blobs:
            if blob.digest not in known.blobs and not has(stored_blob(blob.digest, blob.size)):
                blobs.setdefault(blob.digest, MissingBlob(image, blob))
    files = [file for file in wanted.files.values() if stored_of(file, old, known, has) is None]
    return Missing(tuple(blobs.values()), tuple(files))


def stored_of(file: WantedFile, old: Contents, known: Contents, has: t.Callable[[Stored], bool]) -> Stored | None:
    """Return where a file is already, in the directory or at the site; None if it has to be fetched."""
    for contents in (old, known):
        for row in contents.files:
            is_same = row.file.sha256 == file.sha256 if file.sha256 else _is_version(row, file)
            if is_same and (contents is known or has(row.file)):
                return row.file
    return None


def _is_version(row: StoredFile, file: WantedFile) -> bool:
    """Return whether a file without a known sha256 is the version that its server has."""
    return bool(file.version) and row.version == file.version


def images_of(wanted: Wanted, kept: Contents) -> tuple[StoredImage, ...]:
    """Return the images of the new list: those that are wanted, and older ones that are `kept`, without moved tags."""
    rows: dict[tuple[str, str], StoredImage] = {}
    for image in wanted.images.values():
        parts = image.parts
        manifests = tuple(document.digest for document in parts.all_documents)
        for name in image.names or (_name_at(str(image.origins[0]), image.digest),):
            rows[name, image.digest] = StoredImage(
                name,
                image.digest,
                parts.top.media_type,
                parts.size,
                image.platforms,
                tuple(dict.fromkeys((*manifests, *(blob.digest for blob in parts.blobs)))),
                manifests,
                tuple(referrer.digest for referrer in parts.referrers),
            )
    names = {name for name, _digest in rows}
    for row in kept.images:
        has_moved = (row.name, row.digest) not in rows and row.name in names
        # If the tag means another image by now, pins name this one by its digest.
        name = _name_at(row.name, row.digest) if has_moved else row.name
        rows.setdefault((name, row.digest), row._replace(name=name))
    return tuple(rows[key] for key in sorted(rows))


def _name_at(name: str, digest: str) -> str:
    """Return the name of an image by its digest, in the place of a tag."""
    image = name.partition("@")[0]
    image = image[len("oci://") :] if image.startswith("oci://") else image
    base, _colon, tag = image.rpartition(":")
    return f"{base if base and '/' not in tag else image}@{digest}"


def merged(new: Contents, kept: Contents) -> Contents:
    """Return a list with the rows of another one that it does not replace."""
    return replace(
        new,
        targets=(*new.targets, *(row for row in kept.targets if row not in new.targets)),
        galleries=_union(new.galleries, kept.galleries, lambda row: (row.kind, row.name)),
        documents=_union(new.documents, kept.documents, lambda row: (row.gallery, row.url)),
        files=_union(new.files, kept.files, lambda row: row.url),
        blobs={**kept.blobs, **new.blobs},
        others=_union(new.others, kept.others, lambda row: row.path),
    )


_Row = t.TypeVar("_Row")


def _union(new: tuple[_Row, ...], kept: tuple[_Row, ...], key: t.Callable[[_Row], t.Any]) -> tuple[_Row, ...]:
    rows = {key(row): row for row in (*kept, *new)}
    return tuple(rows[name] for name in sorted(rows))
