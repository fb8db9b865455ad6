# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An OCI image layout, as a directory, on a web server or in a tar file. OCI image specification, "Image Layout"."""

from __future__ import annotations

import typing as t

from .._errors import SourceError
from .._fs.utf8 import os
from .._http.directory import Directory, LocalDirectory, content_of
from .manifest import MOST_DOCUMENT, OCI_INDEX, OCI_MANIFEST, Descriptor, Manifest, Repository, parse_manifest
from .reference import Reference, is_digest, reference_of, referrers_tag
from .tar_file import TarFile

_REF_NAME = "org.opencontainers.image.ref.name"
_FULL_NAME = "io.containerd.image.name"


class Layout(Repository):
    """A repository in an OCI layout: in a directory, or at a path on this host.

    `reference` is the image of a registry that the layout is a mirror of.
    """

    def __init__(self, where: str | Directory, reference: Reference | None = None) -> None:
        self._is_file = isinstance(where, str) and os.path.isfile(where)
        self._files: Directory = _opened(where)
        self.local = self._files.local
        self._reference = reference

    def __str__(self) -> str:
        return f"{'ocifile://' if self._is_file else 'ocilayout:'}{self._files}"

    def manifest(self, name: str) -> Manifest:
        """Return the manifest of a digest or a ref name, without a name that of the only image; raises SourceError."""
        if is_digest(name):
            return parse_manifest(self._read(_blob(name)), "", name)
        index = parse_manifest(self._read("index.json"), OCI_INDEX)
        # One image may have several names.
        if not name and len({child.digest for child in index.children}) == 1:
            return self.manifest(index.children[0].digest)
        if not name and index.children and all(child.platform for child in index.children):
            return index
        child = self._child(index.children, name) if name else None
        if child is None:
            missing = f"no image {name!r}" if name else "not just one image, so a name or a digest is needed"
            raise SourceError(f"{self} has {missing}; {self._listed(index.children)}", missing=bool(name))
        return self.manifest(child.digest)

    def referrers(self, digest: str) -> tuple[Descriptor, ...]:
        """Return the manifests in the layout that are about the one with a digest; raises SourceError."""
        children = parse_manifest(self._read("index.json"), OCI_INDEX).children
        tag = referrers_tag(digest)
        index = next((child for child in children if tag in _names(child) or _has_tag(child, tag)), None)
        if index is not None:
            return self.manifest(index.digest).children
        about = (child for child in children if child.media_type == OCI_MANIFEST and child.platform is None)
        return tuple(child for child in about if self.manifest(child.digest).subject == digest)

    def blob(self, descriptor: Descriptor, offset: int = 0) -> t.Iterator[bytes]:
        """Yield a blob from `offset` on, as it is stored; raises SourceError."""
        return self._files.chunks(_blob(descriptor.digest), offset, descriptor.size)

    def head(self, descriptor: Descriptor, length: int) -> bytes:
        """Return the first bytes of a blob; raises SourceError, TransportError."""
        return self._files.part(_blob(descriptor.digest), 0, length)

    def tail(self, descriptor: Descriptor, length: int) -> bytes:
        """Return the last bytes of a blob, or none if a web server does not send parts."""
        return self._files.part(_blob(descriptor.digest), max(descriptor.size - length, 0), length)

    def _read(self, name: str) -> bytes:
        return content_of(self._files, name, MOST_DOCUMENT)

    def _child(self, children: t.Sequence[Descriptor], name: str) -> Descriptor | None:
        """Return the child of a name, or None; raises SourceError for a tag of several images."""
        if self._reference is not None:
            full = f"{self._reference.name}:{name}"
            # A full name tells that the same tag is that of another repository.
            return _named(children, full) or next(
                (c for c in children if full in _names(c) or _names(c) == (name,)), None
            )
        child = _named(children, name)
        if child is None:
            is_tag = not set("/:") & set(name)
            others = [c for c in children if name in _names(c) or (is_tag and _has_tag(c, name))]
            if len({c.digest for c in others}) > 1:
                raise SourceError(f"{self} has several images {name!r}; {self._listed(others)}")
            child = next(iter(others), None)
        return child

    def _listed(self, children: t.Sequence[Descriptor]) -> str:
        """Return sentences about the images that there are and how they are requested."""
        if not children:
            return "it has none."
        names = [next(iter(_names(child)), child.digest) for child in children[:20]]
        listed = f"it has {', '.join(dict.fromkeys(names))}."
        if self._reference is not None:
            return listed
        return f"{listed} Request one of them as {self}{'@' if is_digest(names[0]) else ':'}{names[0]}."


def is_layout(path: str) -> bool:
    """Return whether there is a layout at a path, as a directory or in a tar file."""
    return os.path.isfile(path) or os.path.isfile(os.path.join(path, "index.json"))


def _names(child: Descriptor) -> tuple[str, ...]:
    """Return the names of a child of an index, the full one first."""
    names = (child.annotations.get(_FULL_NAME), child.annotations.get(_REF_NAME))
    return tuple(dict.fromkeys(name for name in names if name))


def _has_tag(child: Descriptor, tag: str) -> bool:
    return any(name.endswith(f":{tag}") for name in _names(child))


def _named(children: t.Sequence[Descriptor], name: str) -> Descriptor | None:
    """Return the first child whose full name is `name`, else the first whose full name docker takes for the same."""
    full_names = [(_names(child)[0], child) for child in children if _names(child)]
    reference = reference_of(name)
    exact = (child for full_name, child in full_names if full_name == name)
    same = (child for full_name, child in full_names if reference and reference_of(full_name) == reference)
    return next(exact, None) or next(same, None)


def _opened(where: str | Directory) -> Directory:
    if not isinstance(where, str):
        return where
    return TarFile(where) if os.path.isfile(where) else LocalDirectory(where)


def _blob(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")
