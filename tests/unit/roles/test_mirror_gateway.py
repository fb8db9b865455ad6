# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The gateway of the mirror returns what the last of several servers has, and sends each only what is its own."""

from __future__ import annotations

import contextlib
import http.client
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.tests.support.client import Got
from ansible_collections.localai.core.tests.support.faults import Cut, Redirect
from ansible_collections.localai.core.tests.support.files import FileServer, Page
from ansible_collections.localai.core.tests.support.mirror import GATEWAY
from ansible_collections.localai.core.tests.support.server import Answer, Server
from ansible_collections.localai.core.tests.support.tls import Authority


class _Connection(http.client.HTTPConnection):
    """A connection over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=10)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(10)
        self.sock.connect(str(self._path))


class Gateway:
    """A gateway that runs."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def get(self, path: str, method: str = "GET", headers: Any = ()) -> Got:
        """The answer to a request; `headers` are pairs."""
        with contextlib.closing(_Connection(self._path)) as connection:
            connection.putrequest(method, path)
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            return Got(answer.status, answer.headers, answer.read())


@contextlib.contextmanager
def gateway(work: Path, upstreams: str, **environment: str) -> Iterator[Gateway]:
    """Run a gateway before these servers, which are JSON."""
    path = work / "gateway.sock"
    variables = {"LOCALAI_MIRROR_UPSTREAMS": upstreams, **environment}
    with subprocess.Popen([sys.executable, "-I", str(GATEWAY), str(path)], env=variables) as process:
        try:
            for _attempt in range(200):
                if path.exists():
                    break
                time.sleep(0.05)
            yield Gateway(path)
        finally:
            process.kill()


@pytest.fixture
def server() -> Iterator[FileServer]:
    """A server on the internet."""
    with FileServer({"/page": b"page", "/empty": b""}) as running:
        yield running


@pytest.fixture
def its(tmp_path: Path, server: FileServer) -> Iterator[Gateway]:
    """A gateway before it, with a token."""
    with gateway(tmp_path, f'{{"h": "{server.url}"}}', LOCALAI_MIRROR_TOKENS='{"h": "secret"}') as running:
        yield running


def test_a_request_goes_to_its_server_with_the_token(its: Gateway, server: FileServer) -> None:
    accepted = [("Accept", "a/b"), ("Accept", "c/d"), ("Authorization", "Bearer of a host"), ("Cookie", "x")]
    assert its.get("/h/page?a=b%20c", headers=accepted).body == b"page"
    (request,) = server.requests
    assert (request.path, request.query) == ("/page", "a=b%20c")
    sent = {name: request.headers.get(name) for name in ("accept", "authorization", "cookie", "accept-encoding")}
    assert sent == {
        "accept": "a/b, c/d",
        "authorization": "Bearer secret",
        "cookie": None,
        "accept-encoding": "identity",
    }


def test_a_server_that_is_not_known_is_not_contacted(its: Gateway) -> None:
    for path in ("/other/page", "/", "/h"):
        assert its.get(path).status in (200, 404)
    assert its.get("/other/page").body == b"This mirror has no upstream other.\n"
    assert its.get("/h/page", method="POST").status == 501


def test_the_token_is_not_sent_on_and_a_public_address_is_told(its: Gateway, server: FileServer) -> None:
    with FileServer({"/end": b"end"}) as other:
        server.faults.append(Redirect("/page", location=f"{other.url}/end"))
        answer = its.get("/h/page")
        assert (answer.status, answer.body, answer.headers["Content-Location"]) == (200, b"end", f"{other.url}/end")
        assert "authorization" not in other.requests[0].headers
        server.faults[:] = [Redirect("/page", location=f"{other.url}/end?Signature=x")]
        assert "Content-Location" not in its.get("/h/page").headers


def test_a_redirect_from_https_to_http_is_refused(tmp_path: Path, server: FileServer) -> None:
    authority = Authority(tmp_path / "tls")
    secure = Server(lambda _request: Answer(302, {"Location": f"{server.url}/page"}), tls=authority.server_context())
    with secure, gateway(tmp_path, f'{{"h": "{secure.url}"}}', SSL_CERT_FILE=str(authority.ca_file)) as it:
        answer = it.get("/h/page")
    assert (answer.status, server.requests) == (502, [])
    assert b"redirects from https to http, which is refused" in answer.body


def test_a_certificate_of_an_unknown_authority_is_refused(tmp_path: Path) -> None:
    secure = Server(lambda _request: Answer(), tls=Authority(tmp_path / "tls").server_context())
    with secure, gateway(tmp_path, f'{{"h": "{secure.url}"}}') as it:
        answer = it.get("/h/page")
    assert (answer.status, b"certificate verify failed" in answer.body) == (502, True)


def test_an_empty_file_has_no_parts(its: Gateway) -> None:
    answer = its.get("/h/empty", headers=[("Range", "bytes=0-1023")])
    assert (answer.status, answer.body) == (200, b"")


def test_a_body_that_ends_early_does_not_look_complete(its: Gateway, server: FileServer) -> None:
    server.faults.append(Cut(path="/page", after=2))
    with pytest.raises(http.client.IncompleteRead):
        its.get("/h/page")


def test_a_server_that_is_down_is_an_error_that_names_it(tmp_path: Path) -> None:
    with gateway(tmp_path, '{"h": "http://127.0.0.1:1"}') as it:
        answer = it.get("/h/page")
    assert answer.status == 502
    assert answer.body.startswith(b"The mirror cannot read http://127.0.0.1:1: ")
    assert b"Connection refused" in answer.body


def test_a_proxy_of_the_environment_is_used(tmp_path: Path, server: FileServer) -> None:
    server.pages["http://h.example/page"] = Page(b"by proxy")
    with gateway(tmp_path, '{"h": "http://h.example"}', http_proxy=server.url) as it:
        assert it.get("/h/page").body == b"by proxy"


def test_errors_and_answers_without_a_body_are_sent_on(its: Gateway, server: FileServer) -> None:
    assert its.get("/h/missing").status == 404
    answer = its.get("/h/page", method="HEAD")
    assert (answer.status, answer.headers["Content-Length"], answer.body) == (200, "4", b"")
    assert server.requests[-1].method == "HEAD"
