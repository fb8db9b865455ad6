# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The small files of a bundle, which are known before anything is transferred, and its list."""

from __future__ import annotations

import hashlib
import time
import typing as t
from dataclasses import dataclass, replace

from ..._bundle.contents import (
    COLLECTIONS,
    FILES,
    GALLERIES,
    PINS,
    Contents,
    Stored,
    StoredDocument,
    StoredFile,
    StoredGallery,
    key_of,
    safe_name,
    stored_blob,
)
from ..._fs.utf8 import os
from ..._planner.pins import document_of
from ..._resolver.config_yaml import to_yaml
from ..._resolver.yaml_document import excerpt
from .contents import images_of, merged, merged_model_pins, merged_pins, stored_of
from .options import BundleOptions, Target

if t.TYPE_CHECKING:
    from .gather import Gathered

_PINS_FORMAT = 2
_Row = t.Mapping[str, t.Any]


@dataclass(frozen=True)
class Directory:
    """The directory of a task: what it has (`old`), and what stays in its list besides what is wanted (`kept`)."""

    path: str
    old: Contents
    known: Contents
    kept: Contents

    def has(self, file: Stored) -> bool:
        """Return whether a file is there, with its size."""
        try:
            return os.lstat(os.path.join(self.path, file.path)).st_size == file.size
        except OSError:
            return False


@dataclass(frozen=True)
class Documents:
    """The small files by path, those of the layout not counted, and the rows of the list that are about them."""

    files: t.Mapping[str, bytes]
    galleries: tuple[StoredGallery, ...]
    bases: tuple[StoredDocument, ...]
    answers: tuple[StoredFile, ...]
    others: tuple[Stored, ...]
    pins: tuple[tuple[_Row, ...], tuple[_Row, ...]]


class _Writer:
    """Collects small files."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def add(self, path: str, content: bytes) -> Stored:
        """Add a file, and return it."""
        self.files[path] = content
        return _stored(path, content)


def documents_of(gathered: Gathered, directory: Directory) -> Documents:
    """Return the small files of a bundle; raises GalleryError."""
    writer = _Writer()
    galleries = tuple(_galleries(gathered, writer))
    bases = [
        StoredDocument(gallery, key_of(url), writer.add(_addressed(GALLERIES, content, url), content))
        for (gallery, url), content in gathered.recorded.bases.items()
    ]
    answers = [
        StoredFile(
            key_of(url),
            writer.add(_addressed(FILES, answer.body, "answer.json"), answer.body),
            link=answer.headers.get("Link", ""),
        )
        for url, answer in gathered.recorded.answers.items()
    ]
    others = [writer.add(path, content) for path, content in gathered.wanted.documents.items()]
    pins = _pins(gathered, directory.kept)
    if any(pins):
        document = {"format": _PINS_FORMAT, "backends": list(pins[0]), "models": list(pins[1])}
        others.append(writer.add(PINS, to_yaml(document, in_order=True).encode("utf-8")))
    if gathered.collection is not None:
        others.append(writer.add(f"{COLLECTIONS}/{gathered.collection.name}", gathered.collection.content))
    return Documents(writer.files, galleries, tuple(bases), tuple(answers), tuple(others), pins)


def _galleries(gathered: Gathered, writer: _Writer) -> t.Iterator[StoredGallery]:
    """Yield the galleries with the entries that are wanted."""
    for (kind, name), held in gathered.recorded.galleries.items():
        content = excerpt(held.content, gathered.wanted.entries.get((kind, name), ()))
        file = writer.add(_addressed(GALLERIES, content, f"{kind}-{safe_name(name)}.yaml"), content)
        yield StoredGallery(kind, name, key_of(held.url), key_of(held.location), file)


def _pins(gathered: Gathered, kept: Contents) -> tuple[tuple[_Row, ...], tuple[_Row, ...]]:
    """Return the rows of pins of backends and of models, with those that stay."""
    wanted = gathered.wanted
    backends = merged_pins(document_of(wanted.pins)["backends"], kept.pins[0])
    return backends, merged_model_pins(wanted.model_pins, kept.pins[1])


def manifests_of(gathered: Gathered, known: Contents) -> dict[str, bytes]:
    """Return the documents of images that the site does not have, by path, byte for byte."""
    return {
        stored_blob(manifest.digest, 0).path: manifest.document
        for image in gathered.wanted.images.values()
        for manifest in image.parts.all_documents
        if manifest.digest not in known.blobs
    }


def contents_of(
    options: BundleOptions,
    gathered: Gathered,
    directory: Directory,
    documents: Documents,
    fetched: t.Mapping[str, Stored],
) -> Contents:
    """Return the list of a bundle, with the time of its last change.

    `fetched` has files that were transferred, by their identity. Files that are not there are left out.
    """
    wanted = gathered.wanted
    blobs: dict[str, int] = {}
    for image in wanted.images.values():
        blobs.update((blob.digest, blob.size) for blob in image.parts.blobs)
        blobs.update((manifest.digest, len(manifest.document)) for manifest in image.parts.all_documents)
    files = list(documents.answers)
    others = list(documents.others)
    for file in wanted.files.values():
        stored = fetched.get(file.identity) or stored_of(file, directory.old, directory.known, directory.has)
        if stored is not None:
            files += [StoredFile(key_of(key), stored, file.version) for key in file.keys]
    contents = Contents(
        created=directory.old.created,
        collection=gathered.collection.version if gathered.collection is not None else directory.old.collection,
        hub=gathered.network.hub_address,
        targets=tuple(map(_target_row, options.targets)),
        galleries=documents.galleries,
        documents=documents.bases,
        files=tuple(files),
        images=images_of(wanted),
        blobs=blobs,
        others=tuple(others),
        pins=documents.pins,
    )
    contents = merged(contents, directory.kept)
    if contents == directory.old:
        return contents
    return replace(contents, created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))


def _target_row(target: Target) -> dict[str, t.Any]:
    return {
        "capability": target.capability,
        "platform": str(target.platform),
        "backends": [row["name"] for row in target.backends],
        "models": [row["name"] for row in target.models],
    }


def _addressed(directory: str, content: bytes, name: str) -> str:
    return f"{directory}/{hashlib.sha256(content).hexdigest()}/{safe_name(name)}"


def has_content(path: str, content: bytes) -> bool:
    """Return whether a file has this content; a symlink is none."""
    if os.path.islink(path) or not os.path.isfile(path) or os.path.getsize(path) != len(content):
        return False
    with open(path, "rb") as stream:
        return stream.read() == content


def _stored(path: str, content: bytes) -> Stored:
    return Stored(path, hashlib.sha256(content).hexdigest(), len(content))
