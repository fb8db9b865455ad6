# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What servers and libraries say of an error, as it may be printed: short, on one line, and without secrets."""

from __future__ import annotations

import base64
import re
import typing as t
from urllib.parse import unquote_plus, urlsplit

_HIDDEN = "(hidden)"
_SHORTEST_SIGNATURE = 8
# What registries and their token servers are asked for: it helps to read it in their answers.
_OF_REGISTRIES = ("ns", "scope", "service")


def status_line(response: t.Any) -> str:
    """Return the status of an answer of C(requests), with the server's words for it."""
    return f"{response.status_code} {without_credentials(response.reason or '', response)}".strip()


def excerpt(body: bytes) -> str:
    """Return what the server said about its error."""
    text = " ".join(re.sub(r"<[^>]*>", " ", body[:2000].decode("utf-8", "replace")).split())
    text = re.sub(r"\?[^\s'\"]*", "", "".join(c if c.isprintable() else " " for c in text))
    return f" ({text[:200]})" if text else ""


def why(error: BaseException | None) -> str:
    """Return the innermost reason of an exception of C(requests), which wraps several, without query strings."""
    inner = error
    while inner is not None:
        error, held = inner, [getattr(inner, "reason", None), *inner.args]
        inner = next((each for each in held if isinstance(each, BaseException)), None)
    said = error.args[-1] if error is not None and error.args and not isinstance(error, OSError) else error
    text = re.sub(r"^<.*?>: |^\w+\(.*?\): ", "", str(said) or type(error).__name__)
    return re.sub(r"\?[^\s'\")]*", "", text)


def without_credentials(text: str, response: t.Any) -> str:
    """Return C(text) without credentials and query of the request that was answered: some servers send them back."""
    request = response.request
    secrets = [*_credentials(request.headers.get("Authorization", "")), *_signatures(urlsplit(request.url).query)]
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        text = text.replace(secret, _HIDDEN)
    return text


def _credentials(header: str) -> list[str]:
    """Return all forms in which the credentials of a header may come back."""
    scheme, _space, value = header.partition(" ")
    forms = [value]
    if scheme == "Basic":
        login = base64.b64decode(value).decode("utf-8", "replace")
        forms += [login, login.partition(":")[2]]
    return forms


def _signatures(query: str) -> list[str]:
    """Return the values in a query that are long enough to be secret, as they are sent and as they are meant."""
    parameters = [parameter.partition("=") for parameter in query.split("&")]
    values = [value or name for name, _equals, value in parameters if name not in _OF_REGISTRIES]
    return [form for value in values for form in (value, unquote_plus(value)) if len(value) >= _SHORTEST_SIGNATURE]
