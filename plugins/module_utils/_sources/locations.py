# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a single file is: a web server's file is also at its mirrors."""

from __future__ import annotations

from .._address import Address
from .._http.mirrors import file_mirrors
from .artifact import Context
from .hub_endpoint import DEFAULT_ENDPOINT
from .model_uri import GithubUri, HubUri
from .uri import HttpUri, Uri


def locations(uri: Uri, context: Context) -> list[Uri]:
    """Return the URIs at which the file of a URI is: for a web server those at its mirrors, then its own.

    Raises OptionError for a mirror that must not be used.
    """
    address = web_address(uri, context.hub)
    if address is None:
        return [uri]
    return [HttpUri(Address(url)) for url in (*file_mirrors(context.http, address.text), address.text)]


def web_address(uri: Uri, hub: Address) -> Address | None:
    """Return the URL of a file with a server of the Hub; None for a file that is on no web server.

    Like in LocalAI, the server also replaces the host of a URL of Hugging Face.
    """
    if isinstance(uri, HubUri):
        return uri.url(hub)
    if isinstance(uri, GithubUri):
        return uri.url
    if not isinstance(uri, HttpUri):
        return None
    prefix = f"{DEFAULT_ENDPOINT.text}/"
    text = uri.address.text
    return Address(f"{hub.text}/{text[len(prefix) :]}") if text.startswith(prefix) else uri.address
