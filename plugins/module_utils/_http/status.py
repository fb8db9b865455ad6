# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Advice for the status of an answer."""

from __future__ import annotations

import re
import typing as t

from .._request import Endpoint
from .proxy import Proxy
from .reason import HTTPS_ADVICE, credentials_advice
from .url import is_from

# What Go, nginx and Apache say at a port for TLS.
_WANTS_TLS = re.compile(rb"to (?:an )?HTTPS (?:server|port)|SSL-enabled server", re.IGNORECASE)


def status_advice(
    response: t.Any, body: bytes, url: str, *, proxy: Proxy | None, endpoint: Endpoint, near_miss: str
) -> str:
    """Return what to do about a response with an error, as sentences after a full stop, or nothing.

    `url` was requested, with the credentials of `endpoint`. `near_miss` says whether an entry of `endpoints` only looks
    as if it were for that server.
    """
    status = response.status_code
    if status == 407 and proxy:
        return f". {credentials_advice(proxy)}"
    if status == 400:
        advice = tls_advice(status, response.url, body)
        return f".{advice}" if advice else ""
    if status not in (401, 403) or not is_from(response.url, url):
        return ""
    if "Authorization" not in response.request.headers:
        return f". Add credentials for this host to endpoints. No credentials were sent. {near_miss}".rstrip()
    login = f"login of user {endpoint.username!r}" if endpoint.username else "token"
    return f". The server refused the {login} from endpoints, or it cannot be used for this URL."


def tls_advice(status: int, url: str, body: bytes) -> str:
    """Return what to do, with a blank before it, if a server says that it speaks TLS only; else nothing."""
    wants_tls = status == 400 and url.startswith("http://") and _WANTS_TLS.search(body)
    return f" The server requires TLS: {HTTPS_ADVICE}" if wants_tls else ""
