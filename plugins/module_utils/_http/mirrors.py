# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option `mirrors` of `endpoints`: where the files of a web server are too, and which mirrors may be used."""

from __future__ import annotations

import typing as t
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from .._address import redacted_url
from .._errors import OptionError, TransportError
from .failover import Failures
from .url import is_http_url, is_loopback, server_and_scheme

if t.TYPE_CHECKING:
    from .client import Answer, Http


def file_mirrors(http: Http, url: str, query: str = "") -> list[str]:
    """Return the URLs of a file at the mirrors of its server; raises OptionError for a mirror over plain HTTP.

    Images in a layout on this host are no mirrors of files. `query` is that of the file, if it is for mirrors too.
    """
    server, scheme = server_and_scheme(url)
    urls = [mirror.url.text for mirror in http.endpoint(server, scheme).mirrors if is_http_url(mirror.url.text)]
    for mirror in urls:
        check_mirror(http, mirror, server, redacted_url(mirror))
    return [mirrored_url(mirror, url, query) for mirror in urls]


def fetch_document(
    http: Http, url: str, *, limit: int, accept: t.Container[int] = (200,), is_query_public: bool = False
) -> Answer:
    """Return the answer for a small document, from the first mirror of its server that has it, else from the server.

    `accept` has the statuses of the server that are an answer. Mirrors get its query only if that `is_query_public`.
    Raises TransportError that names what failed at each of them.
    """
    failures = Failures()
    for mirror in file_mirrors(http, url, urlsplit(url).query if is_query_public else ""):
        try:
            answer = http.fetch(mirror, headers=http.authorization(mirror), limit=limit, decode=True)
            http.note(url, answer)
            return answer
        except TransportError as e:
            failures.add("", e)
    try:
        answer = http.fetch(url, headers=http.authorization(url), accept=accept, limit=limit, decode=True)
        http.note(url, answer)
        return answer
    except TransportError as e:
        failures.add("", e)
        raise TransportError(str(failures), e.status, missing=failures.missing) from e


def mirrored_url(mirror: str, url: str, query: str = "") -> str:
    """Return the URL of a file at a mirror: the path follows that of the mirror, whose query is added.

    The file's own query is left out, unless it is given: it may be a signature, which is for no other server.
    """
    at, file = urlsplit(mirror), urlsplit(url)
    queries = "&".join(filter(None, (query, mirror_query(at.query, file.netloc))))
    return urlunsplit((at.scheme, at.netloc, at.path.rstrip("/") + file.path, queries, ""))


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
