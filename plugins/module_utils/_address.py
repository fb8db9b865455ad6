# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses of galleries and sources, which are always shown redacted. Pure.

The query of an address can be a signature for an object store, and the user information can contain a password.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

# A path on the host contains no secret, and @, ? and # have no meaning in it. Two slashes at the beginning are probably
# an address without its scheme.
# What takes the place of a secret in a text.
HIDDEN = "(hidden)"

_LOCAL = re.compile(r"(?:file|ocifile):///|/(?!/)|ocilayout:/|~/")
# The only kind of address in which an @ separates neither a user nor a digest.
_GITHUB = re.compile(r"github:(?://)?[^/:@?#]+/[^/@?#]+/[^@?#]+(?:@[^@?#]*)?")
_SCHEME = re.compile(r"\s*[a-z][a-z0-9+.-]*://", re.IGNORECASE)
# The user information before a host and its path; a password can contain a slash or an @.
_USER = re.compile(r"\A(?:.*@(?=[^@]*/)|[^/]*@)", re.DOTALL)
_DIGEST = re.compile(r"@sha(?:256|512):[^@/]*$")
# A URL in a longer text, without the punctuation after it. Schemes are short, and a limit keeps long words from taking
# quadratic time.
_URL_IN_TEXT = re.compile(r"[a-z][a-z0-9+.-]{0,30}://[^\s'\"]*[^\s'\".,:;)]", re.IGNORECASE)


@dataclass(frozen=True, repr=False)
class Address:
    """The address of a gallery, an image, an archive or a directory.

    `str()` is redacted. Only `text` is the complete address, for connections and records.
    """

    text: str = ""

    def __str__(self) -> str:
        return redacted(self.text)

    def __repr__(self) -> str:
        return f"Address({str(self)!r})"

    def __bool__(self) -> bool:
        return bool(self.text)


NO_ADDRESS = Address()


def redacted(address: str) -> str:
    """Return an address without user information, query and fragment."""
    if address.lower().startswith(("http://", "https://")):
        return redacted_url(address)
    if _LOCAL.match(address):
        return address
    on_github = _GITHUB.match(address)
    if on_github:
        return on_github.group()
    scheme = _SCHEME.match(address)
    start = scheme.end() if scheme else 0
    image = re.split(r"[?#]", address[start:], maxsplit=1)[0]
    digest = _DIGEST.search(image)
    end = digest.start() if digest else len(image)
    return address[:start] + _USER.sub("", image[:end], count=1) + image[end:]


def redacted_text(text: str) -> str:
    """Return a text with all URLs redacted."""
    return _URL_IN_TEXT.sub(lambda url: redacted(url.group()), text)


def printable(value: t.Any) -> t.Any:
    """Return a result with all addresses redacted."""
    if isinstance(value, Address):
        return str(value) or None
    if isinstance(value, dict):
        return {key: printable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [printable(item) for item in value]
    return value


def redacted_url(url: str) -> str:
    """Return a URL without user information, query and fragment."""
    try:
        parts = urlsplit(url)
        # A password with a slash makes its first half a port. Without a host, a password is part of the path.
        is_malformed = not parts.hostname or parts.port == 0
    except ValueError:
        is_malformed = True
    if is_malformed:
        return "(a malformed URL)"
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
