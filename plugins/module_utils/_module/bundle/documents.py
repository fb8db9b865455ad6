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
from urllib.parse import quote

from ..._bundle.contents import (
    COLLECTIONS,
    FILES,
    GALLERIES,
    MOST_BYTES,
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
from ..._errors import GalleryError, LocalAIError
from ..._fs.read import read_file
from ..._fs.utf8 import os
from ..._planner.pins import document_of
from ..._resolver.config_yaml import parse_typed, to_yaml
from ..._resolver.yaml_document import excerpt, parse_yaml
from .contents import images_of, merged, stored_of
from .options import BundleOptions, Target

if t.TYPE_CHECKING:
    from .gather import Gathered

_PINS_FORMAT = 2
# Of the name of a gallery, in the name of its file.
_PLAIN = " "


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
    galleries = tuple(_galleries(gathered, directory, writer))
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
    pins = _pins(gathered, directory)
    if pins["backends"] or pins["models"]:
        others.append(writer.add(PINS, to_yaml(pins, in_order=True).encode("utf-8")))
    if gathered.collection is not None:
        others.append(writer.add(f"{COLLECTIONS}/{gathered.collection.name}", gathered.collection.content))
    return Documents(writer.files, galleries, tuple(bases), tuple(answers), tuple(others))


def _galleries(gathered: Gathered, directory: Directory, writer: _Writer) -> t.Iterator[StoredGallery]:
    """Yield the galleries with the entries that are wanted, and those that stay."""
    for (kind, name), held in gathered.recorded.galleries.items():
        names = {*gathered.wanted.entries.get((kind, name), ()), *_kept_names(directory, kind, name)}
        file = writer.add(f"{GALLERIES}/{kind}-{quote(name, safe=_PLAIN)}.yaml", excerpt(held.content, names))
        yield StoredGallery(kind, name, key_of(held.url), key_of(held.location), file)


def _pins(gathered: Gathered, directory: Directory) -> dict[str, t.Any]:
    """Return a set of pins, with those rows of the directory that stay and are not replaced."""
    new = {**document_of(gathered.wanted.pins), "models": gathered.wanted.model_pins}
    old: t.Any = {}
    if any(file.path == PINS for file in directory.kept.others):
        try:
            old = parse_typed(read_file(os.path.join(directory.path, PINS), MOST_BYTES))
        except (OSError, GalleryError):
            old = {}
    builds = {row["backend"] for row in new["backends"]}
    names = {(row["name"], row["capability"], row["platform"]) for row in new["backends"]}
    models = {row["name"] for row in new["models"]}
    backends = [
        row
        for row in old.get("backends", ())
        if row["backend"] not in builds and (row["name"], row["capability"], row["platform"]) not in names
    ]
    kept_models = [row for row in old.get("models", ()) if row["name"] not in models]
    return {
        "format": _PINS_FORMAT,
        "backends": sorted([*new["backends"], *backends], key=lambda row: (row["name"], row["capability"])),
        "models": sorted([*new["models"], *kept_models], key=lambda row: str(row["name"])),
    }


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
        hub=gathered.network.hub({}),
        targets=tuple(map(_target_row, options.targets)),
        galleries=documents.galleries,
        documents=documents.bases,
        files=tuple(files),
        images=images_of(wanted, directory.kept),
        blobs=blobs,
        others=tuple(others),
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


def _kept_names(directory: Directory, kind: str, name: str) -> t.Iterator[str]:
    """Yield the names of the entries of a gallery that are in the directory, and stay."""
    for row in directory.kept.galleries:
        if (row.kind, row.name) == (kind, name) and directory.has(row.file):
            try:
                entries = parse_yaml(read_file(os.path.join(directory.path, row.file.path), MOST_BYTES))
            except (OSError, LocalAIError):
                continue
            yield from (str(entry["name"]).lower() for entry in entries or () if "name" in entry)


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
