# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads galleries: their URLs, mirrors and reference files."""

from __future__ import annotations

import hashlib
import typing as t
from urllib.parse import unquote

from .._address import Address
from .._bundle.bundle import Held
from .._errors import GalleryError, SignatureError, TransportError
from .._fs.read import read_file
from .._fs.utf8 import os
from .._http.failover import Failures, first_answer
from .._http.mirrors import fetch_document
from .._localai.gallery import Entry, Index, index_of
from .._localai.gallery_url import readable_url
from .._request import GallerySource, SignatureOptions, Verification
from .._sources.uri import ImageUri
from .documents import Documents
from .gallery_artifact import INDEX_FILE, fetch_file
from .text import text_of
from .yaml_document import MOST_BYTES, parse_yaml

if t.TYPE_CHECKING:
    from .._http.client import Http
    from .._oci.image import Images
    from .._oci.reference import Reference

ARTIFACT = "oci://"
_Parsed = t.TypeVar("_Parsed", bound="Index[t.Any]")


# The advice if no server of a gallery can be reached.
_ADVICE = (
    "If this host reaches it only by a proxy, set https_proxy for the task. Without internet, put a copy of the "
    "index on this host or on a server that it reaches, and set url or mirrors of the gallery to it."
)


def parse_index(data: bytes, gallery: str, gallery_url: Address) -> Index[Entry]:
    """Return the index in a YAML document; raises GalleryError if it is not a list of entries."""
    return index_of(parse_yaml(data), gallery, gallery_url)


class Access(t.NamedTuple):
    """The parts that are needed to read galleries. Problems that do not prevent it are added to `warnings`."""

    http: Http
    images: Images
    signatures: SignatureOptions
    warnings: list[str]
    documents: Documents = Documents()


def read_gallery(source: GallerySource, access: Access) -> Index[Entry]:
    """Return the index of a gallery of backends, from the first of its URLs that has it; raises GalleryError."""
    index = read_source(source, access, lambda data, url, _at: parse_index(data, source.name, url))
    if source.verification is not None and access.signatures.mode == "ignore":
        access.warnings.append(
            f"gallery {source.name}: its policy verification is not applied, because signatures is ignore. Set "
            "signatures to enforce."
        )
    return index


def read_source(source: GallerySource, access: Access, parse: t.Callable[[bytes, Address, str], _Parsed]) -> _Parsed:
    """Return what `parse` makes of a gallery: of that in a bundle, else from the first of its URLs that has it.

    `parse` gets the content, the URL that identifies the gallery, and the location that the content came from. An index
    in a registry needs a signature, if there is a policy for it; that of a bundle was verified when the bundle was
    written. Raises GalleryError.
    """
    excerpts = access.documents.gallery(source.name)
    if not excerpts:
        return _read_remote(source, access, parse)
    # What may be on this host is decided by the task, not by the bundle.
    newest, *others = (parse(held.content, Address(held.url), source.url.text) for held in excerpts)
    for older in others:
        newest = t.cast(_Parsed, newest.with_older(older))
    return newest


def _read_remote(source: GallerySource, access: Access, parse: t.Callable[[bytes, Address, str], _Parsed]) -> _Parsed:
    primary: list[Address] = []

    def read(url: Address) -> _Parsed:
        location, recorded = readable_url(url.text), url
        is_artifact = location.lower().startswith(ARTIFACT)
        if location.endswith(".ref") and not is_artifact:
            location = _follow_ref(location, access.http)
            recorded = Address(location)
        if url == source.url:
            primary.append(recorded)
        warnings: list[str] = []
        if is_artifact and source.artifact_verification is not None:
            location = check_index(location, source, source.artifact_verification, access._replace(warnings=warnings))
        content, identity = _content(location, source, access), primary[0] if primary else source.url
        parsed = parse(content, identity, location)
        access.documents.note_gallery(source.name, Held(content, identity.text, location))
        access.warnings.extend(warnings)
        return parsed

    unreachable: list[Address] = []

    def error(failures: Failures) -> GalleryError:
        tried = f"gallery {source.name} could not be read. Tried {failures}"
        if len(unreachable) < 1 + len(source.mirrors):
            return GalleryError(tried)
        return GalleryError(f"{tried.rstrip('.')}. {_ADVICE}")

    def ask(url: Address) -> _Parsed:
        try:
            return read(url)
        except TransportError as e:
            if e.status is None:
                unreachable.append(url)
            raise

    return first_answer((source.url, *source.mirrors), ask, error)


def _content(location: str, source: GallerySource, access: Access) -> bytes:
    """Return the content of an index; raises GalleryError if its sha256 is not that of the task."""
    is_artifact = location.lower().startswith(ARTIFACT)
    data = read_artifact(location, INDEX_FILE, access.images) if is_artifact else read_location(location, access.http)
    if source.sha256 and hashlib.sha256(data).hexdigest() != source.sha256:
        raise GalleryError(
            f"its sha256 is not the one that the task sets for the gallery, but {hashlib.sha256(data).hexdigest()}"
        )
    return data


def _follow_ref(location: str, http: Http) -> str:
    """Return the location of the index that a reference file names, which is in the same directory."""
    try:
        name = text_of(read_location(location, http, limit=4096)).strip()
    except GalleryError:
        name = ""
    if not name or "\n" in name or ":" in name or name.startswith("/") or ".." in name.split("/"):
        raise GalleryError(
            f"the reference file does not name an index in its own directory, but contains {name[:80]!r}"
        )
    return location.rpartition("/")[0] + "/" + name


def check_index(location: str, source: GallerySource, policy: Verification, access: Access) -> str:
    """Return the location of the index in a registry to read: one whose signature is verified has its digest in it.

    Raises GalleryError if the signature is not the one that the task demands.
    """
    address = Address(location)
    if access.signatures.mode == "ignore":
        access.warnings.append(
            f"gallery {source.name}: the index was read from {address} without verifying its signature, because "
            "signatures is ignore."
        )
        return location
    from .signatures import SignerFinder

    reference = _reference(location)
    digest = access.images.manifest(reference).digest
    finder = SignerFinder(access.signatures, access.warnings)
    try:
        finder.find(access.images.pull_hosts(reference.at(digest)), (digest,), (policy,))
    except SignatureError as e:
        problem = f"the signature of the index at {address} is not verified: {e}"
        if access.signatures.mode == "enforce":
            raise GalleryError(problem) from e
        access.warnings.append(f"gallery {source.name}: {problem.rstrip('.')}.")
    return f"{location.partition('@')[0]}@{digest}"


def _reference(location: str) -> Reference:
    uri = ImageUri.parse(Address(ARTIFACT + location[len(ARTIFACT) :]))
    return t.cast(ImageUri, uri).reference


def read_artifact(location: str, path: str, images: Images) -> bytes:
    """Return a file of a gallery in a registry; raises GalleryError, SourceError, TransportError."""
    return fetch_file(_reference(location), path, images)


def read_location(location: str, http: Http, limit: int = MOST_BYTES) -> bytes:
    """Return the content of a file on a web server, or a mirror of it, or on this host; raises GalleryError,
    TransportError, and OptionError for a mirror that must not be used.
    """
    scheme = location.partition(":")[0].lower() if ":" in location else ""
    if scheme in ("http", "https"):
        return fetch_document(http, location, limit=limit).body
    if scheme not in ("", "file"):
        raise GalleryError(
            f"{scheme}: is not supported for galleries; use https://, http://, file://, a path, github: or oci://"
        )
    path = unquote(location[len("file://") :]) if scheme else os.path.expanduser(location)
    if scheme and not location.lower().startswith("file:///"):
        raise GalleryError("an address of a file begins with file: and three slashes, as in file:///srv/index.yaml")
    try:
        return read_file(path, limit)
    except (OSError, ValueError) as e:
        advice = "" if os.path.isabs(path) else ". The path of a file must be absolute"
        raise GalleryError(f"{getattr(e, 'strerror', None) or e} on this host{advice}") from None
