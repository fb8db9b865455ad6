# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The TCP proxy of the tests passes everything on, but for the faults that it is told to have."""

from __future__ import annotations

import contextlib
import http.client
import time

import pytest

from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.tcp_proxy import Line, refusing, tcp_proxy

BODY = bytes(range(256)) * 1000


@pytest.fixture
def server():
    with FileServer({"/x": BODY}) as running:
        yield running


@contextlib.contextmanager
def through(server, **line):
    """A connection to a server through a proxy."""
    with tcp_proxy(server.host, Line(**line)) as host, contextlib.closing(connected(host)) as connection:
        yield connection


def connected(host, timeout=10):
    return http.client.HTTPConnection(host, timeout=timeout)


def get(connection):
    connection.request("GET", "/x")
    return connection.getresponse().read()


def test_everything_is_passed_on_over_one_connection(server):
    with through(server) as connection:
        assert [get(connection) for _request in range(3)] == [BODY] * 3
    assert server.connections == 1


@pytest.mark.parametrize("line", [{"latency": 0.2}, {"rate": len(BODY) * 4}], ids=["latency", "rate"])
def test_a_slow_line_takes_its_time(server, line):
    with through(server, **line) as connection:
        start = time.monotonic()
        assert get(connection) == BODY
        assert time.monotonic() - start >= 0.2


def test_a_connection_is_reset_after_so_many_bytes(server):
    with tcp_proxy(server.host, Line(reset_after=100_000)) as host:
        for _attempt in range(2):
            with contextlib.closing(connected(host)) as connection:
                connection.request("GET", "/x")
                response = connection.getresponse()
                with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
                    response.read()


def test_a_dead_line_is_dead_for_all_connections(server):
    with tcp_proxy(server.host, Line(dead_after=100_000)) as host:
        for _attempt in range(2):
            with contextlib.closing(connected(host, 2)) as connection, pytest.raises(OSError, match="timed out"):
                get(connection)


def test_all_connections_are_refused():
    with refusing() as host, contextlib.closing(connected(host)) as connection, pytest.raises(ConnectionRefusedError):
        get(connection)
