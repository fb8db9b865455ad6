# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A URI of any kind -> what it would deliver, and then the files in an empty staging tree."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import typing as t
from dataclasses import dataclass

from ansible_collections.localai.core.plugins.module_utils._decompress import compression_of, supported
from ansible_collections.localai.core.plugins.module_utils._errors import (
    HostError,
    IntegrityError,
    LocalAIError,
    MissingLibrary,
    SourceError,
    TransportError,
)
from ansible_collections.localai.core.plugins.module_utils._http import (
    CHUNK,
    Http,
    checked_url,
    shown,
    whole_number,
)
from ansible_collections.localai.core.plugins.module_utils._installed import RUN_FILE
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Platform, Reference
from ansible_collections.localai.core.plugins.module_utils._oci.registry import Image, Registry
from ansible_collections.localai.core.plugins.module_utils._tree import OPEN_DIRECTORY, Tree, inner_path
from ansible_collections.localai.core.plugins.module_utils._unpack import unpack

_HEAD = 512
_OF_MODELS = ("ollama", "huggingface", "hf")
_NOT_YET = ("ocifile", "ocilayout")


@dataclass(frozen=True)
class Found:
    """What a source has been found to deliver.

    C(uri) is as it was asked for. C(digest) is what identifies the content, None for a directory and for an archive
    without sha256; C(size) the bytes to transfer, 0 where it is not known.
    """

    uri: str
    digest: str | None = None
    size: int = 0
    image: Image | None = None
    sha256: str = ""
    compression: str = ""
    others: tuple[str, ...] = ()

    @property
    def platform_digest(self) -> str:
        """The digest of the image for this platform; empty for other sources."""
        return self.image.platform_digest if self.image else ""


@dataclass(frozen=True)
class Delivery:
    """What came: C(served_by) names the server and the content, C(transferred) counts bytes from the network."""

    found: Found
    served_by: str
    transferred: int


class Sources:
    """All kinds of sources, for a host of one platform."""

    def __init__(self, http: Http, registry: Registry, platform: Platform) -> None:
        self._http = http
        self._registry = registry
        self._platform = platform

    def find(self, uris: t.Sequence[str], sha256: str = "") -> Found:
        """Return what the first of C(uris) that answers would deliver; raises SourceError naming every try.

        C(sha256) is what an archive must have.
        """
        tried = []
        for position, uri in enumerate(uris):
            try:
                return self._find(uri, sha256, tuple(uris[position + 1 :]))
            except MissingLibrary:
                raise
            except LocalAIError as e:
                tried.append(f"{displayed(uri)}: {e}")
        raise SourceError("Tried " + "; ".join(tried))

    @contextlib.contextmanager
    def deliver(self, found: Found, stage: t.Callable[[], t.ContextManager[Tree]]) -> t.Iterator[tuple[Tree, Delivery]]:
        """Give a tree filled from C(found), or from its other sources when the bytes fail; raises SourceError.

        Each try has a tree of its own from C(stage), so that nothing of a failed one is left.
        """
        tried: list[str] = []
        for candidate in self._candidates(found, tried):
            with contextlib.ExitStack() as stack:
                tree = stack.enter_context(stage())
                try:
                    delivery = self._fill(candidate, tree)
                    _check_backend(tree)
                except HostError:
                    raise
                except (SourceError, TransportError) as e:
                    tried.append(f"{displayed(candidate.uri)}: {e}")
                    continue
                yield tree, delivery
                return
        raise SourceError("Tried " + "; ".join(tried))

    def _candidates(self, found: Found, tried: list[str]) -> t.Iterator[Found]:
        """Yield C(found) and then its mirrors, as far as they have the same content."""
        yield found
        for uri in found.others:
            try:
                candidate = self._find(uri, found.sha256, (), digest=found.image.digest if found.image else "")
            except LocalAIError as e:
                tried.append(f"{displayed(uri)}: {e}")
                continue
            if candidate.digest != found.digest:
                tried.append(f"{displayed(uri)}: it does not serve {found.digest or 'the same kind of source'}")
                continue
            yield candidate

    def _find(self, uri: str, sha256: str, others: tuple[str, ...], digest: str = "") -> Found:
        kind = kind_of(uri)
        if kind == "directory":
            _check_directory(uri)
            return Found(uri, others=others)
        if kind == "archive":
            return self._find_archive(uri, sha256, others)
        reference = Reference.parse(uri[len("oci://") :] if uri.startswith("oci://") else uri)
        image = self._registry.resolve(reference.at(digest) if digest else reference, self._platform)
        for layer in image.layers:
            supported(layer.compression)
        return Found(uri, image.digest, image.size, image=image, others=others)

    def _find_archive(self, uri: str, sha256: str, others: tuple[str, ...]) -> Found:
        answer = self._http.fetch(uri, headers=self._http.authorization(uri), first=_HEAD)
        return Found(
            uri,
            digest=f"sha256:{sha256}" if sha256 else None,
            size=whole_number(answer.headers.get("Content-Length", "")) or 0,
            sha256=sha256,
            compression=compression_of(answer.body),
            others=others,
        )

    def _fill(self, found: Found, tree: Tree) -> Delivery:
        if found.image is not None:
            return self._fill_from_image(found, found.image, tree)
        if found.compression:
            return self._fill_from_archive(found, tree)
        _copy_directory(found.uri, tree)
        return Delivery(found, found.uri, 0)

    def _fill_from_image(self, found: Found, image: Image, tree: Tree) -> Delivery:
        for layer in image.layers:
            unpack(self._registry.blob(image.reference, layer), layer.compression, tree, whiteouts=True)
        reference = Reference(image.reference.host, image.reference.repository, digest=image.digest)
        return Delivery(found, str(reference), image.size)

    def _fill_from_archive(self, found: Found, tree: Tree) -> Delivery:
        hasher, transferred = hashlib.sha256(), 0

        def counted() -> t.Iterator[bytes]:
            nonlocal transferred
            for chunk in self._http.download(found.uri, headers=lambda: self._http.authorization(found.uri)):
                transferred += len(chunk)
                hasher.update(chunk)
                yield chunk

        unpack(counted(), found.compression, tree, whiteouts=False)
        if found.sha256 and hasher.hexdigest() != found.sha256:
            raise IntegrityError(f"its sha256 is {hasher.hexdigest()}, not {found.sha256}.")
        return Delivery(found, shown(found.uri), transferred)


def kind_of(uri: str) -> str:
    """Return C(directory), C(archive) or C(image) for a backend's URI; raises SourceError for other kinds."""
    scheme = uri.partition(":")[0].lower() if ":" in uri else ""
    if scheme in _OF_MODELS:
        raise SourceError(f"{scheme}: names a model, not a backend.")
    if scheme in _NOT_YET:
        raise SourceError(f"{scheme}: is not supported yet. Push the image to a registry, or unpack it to a directory.")
    if scheme in ("http", "https"):
        checked_url(uri)
        return "archive"
    if os.path.isabs(uri):
        return "directory"
    if "://" in uri and scheme != "oci":
        raise SourceError(f"{scheme}: is no kind of source; use an image, oci://, https:// or the path of a directory.")
    if displayed(uri) != uri:
        raise SourceError("it was given with a user name in it: give the credentials in endpoints.")
    return "image"


def displayed(uri: str) -> str:
    """Return a URI as it may be printed: without query, user and password."""
    if uri.lower().startswith(("http://", "https://")):
        return shown(uri)
    scheme, separator, rest = uri.rpartition("://")
    authority, slash, path = rest.partition("/")
    return scheme + separator + authority.rpartition("@")[2] + slash + path


def _check_backend(tree: Tree) -> None:
    if not tree.holds_file(RUN_FILE):
        raise SourceError(f"it has no {RUN_FILE} at its top, so it is not a LocalAI backend.")
    tree.make_executable(RUN_FILE)


def _check_directory(path: str) -> None:
    if not os.path.isdir(path):
        raise SourceError("there is no such directory on this host.")
    if not os.path.isfile(os.path.join(path, RUN_FILE)):
        raise SourceError(f"the directory has no {RUN_FILE}, so it is not a LocalAI backend.")


def _copy_directory(source: str, tree: Tree) -> None:
    """Copy what is in a directory as it is there; symlinks are copied, never followed."""
    inside = os.path.realpath(source)
    if os.path.realpath(tree.path).startswith(inside + os.sep):
        raise SourceError("the directory holds the backends path itself, so it cannot be copied into it.")
    tree.begin_layer()
    try:
        fd = os.open(source, OPEN_DIRECTORY & ~os.O_NOFOLLOW)
        try:
            _copy_entries(fd, "", tree)
        finally:
            os.close(fd)
    except OSError as e:
        raise SourceError(f"{e.filename or source}: {e.strerror}.") from e


def _copy_entries(directory: int, below: str, tree: Tree) -> None:
    with os.scandir(directory) as entries:
        names = sorted(entry.name for entry in entries)
    for name in names:
        path = inner_path(f"{below}/{name}")
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
        if stat.S_ISLNK(status.st_mode):
            tree.symlink(path, os.readlink(name, dir_fd=directory))
        elif stat.S_ISDIR(status.st_mode):
            tree.directory(path, status.st_mode, status.st_mtime)
            fd = os.open(name, OPEN_DIRECTORY, dir_fd=directory)
            try:
                _copy_entries(fd, path, tree)
            finally:
                os.close(fd)
        else:
            tree.file(path, status.st_mode, _file_chunks(name, directory, path), status.st_mtime)


def _file_chunks(name: str, directory: int, path: str) -> t.Iterator[bytes]:
    def open_as_it_is(name: str, flags: int) -> int:
        # What was a file a moment ago may be a link to a secret or a pipe by now.
        return os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)

    with open(name, "rb", opener=open_as_it_is) as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise SourceError(f"{path!r} is a device, a pipe or a socket, which no backend needs.")
        while True:
            chunk = stream.read(CHUNK)
            if not chunk:
                return
            yield chunk
