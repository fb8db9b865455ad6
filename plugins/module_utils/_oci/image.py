# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images, wherever they are: a tag is resolved at a trusted host, the bytes of a digest are pulled from any."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass
from urllib.parse import urlsplit

from .._address import redacted_url
from .._errors import SourceError, TransportError
from .._http.client import Http
from .._http.directory import directory_at
from .._http.failover import ORIGIN_ERRORS, first_answer
from .._http.mirrors import check_mirror, mirror_query
from .._http.url import is_http_url
from .._request import LAYOUT_SCHEME, Mirror
from .docker_archive import DockerArchive
from .layout import Layout
from .manifest import MOST_DOCUMENT, Descriptor, Manifest, Repository, check_platform, choose, json_object, verified
from .parts import Parts, parts_of
from .platform import Platform
from .reference import Reference
from .registry import Location, Registry
from .tar_file import TarFile

# How many indexes can be nested: an image in an index in an index is what some build tools push.
_MOST_LEVELS = 4

_Answer = t.TypeVar("_Answer")


@dataclass(frozen=True)
class Image:
    """An image for one platform, and the `repositories` to pull it from, the preferred one first.

    `digest` is that of the index, if the reference names one, `platform_digest` the image's own.
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
    """The images of registries and their mirrors."""

    def __init__(self, http: Http, registry: Registry) -> None:
        self._http = http
        self._registry = registry

    def over(self, http: Http) -> Images:
        """Return the same images over another client."""
        return Images(http, self._registry.over(http))

    def resolve(self, reference: Reference, platform: Platform) -> Image:
        """Return an image for a platform.

        Raises SourceError, TransportError, and OptionError for a mirror over plain HTTP.
        """
        name = reference.digest or reference.tag
        with self._advised(reference):
            return resolve(name, self.resolve_hosts(reference), self.pull_hosts(reference), platform)

    def manifest(self, reference: Reference) -> Manifest:
        """Return the manifest that a tag has now, or the one that is pinned; raises like `resolve`."""
        name = reference.digest or reference.tag
        with self._advised(reference):
            return _manifest(name, self.resolve_hosts(reference))

    def child(self, reference: Reference, digest: str) -> Manifest:
        """Return a manifest that the index of a reference lists; raises like `resolve`."""
        return _manifest(digest, self.pull_hosts(reference))

    def document(self, reference: Reference, descriptor: Descriptor, limit: int) -> bytes:
        """Return the content of a small blob of at most `limit` bytes, verified; raises like `resolve`."""
        return _document(descriptor, self.pull_hosts(reference), limit)

    def digest(self, reference: Reference) -> str:
        """Return the digest that a tag has now, or the one that is pinned."""
        with self._advised(reference):
            return reference.digest or _first(
                self.resolve_hosts(reference), lambda repository: repository.digest(reference.tag)
            )

    def parts(self, reference: Reference, platforms: t.Iterable[Platform], problems: list[str]) -> Parts:
        """Return everything that belongs to an image; raises like `resolve`. See `parts_of` for `problems`."""
        top = self.manifest(reference)
        pull_hosts = self.pull_hosts(reference.at(top.digest))
        return _first(pull_hosts, lambda repository: parts_of(top, repository, tuple(platforms), problems))

    def resolve_hosts(self, reference: Reference) -> tuple[Repository, ...]:
        """Return the hosts that resolve a tag: the registry, or the mirrors that may do so in its place."""
        if reference.digest:
            return self.pull_hosts(reference)
        trusted = [mirror for mirror in self._mirrors(reference) if mirror.resolve]
        return tuple(self._mirror(mirror, reference) for mirror in trusted) or (self._registry_of(reference),)

    def pull_hosts(self, reference: Reference) -> tuple[Repository, ...]:
        """Return the hosts to pull from: the mirrors, then the registry unless a mirror resolves in its place."""
        mirrors = self._mirrors(reference)
        repositories = [self._mirror(mirror, reference) for mirror in mirrors]
        if not any(mirror.resolve for mirror in mirrors):
            repositories.append(self._registry_of(reference))
        return tuple(repositories)

    @contextlib.contextmanager
    def _advised(self, reference: Reference) -> t.Iterator[None]:
        """Let the error about a registry that cannot be reached say that its mirrors were not asked."""
        try:
            yield
        except TransportError as e:
            mirrors = self._mirrors(reference)
            if e.status is not None or reference.digest or not mirrors or any(mirror.resolve for mirror in mirrors):
                raise
            raise TransportError(
                f"{e} The tag was not resolved at a mirror of {reference.host}, because none of them has "
                "resolve: true in endpoints. Set it for a mirror that you trust, or name the image by its digest.",
                missing=e.missing,
            ) from e

    def _registry_of(self, reference: Reference) -> Repository:
        return self._registry.repository(Location(reference))

    def _mirrors(self, reference: Reference) -> tuple[Mirror, ...]:
        return self._http.endpoint(reference.host).mirrors

    def _mirror(self, mirror: Mirror, reference: Reference) -> Repository:
        url = mirror.url.text
        if url.startswith(LAYOUT_SCHEME):
            return self._layout(url[len(LAYOUT_SCHEME) :], reference)
        location = mirrored(url, reference)
        check_mirror(self._http, url, reference.host, str(location))
        return self._registry.repository(location)

    def _layout(self, where: str, reference: Reference) -> Repository:
        """Return the layout at a path or a URL as a mirror; raises OptionError for one over plain HTTP."""
        if is_http_url(where):
            check_mirror(self._http, where, reference.host, redacted_url(where))
        return Layout(directory_at(where, self._http), reference)


def resolve(
    name: str, resolve_hosts: t.Sequence[Repository], pull_hosts: t.Sequence[Repository], platform: Platform
) -> Image:
    """Return the image of a tag or digest for one platform; raises SourceError, TransportError."""
    top = manifest = _manifest(name, resolve_hosts)
    for _level in range(_MOST_LEVELS):
        if manifest.is_index:
            manifest = _manifest(choose(manifest, platform).digest, pull_hosts)
    config = manifest.config
    if config is None:
        raise SourceError(f"its indexes are nested more than {_MOST_LEVELS} levels deep.")
    if not top.is_index:
        check_platform(_document(config, pull_hosts), platform)
    return Image(top.digest, manifest.digest, manifest.layers, tuple(pull_hosts))


def mirrored(url: str, reference: Reference) -> Location:
    """Return where the mirror at `url` has an image.

    The path of the URL precedes the name of the repository, as Harbor has it, and its query is added to every request;
    containerd's parameter `ns` gets the host that is mirrored, unless it has a value.
    """
    parts = urlsplit(url)
    path = parts.path.strip("/")
    prefix = path[len("v2/") :] if path.startswith("v2/") else "" if path == "v2" else path
    repository = f"{prefix}/{reference.repository}" if prefix else reference.repository
    mirror = Reference(parts.netloc.lower(), repository, reference.tag, reference.digest)
    return Location(mirror, parts.scheme, mirror_query(parts.query, reference.host))


def image_in_file(path: str) -> Layout | DockerArchive:
    """Return the image in a tar file; raises SourceError."""
    files = TarFile(path)
    # docker 25 writes an index without images for an image that it saves by its digest.
    if files.has("manifest.json") and not _lists_images(files):
        return DockerArchive(path)
    if files.has("index.json"):
        return Layout(path)
    raise SourceError("it has neither an index.json (OCI layout) nor a manifest.json (docker archive).")


def _lists_images(files: TarFile) -> bool:
    return files.has("index.json") and bool(json_object(files.read("index.json"), "index.json").get("manifests"))


def _manifest(name: str, repositories: t.Sequence[Repository]) -> Manifest:
    return _first(repositories, lambda repository: repository.manifest(name))


def _document(descriptor: Descriptor, repositories: t.Sequence[Repository], limit: int = MOST_DOCUMENT) -> bytes:
    if descriptor.size > limit:
        raise SourceError(f"{descriptor.digest} has {descriptor.size} bytes, which is not plausible for a document.")
    return _first(repositories, lambda repository: b"".join(verified(repository.blob(descriptor), descriptor)))


def _first(repositories: t.Sequence[Repository], ask: t.Callable[[Repository], _Answer]) -> _Answer:
    """Return the first answer of one of the repositories; the error of an only one is raised as it is."""
    if len(repositories) == 1:
        return ask(repositories[0])
    return first_answer(
        repositories, ask, lambda failures: TransportError(str(failures), missing=failures.missing), ORIGIN_ERRORS
    )
