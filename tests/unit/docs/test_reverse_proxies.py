# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples with nginx and Caddy write a configuration with which the real program passes tokens on at once."""

from __future__ import annotations

import concurrent.futures
import contextlib
import http.client
import os
import re
import socket
import ssl
import subprocess
import time
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.tests.support.streaming_server import KEY, StreamingServer, accept_value
from ansible_collections.localai.core.tests.support.tls import Authority

from ..roles.test_mirror_fleet import program
from .example import configured, free_port

EXAMPLES = {"nginx": "reverse-proxy-nginx.yml", "caddy": "reverse-proxy-caddy.yml"}
PROGRAMS = tuple(EXAMPLES)
MIB = 1024**2
NGINX_MAIN = """
daemon off;
{user}
pid {work}/nginx.pid;
error_log {work}/nginx.log;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {work}/body; proxy_temp_path {work}/proxy; fastcgi_temp_path {work}/fastcgi;
    uwsgi_temp_path {work}/uwsgi; scgi_temp_path {work}/scgi;
    gzip on; gzip_types text/event-stream;
    include {work}/nginx.configuration;
}}
"""


class Proxy:
    """A program that listens as its example says, before a server that answers and another that is down."""

    def __init__(self, name: str, work: Path, server: StreamingServer, authority: Authority, **variables: Any) -> None:
        """Run the example, whose output is in `output`."""
        work.mkdir()
        self.name, self.work, self.port = name, work, free_port()
        self._authority = authority
        certificate, key = authority.issue(work.name)
        address = {"proxy_name": f"localhost:{self.port}"} if name == "caddy" else {"proxy_name": "localhost"}
        self._variables = {
            **address,
            "proxy_listen": [f"127.0.0.1:{self.port}"],
            "proxy_certificate": str(certificate),
            "proxy_certificate_key": str(key),
            "proxy_upstreams": [server.host],
            "proxy_configuration": str(work / f"{name}.configuration"),
            **variables,
        }
        self.output = self.configure()

    def configure(self) -> str:
        """Run the example on this machine, without the tasks for packages and services."""
        return configured(self.work, EXAMPLES[self.name], **self._variables)

    @contextlib.contextmanager
    def running(self) -> Iterator[Proxy]:
        """Run the program with what the example wrote."""
        assert "failed=0" in self.output, self.output
        work = self.work
        if self.name == "nginx":
            user = "user root;" if os.geteuid() == 0 else ""
            (work / "main").write_text(NGINX_MAIN.format(work=work, user=user), encoding="utf-8")
            arguments = ["-p", str(work), "-c", str(work / "main")]
        else:
            arguments = ["run", "--adapter", "caddyfile", "--config", str(work / "caddy.configuration")]
        with (work / "log").open("wb") as log:
            process = subprocess.Popen(
                [str(program(self.name)), *arguments],
                env={**os.environ, **self._own_paths()},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            self._wait(process)
            yield self
        finally:
            process.terminate()
            process.wait()

    def connect(self) -> http.client.HTTPSConnection:
        """Connect, and verify the certificate."""
        context = ssl.create_default_context(cafile=str(self._authority.ca_file))
        connection = http.client.HTTPSConnection("localhost", self.port, timeout=90, context=context)
        connection.connect()
        return connection

    def get(self, path: str, **headers: str) -> tuple[int, bytes]:
        """Return the status and the body of an answer."""
        with contextlib.closing(self.connect()) as connection:
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def _own_paths(self) -> dict[str, str]:
        return {"XDG_DATA_HOME": str(self.work / "data"), "XDG_CONFIG_HOME": str(self.work / "config")}

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        for _attempt in range(400):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
                return
            if process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError((self.work / "log").read_text(encoding="utf-8"))


def upload(proxy: Proxy, size: int) -> tuple[int, bytes]:
    """Send so many bytes, and return the status and the body of the answer."""
    with contextlib.closing(proxy.connect()) as connection:
        # A proxy that refuses the body may close the connection before it has read all of it.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request("POST", "/v1/upload", bytes(size))
        answer = connection.getresponse()
        return answer.status, answer.read()


@pytest.fixture(scope="module", name="server")
def _server() -> Iterator[StreamingServer]:
    with StreamingServer() as server:
        yield server


@pytest.fixture(autouse=True)
def _forgotten(server: StreamingServer) -> None:
    server.forget()


@pytest.fixture(scope="module", name="authority")
def _authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module", name="proxies")
def _proxies(
    tmp_path_factory: pytest.TempPathFactory, server: StreamingServer, authority: Authority
) -> Iterator[dict[str, Proxy]]:
    work = tmp_path_factory.mktemp("proxies")
    with contextlib.ExitStack() as stack:
        made = {name: Proxy(name, work / name, server, authority) for name in PROGRAMS}
        yield {name: stack.enter_context(proxy.running()) for name, proxy in made.items()}


@pytest.fixture(params=PROGRAMS, name="proxy")
def _proxy(request: pytest.FixtureRequest, proxies: dict[str, Proxy]) -> Proxy:
    return proxies[request.param]


def test_each_token_arrives_before_the_next_one_is_sent(proxy: Proxy, server: StreamingServer) -> None:
    with contextlib.closing(proxy.connect()) as connection:
        connection.request("POST", "/v1/stream", b"{}", {"Accept-Encoding": "gzip"})
        for number in range(20):
            server.release(str(number))
            if number == 0:
                answer = connection.getresponse()
                assert answer.headers["Content-Type"] == "text/event-stream"
            assert answer.readline() == f"data: {number}\n".encode("ascii")
            assert answer.readline() == b"\n"
        server.release(None)
        assert answer.read() == b""


def test_a_client_that_leaves_ends_the_request_at_the_server(proxy: Proxy, server: StreamingServer) -> None:
    connection = proxy.connect()
    connection.request("POST", "/v1/stream", b"{}")
    server.release("first")
    answer = connection.getresponse()
    assert answer.readline() == b"data: first\n"
    answer.close()
    connection.close()
    for _attempt in range(200):
        server.release("more")
        if server.client_is_gone.wait(0.05):
            return
    pytest.fail("the server goes on for a client that left")


def test_a_web_socket_passes(proxy: Proxy) -> None:
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    with contextlib.closing(proxy.connect()) as connection:
        connection.sock.sendall(
            f"GET /v1/realtime HTTP/1.1\r\nHost: localhost:{proxy.port}\r\nConnection: Upgrade\r\n"
            f"Upgrade: websocket\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode("ascii")
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += connection.sock.recv(1)
        assert head.startswith(b"HTTP/1.1 101 ")
        assert f"sec-websocket-accept: {accept_value(key)}".lower().encode("ascii") in head.lower()
        for frame in (b"\x81\x05hello", b"\x82\x04\x00\x01\x02\x03"):
            connection.sock.sendall(frame)
            assert connection.sock.recv(100) == frame


def test_a_long_upload_passes(proxy: Proxy) -> None:
    assert upload(proxy, 50 * MIB) == (200, str(50 * MIB).encode("ascii"))


def test_a_longer_upload_is_refused_by_nginx(proxies: dict[str, Proxy]) -> None:
    assert upload(proxies["nginx"], 101 * MIB)[0] == 413


def test_the_key_is_that_of_the_server_and_headers_cannot_be_forged(proxy: Proxy, server: StreamingServer) -> None:
    forged = {
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Prefix": "/evil",
        "X-Forwarded-Proto": "http",
    }
    assert proxy.get("/v1/models")[0] == 401
    assert proxy.get("/v1/models", Authorization=f"Bearer {KEY}", **forged)[0] == 200
    found = {name: value for name, value in server.headers.items() if name.startswith("x-forwarded-")}
    host = f"localhost:{proxy.port}"
    assert found == {"x-forwarded-for": "127.0.0.1", "x-forwarded-host": host, "x-forwarded-proto": "https"}
    assert server.headers["host"] == host


@pytest.mark.long
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_server_that_is_down_is_passed_over(
    name: str, tmp_path: Path, server: StreamingServer, authority: Authority
) -> None:
    proxy = Proxy(name, tmp_path / name, server, authority, proxy_upstreams=[server.host, server.host])
    configuration = tmp_path / name / f"{name}.configuration"
    text = configuration.read_text(encoding="utf-8")
    configuration.write_text(text.replace(server.host, f"127.0.0.1:{free_port()}", 1), encoding="utf-8")
    with proxy.running():
        for size in (0, 100, MIB, MIB):
            assert upload(proxy, size) == (200, str(size).encode("ascii"))


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_server_without_a_key_is_not_published(
    name: str, tmp_path: Path, server: StreamingServer, authority: Authority
) -> None:
    server.wants_key = False
    try:
        proxy = Proxy(name, tmp_path / name, server, authority)
    finally:
        server.wants_key = True
    assert "Status code was 200 and not [401]" in proxy.output
    assert not (tmp_path / name / f"{name}.configuration").exists()


@pytest.mark.long
@pytest.mark.parametrize("name", PROGRAMS)
def test_a_server_below_a_path_and_a_second_run(
    name: str, tmp_path: Path, server: StreamingServer, authority: Authority
) -> None:
    proxy = Proxy(name, tmp_path / name, server, authority, proxy_prefix="/localai")
    with proxy.running():
        assert proxy.get("/localai/v1/models", Authorization=f"Bearer {KEY}")[0] == 200
        # The server removes the prefix itself.
        assert (server.paths[-1], server.headers["x-forwarded-prefix"]) == ("/localai/v1/models", "/localai")
        count = len(server.paths)
        assert proxy.get("/v1/models", Authorization=f"Bearer {KEY}")[0] == 404
        assert len(server.paths) == count
    assert re.search(r"changed=0 +unreachable=0 +failed=0", proxy.configure())


@pytest.mark.long
def test_a_model_that_takes_longer_than_a_minute_to_load_is_waited_for(proxies: dict[str, Proxy]) -> None:
    with concurrent.futures.ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda proxy: proxy.get("/v1/slow?seconds=65"), proxies.values()))
    assert answers == [(200, b"at last")] * len(PROGRAMS)
