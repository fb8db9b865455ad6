# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The new content of a bundle, and the part of it that is missing. Pure."""

from __future__ import annotations

import itertools
import typing as t
from dataclasses import dataclass, replace

from ..._bundle.contents import COLLECTIONS, Contents, Stored, StoredFile, StoredGallery, StoredImage, stored_blob
from ..._oci.reference import Reference
from .wanted import Wanted, WantedFile, WantedImage

if t.TYPE_CHECKING:
    from ..._oci.manifest import Descriptor


_OCI = "oci://"


class MissingBlob(t.NamedTuple):
    """A blob to fetch, and the image that it is of."""

    image: WantedImage
    blob: Descriptor


@dataclass(frozen=True)
class Missing:
    """The blobs and files that have to be transferred."""

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


def images_of(wanted: Wanted) -> tuple[StoredImage, ...]:
    """Return the rows of the images that are wanted."""
    return tuple(_row(name, image) for image in wanted.images.values() for name in _names(image))


def _names(image: WantedImage) -> tuple[str, ...]:
    return image.names or (_name_at(str(image.origins[0]), image.digest),)


def _row(name: str, image: WantedImage) -> StoredImage:
    parts = image.parts
    manifests = [document.digest for document in parts.all_documents]
    return StoredImage(
        name=name,
        digest=image.digest,
        media_type=parts.top.media_type,
        size=parts.size,
        platforms=_distinct(image.platforms),
        blobs=_distinct(manifests, (blob.digest for blob in parts.blobs)),
        manifests=_distinct(manifests),
        referrers=_distinct(referrer.digest for referrer in parts.referrers),
    )


def _merged_images(new: tuple[StoredImage, ...], kept: tuple[StoredImage, ...]) -> tuple[StoredImage, ...]:
    """Return images with older ones. A tag means the new one: pins name the older one by its digest."""
    rows = {(row.name, row.digest): row for row in new}
    names = {row.name for row in new}
    for row in kept:
        known = rows.get((row.name, row.digest))
        if known is not None:
            # For other platforms, the same image has other parts.
            rows[row.name, row.digest] = known._replace(
                size=max(known.size, row.size),
                platforms=_distinct(known.platforms, row.platforms),
                blobs=_distinct(known.blobs, row.blobs),
                manifests=_distinct(known.manifests, row.manifests),
                referrers=_distinct(known.referrers, row.referrers),
            )
        else:
            name = _name_at(row.name, row.digest) if row.name in names else row.name
            rows.setdefault((name, row.digest), row._replace(name=name))
    return tuple(rows[key] for key in sorted(rows))


def merged_pins(
    new: t.Sequence[t.Mapping[str, t.Any]], kept: t.Sequence[t.Mapping[str, t.Any]]
) -> tuple[t.Mapping[str, t.Any], ...]:
    """Return the rows of pins of backends with older ones, without those that name another version of a build."""
    rows = list(new)
    for row in kept:
        is_other = any(
            (row["name"], row["capability"], row["platform"]) == (one["name"], one["capability"], one["platform"])
            or (row["backend"] == one["backend"] and row["digest"] != one["digest"])
            for one in new
        )
        rows += [] if is_other else [row]
    return tuple(sorted(rows, key=lambda row: (row["name"], row["capability"], row["platform"])))


def merged_model_pins(
    new: t.Sequence[t.Mapping[str, t.Any]], kept: t.Sequence[t.Mapping[str, t.Any]]
) -> tuple[t.Mapping[str, t.Any], ...]:
    """Return the rows of pins of models, with those of other models."""
    names = {row["name"] for row in new}
    return tuple(sorted((*new, *(row for row in kept if row["name"] not in names)), key=lambda row: str(row["name"])))


def _distinct(*texts: t.Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(itertools.chain(*texts))))


def _name_at(name: str, digest: str) -> str:
    """Return the name of an image by its digest, in the place of a tag."""
    reference = Reference.parse(name[len(_OCI) :] if name.startswith(_OCI) else name)
    return f"{reference.name}@{digest}"


def merged(new: Contents, kept: Contents) -> Contents:
    """Return a list with the rows of another one that it does not replace."""
    return replace(
        new,
        targets=(*new.targets, *(row for row in kept.targets if row not in new.targets)),
        galleries=_excerpts(new.galleries, kept.galleries),
        documents=_union(new.documents, kept.documents, lambda row: (row.gallery, row.url)),
        files=_union(new.files, kept.files, lambda row: row.url),
        images=_merged_images(new.images, kept.images),
        blobs={**kept.blobs, **new.blobs},
        others=_union(new.others, _others(kept, new), lambda row: row.path),
        pins=(merged_pins(new.pins[0], kept.pins[0]), merged_model_pins(new.pins[1], kept.pins[1])),
    )


def _excerpts(new: tuple[StoredGallery, ...], kept: tuple[StoredGallery, ...]) -> tuple[StoredGallery, ...]:
    """Return the excerpts of galleries, of each gallery the newest first."""
    rows = {(row.kind, row.name, row.file.path): row for row in (*new, *kept)}
    return tuple(sorted(rows.values(), key=lambda row: (row.kind, row.name)))


def _others(kept: Contents, new: Contents) -> tuple[Stored, ...]:
    """Return the other files that stay: there is one artifact of the collection."""
    has_collection = any(file.path.startswith(f"{COLLECTIONS}/") for file in new.others)
    return tuple(file for file in kept.others if not (has_collection and file.path.startswith(f"{COLLECTIONS}/")))


_Row = t.TypeVar("_Row")


def _union(new: tuple[_Row, ...], kept: tuple[_Row, ...], key: t.Callable[[_Row], t.Any]) -> tuple[_Row, ...]:
    rows = {key(row): row for row in (*kept, *new)}
    return tuple(rows[name] for name in sorted(rows))
