# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fills the directory of a bundle: fetches what is missing, and writes documents."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass, field, replace

from ..._address import Address
from ..._bundle.contents import DIRECTORIES, FILES, PINS, Contents, Stored, safe_name, stored_blob
from ..._errors import LocalAIError, SourceError
from ..._fs.entries import OPEN_DIRECTORY, closing
from ..._fs.utf8 import os
from ..._fs.walk import walk
from ..._sources.model_uri import OllamaUri, parse_model_uri
from ..._sources.progress import Progress
from ..._sources.registry_file import layer_artifact
from .documents import has_content
from .lists import INDEX, LAYOUT

if t.TYPE_CHECKING:
    from ..._sources.artifact import Artifact
    from ..._sources.source import Sources
    from ..._store.managed_files import ManagedFiles
    from ..._store.store import Store
    from .contents import MissingBlob
    from .wanted import WantedFile

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
        try:
            artifact = replace(layer_artifact(uri, blob, "", _HELD), location=uri, mirrors=tuple(others))
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
        return self._fetch(
            artifact,
            lambda sha256: path_of(file, sha256),
            str(file.address),
        )

    def write(self, path: str, content: bytes) -> None:
        """Write a small file unless it is there already."""
        if not has_content(os.path.join(self.store.path, path), content):
            self.files.write(path, content)
            self.written.append(path)

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


def path_of(file: WantedFile, sha256: str) -> str:
    """Return the path of a file in the bundle."""
    name = safe_name(file.name)
    return f"{FILES}/{sha256}/{name}" if file.directory == FILES else f"{file.directory}/{name}"


def surplus(path: str, contents: Contents, missing: t.Iterable[WantedFile] = ()) -> list[str]:
    """Return the files in the directories of a bundle that are not in its list, and that are not `missing` ones."""
    listed = {*contents.stored, LAYOUT, INDEX, *(path_of(file, file.sha256) for file in missing if file.sha256)}
    found: list[str] = []
    for top in DIRECTORIES:
        where = os.path.join(path, top)
        if os.path.isdir(where):
            with closing(os.open(where, OPEN_DIRECTORY & ~os.O_NOFOLLOW)) as fd:
                found += [f"{top}/{entry.path}" for entry in walk(fd, where) if not entry.is_directory]
    if os.path.isfile(os.path.join(path, PINS)):
        found.append(PINS)
    return sorted(set(found) - listed)


def _with_scheme(origin: Address) -> Address:
    """Return the address of an image in the form that is one of a single file, too."""
    with contextlib.suppress(LocalAIError):
        if isinstance(parse_model_uri(origin), OllamaUri):
            return origin
    return origin if origin.text.startswith(_OCI) else Address(_OCI + origin.text)
