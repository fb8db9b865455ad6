# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A URI of any kind -> what it would deliver, and then the files in an empty staging tree."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import typing as t
from dataclasses import dataclass, replace

from .._address import Address
from .._errors import IntegrityError, LocalAIError, MissingLibrary, SourceError, TransportError
from .._fs.read import chunks_of, open_file
from .._fs.tree import Tree
from .._http.client import Http, whole_number
from .._localai.installed import RUN_FILE
from .._oci.image import Image, Images, Repository, resolve
from .._oci.layout import Layout, image_in_file
from .._oci.manifest import Descriptor, verified
from .._oci.platform import Platform
from .._unpack.compression import compression_of, supported
from .._unpack.unpack import unpack
from .directory import check_directory, copy_directory
from .failover import Attempts, Place, Relay, Watcher
from .uri import Uri

_HEAD = 512
_Answer = t.TypeVar("_Answer")


@dataclass(frozen=True)
class Found:
    """What a source has been found to deliver.

    C(uri) is as it was asked for, C(others) are its mirrors. C(digest) is what identifies the content, None for a
    directory and for an archive without sha256; C(size) the bytes to transfer, 0 where it is not known.
    """

    uri: Address
    digest: str | None = None
    size: int = 0
    image: Image | None = None
    sha256: str = ""
    compression: str = ""
    others: tuple[Address, ...] = ()

    @property
    def proves(self) -> bool:
        """Whether the bytes can be read to their end, which then proves that they are the right ones."""
        return self.image is not None or bool(self.sha256 and self.size)

    @property
    def platform_digest(self) -> str:
        """The digest of the image for this platform; empty for other sources."""
        return self.image.platform_digest if self.image else ""


@dataclass(frozen=True)
class Delivery:
    """What came: C(served_by) names the servers and the content, C(transferred) counts bytes from the network."""

    found: Found
    served_by: str
    transferred: int


class Sources:
    """All kinds of sources, for a host of one platform."""

    def __init__(self, http: Http, images: Images, platform: Platform) -> None:
        self._http = http
        self._images = images
        self._platform = platform

    def find(self, uris: t.Sequence[Address], sha256: str = "") -> Found:
        """Return what the first of C(uris) that answers would deliver; raises SourceError naming every try.

        C(sha256) is what an archive must have.
        """
        return _first(uris, lambda uri: replace(self._find(Uri.parse(uri.text), sha256), others=_after(uri, uris)))

    @contextlib.contextmanager
    def deliver(
        self, found: Found, stage: t.Callable[[], t.ContextManager[Tree]], watch: Watcher | None = None
    ) -> t.Iterator[tuple[Tree, Delivery]]:
        """Give a tree filled from C(found), or from its other sources when the bytes fail; raises SourceError.

        Each try has a tree of its own from C(stage), so that nothing of a failed one is left. C(watch) is told how
        many bytes of a try have come.
        """
        tried: list[str] = []
        for candidate in self._candidates(found, tried):
            attempts = Attempts(self._places(candidate, tried))
            for places in attempts:
                with contextlib.ExitStack() as stack:
                    tree, relay = stack.enter_context(stage()), Relay(watch)
                    try:
                        self._fill(candidate, tree, relay, places)
                        _check_backend(tree)
                    except (SourceError, TransportError) as e:
                        tried.append(f"{candidate.uri}: {e}")
                        if candidate.proves and _is_of_content(e):
                            # The same bytes are no backend anywhere else.
                            raise SourceError("Tried " + "; ".join(dict.fromkeys(tried))) from e
                        attempts.failed(e, relay.served)
                        continue
                    yield tree, _delivery(candidate, relay)
                    return
        raise SourceError("Tried " + "; ".join(dict.fromkeys(tried)))

    def digest(self, uris: t.Sequence[Address], sha256: str = "") -> str | None:
        """Return the digest that the first of C(uris) that answers has now, by one request for an image in a registry.

        None where nothing identifies the content. Raises SourceError naming every try.
        """
        return _first(uris, lambda uri: self._digest(Uri.parse(uri.text), sha256))

    def _digest(self, uri: Uri, sha256: str) -> str | None:
        return self._images.digest(uri.reference) if uri.kind == "image" else self._find(uri, sha256).digest

    def unpacked_size(self, found: Found) -> int:
        """Return how many bytes C(found) takes on the disk at the least."""
        if found.image is None:
            # A zip archive lies beside what it unpacks to.
            return found.size * 2 if found.compression == "zip" else found.size
        return sum(_unpacked_size(layer, found.image.repositories[0]) for layer in found.image.layers)

    def _candidates(self, found: Found, tried: list[str]) -> t.Iterator[Found]:
        """Yield C(found), and where nothing proves what its mirrors deliver, these as they are."""
        yield found
        for uri in found.others if found.digest is None else ():
            try:
                candidate = self._find(Uri.parse(uri.text), "")
            except LocalAIError as e:
                tried.append(f"{uri}: {e}")
                continue
            if candidate.digest is None:
                yield candidate

    def _places(self, found: Found, tried: list[str]) -> list[Place]:
        """Return all places of the content of C(found): its own, and those mirrors that can be held to its digest."""
        places = [_place(repository) for repository in found.image.repositories] if found.image else []
        own = () if found.image else (found.uri,)
        for uri in own + (found.others if found.digest else ()):
            try:
                parsed = Uri.parse(uri.text)
                if found.image is not None:
                    places += [_place(repository) for repository in self._repositories(parsed, found.image.digest)]
                elif parsed.kind in ("archive", "path"):
                    places.append(self._archive(parsed))
            except LocalAIError as e:
                tried.append(f"{uri}: {e}")
        return places

    def _archive(self, uri: Uri) -> Place:
        if uri.kind == "path":
            return Place(str(uri), functools.partial(_read_local, uri.path), local=True)
        headers = functools.partial(self._http.authorization, uri.text)
        return Place(str(uri), lambda offset: self._http.download(uri.text, headers=headers, offset=offset))

    def _repositories(self, uri: Uri, digest: str) -> tuple[Repository, ...]:
        if uri.kind == "image":
            return self._images.carrying(uri.reference.at(digest))
        if uri.kind == "image file":
            return (image_in_file(uri.path),)
        return (Layout(uri.path),) if uri.kind == "layout" else ()

    def _find(self, uri: Uri, sha256: str) -> Found:
        if uri.kind == "image":
            return _found_image(uri, self._images.resolve(uri.reference, self._platform))
        if uri.kind in ("layout", "image file"):
            repositories = self._repositories(uri, "")
            return _found_image(uri, resolve(uri.name, repositories, repositories, self._platform))
        if uri.kind == "path" and not os.path.isfile(uri.path):
            check_directory(uri.path, RUN_FILE)
            return Found(Address(uri.text))
        head, size = self._head(uri)
        digest = f"sha256:{sha256}" if sha256 else None
        # Some servers send back what they were sent.
        public = uri.kind != "path" and not self._http.authorization(uri.text)
        return Found(Address(uri.text), digest, size, sha256=sha256, compression=compression_of(head, public))

    def _head(self, uri: Uri) -> tuple[bytes, int]:
        """Return the first bytes of an archive and its length, 0 where that is not known."""
        if uri.kind == "path":
            head = next(_read_local(uri.path, 0), b"")
            return head[:_HEAD], os.path.getsize(uri.path)
        answer = self._http.fetch(uri.text, headers=self._http.authorization(uri.text), first=_HEAD)
        return answer.body, whole_number(answer.headers.get("Content-Length", "")) or 0

    def _fill(self, found: Found, tree: Tree, relay: Relay, places: t.Sequence[Place]) -> None:
        if found.image is not None:
            for layer in found.image.layers:
                unpack(verified(relay.read(places, layer), layer), layer.compression, tree, whiteouts=True, proved=True)
        elif found.compression:
            chunks = _checked(relay.read(places), found)
            unpack(chunks, found.compression, tree, whiteouts=False, proved=found.proves)
        else:
            copy_directory(Uri.parse(found.uri.text).path, tree)


def _first(uris: t.Sequence[Address], ask: t.Callable[[Address], _Answer]) -> _Answer:
    """Return the first answer that C(ask) gives for one of C(uris); raises SourceError naming every try."""
    tried, missing = [], True
    for uri in uris:
        try:
            return ask(uri)
        except MissingLibrary:
            raise
        except LocalAIError as e:
            tried.append(f"{uri}: {e}")
            missing = missing and e.missing
    raise SourceError("Tried " + "; ".join(tried), missing)


def _after(uri: Address, uris: t.Sequence[Address]) -> tuple[Address, ...]:
    return tuple(uris[uris.index(uri) + 1 :])


def _delivery(found: Found, relay: Relay) -> Delivery:
    content = f"@{found.image.digest}" if found.image else ""
    served_by = ", ".join(f"{place.name}{content}" for place in relay.served)
    return Delivery(found, served_by or str(found.uri), relay.transferred)


def _found_image(uri: Uri, image: Image) -> Found:
    for layer in image.layers:
        # What cannot be undone is an error now, not in the middle of the pull.
        supported(layer.compression)
    return Found(Address(uri.text), image.digest, image.size, image=image)


def _unpacked_size(layer: Descriptor, repository: Repository) -> int:
    if layer.compression != "gzip":
        return layer.size
    try:
        # Of a file of several parts it is that of the last one, and beyond 4 GiB it starts anew.
        return max(layer.size, int.from_bytes(repository.tail(layer, 4), "little"))
    except (SourceError, TransportError):
        # Whether it can be pulled is not the question here.
        return layer.size


def _is_of_content(error: Exception) -> bool:
    """Return whether what was promised came, and is not what a backend has to be."""
    return isinstance(error, SourceError) and not isinstance(error, IntegrityError)


def _place(repository: Repository) -> Place:
    return Place(str(repository), repository.blob, repository.local)


def _read_local(path: str, offset: int) -> t.Iterator[bytes]:
    try:
        yield from chunks_of(open_file(path), offset)
    except OSError as e:
        raise SourceError(f"{path}: {e.strerror}.") from e


def _checked(chunks: t.Iterator[bytes], found: Found) -> t.Iterator[bytes]:
    """Pass C(chunks) on; raises IntegrityError unless they have the sha256 of C(found), if it has one."""
    hasher, size = hashlib.sha256(), 0
    for chunk in chunks:
        size += len(chunk)
        if found.sha256 and 0 < found.size < size:
            raise IntegrityError(f"it is longer than the {found.size} bytes that its server stated.")
        hasher.update(chunk)
        yield chunk
    if found.sha256 and hasher.hexdigest() != found.sha256:
        raise IntegrityError(f"its sha256 is {hasher.hexdigest()}, not {found.sha256}.")


def _check_backend(tree: Tree) -> None:
    if not tree.holds_file(RUN_FILE):
        raise SourceError(f"it has no {RUN_FILE} at its top, so it is not a LocalAI backend.")
    tree.make_executable(RUN_FILE)
