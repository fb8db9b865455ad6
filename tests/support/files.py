# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A static HTTP server for galleries and archives, with the faults of every server here.

As a program it serves a directory in the background: `start --directory DIR --state FILE`, later `stop --state FILE`.
"""

from __future__ import annotations

import argparse
import contextlib
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator, Mapping

from . import daemon
from .images import digest
from .server import Answer, Request, Server


@dataclass(frozen=True)
class Page:
    """What is served at one path."""

    body: bytes = b""
    content_type: str = "application/octet-stream"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class FileServer(Server):
    """Serves `pages` by path, and below them the files of a directory, read again each time."""

    def __init__(
        self,
        pages: Mapping[str, bytes | Page] | None = None,
        directory: Path | None = None,
        authorization: str = "",
        tls: ssl.SSLContext | None = None,
        address: str = "127.0.0.1",
    ) -> None:
        """`authorization` is the header that every request must carry, if any."""
        super().__init__(self._serve, tls, address)
        self.pages = dict(pages or {})
        self.directory = directory
        self.authorization = authorization

    def _serve(self, request: Request) -> Answer:
        if self.authorization and request.headers.get("authorization") != self.authorization:
            return Answer(401, {"WWW-Authenticate": 'Basic realm="files"'}, b"authorization required\n")
        page = self._find(request.path)
        if page is None:
            return Answer(404, {"Content-Type": "text/html"}, b"<html><body>404 Not Found</body></html>\n")
        headers = {"Content-Type": page.content_type, "ETag": f'"{digest(page.body)}"', **page.headers}
        return Answer(page.status, headers, page.body, ranges=True)

    def _find(self, path: str) -> Page | None:
        found = self.pages.get(path)
        if found is None and self.directory is not None:
            target = self.directory / path.lstrip("/")
            found = target.read_bytes() if ".." not in path and target.is_file() else None
        return Page(found) if isinstance(found, bytes) else found


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--directory", type=Path, required=True, help="what to serve")
    parser.add_argument("--address", default="127.0.0.1")


@contextlib.contextmanager
def _service(options: argparse.Namespace) -> Iterator[Mapping[str, Any]]:
    with FileServer(directory=options.directory, address=options.address) as server:
        yield {"url": server.url, "host": server.host}


if __name__ == "__main__":
    daemon.main(_add_options, _service)
