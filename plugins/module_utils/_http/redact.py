# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts of servers and libraries about an error, as they may be printed: short, on one line, and without secrets."""

from __future__ import annotations

import base64
import json
import re
import typing as t
from urllib.parse import unquote_plus, urlsplit

from .._address import HIDDEN
from .retry import causes

_SHORTEST_SIGNATURE = 8
# A shorter secret is also a part of words.
_SHORTEST_IN_WORDS = 6
# The parameters of requests to registries and token servers, which help to understand their answers.
_PUBLIC_PARAMETERS = ("ns", "scope", "service")
_LONGEST = 200
# An error page is a text if at most one of so many characters is not printable.
_LEAST_READABLE = 20


def one_line(text: str) -> str:
    """Return the start of a text of others on one line: what is not printable could control a terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:_LONGEST]


def status_line(response: t.Any) -> str:
    """Return the status of a response of our client, with the server's text for it."""
    return f"{response.status_code} {response.reason}".strip()


def excerpt(body: bytes) -> str:
    """Return the start of the body of an error, in parentheses; nothing for one that is empty or not a text."""
    text = " ".join(re.sub(r"<[^>]*>", " ", body[:2000].decode("utf-8", "replace")).split())
    strange = sum(not c.isprintable() or c == "\N{REPLACEMENT CHARACTER}" for c in text)
    if strange * _LEAST_READABLE > len(text):
        return ""
    text = one_line(re.sub(r"\?[^\s'\"]*", "", text))
    return f" ({text})" if text else ""


def registry_errors(body: bytes) -> str:
    """Return the messages of a registry's error document, in parentheses; nothing for any other body."""
    try:
        errors = json.loads(body.decode("utf-8"))["errors"]
        messages = [str(error.get("message") or error.get("code") or "") for error in errors]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return ""
    text = one_line("; ".join(filter(None, messages)))
    return f" ({text})" if text else ""


def innermost_reason(error: BaseException) -> str:
    """Return the text of the innermost exception that one of requests wraps, without query strings."""
    *_outer, inner = causes(error)
    text = str(
        inner.args[-1] if inner.args and not isinstance(inner, OSError) else getattr(inner, "strerror", "") or inner
    )
    # urllib3 puts the connection before the text.
    text = re.sub(r"^<.*?>: |^\w+\(.*?\): ", "", text or type(inner).__name__)
    return one_line(re.sub(r"\?[^\s'\")]*", "", text))


def without_credentials(text: str, response: t.Any) -> str:
    """Return a text without the credentials and the query of the request: some servers echo them."""
    request = response.request
    secrets = [*_credentials(request.headers.get("Authorization", "")), *_signatures(urlsplit(request.url).query)]
    return without_secrets(text, secrets)


def without_secrets(text: str, secrets: t.Iterable[str]) -> str:
    """Return a text without secrets, as they are, in JSON, and as their UTF-8 looks in what was decoded as Latin-1.

    A short one is kept within a word.
    """
    forms = set(secrets)
    forms |= {json.dumps(form, ensure_ascii=escaped)[1:-1] for form in forms for escaped in (True, False)}
    forms |= {form.encode("utf-8", "surrogateescape").decode("latin-1") for form in forms}
    for form in sorted(filter(None, forms), key=len, reverse=True):
        pattern = re.escape(form)
        text = re.sub(pattern if len(form) >= _SHORTEST_IN_WORDS else rf"(?<!\w){pattern}(?!\w)", HIDDEN, text)
    return text


def _credentials(header: str) -> list[str]:
    """Return the credentials of a header in all forms in which a server may echo them."""
    scheme, _space, value = header.partition(" ")
    forms = [value]
    if scheme == "Basic":
        decoded = base64.b64decode(value).decode("utf-8", "replace")
        forms += [decoded, decoded.partition(":")[2]]
    return forms


def _signatures(query: str) -> list[str]:
    """Return the values in a query that are long enough to be secret, as they are sent and unquoted."""
    parameters = [parameter.partition("=") for parameter in query.split("&")]
    values = [value or name for name, _equals, value in parameters if name not in _PUBLIC_PARAMETERS]
    return [form for value in values for form in (value, unquote_plus(value)) if len(value) >= _SHORTEST_SIGNATURE]
