# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option `endpoints`, validated: settings for single hosts, and mirrors of registries."""

from __future__ import annotations

import re
import typing as t
from urllib.parse import urlsplit

from .._address import Address, redacted
from .._errors import OptionError
from .._request import LAYOUT_SCHEME, Endpoint, Mirror
from .build_options import check_credentials, refuse

_HOST = re.compile(r"(?:\[[0-9a-f:.]+\]|[^/@:\[\]\s]+)(?::[0-9]{1,5})?|[0-9a-f:.]*:[0-9a-f:.]*:[0-9a-f:.]*")


def endpoints_of(specs: t.Sequence[t.Mapping[str, t.Any]]) -> tuple[Endpoint, ...]:
    """Return the entries of `endpoints`; raises OptionError."""
    endpoints: dict[str, Endpoint] = {}
    for spec in specs:
        check_credentials(spec)
        endpoint = endpoint_of(spec)
        server = endpoint.host if "]:" in endpoint.host else endpoint.host.strip("[]")
        refuse(
            server in endpoints,
            f"endpoints: the host {endpoint.host} is listed twice. Write all its settings and mirrors in one entry.",
        )
        endpoints[server] = endpoint
    return tuple(endpoints.values())


def endpoint_of(spec: t.Mapping[str, t.Any]) -> Endpoint:
    """Return one entry of `endpoints`; raises OptionError."""
    # A token from a file ends with a line break.
    token = spec["token"].strip() if spec.get("token") else None
    mirrors = tuple(_mirror(mirror["url"].strip(), mirror["resolve"]) for mirror in spec.get("mirrors") or ())
    endpoint = Endpoint(**{**spec, "host": spec["host"].strip().lower(), "token": token, "mirrors": mirrors})
    if not _HOST.fullmatch(endpoint.host):
        raise OptionError(f"endpoints: {redacted(endpoint.host)!r} is not a host. Write it as name or name:port.")
    if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
        raise OptionError(f"endpoints: the token for {endpoint.host} contains characters that a token cannot have.")
    return endpoint


def _mirror(url: str, resolve: bool) -> Mirror:
    """Return a mirror; raises OptionError."""
    if url.startswith(f"{LAYOUT_SCHEME}/"):
        return Mirror(Address(f"{LAYOUT_SCHEME}/{url[len(LAYOUT_SCHEME) :].lstrip('/')}"), resolve)
    try:
        parts = urlsplit(url[len(LAYOUT_SCHEME) :] if url.startswith(f"{LAYOUT_SCHEME}http") else url)
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0 and not parts.fragment
    except ValueError:
        valid = False
    if valid and "@" in url:
        raise OptionError(
            f"endpoints: the url {redacted(url)} of a mirror contains an @. Put credentials in a separate entry of "
            "endpoints, with the mirror as its host."
        )
    if not valid:
        raise OptionError(
            f"endpoints: {redacted(url)!r} is not the url of a mirror. It must be that of a server, such as "
            "https://mirror.example/prefix, or of images on this host, such as ocilayout:/srv/images."
        )
    return Mirror(Address(url), resolve)
