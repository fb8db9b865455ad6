# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The URIs that a backend may be installed from."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import unquote

from .._address import Address, redacted
from .._errors import LocalAIError, SourceError
from .._http.url import checked_url
from .._oci.reference import Reference, is_digest
from .._request import LAYOUT_SCHEME

_OF_MODELS = ("ollama", "huggingface", "hf")
_FILE = "file://"
_IMAGE_FILE = "ocifile://"
_IMAGE = "oci://"


@dataclass(frozen=True)
class Uri:
    """A URI: C(kind) is C(image), C(layout), C(image file), C(archive) (over HTTP) or C(path) (a directory or a file).

    C(path) is where it is on this host, C(name) the ref name or digest of an image in a layout.
    """

    text: str
    kind: str
    path: str = ""
    name: str = ""

    def __str__(self) -> str:
        return redacted(self.text)

    @property
    def reference(self) -> Reference:
        """The image that is named; raises SourceError."""
        return Reference.parse(self.text[len(_IMAGE) :] if self.text.startswith(_IMAGE) else self.text)

    @classmethod
    def parse(cls, text: str) -> Uri:
        """Return what C(text) means; raises SourceError for other kinds, OptionError for credentials in a URL."""
        scheme = text.partition(":")[0].lower() if ":" in text else ""
        if scheme in _OF_MODELS:
            raise SourceError(f"{scheme}: names a model, not a backend.")
        if scheme in ("http", "https"):
            checked_url(text)
            return cls(text, "archive")
        if os.path.isabs(text):
            return cls(text, "path", path=text)
        if text.startswith(_FILE):
            return cls(text, "path", path=_absolute(unquote(text[len(_FILE) :])))
        if text.startswith(_IMAGE_FILE):
            path, digest = _at_digest(text[len(_IMAGE_FILE) :])
            return cls(text, "image file", path=_absolute(path), name=digest)
        if text.startswith(LAYOUT_SCHEME):
            return cls._layout(text)
        if "://" in text and scheme != "oci":
            raise SourceError(
                f"{scheme}: is no kind of source; use an image, oci://, ocilayout:, ocifile://, https:// or a path."
            )
        if redacted(text) != text:
            raise SourceError(
                "it was given with a user name or a query in it, or with a malformed digest: credentials go into "
                "endpoints, and a digest is sha256: and 64 hexadecimal digits."
            )
        return cls(text, "image")

    @classmethod
    def _layout(cls, text: str) -> Uri:
        """Return what C(ocilayout:/path), with C(:ref name) or C(@digest) behind it, means."""
        rest, digest = _at_digest(text[len(LAYOUT_SCHEME) :])
        parent, _slash, last = rest.rpartition("/")
        base, _colon, name = last.partition(":")
        return cls(text, "layout", path=_absolute(f"{parent}/{base}"), name=digest or name)


def kind_of(address: Address) -> str:
    """Return the kind of a URI, nothing for one that backends cannot be installed from."""
    try:
        return Uri.parse(address.text).kind
    except LocalAIError:
        return ""


def same_uri(one: Address, other: Address) -> bool:
    """Return whether two URIs of images, archives or directories are the same but for how they are written."""
    return _plain(one.text) == _plain(other.text)


def _plain(uri: str) -> str:
    plain = uri[len(_IMAGE) :] if uri.startswith(_IMAGE) else uri
    return plain.rstrip("/") if plain.startswith("/") else plain


def _at_digest(text: str) -> tuple[str, str]:
    """Return what stands before C(@digest), and that digest, which may be missing."""
    rest, _at, digest = text.rpartition("@")
    return (rest, digest) if is_digest(digest) else (text, "")


def _absolute(path: str) -> str:
    if not path.startswith("/") or "\0" in path:
        raise SourceError(f"{path!r} is not an absolute path.")
    return os.path.normpath("/" + path.lstrip("/"))
