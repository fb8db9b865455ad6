# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection's HTTP client as tests want it: impatient, never asleep, able to talk to hosts that do not exist.

Beside it stands one that takes every answer as it comes, for tests of the servers here.
"""

from __future__ import annotations

import http.client
import io
from dataclasses import dataclass
from typing import Any, Callable, Mapping

import requests
import urllib3
from requests.adapters import BaseAdapter

from ansible_collections.localai.core.plugins.module_utils._http.client import Http
from ansible_collections.localai.core.plugins.module_utils._request import Connection

from .server import Server


class Client(Http):
    """An Http whose pauses are recorded in `pauses` instead of waited for."""

    def __init__(self, adapter: BaseAdapter | None = None, **settings: Any) -> None:
        """`settings` are those of a Connection."""
        self.pauses: list[float] = []
        patience: dict[str, Any] = {"timeout": 5, "retries": 2}
        super().__init__(Connection(**{**patience, **settings}), adapter, self.pauses.append)


class Internet(BaseAdapter):
    """Stands in for every host of the world: answers by URL what `pages` says (status, headers, body), else 404."""

    def __init__(self, pages: Mapping[str, tuple[int, Mapping[str, str], bytes]] | None = None) -> None:
        super().__init__()
        self.pages = dict(pages or {})
        self.requests: list[requests.PreparedRequest] = []
        self.settings: list[dict[str, Any]] = []
        self.before: Callable[[requests.PreparedRequest], None] = lambda request: None

    def send(self, request: requests.PreparedRequest, *arguments: Any, **settings: Any) -> requests.Response:
        """Record the request and what it is sent with, and answer it."""
        self.requests.append(request)
        self.settings.append(settings)
        self.before(request)
        status, headers, body = self.pages.get(str(request.url), (404, {}, b""))
        response = requests.Response()
        response.request, response.url = request, str(request.url)
        response.status_code, response.reason = status, "as tested"
        response.headers.update(headers)
        response.raw = urllib3.HTTPResponse(io.BytesIO(body), dict(headers), status, preload_content=False)
        return response

    def close(self) -> None:
        """Nothing is open."""


def download(client: Http, url: str, size: int | None = None, headers: Callable[[], Mapping[str, str]] = dict) -> bytes:
    """A whole download."""
    return b"".join(client.download(url, headers=headers, size=size))


@dataclass(frozen=True)
class Got:
    """A response, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def get(server: Server, path: str, timeout: float = 10, method: str = "GET", **headers: str) -> Got:
    """What a server answers to one request; a header's name has C(_) where it should have C(-)."""
    connection = http.client.HTTPConnection(server.host, timeout=timeout)
    try:
        connection.request(method, path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return Got(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()
