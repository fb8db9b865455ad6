# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses of galleries and sources, which are printed without what may be secret in them. Pure.

Object stores sign addresses in their query, and some people write a password before the host.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from ansible_collections.localai.core.plugins.module_utils._url import shown

_LOCAL = ("/", "file:", "ocilayout:", "ocifile:")
_DIGEST = re.compile(r"@sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})$")
# Inside a longer text: the user and password before a host, and the query or fragment after a path.
_USER_IN_TEXT = re.compile(r"(?<=://)[^\s/'\"@]*@")
_QUERY_IN_TEXT = re.compile(r"(://[^\s'\"?#]*)[?#][^\s'\"]*")


@dataclass(frozen=True, repr=False)
class Address:
    """The address of a gallery, an image, an archive or a directory.

    As text it is redacted; only C(text) is the address as it was given, for whoever connects to it or records it.
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
    """Return an address as it may be printed: without user, password, query and fragment."""
    if address.lower().startswith(("http://", "https://")):
        return shown(address)
    if address.startswith(_LOCAL):
        return address
    scheme, separator, rest = address.partition("://")
    if not separator:
        scheme, rest = "", address
    rest = re.split(r"[?#]", rest, maxsplit=1)[0]
    digest = _DIGEST.search(rest)
    image = rest[: digest.start()] if digest else rest
    authority, slash, path = image.partition("/")
    return scheme + separator + authority.rpartition("@")[2] + slash + path + (digest.group() if digest else "")


def redacted_text(text: str) -> str:
    """Return a longer text with every URL in it redacted."""
    return _QUERY_IN_TEXT.sub(r"\1", _USER_IN_TEXT.sub("", text))


def printable(value: t.Any) -> t.Any:
    """Return a result with every address in it as it may be printed."""
    if isinstance(value, Address):
        return str(value) or None
    if isinstance(value, dict):
        return {key: printable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [printable(item) for item in value]
    return value
