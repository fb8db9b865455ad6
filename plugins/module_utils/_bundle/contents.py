# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The list of what a bundle has, `bundle.json`, as frozen values. Pure.

The files of a bundle::

    bundle.json     this list
    SHA256SUMS      the checksums of all other files, for sha256sum --check
    pins.yml        sets of pins, for backends and for models
    images/         an OCI image layout
    galleries/      the needed entries of galleries, and the base files of models
    files/          files of models and archives of backends, and answers of the Hub
    releases/       binaries of the server, with their lists of checksums
    collections/    this collection
"""

from __future__ import annotations

import hashlib
import json
import re
import typing as t
from dataclasses import dataclass, field

from .._address import NO_ADDRESS, Address, redacted
from .._errors import SourceError
from .._fs.inner_paths import inner_path

FORMAT = 1
CONTENTS, SUMS, PINS = "bundle.json", "SHA256SUMS", "pins.yml"
IMAGES, GALLERIES, FILES, RELEASES, COLLECTIONS = "images", "galleries", "files", "releases", "collections"
DIRECTORIES = (IMAGES, GALLERIES, FILES, RELEASES, COLLECTIONS)
MOST_BYTES = 64 * 1024**2
Kind = t.Literal["backends", "models"]
_Row = t.Mapping[str, t.Any]
_LONGEST_NAME = 200
_DIGEST = re.compile("sha256:[0-9a-f]{64}")


class Stored(t.NamedTuple):
    """A file of the bundle: its path in it, the digits of its sha256, and its size in bytes."""

    path: str
    sha256: str
    size: int


class StoredGallery(t.NamedTuple):
    """The needed entries of a gallery; `location` is where they were read from, `url` what hosts record of it."""

    kind: str
    name: str
    url: str
    location: str
    file: Stored


class StoredDocument(t.NamedTuple):
    """A base file of a gallery of models, or without a gallery a configuration; `url` is as the entry names it."""

    gallery: str
    url: str
    file: Stored


class StoredFile(t.NamedTuple):
    """A file of a web server. `url` is its key, see `key_of`, and `link` a header of the server's answer.

    `version` tells this version of it from others, if that is not done by a known sha256.
    """

    url: str
    file: Stored
    version: str = ""
    link: str = ""


class StoredImage(t.NamedTuple):
    """An image of the layout: its full name, and the digest that the name means.

    `platforms` are those that it has, `blobs` the digests of all its documents and layers. `manifests` are those of its
    indexes and manifests among them, and `referrers` those of the manifests about it, such as signatures.
    """

    name: str
    digest: str
    media_type: str
    size: int
    platforms: tuple[str, ...]
    blobs: tuple[str, ...]
    manifests: tuple[str, ...]
    referrers: tuple[str, ...]


@dataclass(frozen=True)
class Contents:
    """The list of the content of a bundle.

    `hub` is the server of the Hub in the URLs, `blobs` the sizes of the blobs by digest. Of several excerpts of a
    gallery, the newest is the first. `others` are files that hosts do not ask for by a URL. `targets` describe what the
    bundle was written for. `pins` are the rows of `pins.yml`, those of backends first.
    """

    created: str = ""
    collection: str = ""
    hub: Address = NO_ADDRESS
    targets: tuple[_Row, ...] = ()
    galleries: tuple[StoredGallery, ...] = ()
    documents: tuple[StoredDocument, ...] = ()
    files: tuple[StoredFile, ...] = ()
    images: tuple[StoredImage, ...] = ()
    blobs: t.Mapping[str, int] = field(default_factory=dict)
    others: tuple[Stored, ...] = ()
    pins: tuple[tuple[_Row, ...], tuple[_Row, ...]] = ((), ())

    @property
    def stored(self) -> dict[str, Stored]:
        """All files by path, without `bundle.json` and the checksums."""
        files = [row.file for row in self.galleries]
        files += [row.file for row in self.documents]
        files += [row.file for row in self.files]
        blobs = (stored_blob(digest, size) for digest, size in self.blobs.items())
        return {file.path: file for file in (*files, *self.others, *blobs)}

    @property
    def size(self) -> int:
        """The bytes of all files together."""
        return sum(file.size for file in self.stored.values())

    def to_json(self) -> bytes:
        """Return the document."""
        document = {
            "format": FORMAT,
            "created": self.created,
            "collection": self.collection,
            "size": self.size,
            "hub": str(self.hub),
            "targets": list(self.targets),
            "galleries": [_flat(row) for row in self.galleries],
            "documents": [_flat(row) for row in self.documents],
            "files": [_flat(row) for row in self.files],
            "images": [row._asdict() for row in self.images],
            "blobs": dict(self.blobs),
            "others": [row._asdict() for row in self.others],
            "pins": [list(rows) for rows in self.pins],
        }
        return json.dumps(document, indent=1, ensure_ascii=True).encode("ascii") + b"\n"


def stored_blob(digest: str, size: int) -> Stored:
    """Return the file of a blob of the layout, whose digest is one of sha256."""
    return Stored(f"{IMAGES}/blobs/{digest.replace(':', '/')}", digest.partition(":")[2], size)


def safe_name(name: str) -> str:
    """Return a name for a file of the bundle: the last part of a path or a URL, if it can be one."""
    last = re.split(r"[?#@]", name, maxsplit=1)[0].rstrip("/").rpartition("/")[2]
    is_plain = last.isprintable() and not last.startswith(".") and len(last.encode("utf-8", "replace")) <= _LONGEST_NAME
    return last if last and is_plain else "content"


def key_of(url: str) -> str:
    """Return the text that a URL is found by: itself, or a hash of it where it may have a secret in it."""
    return url if redacted(url) == url else "sha256:" + hashlib.sha256(url.encode()).hexdigest()


def parse_contents(data: bytes) -> Contents:
    """Return the list in a document; raises SourceError for anything else."""
    try:
        document = json.loads(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise SourceError(f"its {CONTENTS} is not JSON. Copy the bundle again.") from None
    if not isinstance(document, dict) or type(document.get("format")) is not int:
        raise SourceError(f"its {CONTENTS} is not that of a bundle. Write the bundle with localai_bundle.")
    if document["format"] > FORMAT:
        raise SourceError(
            f"it has the format {document['format']}, and this version of the collection reads up to {FORMAT}. Install "
            f"the collection that is in the bundle, in {COLLECTIONS}."
        )
    try:
        contents = _contents(document)
        for image in contents.images:
            if not {image.digest, *image.blobs, *image.referrers} <= set(contents.blobs):
                raise ValueError(image.name)
        return contents
    except (SourceError, LookupError, TypeError, ValueError, AttributeError):
        raise SourceError(f"its {CONTENTS} is damaged. Copy the bundle again.") from None


def _contents(document: _Row) -> Contents:
    return Contents(
        created=str(document.get("created", "")),
        collection=str(document.get("collection", "")),
        hub=Address(*_texts(document, "hub").values()),
        targets=tuple(dict(row) for row in document.get("targets", ())),
        galleries=tuple(
            StoredGallery(file=_stored(row), **_texts(row, "kind", "name", "url", "location"))
            for row in document["galleries"]
        ),
        documents=tuple(
            StoredDocument(file=_stored(row), **_texts(row, "gallery", "url")) for row in document["documents"]
        ),
        files=tuple(
            StoredFile(file=_stored(row), **_texts(row, "url", "version", "link")) for row in document["files"]
        ),
        images=tuple(
            StoredImage(
                size=_size(row["size"]),
                platforms=tuple(map(str, row["platforms"])),
                blobs=tuple(map(_digest, row["blobs"])),
                manifests=tuple(map(_digest, row["manifests"])),
                referrers=tuple(map(_digest, row["referrers"])),
                digest=_digest(row["digest"]),
                **_texts(row, "name", "media_type"),
            )
            for row in document["images"]
        ),
        blobs={_digest(digest): _size(size) for digest, size in document["blobs"].items()},
        others=tuple(map(_stored, document["others"])),
        pins=(_pins(document, 0, "name", "capability", "platform", "backend", "digest"), _pins(document, 1, "name")),
    )


def _pins(document: _Row, number: int, *keys: str) -> tuple[_Row, ...]:
    rows = document["pins"][number]
    for row in rows:
        _texts(row, *keys)
    return tuple(dict(row) for row in rows)


def _flat(row: StoredGallery | StoredDocument | StoredFile) -> dict[str, t.Any]:
    """Return a row with the keys of its file among its own."""
    values = row._asdict()
    file: Stored = values.pop("file")
    return {**values, **file._asdict()}


def _texts(row: _Row, *keys: str) -> dict[str, str]:
    """Return the values of keys, which are text; raises LookupError, TypeError."""
    for key in keys:
        if not isinstance(row[key], str):
            raise TypeError(key)
    return {key: row[key] for key in keys}


def _stored(row: _Row) -> Stored:
    path, sha256 = _texts(row, "path", "sha256").values()
    # The paths are read on hosts, as root.
    if not path or inner_path(path) != path:
        raise ValueError(path)
    return Stored(path, _digest(f"sha256:{sha256}").partition(":")[2], _size(row["size"]))


def _digest(value: str) -> str:
    if not _DIGEST.fullmatch(value):
        raise ValueError(value)
    return value


def _size(value: t.Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise ValueError(value)
    return value
