# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The throttled server keeps to its line: rates, the time to the first byte, ranges, redirects, and 429."""

from __future__ import annotations

import hashlib
import http.client
import threading
import time
from types import SimpleNamespace

import pytest

from ansible_collections.localai.core.tests.bench.lines import Line, running
from ansible_collections.localai.core.tests.bench.sites import Site, blob_file
from ansible_collections.localai.core.tests.bench.throttled_server import ThrottledServer, extent
from ansible_collections.localai.core.tests.support.client import get

BODY = hashlib.shake_256(b"body").digest(200_000)
HEXADECIMAL = hashlib.sha256(BODY).hexdigest()


@pytest.fixture
def site(tmp_path):
    files = tmp_path / "files"
    files.mkdir()
    (files / "x").write_bytes(BODY)
    blob = blob_file(tmp_path, HEXADECIMAL)
    blob.parent.mkdir(parents=True)
    blob.write_bytes(BODY)
    return Site(files, tmp_path)


def side_by_side(server, count):
    """What several clients get at the same time, and how long that takes."""
    answers = []
    clients = [threading.Thread(target=lambda: answers.append(get(server, "/x"))) for _client in range(count)]
    start = time.monotonic()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return answers, time.monotonic() - start


def test_without_limits_a_file_comes_as_it_is(site):
    server = ThrottledServer(Line(), site)
    got = get(server, "/x")
    assert (got.status, got.body, got.headers["Accept-Ranges"]) == (200, BODY, "bytes")
    assert get(server, "/y").status == 404
    assert get(server, "/x", method="HEAD").headers["Content-Length"] == str(len(BODY))


def test_each_connection_has_its_rate(site):
    # One after the other, they would take four times as long; the time of one is the least.
    server = ThrottledServer(Line(per_connection=len(BODY)), site)
    answers, seconds = side_by_side(server, 4)
    assert [answer.body for answer in answers] == [BODY] * 4
    assert 0.95 <= seconds < 3


def test_connections_of_a_client_share_its_rate(site):
    server = ThrottledServer(Line(per_client=4 * len(BODY)), site)
    answers, seconds = side_by_side(server, 4)
    assert [answer.body for answer in answers] == [BODY] * 4
    assert seconds >= 0.95


def test_the_first_byte_takes_its_time(site):
    server = ThrottledServer(Line(first_byte=0.2), site)
    start = time.monotonic()
    assert get(server, "/x", Range="bytes=0-0").body == BODY[:1]
    assert time.monotonic() - start >= 0.2


def test_several_requests_go_over_one_connection(site):
    server = ThrottledServer(Line(), site)
    connection = http.client.HTTPConnection(server.host, timeout=10)
    for first in (0, 1000):
        connection.request("GET", "/x", headers={"Range": f"bytes={first}-{first + 9}"})
        response = connection.getresponse()
        assert (response.status, response.read()) == (206, BODY[first : first + 10])
        assert response.headers["Content-Range"] == f"bytes {first}-{first + 9}/{len(BODY)}"
    connection.close()


def test_a_server_without_ranges_sends_everything(site):
    got = get(ThrottledServer(Line(ranges=False), site), "/x", Range="bytes=5-9")
    assert (got.status, got.body) == (200, BODY)
    assert "Accept-Ranges" not in got.headers


def test_one_request_too_many_is_answered_with_429(site):
    server = ThrottledServer(Line(first_byte=1, most=1), site)
    answers, _seconds = side_by_side(server, 2)
    assert sorted(answer.status for answer in answers) == [200, 429]
    # The server counts a request until its thread ends, a little after the answer.
    deadline = time.monotonic() + 10
    while get(server, "/x").status != 200:
        assert time.monotonic() < deadline


def test_a_blob_comes_from_another_port_where_the_registry_redirects(site):
    server = ThrottledServer(Line(redirects=True), Site(site.files, site.storage, redirects=True))
    got = get(server, f"/v2/bench/x/blobs/sha256:{HEXADECIMAL}")
    assert got.status == 307
    host, _slash, path = got.headers["Location"][len("http://") :].partition("/")
    assert host != server.host
    assert get(SimpleNamespace(host=host), "/" + path).body == BODY


def test_a_greeting_for_tls_ends_the_connection(site):
    server = ThrottledServer(Line(), site)
    connection = http.client.HTTPConnection(server.host, timeout=10)
    connection.connect()
    connection.sock.sendall(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n")
    assert connection.sock.recv(4096).startswith(b"HTTP/1.1 400 ")
    connection.close()


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, (200, 0, 100)),
        ({"range": "bytes=10-19"}, (206, 10, 20)),
        ({"range": "bytes=10-"}, (206, 10, 100)),
        ({"range": "bytes=90-200"}, (206, 90, 100)),
        ({"range": "bytes=100-"}, (416, 0, 0)),
        ({"range": "bytes=0-1,4-5"}, (200, 0, 100)),
        ({"range": "bytes=10-19", "if-range": '"1"'}, (206, 10, 20)),
        ({"range": "bytes=10-19", "if-range": '"2"'}, (200, 0, 100)),
    ],
)
def test_a_range_is_that_of_the_request(headers, expected):
    assert extent(headers, 100, '"1"') == expected


def test_a_process_serves_a_line_until_the_end(site, tmp_path):
    state = tmp_path / "line.json"
    with running(Line(ranges=False), site.files, site.storage, state) as host:
        got = get(SimpleNamespace(host=host), "/x", Range="bytes=0-1")
        assert (got.status, got.body) == (200, BODY)
    with pytest.raises(ConnectionRefusedError):
        get(SimpleNamespace(host=host), "/x")
