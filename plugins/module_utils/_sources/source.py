# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A URI of any kind -> an artifact, and its content in an empty tree, with failover between its mirrors."""

from __future__ import annotations

import contextlib
import functools
import typing as t
from dataclasses import dataclass, replace

from .._address import Address
from .._errors import IntegrityError, LocalAIError, SourceError
from .._fs.tree import Tree
from .._http.client import Http
from .._http.failover import ORIGIN_ERRORS, Failures, first_answer
from .._oci.image import Images
from .._oci.manifest import Repository
from .._oci.platform import Platform
from .artifact import Accept, Artifact, Context, Source
from .failover import FailoverReader, Origin, OriginSelector, Watcher
from .file import FileContent
from .files import Files
from .hub_endpoint import DEFAULT_ENDPOINT
from .kinds import SOURCES
from .resume import Partials, Reader
from .uri import parse_uri

_SIZE_SECONDS = 5

_Answer = t.TypeVar("_Answer")


@dataclass(frozen=True)
class Delivered:
    """A delivered artifact: `served_by` names the servers and the content, `transferred` counts network bytes."""

    artifact: Artifact
    served_by: str
    transferred: int


class Sources:
    """All kinds of sources, for hosts of one platform. `accept` decides what can be installed.

    `hub` is the server of Hugging Face, see `hub_endpoint`.
    """

    def __init__(
        self, http: Http, images: Images, platform: Platform, accept: Accept, hub: Address = DEFAULT_ENDPOINT
    ) -> None:
        self._context = Context(http, images, platform, accept, hub)

    def find(self, origins: t.Sequence[Address], sha256: str = "") -> Artifact:
        """Return the artifact of the first URI that answers; raises SourceError that names every failure.

        `sha256` is the one that an archive must have.
        """
        return self._first(origins, lambda uri: self._source(uri).find(sha256))

    def find_file(self, origins: t.Sequence[Address], sha256: str = "", name: str = "") -> Artifact:
        """Return the artifact of a single file, from the first URI that answers; raises SourceError like `find`.

        `origins` are URIs of the files of models: see `parse_model_uri`. `name` is the path in the tree, by default the
        last part of the URI.
        """
        return self._first(origins, lambda address: self._files.find(address, sha256, name))

    def size_of(self, origins: t.Sequence[Address]) -> int:
        """Return the size of a single file in bytes, 0 if it is unknown. It never raises and never waits for long.

        No server is asked again that could not be reached.
        """
        for address in origins:
            with contextlib.suppress(LocalAIError):
                size = self.stated_size(address)
                if size:
                    return size
        return 0

    def stated_size(self, address: Address) -> int:
        """Return the size of a single file in bytes, 0 if its server does not state it; raises LocalAIError soon."""
        return self._sizes.size(address)

    def digest(self, origins: t.Sequence[Address]) -> str | None:
        """Return the digest that the first URI that answers has now, for a registry by one request.

        It is None for content without a digest. Raises SourceError that names every failure.
        """
        return _first(origins, lambda uri: self._source(uri).digest())

    def repositories(self, origins: t.Sequence[Address], digest: str) -> t.Iterator[Repository]:
        """Yield the repositories that may have an image with a digest and what is about it, with the mirrors.

        Raises SourceError, and OptionError for a mirror over plain HTTP.
        """
        for uri in origins:
            yield from self._source(uri).repositories(digest)

    def unpacked_size(self, artifact: Artifact) -> int:
        """Return the number of bytes that an artifact needs on disk at least."""
        return artifact.content.unpacked_size()

    @contextlib.contextmanager
    def deliver(
        self,
        artifact: Artifact,
        stage: t.Callable[[], t.ContextManager[Tree]],
        watch: Watcher | None = None,
        partials: Partials | None = None,
    ) -> t.Iterator[tuple[Tree, Delivered]]:
        """Give a tree with the content of an artifact, from its mirrors if need be.

        Each attempt has its own tree from `stage`. `watch` is called with the number of bytes that an attempt has read.
        `partials` has what interrupted runs left, and gets what a later run could continue, until the context ends
        without an error. Raises SourceError that names every failure.
        """
        failures = Failures()
        for candidate in self._candidates(artifact, failures):
            selector = OriginSelector(self._origins(candidate, failures))
            for origins in selector:
                with contextlib.ExitStack() as stack:
                    tree, failover = stack.enter_context(stage()), FailoverReader(watch)
                    reader = stack.enter_context(Reader(failover, partials, candidate.size))
                    try:
                        candidate.content.fill(tree, reader, origins)
                        self._context.accept.tree(tree)
                    except ORIGIN_ERRORS as e:
                        may_start_over = reader.starts_over(e)
                        is_final = candidate.content.is_proved and _is_content_error(e)
                        if may_start_over and not is_final:
                            continue
                        failures.add(candidate.uri, e)
                        if is_final:
                            # Another origin has the same bytes.
                            raise SourceError(f"Tried {failures}") from e
                        selector.failed(e, failover.served)
                        continue
                    yield tree, _delivered(candidate, failover)
                    reader.forget()
                    return
        raise SourceError(f"Tried {failures}")

    @functools.cached_property
    def _files(self) -> Files:
        return Files(self._context)

    @functools.cached_property
    def _sizes(self) -> Files:
        """The single files, over a client of its own: an answer that did not come in time must not block a transfer."""
        http = self._context.http.hasty(_SIZE_SECONDS)
        return Files(replace(self._context, http=http, images=self._context.images.over(http)))

    def _first(self, uris: t.Sequence[Address], find: t.Callable[[Address], Artifact]) -> Artifact:
        def find_at(uri: Address) -> Artifact:
            return replace(find(uri), mirrors=tuple(uris[uris.index(uri) + 1 :]))

        return _first(uris, find_at)

    def _source(self, address: Address) -> Source:
        uri = parse_uri(address)
        return SOURCES[type(uri)](uri, self._context)

    def _candidates(self, artifact: Artifact, failures: Failures) -> t.Iterator[Artifact]:
        """Yield an artifact, and if it has no digest, whatever its mirrors have."""
        yield artifact
        if isinstance(artifact.content, FileContent):
            yield from self._files.others(artifact, failures)
            return
        for uri in artifact.mirrors if artifact.digest is None else ():
            try:
                candidate = self._source(uri).find("")
            except LocalAIError as e:
                failures.add(uri, e)
                continue
            if candidate.digest is None:
                yield candidate

    def _origins(self, artifact: Artifact, failures: Failures) -> list[Origin]:
        """Return the origins of an artifact: its own, and those of its mirrors if a digest proves their content."""
        if isinstance(artifact.content, FileContent):
            return self._files.origins(artifact, artifact.content, failures)
        origins: list[Origin] = []
        for uri in (artifact.uri, *(artifact.mirrors if artifact.digest else ())):
            try:
                source = self._source(uri)
                if source.is_image == artifact.content.is_image:
                    origins += source.origins(artifact.digest or "")
            except LocalAIError as e:
                failures.add(uri, e)
        return origins


def _first(uris: t.Sequence[Address], ask: t.Callable[[Address], _Answer]) -> _Answer:
    return first_answer(uris, ask, lambda failures: SourceError(f"Tried {failures}", failures.missing))


def _is_content_error(error: Exception) -> bool:
    """Return whether the right bytes arrived and cannot be installed."""
    return isinstance(error, SourceError) and not isinstance(error, IntegrityError)


def _delivered(artifact: Artifact, reader: FailoverReader) -> Delivered:
    content = f"@{artifact.digest}" if artifact.content.is_image else ""
    served_by = ", ".join(f"{origin.name}{content}" for origin in reader.served)
    return Delivered(artifact, served_by or str(artifact.uri), reader.transferred)
