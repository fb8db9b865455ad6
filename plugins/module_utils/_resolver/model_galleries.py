# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads galleries of models, the base files of their entries, and configuration files at other locations."""

from __future__ import annotations

import posixpath
import typing as t
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

from .._address import Address
from .._errors import GalleryError
from .._fs.utf8 import os
from .._http.failover import first_answer
from .._localai.gallery_url import readable_url
from .._localai.models.gallery import Base, ModelEntry, base_of, check_remote, is_on_host, model_index_of
from .._localai.models.scalars import Plain
from .config_yaml import parse_config, to_yaml
from .galleries import ARTIFACT, Access, read_artifact, read_location, read_source
from .text import text_of
from .yaml_document import parse_yaml

if t.TYPE_CHECKING:
    from .._localai.gallery import Index
    from .._request import GallerySource

_GITHUB = ("github:", "github://")


class BaseFile(t.NamedTuple):
    """A base file, with the configuration that its text means."""

    base: Base
    config: t.Mapping[str, t.Any]


class ModelGalleries:
    """The galleries of models of a task; each is read once. Skipped entries are added to `warnings`."""

    def __init__(self, sources: t.Sequence[GallerySource], access: Access) -> None:
        self._sources = {source.name: source for source in sources}
        self._access = access
        self._indexes: dict[str, Index[ModelEntry]] = {}
        self._locations: dict[str, str] = {}
        self._bases: dict[tuple[str, ...], BaseFile] = {}

    def index(self, gallery: str) -> Index[ModelEntry]:
        """Return the index of a gallery; raises GalleryError."""
        if gallery not in self._indexes:

            def parse(data: bytes, _url: Address, location: str) -> Index[ModelEntry]:
                self._locations[gallery] = location
                index = model_index_of(parse_yaml(data, Plain), gallery, to_yaml)
                return index if _directory_on_host(location) else without_paths(index)

            source = self._sources[gallery]
            index = read_source(source, self._access, parse)
            if source.verification is not None:
                self._access.warnings.append(
                    f"gallery {gallery}: its policy verification is not applied, because models have no signatures."
                )
            self._access.warnings.extend(f"gallery {gallery}: {reason}" for reason in index.skipped.values())
            self._indexes[gallery] = index
        return self._indexes[gallery]

    def base(self, gallery: str, url: str) -> BaseFile:
        """Return the base file at the `url` of an entry of a gallery that was read; raises GalleryError."""
        held = self._access.documents.base(gallery, url)
        if held is not None:
            return _checked(base_file(held), self._sources[gallery].url)
        locations = locations_of(url, self._locations[gallery])
        if not _directory_on_host(self._locations[gallery]) and is_on_host(Address(locations[0])):
            raise GalleryError(f"Its base file is at a path of this host, {url}, which only a gallery there can name")
        key = (gallery, *locations)
        if key not in self._bases:
            self._bases[key] = first_answer(
                [Address(location) for location in locations],
                lambda address: self._read(gallery, url, address, base_file),
                lambda failures: GalleryError(f"The base file could not be read. Tried {failures}"),
            )
        return self._bases[key]

    def document(self, address: Address) -> BaseFile:
        """Return the base file at an address of its own, or one with the configuration there; raises GalleryError."""
        held = self._access.documents.base("", address.text)
        if held is not None:
            return _checked(configuration_file(held), address)
        return first_answer(
            [address],
            lambda address: self._read("", address.text, address, configuration_file),
            lambda failures: GalleryError(f"The configuration could not be read. Tried {failures}"),
        )

    def _read(self, gallery: str, url: str, address: Address, parse: t.Callable[[bytes], BaseFile]) -> BaseFile:
        content = self._content(address)
        file = _checked(parse(content), address)
        self._access.documents.note_base(gallery, url, content)
        return file

    def _content(self, address: Address) -> bytes:
        location = readable_url(address.text)
        if location.lower().startswith(ARTIFACT):
            gallery, _hash, path = location.rpartition("#")
            if self._access.signatures.mode == "enforce" and "@" not in gallery:
                raise GalleryError(
                    "it is read by a tag, whose signature is not verified. Name the artifact by its digest"
                )
            return read_artifact(gallery, path, self._access.images)
        return read_location(location, self._access.http)


def without_paths(index: Index[ModelEntry]) -> Index[ModelEntry]:
    """Return the index of a gallery on a server without entries that name files on this host."""
    entries, skipped = dict(index.entries), dict(index.skipped)
    for name, entry in index.entries.items():
        try:
            check_remote(entry.files, entry.name)
        except GalleryError as e:
            del entries[name]
            skipped[name] = f"its entry {entry.name} is skipped: {e}"
    return replace(index, entries=entries, skipped=skipped)


def _checked(file: BaseFile, address: Address) -> BaseFile:
    """Return a base file; raises GalleryError if it is on a server and names files on this host."""
    if not is_on_host(address):
        check_remote(file.base.files, "the base file")
    return file


def locations_of(url: str, gallery: str) -> tuple[str, ...]:
    """Return where the base file `url` of an entry may be, in the order to try; raises GalleryError.

    `gallery` is the location that the index was read from. Follows `resolveModelURLLocally` in LocalAI's
    `core/gallery/backend_resolve.go` for an index on this host. A `url` without a scheme is relative to the gallery; in
    LocalAI's repository, where the index lies in a directory, to the directory above that.
    """
    if url.startswith(_GITHUB):
        directory = _directory_on_host(gallery)
        local = os.path.join(directory, posixpath.basename(url.rpartition("@")[0] or url)) if directory else ""
        return (local,) if local and os.path.isfile(local) else (url,)
    if "://" in url or url.startswith("/"):
        return (url,)
    if ".." in url.split("/") or "\\" in url or not url.isprintable():
        raise GalleryError(f"the base file {url!r} is not a plain path in its gallery")
    if gallery.lower().startswith(ARTIFACT):
        return (f"{gallery}#{url}",)
    parts = urlsplit(gallery)
    if parts.scheme in ("http", "https"):
        return tuple(dict.fromkeys((urljoin(gallery, f"./{url}"), urljoin(gallery, f"../{url}"))))
    directory = _directory_on_host(gallery)
    return (os.path.join(directory, url), os.path.join(os.path.dirname(directory), url))


def _directory_on_host(gallery: str) -> str:
    """Return the directory of a gallery on this host; empty for any other one."""
    if gallery.lower().startswith("file://"):
        return os.path.dirname(gallery[len("file://") :])
    return "" if "://" in gallery else os.path.dirname(os.path.expanduser(gallery))


def base_file(data: bytes) -> BaseFile:
    """Return a base file with what its configuration means; raises GalleryError."""
    return _with_config(base_of(parse_yaml(data, Plain)))


def configuration_file(data: bytes) -> BaseFile:
    """Return a base file, or make one of the configuration of a model; raises GalleryError."""
    document = parse_yaml(data, Plain)
    if isinstance(document, dict) and "config_file" not in document:
        return _with_config(Base(config_text=text_of(data)))
    return _with_config(base_of(document))


def _with_config(base: Base) -> BaseFile:
    try:
        return BaseFile(base, parse_config(base.config_text))
    except GalleryError as e:
        raise GalleryError(f"its config_file: {e}") from None
