# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Redirects: the URL that a response leads to."""

from __future__ import annotations

import typing as t
from urllib.parse import quote, urljoin, urlsplit

from .._address import redacted_url
from .._errors import OptionError, TransportError
from .redact import one_line
from .url import checked_url

_ASCII = "".join(map(chr, range(0x21, 0x7F)))


def redirect_target(response: t.Any, url: str) -> str | None:
    """Return the URL that a response of requests redirects to, None for any other response; raises TransportError."""
    if not response.is_redirect:
        return None
    location = _location(response.headers["Location"])
    if not location:
        return None
    try:
        target: str = urljoin(url, location)
        scheme = checked_url(target).scheme
    except (ValueError, OptionError):
        response.close()
        raise TransportError(
            f"{redacted_url(url)} redirects to {one_line(redacted_url(location))}, which is not an http:// or "
            "https:// URL with a host."
        ) from None
    if urlsplit(url).scheme == "https" and scheme != "https":
        response.close()
        raise TransportError(
            f"{redacted_url(url)} redirects to {one_line(redacted_url(target))}, which is not HTTPS: refused."
        )
    return target


def _location(header: str) -> str:
    """Return a Location header as text. http.client decodes the bytes of all headers as Latin-1.

    Most servers that send bytes beyond ASCII mean UTF-8, as browsers do, and requests percent-encodes it once. Other
    bytes are percent-encoded as they are, and what is not printable, so that no message has it.
    """
    header = header.strip(" \t\r\n")
    try:
        content = header.encode("latin-1")
    except UnicodeEncodeError:
        return header
    try:
        return "".join(c if c.isprintable() else quote(c) for c in content.decode("utf-8"))
    except UnicodeDecodeError:
        return quote(content, safe=_ASCII)
