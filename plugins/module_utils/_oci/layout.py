# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images in local files: an OCI image layout as a directory or in a tar file, and what C(docker save) writes."""

from __future__ import annotations

import contextlib
import json
import os
import tarfile
import typing as t

from .._errors import SourceError
from .._fs.read import Bounded, chunks_of, open_file
from .manifest import (
    DOCKER_LAYER,
    MOST_DOCUMENT,
    OCI_INDEX,
    Descriptor,
    Manifest,
    digest_of,
    json_object,
    parse_manifest,
)
from .reference import Reference, is_digest

_REF_NAME = "org.opencontainers.image.ref.name"
_FULL_NAME = "io.containerd.image.name"
_MOST_MEMBERS = 100000
# How gzip and zstd begin.
_COMPRESSED = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd")
# At once: what describes one member, and the blocks of its content.
_MOST_READ = 4 * 1024**2


class Layout:
    """A repository (see C(_oci.image.Repository)) in a local OCI layout.

    With C(reference), a layout that stands in for a registry: what is asked for is that image.
    """

    local = True

    def __init__(self, path: str, reference: Reference | None = None) -> None:
        self._files: _Directory | _TarFile = _TarFile(path) if os.path.isfile(path) else _Directory(path)
        self._path = path
        self._reference = reference

    def __str__(self) -> str:
        return f"{'ocilayout:' if isinstance(self._files, _Directory) else 'ocifile://'}{self._path}"

    def manifest(self, name: str) -> Manifest:
        """Return the manifest of a digest or of a ref name, of the only image without one; raises SourceError."""
        if is_digest(name):
            return parse_manifest(self._files.read(_blob(name)), "", name)
        index = parse_manifest(self._files.read("index.json"), OCI_INDEX)
        # One image may have several names there.
        if not name and len({child.digest for child in index.children}) == 1:
            return self.manifest(index.children[0].digest)
        if not name and index.children and all(child.platform for child in index.children):
            return index
        for wanted in (f"{self._reference.name}:{name}", name) if self._reference else (name,):
            for child in index.children:
                if wanted in (child.annotations.get(_FULL_NAME), child.annotations.get(_REF_NAME)):
                    return self.manifest(child.digest)
        names = [child.annotations.get(_REF_NAME, "(no name)") for child in index.children]
        missing = f"no image {name!r}" if name else "not just one image, so a name is needed"
        raise SourceError(f"{self} has {missing}; it has {', '.join(names[:20]) or 'none'}.", missing=bool(name))

    def digest(self, name: str) -> str:
        """Return the digest that a ref name has now."""
        return self.manifest(name).digest

    def blob(self, descriptor: Descriptor, offset: int = 0) -> t.Iterator[bytes]:
        """Yield a blob from C(offset) on, as it is stored; raises SourceError."""
        return self._files.chunks(_blob(descriptor.digest), offset)

    def tail(self, descriptor: Descriptor, length: int) -> bytes:
        """Return the last bytes of a blob; raises SourceError."""
        return b"".join(self.blob(descriptor, max(descriptor.size - length, 0)))


class DockerArchive:
    """A repository of the one image in a tar file that C(docker save) or C(skopeo) wrote.

    Its digest is the image's ID, that of its configuration, which names the digests of all layers.
    """

    local = True

    def __init__(self, path: str) -> None:
        self._files = _TarFile(path)
        self._path = path
        self._names: dict[str, str] = {}

    def __str__(self) -> str:
        return f"ocifile://{self._path}"

    def manifest(self, name: str) -> Manifest:
        """Return a manifest of the image, made from what the archive says of it; raises SourceError."""
        image = self._image()
        config = self._files.read(image["Config"])
        digest = digest_of(config)
        if name and name != digest:
            raise SourceError(f"{self} has the image {digest}, not {name}.", missing=True)
        rootfs = json_object(config, "the image's configuration").get("rootfs")
        diff_ids = rootfs.get("diff_ids") if isinstance(rootfs, dict) else None
        files = image["Layers"]
        if not isinstance(diff_ids, list) or not all(map(is_digest, diff_ids)) or len(diff_ids) != len(files):
            raise SourceError("the image's configuration does not list the layers that the archive has.")
        for file in files:
            if next(self._files.chunks(file, 0), b"").startswith(_COMPRESSED):
                raise SourceError(
                    f"{self} has compressed layers, of which it has no digests. Make an OCI layout of it, for example "
                    "with skopeo copy docker-archive:FILE oci-archive:FILE."
                )
        self._names = {**dict(zip(diff_ids, files)), digest: image["Config"]}
        layers = [Descriptor(diff_id, self._files.size(file), DOCKER_LAYER) for diff_id, file in zip(diff_ids, files)]
        return Manifest(digest, config=Descriptor(digest, len(config), ""), layers=tuple(layers))

    def digest(self, name: str) -> str:
        """Return the ID of the image."""
        return self.manifest(name).digest

    def blob(self, descriptor: Descriptor, offset: int = 0) -> t.Iterator[bytes]:
        """Yield the configuration or a layer from C(offset) on; raises SourceError."""
        if not self._names:
            self.manifest("")
        if descriptor.digest not in self._names:
            raise SourceError(f"{self} has no {descriptor.digest}.")
        return self._files.chunks(self._names[descriptor.digest], offset)

    def tail(self, descriptor: Descriptor, length: int) -> bytes:
        """Return the last bytes of a layer; raises SourceError."""
        return b"".join(self.blob(descriptor, max(descriptor.size - length, 0)))

    def _image(self) -> dict[str, t.Any]:
        try:
            images = json.loads(self._files.read("manifest.json").decode("utf-8"))
        except (ValueError, RecursionError):
            images = None
        if not isinstance(images, list) or len(images) != 1:
            count = len(images) if isinstance(images, list) else "no readable list of"
            raise SourceError(f"{self} holds {count} images where one is needed. Save each to a file of its own.")
        image = images[0]
        layers = image.get("Layers") if isinstance(image, dict) else None
        if not isinstance(layers, list) or not all(isinstance(file, str) for file in [image.get("Config"), *layers]):
            raise SourceError(f"{self} has a manifest.json that does not name its files.")
        return t.cast("dict[str, t.Any]", image)


def image_in_file(path: str) -> Layout | DockerArchive:
    """Return what a tar file with an image is; raises SourceError."""
    files = _TarFile(path)
    if files.has("index.json"):
        return Layout(path)
    if files.has("manifest.json"):
        return DockerArchive(path)
    raise SourceError("it has neither an index.json (OCI layout) nor a manifest.json (docker archive).")


class _Directory:
    """The files of a layout below a directory."""

    def __init__(self, path: str) -> None:
        self._path = path

    def read(self, name: str) -> bytes:
        return _bounded(name, self.chunks(name, 0))

    def chunks(self, name: str, offset: int) -> t.Iterator[bytes]:
        path = os.path.join(self._path, name)
        try:
            yield from chunks_of(open_file(path), offset)
        except OSError as e:
            # An empty mount point says nothing of what should be there.
            is_layout = os.path.exists(os.path.join(self._path, "index.json"))
            raise SourceError(f"{path}: {e.strerror}.", is_layout and isinstance(e, FileNotFoundError)) from e


class _TarFile:
    """The files of a plain tar file, which are read where they stand."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._members: dict[str, tarfile.TarInfo] | None = None

    def has(self, name: str) -> bool:
        with self._opened() as (_archive, members):
            return name in members

    def size(self, name: str) -> int:
        with self._member(name) as (archive, member):
            # An older docker links the layers that several images share.
            stream = archive.extractfile(member)
            return stream.seek(0, os.SEEK_END) if stream is not None else 0

    def read(self, name: str) -> bytes:
        return _bounded(name, self.chunks(name, 0))

    def chunks(self, name: str, offset: int) -> t.Iterator[bytes]:
        with self._member(name) as (archive, member):
            stream = archive.extractfile(member)
            if stream is None:
                raise SourceError(f"{self._path}: {name} in it is not a file.")
            yield from chunks_of(stream, offset)

    @contextlib.contextmanager
    def _member(self, name: str) -> t.Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
        with self._opened() as (archive, members):
            if name not in members:
                raise SourceError(f"{self._path} has no file {name[:200]!r} in it.", missing=True)
            yield archive, members[name]

    @contextlib.contextmanager
    def _opened(self) -> t.Iterator[tuple[tarfile.TarFile, dict[str, tarfile.TarInfo]]]:
        try:
            with contextlib.ExitStack() as stack:
                stream = t.cast("t.IO[bytes]", Bounded(stack.enter_context(open_file(self._path)), _MOST_READ))
                archive = stack.enter_context(tarfile.open(fileobj=stream, mode="r:"))
                if self._members is None:
                    self._members = self._listed(archive)
                yield archive, self._members
        except (tarfile.TarError, EOFError, ValueError, OverflowError, RecursionError, LookupError) as e:
            raise SourceError(
                f"{self._path} is not a plain tar file ({e}). If it is compressed, undo that first, for example with "
                "gunzip."
            ) from e
        except OSError as e:
            raise SourceError(f"{self._path}: {e.strerror}.") from e

    def _listed(self, archive: tarfile.TarFile) -> dict[str, tarfile.TarInfo]:
        members: dict[str, tarfile.TarInfo] = {}
        for count, member in enumerate(archive):
            if count >= _MOST_MEMBERS:
                raise SourceError(f"{self._path} has too many files to be an image.")
            members[os.path.normpath(member.name)] = member
        return members


def _bounded(name: str, chunks: t.Iterator[bytes]) -> bytes:
    content = b""
    for chunk in chunks:
        content += chunk
        if len(content) > MOST_DOCUMENT:
            raise SourceError(f"{name} has more than {MOST_DOCUMENT} bytes, which is not believable.")
    return content


def _blob(digest: str) -> str:
    return "blobs/" + digest.replace(":", "/")
