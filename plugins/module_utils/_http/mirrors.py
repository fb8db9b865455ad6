# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option `mirrors` of `endpoints`: where the files of a web server are too, and which mirrors may be used."""

from __future__ import annotations

import typing as t
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from .._address import redacted_url
from .._errors import OptionError
from .url import is_http_url, is_loopback

if t.TYPE_CHECKING:
    from .client import Http


def file_mirrors(http: Http, url: str) -> list[str]:
    """Return the URLs of a file at the mirrors of its server; raises OptionError for a mirror over plain HTTP.

    Images in a layout on this host are no mirrors of files.
    """
    parts = urlsplit(url)
    endpoint = http.endpoint(parts.netloc, parts.scheme)
    urls = [mirror.url.text for mirror in endpoint.mirrors if is_http_url(mirror.url.text)]
    for mirror in urls:
        check_mirror(http, mirror, parts.netloc, redacted_url(mirror))
    return [mirrored_url(mirror, url) for mirror in urls]


def mirrored_url(mirror: str, url: str) -> str:
    """Return the URL of a file at a mirror: the path follows that of the mirror, whose query is added.

    The file's own query is left out: it may be a signature, which is for no other server.
    """
    at, file = urlsplit(mirror), urlsplit(url)
    return urlunsplit((at.scheme, at.netloc, at.path.rstrip("/") + file.path, mirror_query(at.query, file.netloc), ""))


def mirror_query(query: str, host: str) -> str:
    """Return the query for requests to a mirror: containerd's `ns` without a value gets the host that is mirrored."""
    return urlencode([(key, value or host) for key, value in parse_qsl(query, keep_blank_values=True)])


def check_mirror(http: Http, url: str, host: str, name: str) -> None:
    """Raise OptionError if the mirror at `url` of a host must not be used; `name` is how the error calls it."""
    mirror = urlsplit(url)
    is_allowed = is_loopback(mirror.hostname or "") or http.endpoint(mirror.netloc, mirror.scheme).plain_http
    if mirror.scheme == "http" and not is_allowed:
        raise OptionError(
            f"The mirror {name} of {host} uses plain HTTP. Use https://, or allow it with plain_http for the host "
            f"{mirror.netloc.lower()} in endpoints."
        )
