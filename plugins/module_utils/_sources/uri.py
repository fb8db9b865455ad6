# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The URIs that something can be installed from, as values. Pure."""

from __future__ import annotations

import posixpath
import re
import typing as t
from dataclasses import dataclass
from urllib.parse import unquote

from .._address import Address, redacted
from .._errors import LocalAIError, SourceError
from .._http.url import checked_url
from .._oci.reference import Reference, is_digest
from .._request import LAYOUT_SCHEME, MODEL_SCHEMES

_FILE = "file://"
_IMAGE_FILE = "ocifile://"
_IMAGE = "oci://"
# What precedes the rest of a tag in the tags of pre-releases: v4.10.0-rc1-gpu is not of v4.10.0.
_PRE_RELEASE = re.compile(r"(alpha|beta|pre|rc)[.-]?\d*-", re.IGNORECASE)
LATEST = "latest-"


@dataclass(frozen=True)
class Uri:
    """A URI of some kind, as it was written."""

    address: Address

    @classmethod
    def parse(cls, address: Address) -> Uri:
        """Return the value of a URI of this kind; raises SourceError, OptionError."""
        return cls(address)


class HttpUri(Uri):
    """A file on a web server."""

    @classmethod
    def parse(cls, address: Address) -> Uri:
        """Return the URI; raises OptionError for credentials in it."""
        checked_url(address.text)
        return cls(address)


class ImageUri(Uri):
    """An image in a registry."""

    @property
    def reference(self) -> Reference:
        """The reference of the image; raises SourceError."""
        return Reference.parse(_without_scheme(self.address))

    @classmethod
    def parse(cls, address: Address) -> Uri:
        """Return the URI; raises SourceError for credentials in it."""
        if redacted(address.text) != address.text:
            raise SourceError(
                "it contains a user name, a query or a malformed digest. Put credentials in endpoints, and write a "
                "digest as sha256: and 64 hexadecimal digits."
            )
        return cls(address)


@dataclass(frozen=True)
class PathUri(Uri):
    """A directory or a file on this host."""

    path: str

    @classmethod
    def parse(cls, address: Address) -> Uri:
        """Return the URI; raises SourceError for a relative path."""
        return cls(address, _absolute(unquote(_after_slashes(address.text, _FILE))))


@dataclass(frozen=True)
class LayoutUri(Uri):
    """An image in files on this host, here a layout; `name` is its ref name or digest, empty for the only image.

    The name can be a full one, such as `registry.example/x/y:1.0`. Because paths can have colons too, `others` has the
    other pairs of a path and a name that the text can mean.
    """

    path: str
    name: str
    others: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, address: Address) -> Uri:
        """Return the URI; raises SourceError for a relative path."""
        rest, digest = _split_digest(address.text[len(LAYOUT_SCHEME) :])
        parent, _slash, last = rest.rpartition("/")
        base, _colon, name = last.partition(":")
        path = _absolute(f"{parent}/{base}")
        others = (*_pairs(rest, digest), (_absolute(rest), digest))
        return cls(address, path, digest or name, tuple(other for other in others if other[0] != path))


class ImageFileUri(LayoutUri):
    """An image in a tar file on this host."""

    @classmethod
    def parse(cls, address: Address) -> Uri:
        """Return the URI; raises SourceError for a relative path."""
        rest, digest = _split_digest(_after_slashes(address.text, _IMAGE_FILE))
        return cls(address, _absolute(rest), digest, tuple(_pairs(rest, digest)))


# A URI without any of these is a path, or an image.
SCHEMES: dict[str, type[Uri]] = {
    "http:": HttpUri,
    "https:": HttpUri,
    _FILE: PathUri,
    _IMAGE: ImageUri,
    _IMAGE_FILE: ImageFileUri,
    LAYOUT_SCHEME: LayoutUri,
}


def parse_uri(address: Address) -> Uri:
    """Return the value of a URI; raises SourceError for unknown kinds, OptionError for credentials in a URL."""
    text = address.text
    scheme = text.partition(":")[0].lower() if ":" in text else ""
    if text.startswith("/"):
        return PathUri(address, text)
    if scheme in MODEL_SCHEMES:
        raise SourceError(f"{scheme}: is a source of models only.")
    if scheme in ("http", "https"):
        return SCHEMES[f"{scheme}:"].parse(address)
    kind = next((kind for prefix, kind in SCHEMES.items() if text.startswith(prefix)), None)
    if kind is None and scheme in ("file", "ocifile") and "/" in text:
        _after_slashes(text, f"{scheme}://")
    if kind is None and "://" in text and scheme != "oci":
        raise SourceError(
            f"{scheme}: is not a supported kind of source. Use an image, oci://, ocilayout:, ocifile://, https:// or a "
            "path."
        )
    return (kind or ImageUri).parse(address)


def uri_of(address: Address) -> Uri | None:
    """Return the value of a URI; None for one that nothing can be installed from."""
    try:
        return parse_uri(address)
    except LocalAIError:
        return None


def same_uri(one: Address, other: Address) -> bool:
    """Return whether two URIs are the same apart from their spelling."""
    return _canonical(one) == _canonical(other)


def digest_in(uri: Address) -> str:
    """Return the digest at the end of a URI; empty if there is none."""
    end = uri.text.rpartition("@")[2]
    return end if is_digest(end) else ""


def is_at_digest(uri: Address) -> bool:
    """Return whether a URI ends with a digest."""
    return bool(digest_in(uri))


def is_of_release(uri: Address, release: str) -> bool:
    """Return whether a URI is an image with a tag of a release, such as `v4.9.0-gpu` for `v4.9.0`."""
    tag = _split_tag(uri)[1]
    return tag.startswith(f"{release}-") and not _PRE_RELEASE.match(tag, len(release) + 1)


def with_digest(uri: Address, digest: str) -> Address:
    """Return the URI of an image, pinned to a digest."""
    return Address(f"{_split_digest(uri.text)[0]}@{digest}")


def with_release(uri: Address, release: str) -> Address | None:
    """Return the URI of an image with its tag `latest-…` replaced by that of a release; None if it has no such tag."""
    image, tag = _split_tag(uri)
    return Address(f"{image}:{release}-{tag[len(LATEST) :]}") if tag.startswith(LATEST) else None


def _without_scheme(address: Address) -> str:
    text = address.text
    return text[len(_IMAGE) :] if text.startswith(_IMAGE) else text


def _canonical(address: Address) -> str:
    plain = _without_scheme(address)
    return plain.rstrip("/") if plain.startswith("/") else plain


def _split_digest(text: str) -> tuple[str, str]:
    """Return a text without its `@digest`, and the digest; it is empty if there is none."""
    rest, _at, digest = text.rpartition("@")
    return (rest, digest) if is_digest(digest) else (text, "")


def _pairs(text: str, digest: str) -> t.Iterator[tuple[str, str]]:
    """Yield each pair of a path and a name that a colon in `text` can separate, with `digest` if it is not empty."""
    for colon in re.finditer(":", text):
        path, name = text[: colon.start()], text[colon.end() :]
        if path.startswith("/"):
            yield _absolute(path), digest or name


def _split_tag(uri: Address) -> tuple[str, str]:
    """Return an image without its tag, and the tag; it is empty if there is none, or if there is a digest."""
    image, _colon, tag = uri.text.rpartition(":")
    return (image, tag) if image and "/" not in tag and "@" not in uri.text else (uri.text, "")


def _after_slashes(text: str, scheme: str) -> str:
    """Return the path behind `scheme`, which ends with two slashes; raises SourceError unless a third one follows."""
    if not text.startswith(f"{scheme}/"):
        path = text.partition(":")[2].lstrip("/")
        raise SourceError(f"three slashes follow {scheme[:-2]} because the path is absolute: write {scheme}/{path}.")
    return text[len(scheme) :]


def _absolute(path: str) -> str:
    if not path.startswith("/") or "\0" in path:
        raise SourceError(f"{path!r} is not an absolute path.")
    return posixpath.normpath("/" + path.lstrip("/"))
