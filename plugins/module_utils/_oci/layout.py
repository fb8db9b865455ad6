# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An OCI image layout, as a directory or in a tar file. OCI image specification, "Image Layout"."""

from __future__ import annotations

import os
import typing as t

from .._errors import SourceError
from .._fs.read import chunks_of, open_file
from .manifest import OCI_INDEX, Descriptor, Manifest, Repository, parse_manifest
from .reference import Reference, is_digest
from .tar_file import TarFile, bounded

_REF_NAME = "org.opencontainers.image.ref.name"
_FULL_NAME = "io.containerd.image.name"


class Layout(Repository):
    """A repository in a local OCI layout.

    `reference` is the image of a registry that the layout is a mirror of.
    """

    def __init__(self, path: str, reference: Reference | None = None) -> None:
        self._files: _Directory | TarFile = TarFile(path) if os.path.isfile(path) else _Directory(path)
        self._path = path
        self._reference = reference

    def __str__(self) -> str:
        return f"{'ocilayout:' if isinstance(self._files, _Directory) else 'ocifile://'}{self._path}"

    def manifest(self, name: str) -> Manifest:
        """Return the manifest of a digest or a ref name, without a name that of the only image; raises SourceError."""
        if is_digest(name):
            return parse_manifest(self._files.read(_blob(name)), "", name)
        index = parse_manifest(self._files.read("index.json"), OCI_INDEX)
        # One image may have several names.
        if not name and len({child.digest for child in index.children}) == 1:
            return self.manifest(index.children[0].digest)
        if not name and index.children and all(child.platform for child in index.children):
            return index
        for spelling in (f"{self._reference.name}:{name}", name) if self._reference else (name,):
            for child in index.children:
                if spelling in (child.annotations.get(_FULL_NAME), child.annotations.get(_REF_NAME)):
                    return self.manifest(child.digest)
        names = [child.annotations.get(_REF_NAME, "(no name)") for child in index.children]
        missing = f"no image {name!r}" if name else "not just one image, so a name is needed"
        raise SourceError(f"{self} has {missing}; it has {', '.join(names[:20]) or 'none'}.", missing=bool(name))

    def blob(self, descriptor: Descriptor, offset: int = 0) -> t.Iterator[bytes]:
        """Yield a blob from `offset` on, as it is stored; raises SourceError."""
        return self._files.chunks(_blob(descriptor.digest), offset)


class _Directory:
    """The files of a layout below a directory."""

    def __init__(self, path: str) -> None:
        self._path = path

    def read(self, name: str) -> bytes:
        return bounded(name, self.chunks(name, 0))

    def chunks(self, name: str, offset: int) -> t.Iterator[bytes]:
        path = os.path.join(self._path, name)
        try:
            yield from chunks_of(open_file(path), offset)
        except OSError as e:
            # The file is missing from a layout; an empty mount point is no layout.
            is_layout = os.path.exists(os.path.join(self._path, "index.json"))
            raise SourceError(f"{path}: {e.strerror}.", is_layout and isinstance(e, FileNotFoundError)) from e


def _blob(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")
