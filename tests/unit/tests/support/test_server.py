# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The test server serves right answers, and each fault makes the wrong one that it names."""

from __future__ import annotations

import http.client
import socket
import time
from typing import Iterator

import pytest

from ansible_collections.localai.core.tests.support import faults
from ansible_collections.localai.core.tests.support.client import get
from ansible_collections.localai.core.tests.support.files import FileServer, Page

DATA = bytes(range(256)) * 40


@pytest.fixture(name="server")
def fixture_server() -> Iterator[FileServer]:
    with FileServer({"/data": DATA, "/page": Page(b"gone", "text/html", 410)}) as server:
        yield server


def test_pages_and_what_is_recorded(server: FileServer) -> None:
    assert get(server, "/data").body == DATA
    assert get(server, "/page?x=1&y=2", User_Agent="me").status == 410
    assert get(server, "/nothing").status == 404
    head = get(server, "/data", method="HEAD")
    assert (head.body, head.headers["Content-Length"]) == (b"", str(len(DATA)))
    request = server.requests[1]
    assert (request.method, request.path, request.parameter("y")) == ("GET", "/page", "2")
    assert request.headers["user-agent"] == "me"
    assert request.at <= server.requests[2].at


def test_authorization() -> None:
    with FileServer({"/data": DATA}, authorization="Bearer x") as server:
        assert get(server, "/data").status == 401
        assert get(server, "/data", Authorization="Bearer x").body == DATA


def test_one_connection_serves_many_requests(server: FileServer) -> None:
    connection = http.client.HTTPConnection(server.host, timeout=10)
    for _attempt in range(3):
        connection.request("GET", "/data")
        assert connection.getresponse().read() == DATA
    connection.close()
    assert server.connections == 1


@pytest.mark.parametrize(
    ("asked", "status", "told", "body"),
    [
        ("bytes=0-", 206, "bytes 0-10239/10240", DATA),
        ("bytes=10000-", 206, "bytes 10000-10239/10240", DATA[10000:]),
        ("bytes=5-9", 206, "bytes 5-9/10240", DATA[5:10]),
        ("bytes=5-999999", 206, "bytes 5-10239/10240", DATA[5:]),
        ("bytes=-3", 206, "bytes 10237-10239/10240", DATA[-3:]),
        ("bytes=10240-", 416, "bytes */10240", b""),
        ("bytes=1-2,5-6", 200, None, DATA),
    ],
)
def test_ranges(server: FileServer, asked: str, status: int, told: str | None, body: bytes) -> None:
    got = get(server, "/data", Range=asked)
    assert (got.status, got.headers.get("Content-Range"), got.body) == (status, told, body)


def test_if_range_asks_for_everything_when_the_file_is_another(server: FileServer) -> None:
    etag = get(server, "/data").headers["ETag"]
    assert get(server, "/data", Range="bytes=5-", If_Range=etag).status == 206
    assert get(server, "/data", Range="bytes=5-", If_Range='"other"').status == 200


def test_faults_are_used_up_in_their_order(server: FileServer) -> None:
    server.faults += [
        faults.Status(status=500, path="^/data$", skip=1, times=2),
        faults.Status(status=429, headers={"Retry-After": "7"}, times=1),
    ]
    assert get(server, "/other").headers["Retry-After"] == "7"
    assert [get(server, "/data").status for _attempt in range(4)] == [200, 500, 500, 200]
    assert server.faults == []


def test_a_fault_may_be_about_one_method(server: FileServer) -> None:
    server.faults.append(faults.Status(status=503, method="HEAD"))
    assert [get(server, "/data", method=method).status for method in ("GET", "HEAD", "HEAD")] == [200, 503, 503]


@pytest.mark.parametrize("reset", [False, True])
def test_cut(server: FileServer, reset: bool) -> None:
    server.faults.append(faults.Cut(after=100, reset=reset))
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        get(server, "/data")


def test_stall_and_delay(server: FileServer) -> None:
    server.faults += [
        faults.Stall(after=100, times=1),
        faults.Delay(times=1),
        faults.Stall(after=5, seconds=0.1, times=1),
    ]
    for _attempt in range(2):
        with pytest.raises(socket.timeout):
            get(server, "/data", timeout=0.1)
    assert get(server, "/data").body == DATA


def test_rate(server: FileServer) -> None:
    server.faults.append(faults.Rate(bytes_per_second=len(DATA) * 4))
    started = time.monotonic()
    assert get(server, "/data").body == DATA
    assert time.monotonic() - started > 0.15


def test_corrupt_counts_from_the_start_of_the_file(server: FileServer) -> None:
    server.faults.append(faults.Corrupt(at=300))
    whole = get(server, "/data").body
    assert [number for number, byte in enumerate(whole) if byte != DATA[number]] == [300]
    assert get(server, "/data", Range="bytes=290-310").body == whole[290:311]
    assert get(server, "/data", Range="bytes=301-").body == DATA[301:]


def test_a_range_may_be_ignored(server: FileServer) -> None:
    server.faults.append(faults.IgnoreRange())
    assert get(server, "/data", Range="bytes=5-").status == 200
    assert server.requests[0].headers["range"] == "bytes=5-"


def test_headers_may_be_wrong_or_missing(server: FileServer) -> None:
    server.faults.append(faults.Headers(headers={"content-range": "bytes 0-9/10", "ETag": None}))
    got = get(server, "/data", Range="bytes=5-")
    assert got.status == 206
    assert got.headers["content-range"] == "bytes 0-9/10"
    assert not {"ETag", "Content-Range"} & set(got.headers)


@pytest.mark.parametrize("length", ["100000", "10"])
def test_the_length_may_be_wrong(server: FileServer, length: str) -> None:
    server.faults.append(faults.Headers(headers={"Content-Length": length}))
    if length == "10":
        assert get(server, "/data").body == DATA[:10]
    else:
        with pytest.raises(http.client.IncompleteRead):
            get(server, "/data")


def test_the_length_may_be_unknown(server: FileServer) -> None:
    server.faults += [faults.Headers(headers={"Content-Length": None}, times=1), faults.Chunked(times=1)]
    assert get(server, "/data").body == DATA
    got = get(server, "/data")
    assert (got.body, got.headers["Transfer-Encoding"]) == (DATA, "chunked")


def test_redirects(server: FileServer) -> None:
    server.faults += [
        faults.Redirect(location="http://cdn.invalid{path}?sig=1", times=1),
        faults.Redirect(status=301),
    ]
    assert get(server, "/data").headers["Location"] == "http://cdn.invalid/data?sig=1"
    got = get(server, "/data")
    assert (got.status, got.headers["Location"]) == (301, "/data")


def test_what_is_no_http_at_all(server: FileServer) -> None:
    server.faults += [faults.Raw(times=1), faults.Raw(data=b"SSH-2.0-OpenSSH_9.2\r\n", times=1)]
    with pytest.raises(http.client.RemoteDisconnected):
        get(server, "/data")
    with pytest.raises(http.client.BadStatusLine):
        get(server, "/data")
