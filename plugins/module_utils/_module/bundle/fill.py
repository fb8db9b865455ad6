# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fills the directory of a bundle: fetches what is missing, and writes documents, the list and the checksums."""

from __future__ import annotations

import contextlib
import hashlib
import json
import typing as t
from dataclasses import dataclass, field, replace

from ..._address import Address
from ..._bundle.contents import (
    COLLECTIONS,
    CONTENTS,
    FILES,
    GALLERIES,
    IMAGES,
    RELEASES,
    SUMS,
    Contents,
    Stored,
    StoredImage,
    safe_name,
    stored_blob,
)
from ..._errors import LocalAIError, SourceError
from ..._fs.utf8 import os
from ..._oci.manifest import OCI_INDEX, OCI_MANIFEST
from ..._sources.model_uri import OllamaUri, parse_model_uri
from ..._sources.progress import Progress
from ..._sources.registry_file import layer_artifact

if t.TYPE_CHECKING:
    from ..._sources.artifact import Artifact
    from ..._sources.source import Sources
    from ..._store.managed_files import ManagedFiles
    from ..._store.store import Store
    from .contents import MissingBlob
    from .wanted import WantedFile

_LAYOUT = b'{"imageLayoutVersion": "1.0.0"}\n'
_REF_NAME = "org.opencontainers.image.ref.name"
_OCI = "oci://"
_HELD = "held"


@dataclass
class Filler:
    """Writes into a locked directory. `transferred` counts bytes of the network."""

    store: Store
    files: ManagedFiles
    sources: Sources
    transferred: int = 0
    written: list[str] = field(default_factory=list)

    def fetch_blob(self, missing: MissingBlob) -> None:
        """Fetch a blob of an image; raises LocalAIError."""
        image, blob = missing
        stored = stored_blob(blob.digest, blob.size)
        first, *others = (_with_scheme(origin) for origin in image.origins)
        uri = parse_model_uri(first)
        artifact = replace(layer_artifact(uri, blob, "", _HELD), location=uri, mirrors=tuple(others))
        try:
            self._fetch(artifact, stored.path, str(first))
        except SourceError as e:
            if not blob.urls:
                raise SourceError(f"{first}: its blob {blob.digest} cannot be fetched. {e}") from e
            # A layer that registries may not distribute.
            elsewhere = self.sources.find_file([Address(url) for url in blob.urls], stored.sha256, _HELD)
            self._fetch(elsewhere, stored.path, str(first))

    def fetch_file(self, file: WantedFile) -> Stored:
        """Fetch a file, and return where it is; raises LocalAIError."""
        artifact = self.sources.find_file([file.address], file.sha256, _HELD)
        name = safe_name(file.name)
        return self._fetch(
            artifact,
            lambda sha256: f"{file.directory}/{name}" if file.directory != FILES else f"{FILES}/{sha256}/{name}",
            str(file.address),
        )

    def write(self, path: str, content: bytes) -> Stored:
        """Write a small file unless it is there already, and return it."""
        stored = Stored(path, hashlib.sha256(content).hexdigest(), len(content))
        if not self._has_content(path, content):
            self.files.write(path, content)
            self.written.append(path)
        return stored

    def write_list(self, contents: Contents) -> None:
        """Write the layout, the list and the checksums. A bundle is as before until the list is there."""
        self.write(f"{IMAGES}/oci-layout", _LAYOUT)
        self.write(f"{IMAGES}/index.json", index_of(contents.images, contents.blobs))
        document = contents.to_json()
        rows = {file.path: file.sha256 for file in contents.stored.values()}
        for path in (f"{IMAGES}/oci-layout", f"{IMAGES}/index.json"):
            with open(os.path.join(self.store.path, path), "rb") as stream:
                rows[path] = hashlib.sha256(stream.read()).hexdigest()
        rows[CONTENTS] = hashlib.sha256(document).hexdigest()
        sums = "".join(f"{sha256}  {path}\n" for path, sha256 in sorted(rows.items()))
        self.write(CONTENTS, document)
        self.write(SUMS, sums.encode("utf-8"))

    def _has_content(self, path: str, content: bytes) -> bool:
        where = os.path.join(self.store.path, path)
        if os.path.islink(where) or not os.path.isfile(where) or os.path.getsize(where) != len(content):
            return False
        with open(where, "rb") as stream:
            return stream.read() == content

    def _fetch(self, artifact: Artifact, path: str | t.Callable[[str], str], what: str) -> Stored:
        """Fetch a single file into the directory; `path` may be told by its sha256."""
        with self.store.progress() as write:
            progress = Progress(write, what, artifact.size)
            delivery = self.sources.deliver(artifact, self.store.stage, progress.update, self.store.partials)
            with delivery as (tree, delivered):
                sha256 = tree.digests[_HELD]
                stored = Stored(path if isinstance(path, str) else path(sha256), sha256, tree.size)
                self.files.install(tree, _HELD, stored.path)
        self.transferred += delivered.transferred
        self.written.append(stored.path)
        return stored


def index_of(images: t.Sequence[StoredImage], blobs: t.Mapping[str, int]) -> bytes:
    """Return the index of the layout: each image by its full name, and what is about images."""
    rows = [
        {
            "mediaType": image.media_type,
            "digest": image.digest,
            "size": blobs[image.digest],
            "annotations": {_REF_NAME: image.name},
        }
        for image in images
    ]
    about = dict.fromkeys(digest for image in images for digest in image.referrers)
    rows += [{"mediaType": OCI_MANIFEST, "digest": digest, "size": blobs[digest]} for digest in about]
    document = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": rows}
    return json.dumps(document, indent=1).encode("ascii") + b"\n"


def surplus(path: str, contents: Contents) -> list[str]:
    """Return the files in the directories of a bundle that are not in its list."""
    listed = {*contents.stored, f"{IMAGES}/oci-layout", f"{IMAGES}/index.json"}
    found = []
    for top in (IMAGES, FILES, RELEASES, GALLERIES, COLLECTIONS):
        for directory, _directories, names in os.walk(os.path.join(path, top)):
            inner = os.path.relpath(directory, path)
            found += [f"{inner}/{name}" for name in names if f"{inner}/{name}" not in listed]
    return sorted(found)


def _with_scheme(origin: Address) -> Address:
    """Return the address of an image in the form that is one of a single file, too."""
    with contextlib.suppress(LocalAIError):
        if isinstance(parse_model_uri(origin), OllamaUri):
            return origin
    return origin if origin.text.startswith(_OCI) else Address(_OCI + origin.text)
