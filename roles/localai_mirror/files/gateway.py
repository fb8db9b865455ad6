# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gateway of a mirror: fetches from the upstream servers, through a proxy if there is one, and follows redirects.

nginx, which caches what this program returns, can do neither. Requests come over a Unix socket, whose path is the
argument. Their path is `/<name>/<path>`. The variable LOCALAI_MIRROR_UPSTREAMS has the URLs of the servers by name, as
JSON: `{"huggingface.co": "https://huggingface.co"}`. LOCALAI_MIRROR_TOKENS has their tokens. Standard library only.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import ssl
import string
import sys
import typing as t
import urllib.error
import urllib.parse
import urllib.request
from email.message import Message
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingMixIn, UnixStreamServer
from urllib.request import Request

CHUNK = 256 * 1024
# In seconds, for each wait for a server. nginx waits longer, so that it gets the error.
TIMEOUT = 60
SENT = ("Accept", "Authorization", "If-Modified-Since", "If-None-Match", "Range", "User-Agent")
RETURNED = (
    "Accept-Ranges",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Range",
    "Content-Type",
    "Docker-Content-Digest",
    "Docker-Distribution-Api-Version",
    "ETag",
    "Last-Modified",
    "Link",
    "Retry-After",
    "WWW-Authenticate",
    "X-Error-Code",
)
NO_BODY = (204, 304)
RANGE_NOT_SATISFIABLE = 416


class Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, without credentials to other servers, and never from HTTPS to anything else."""

    def redirect_request(  # noqa: PLR0917  # urllib's own arguments
        self, req: Request, fp: t.IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> Request:
        """Return the request for the new URL; raises URLError."""
        del code, msg, headers
        fp.close()
        if not newurl.startswith("https:") and not (req.type == "http" and newurl.startswith("http:")):
            raise urllib.error.URLError(f"it redirects from {req.type} to {newurl.partition(':')[0]}, which is refused")
        kept = dict(req.headers)
        if urllib.parse.urlsplit(newurl)[:2] != urllib.parse.urlsplit(req.full_url)[:2]:
            kept.pop("Authorization", None)
        return Request(newurl, headers=kept, method=req.get_method())  # noqa: S310  # checked above

    # Python knows it since 3.11.
    http_error_308 = urllib.request.HTTPRedirectHandler.http_error_302


class Gateway(BaseHTTPRequestHandler):
    """One request of nginx."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        """Return what the upstream server has at the path."""
        name, _slash, path = self.path[1:].partition("/")
        upstream = self.server.upstreams.get(name)
        if upstream is None:
            self._fail(404, f"This mirror has no upstream {name}.")
            return
        # docker-registry sends a line for each type that it accepts.
        headers = {header: ", ".join(self.headers.get_all(header, [])) for header in SENT if header in self.headers}
        if name in self.server.tokens:
            headers["Authorization"] = f"Bearer {self.server.tokens[name]}"
        quoted = urllib.parse.quote(path.encode("latin-1"), safe=string.punctuation)
        url = f"{upstream}/{quoted}"
        try:
            response = self._open(url, headers)
        except (OSError, ValueError, http.client.HTTPException) as e:
            self._fail(502, f"The mirror cannot read {upstream}: {getattr(e, 'reason', None) or e}.")
            return
        with contextlib.closing(response):
            self._copy(response, url)

    do_HEAD = do_GET  # noqa: N815

    def _open(self, url: str, headers: dict[str, str]) -> t.Any:
        """Return the answer of the last server, whatever its status is."""
        sent = {**headers, "Accept-Encoding": "identity"}
        request = Request(url, headers=sent, method=self.command)  # noqa: S310  # the role checks the URLs
        try:
            return self.server.opener.open(request, timeout=TIMEOUT)
        except urllib.error.HTTPError as e:
            # nginx requests parts, and an empty file has none.
            if e.code == RANGE_NOT_SATISFIABLE and headers.get("Range", "").startswith("bytes=0-"):
                e.close()
                return self._open(url, {name: value for name, value in headers.items() if name != "Range"})
            return e

    def _copy(self, response: t.Any, url: str) -> None:
        """Send an answer on. If it ends early, the connection is closed, so that nginx does not cache it."""
        status, length = response.getcode(), response.headers.get("Content-Length")
        has_body = self.command != "HEAD" and status not in NO_BODY
        self.send_response_only(status)
        for name in RETURNED:
            for value in response.headers.get_all(name, ()):
                self.send_header(name, value)
        location = response.geturl()
        # The signature in the URL of a content server is for nobody else.
        if location != url and not urllib.parse.urlsplit(location).query:
            self.send_header("Content-Location", location)
        if length is not None:
            self.send_header("Content-Length", length)
        elif has_body:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        if has_body:
            try:
                self._copy_body(response, None if length is None else int(length))
            except (OSError, ValueError, http.client.HTTPException) as e:
                self.close_connection = True
                print(f"{urllib.parse.urlsplit(url)._replace(query='').geturl()}: {e}", file=sys.stderr)

    def _copy_body(self, response: t.Any, length: int | None) -> None:
        copied = 0
        while True:
            chunk = response.read(CHUNK)
            if not chunk:
                break
            copied += len(chunk)
            self.wfile.write(chunk if length is not None else b"%x\r\n%b\r\n" % (len(chunk), chunk))
        if length is None:
            self.wfile.write(b"0\r\n\r\n")
        elif copied < length:
            raise ConnectionError(f"the body ended after {copied} of {length} bytes")

    def _fail(self, status: int, text: str) -> None:
        print(text, file=sys.stderr)
        body = f"{text}\n".encode("utf-8", "replace")
        self.send_response_only(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *_arguments: t.Any) -> None:
        """Log nothing: nginx has the log of requests."""


class Server(ThreadingMixIn, UnixStreamServer):
    """Accepts the requests; whoever may enter the directory of the socket may use it."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, path: str, upstreams: dict[str, str], tokens: dict[str, str]) -> None:
        """`upstreams` and `tokens` have the URLs and the tokens of the servers, by their names."""
        self.upstreams = upstreams
        self.tokens = tokens
        tls = urllib.request.HTTPSHandler(context=ssl.create_default_context())
        self.opener = urllib.request.build_opener(Redirects, tls)
        super().__init__(path, Gateway)

    def server_bind(self) -> None:
        """Create the socket, in place of one that an earlier process left."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(str(self.server_address))
        before = os.umask(0)
        super().server_bind()
        os.umask(before)

    def handle_error(self, *_arguments: t.Any) -> None:
        """Log why a request ended, which is mostly because nginx closed the connection."""
        print(f"A request ended: {sys.exc_info()[1]}", file=sys.stderr)


def main() -> None:
    """Serve until the process is ended."""
    upstreams = json.loads(os.environ["LOCALAI_MIRROR_UPSTREAMS"])
    tokens = json.loads(os.environ.get("LOCALAI_MIRROR_TOKENS", "{}"))
    with Server(sys.argv[1], upstreams, tokens) as server:
        server.serve_forever()


if __name__ == "__main__":
    main()
