# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images, wherever they are: a tag becomes a digest at one place, the bytes of a digest come from any."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from .._errors import OptionError, SourceError, TransportError
from .._http.client import Http
from .._http.url import is_loopback
from .._request import LAYOUT_SCHEME, Mirror
from .layout import Layout
from .manifest import MOST_DOCUMENT, Descriptor, Manifest, check_platform, choose, verified
from .platform import Platform
from .reference import Reference
from .registry import Location, Registry

_Answer = t.TypeVar("_Answer")


class Repository(t.Protocol):
    """A place that has manifests and blobs; as text it is what to call it, without any secret."""

    local: bool

    def manifest(self, name: str) -> Manifest:
        """Return the manifest of a tag or a digest, checked against the latter."""

    def digest(self, name: str) -> str:
        """Return the digest that a tag has now."""

    def blob(self, descriptor: Descriptor, offset: int = 0) -> t.Iterator[bytes]:
        """Yield the bytes of a blob from C(offset) on, as they are stored and not checked."""

    def tail(self, descriptor: Descriptor, length: int) -> bytes:
        """Return the last bytes of a blob, or fewer where that would take more than one small request."""


@dataclass(frozen=True)
class Image:
    """An image for one platform, ready to be pulled from C(repositories), the preferred one first.

    C(digest) is what the reference pointed at (the index, if it is one), C(platform_digest) the image's own.
    """

    digest: str
    platform_digest: str
    layers: tuple[Descriptor, ...]
    repositories: tuple[Repository, ...]

    @property
    def size(self) -> int:
        """The bytes that a pull transfers."""
        return sum(layer.size for layer in self.layers)


class Images:
    """All images of one run."""

    def __init__(self, http: Http, registry: Registry) -> None:
        self._http = http
        self._registry = registry

    def resolve(self, reference: Reference, platform: Platform) -> Image:
        """Return the image that C(reference) names for C(platform).

        Raises SourceError, TransportError, and OptionError for a mirror that must not be used.
        """
        return resolve(reference.digest or reference.tag, self.resolving(reference), self.carrying(reference), platform)

    def digest(self, reference: Reference) -> str:
        """Return the digest that a tag has now, or the one that is pinned."""
        return reference.digest or _first(
            self.resolving(reference), lambda repository: repository.digest(reference.tag)
        )

    def resolving(self, reference: Reference) -> tuple[Repository, ...]:
        """Return who says what a tag is: the registry, or the mirrors that may do so in its place."""
        if reference.digest:
            return self.carrying(reference)
        trusted = [mirror for mirror in self._mirrors(reference) if mirror.resolve]
        return tuple(self._mirror(mirror, reference) for mirror in trusted) or (self._home(reference),)

    def carrying(self, reference: Reference) -> tuple[Repository, ...]:
        """Return who has the bytes: the mirrors, then the registry unless a mirror stands in for it."""
        mirrors = self._mirrors(reference)
        repositories = [self._mirror(mirror, reference) for mirror in mirrors]
        if not any(mirror.resolve for mirror in mirrors):
            repositories.append(self._home(reference))
        return tuple(repositories)

    def _home(self, reference: Reference) -> Repository:
        return self._registry.repository(Location(reference))

    def _mirrors(self, reference: Reference) -> tuple[Mirror, ...]:
        endpoint = self._http.endpoint(reference.host)
        return endpoint.mirrors if endpoint is not None else ()

    def _mirror(self, mirror: Mirror, reference: Reference) -> Repository:
        url = mirror.url.text
        if url.startswith(LAYOUT_SCHEME):
            return Layout(url[len(LAYOUT_SCHEME) :], reference)
        location = mirrored(url, reference)
        endpoint = self._http.endpoint(location.reference.host)
        allowed = is_loopback(location.reference.hostname) or (endpoint is not None and endpoint.plain_http)
        if location.scheme == "http" and not allowed:
            raise OptionError(
                f"The mirror {location} of {reference.host} is spoken to without TLS. Use https://, or allow it with "
                f"plain_http for the host {location.reference.host} in endpoints."
            )
        return self._registry.repository(location)


def resolve(
    name: str, resolving: t.Sequence[Repository], carrying: t.Sequence[Repository], platform: Platform
) -> Image:
    """Return the image of a tag or digest for one platform; raises SourceError, TransportError."""
    top = manifest = _first(resolving, lambda repository: repository.manifest(name))
    if top.is_index:
        child = choose(top, platform)
        manifest = _first(carrying, lambda repository: repository.manifest(child.digest))
    config = manifest.config
    if config is None:
        raise SourceError("an index that lists indexes is not supported.")
    if not top.is_index:
        check_platform(_first(carrying, lambda repository: _document(repository, config)), platform)
    return Image(top.digest, manifest.digest, manifest.layers, tuple(carrying))


def mirrored(url: str, reference: Reference) -> Location:
    """Return where the mirror at C(url) has an image.

    The path of the URL stands before the name of the repository, as Harbor wants it, and its query is added to every
    request; the C(ns) of containerd gets the host that is mirrored, unless it has a value.
    """
    parts = urlsplit(url)
    path = parts.path.strip("/")
    prefix = path[len("v2/") :] if path.startswith("v2/") else "" if path == "v2" else path
    query = [(key, value or reference.host) for key, value in parse_qsl(parts.query, keep_blank_values=True)]
    repository = f"{prefix}/{reference.repository}" if prefix else reference.repository
    return Location(
        Reference(parts.netloc.lower(), repository, reference.tag, reference.digest), parts.scheme, urlencode(query)
    )


def _document(repository: Repository, descriptor: Descriptor) -> bytes:
    if descriptor.size > MOST_DOCUMENT:
        raise SourceError(f"{descriptor.digest} has {descriptor.size} bytes, which is not believable for a document.")
    return b"".join(verified(repository.blob(descriptor), descriptor))


def _first(repositories: t.Sequence[Repository], ask: t.Callable[[Repository], _Answer]) -> _Answer:
    """Return the first answer that one of C(repositories) gives."""
    tried, missing = [], True
    for repository in repositories:
        try:
            return ask(repository)
        except (SourceError, TransportError) as e:
            if len(repositories) == 1:
                raise
            tried.append(f"{repository}: {e}")
            missing = missing and e.missing
    raise TransportError("; ".join(tried), missing=missing)
