# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later


"""A body over several connections: faster where each is limited, the same bytes always, and no worse anywhere."""

from __future__ import annotations

import contextlib
import gzip
import random
import threading
import time
from dataclasses import dataclass, field, replace
from typing import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import TransportError
from ansible_collections.localai.core.plugins.module_utils._http.client import Http
from ansible_collections.localai.core.plugins.module_utils._http.parts import MIB
from ansible_collections.localai.core.plugins.module_utils._request import Connection, Endpoint
from ansible_collections.localai.core.tests.support.client import Client, download
from ansible_collections.localai.core.tests.support.eager import in_parts
from ansible_collections.localai.core.tests.support.faults import (
    Corrupt,
    Cut,
    Headers,
    IgnoreRange,
    Rate,
    Raw,
    Redirect,
    Stall,
    Status,
)
from ansible_collections.localai.core.tests.support.files import FileServer, Page
from ansible_collections.localai.core.tests.support.hostile import FEWER, hostile
from ansible_collections.localai.core.tests.support.server import Fault

SIZE = 16 * MIB
CONTENT = bytes(random.Random(1).choices(range(256), k=MIB)) * 15 + bytes(MIB)
RATE = 12 * MIB
# What one connection needs.
SECONDS = SIZE / RATE


@dataclass(frozen=True)
class OnParts(Fault):
    """Another fault, for requests of parts only; all are slow."""

    fault: Fault = field(default_factory=Fault)

    def matches(self, request):
        return super().matches(request) and is_part(request)

    def answer(self, request, answer):
        return self.fault.answer(request, replace(answer, rate=RATE))


@dataclass(frozen=True)
class IgnoresRange(OnParts):
    """200 with everything."""

    def request(self, request):
        return IgnoreRange().request(request)


@dataclass(frozen=True)
class SlowWith(Fault):
    """Other headers, and the limit."""

    headers: Mapping[str, str | None] = field(default_factory=dict)

    def answer(self, request, answer):
        return replace(answer.with_headers(self.headers), rate=RATE)


class LimitedServer(FileServer):
    """Gives each connection so many bytes per second."""

    def __init__(self, pages, **settings):
        super().__init__(pages, **settings)
        self.faults = [Rate(bytes_per_second=RATE)]


def is_part(request):
    """Whether a request is one for a part."""
    requested = request.headers.get("range", "")
    return bool(requested) and not requested.endswith("-")


def parts(server):
    return [request for request in server.requests if is_part(request)]


def got(server, path="/big", size=SIZE, **settings):
    """A body, and the seconds that it took."""
    client = Http(Connection(**{"timeout": 5, "retries": 2, **settings}))
    start = time.monotonic()
    body = download(client, server.url + path, size)
    return body, time.monotonic() - start


@pytest.fixture(name="limited")
def _limited():
    with LimitedServer({"/big": CONTENT}) as server:
        yield server


@pytest.mark.parametrize("size", [SIZE, None], ids=["with a digest", "with an ETag"])
def test_a_limit_for_each_connection_is_overcome(limited, size):
    # A busy machine may need some attempts.
    seconds = SECONDS
    for _attempt in range(5):
        body, seconds = got(limited, size=size)
        assert body == CONTENT
        assert len(parts(limited)) > 2
        if seconds < SECONDS * 0.9:
            break
    assert seconds < SECONDS * 0.9


def test_an_option_turns_it_off(limited):
    body, seconds = got(limited, connections=1)
    assert body == CONTENT
    assert seconds > SECONDS * 0.9
    assert len(limited.requests) == 1


@pytest.mark.parametrize("most", [2, 3, 8])
def test_there_are_never_more_connections_than_allowed(limited, most):
    client = Http(Connection(connections=most))
    for _time in range(2):
        assert download(client, limited.url + "/big", SIZE) == CONTENT
    # The server may not have noticed yet that the first one was closed.
    assert 2 <= limited.most_at_once <= most + 1


def test_a_fast_server_gets_one_request(limited):
    limited.faults = []
    # On a busy machine it is not fast: that may need some attempts.
    for _attempt in range(20):
        limited.requests.clear()
        assert got(limited)[0] == CONTENT
        if len(limited.requests) == 1:
            break
    assert len(limited.requests) == 1


def test_a_small_body_is_not_split(limited):
    limited.pages["/small"] = CONTENT[: 6 * MIB]
    assert got(limited, "/small", 6 * MIB)[0] == CONTENT[: 6 * MIB]
    assert len(limited.requests) == 1


def test_the_next_body_from_the_same_server_begins_with_as_many(limited):
    client = Http(Connection())
    client.ramp(limited.url).count = 4
    assert download(client, limited.url + "/big", SIZE) == CONTENT
    # Without a measurement before that.
    assert min(int(request.headers["range"][6:].partition("-")[0]) for request in parts(limited)) < 3 * MIB


@pytest.mark.parametrize(
    ("headers", "is_split"),
    [
        ({}, True),
        ({"ETag": None}, False),
        ({"ETag": None, "Last-Modified": "Sun, 01 Nov 2026 10:00:00 GMT"}, True),
        ({"Accept-Ranges": "none"}, False),
        ({"Content-Encoding": "gzip"}, False),
    ],
)
def test_only_what_tells_versions_apart_is_split(limited, headers, is_split):
    limited.faults = [SlowWith(headers=headers)]
    assert got(limited, size=None)[0] == CONTENT
    assert (len(limited.requests) > 1) == is_split


def test_gzip_needs_no_version_because_it_has_a_checksum(limited):
    content = gzip.compress(bytes(random.Random(2).choices(range(256), k=MIB)) * 1, 0) * 16
    limited.pages["/big"] = content
    limited.faults = [SlowWith(headers={"ETag": None})]
    assert got(limited, size=None)[0] == content
    assert len(parts(limited)) > 1


@pytest.mark.parametrize("size", [SIZE, None])
def test_without_ranges_there_is_one_connection(limited, size):
    limited.faults = [IgnoresRange(), Rate(bytes_per_second=RATE)]
    body, seconds = got(limited, size=size)
    assert body == CONTENT
    assert seconds < SECONDS * 3
    # Others are under way when the first one is refused.
    assert 1 <= len(parts(limited)) <= 4
    assert len(limited.requests) <= 6


@pytest.mark.parametrize(
    "headers",
    [
        {"Content-Range": f"bytes 0-{MIB - 1}/{SIZE}"},
        {"Content-Range": None},
        {"Content-Encoding": "gzip"},
    ],
)
def test_another_part_than_the_requested_one_is_not_used(limited, headers):
    limited.faults = [OnParts(fault=Headers(headers=headers)), Rate(bytes_per_second=RATE)]
    assert got(limited)[0] == CONTENT
    assert 1 <= len(parts(limited)) <= 4


@pytest.mark.parametrize("headers", [{"ETag": '"other"'}, {"Last-Modified": "Sun, 01 Nov 2026 10:00:01 GMT"}])
def test_a_part_of_another_version_is_not_used(limited, headers):
    stamp = {"Last-Modified": "Sun, 01 Nov 2026 10:00:00 GMT"}
    limited.pages["/big"] = Page(CONTENT, headers=stamp)
    other = OnParts(fault=Headers(headers=headers))
    limited.faults = [other, Rate(bytes_per_second=RATE)]
    assert got(limited, size=None)[0] == CONTENT
    assert 1 <= len(parts(limited)) <= 4


def test_a_file_that_changes_meanwhile_is_never_mixed(limited):
    def change():
        limited.pages["/big"] = bytes(SIZE)

    timer = threading.Timer(SECONDS / 3, change)
    timer.start()
    with contextlib.suppress(TransportError):
        assert got(limited, size=None)[0] == CONTENT
    timer.join()


@pytest.mark.parametrize(
    "fault",
    [
        Status(status=429, headers={"Retry-After": "1"}),
        Status(status=503),
        Status(status=403),
        Cut(after=100_000, reset=True),
        Cut(after=0),
        Stall(after=200_000, seconds=8),
    ],
    ids=lambda fault: f"{type(fault).__name__} {getattr(fault, 'status', '')}",
)
@pytest.mark.parametrize("times", [1, None])
def test_what_goes_wrong_with_a_part_costs_little(limited, fault, times):
    limited.faults = [OnParts(skip=2, times=times, fault=fault), Rate(bytes_per_second=RATE)]
    body, seconds = got(limited, timeout=2)
    assert body == CONTENT
    assert seconds < SECONDS * 2 + 4


def test_a_byte_that_is_wrong_stays_wrong_for_the_digest_to_find(limited):
    limited.faults = [OnParts(fault=Corrupt(at=13 * MIB)), Rate(bytes_per_second=RATE)]
    body, _seconds = got(limited)
    assert body[: 13 * MIB] == CONTENT[: 13 * MIB]
    assert body != CONTENT


class TestRedirect:
    """A registry that redirects to a store."""

    @pytest.fixture(autouse=True)
    def _servers(self, limited):
        self.store = limited
        with FileServer(authorization="Bearer t0ken") as registry:
            registry.faults = [Redirect(location=f"{limited.url}/big?signature=1")]
            self.registry = registry
            yield

    def fetch(self):
        """The body, with credentials for the registry."""
        login = Endpoint(self.registry.host, token="t0ken", plain_http=True)
        client = Http(Connection(endpoints=(login,), timeout=5, retries=2))
        url = self.registry.url + "/blob"
        return b"".join(client.download(url, headers=lambda: client.authorization(url), size=SIZE))

    def test_the_registry_is_asked_once(self):
        assert self.fetch() == CONTENT
        assert len(self.registry.requests) == 1
        assert len(parts(self.store)) > 2
        assert {request.query for request in self.store.requests} == {"signature=1"}

    def test_credentials_stay_with_the_registry(self):
        self.fetch()
        assert all("authorization" not in request.headers for request in self.store.requests)

    @pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
    def test_a_target_that_expires_is_renewed(self, status):
        first, second = (f"{self.store.url}/big?signature={number}" for number in "12")
        self.registry.faults = [Redirect(location=first, times=1), Redirect(location=second)]
        self.store.faults = [_Expired(status=status, skip=2), Rate(bytes_per_second=RATE)]
        assert self.fetch() == CONTENT
        assert len(self.registry.requests) >= 2
        assert {request.query for request in parts(self.store)} == {"signature=1", "signature=2"}


@dataclass(frozen=True)
class _Expired(Status):
    """The first signature is refused."""

    def matches(self, request):
        return request.query == "signature=1"


def test_parts_of_a_protected_file_have_credentials():
    with LimitedServer({"/big": CONTENT}, authorization="Basic dTpw") as server:
        login = Endpoint(server.host, username="u", password="p", plain_http=True)
        client = Http(Connection(endpoints=(login,)))
        url = server.url + "/big"
        assert b"".join(client.download(url, headers=lambda: client.authorization(url), size=SIZE)) == CONTENT
        assert len(parts(server)) > 2


def test_whoever_stops_reading_stops_the_requests(limited):
    client = Http(Connection())
    chunks = client.download(limited.url + "/big", headers=dict, size=SIZE)
    arrived = 0
    for chunk in chunks:
        arrived += len(chunk)
        if arrived > 10 * MIB:
            break
    chunks.close()
    time.sleep(0.3)
    before = len(limited.requests)
    time.sleep(0.5)
    assert len(limited.requests) == before


@pytest.mark.parametrize("offset", [1, MIB, SIZE - 7 * MIB])
def test_a_transfer_may_begin_anywhere(limited, offset):
    client = Http(Connection())
    assert b"".join(client.download(limited.url + "/big", headers=dict, size=SIZE, offset=offset)) == CONTENT[offset:]


def test_a_rate_limit_is_kept_with_several_connections(limited):
    body, seconds = got(limited, rate_limit=16 * MIB)
    assert body == CONTENT
    assert seconds > SIZE / (16 * MIB) * 0.9


FAULTS = st.one_of(
    st.builds(Cut, after=st.integers(0, 200_000), reset=st.booleans(), skip=st.integers(0, 5), times=st.just(1)),
    st.builds(Status, status=st.sampled_from((429, 500, 503, 403, 410)), skip=st.integers(0, 5), times=st.just(1)),
    st.builds(Headers, headers=st.just({"Content-Range": "bytes 0-9/10"}), skip=st.integers(1, 9), times=st.just(1)),
    st.builds(Headers, headers=st.just({"ETag": '"2"'}), skip=st.integers(1, 9), times=st.just(1)),
    st.builds(IgnoreRange, skip=st.integers(0, 9), times=st.integers(1, 3)),
    st.builds(Raw, skip=st.integers(0, 9), times=st.just(1)),
    st.builds(Rate, bytes_per_second=st.just(5_000_000), skip=st.integers(0, 9), times=st.integers(1, 3)),
)


@FEWER
@given(faults=st.lists(FAULTS, max_size=6), size_is_known=st.booleans(), offset=st.sampled_from((0, 1, 70_000)))
@hostile
def test_whatever_goes_wrong_the_bytes_are_right_or_there_is_an_error(faults, size_is_known, offset):
    content = CONTENT[:500_000]
    with in_parts(), FileServer({"/big": content}) as server:
        server.faults = list(faults)
        client = Client(timeout=2, retries=3)
        chunks = client.download(
            server.url + "/big", headers=dict, size=len(content) if size_is_known else None, offset=offset
        )
        body = b""
        with contextlib.suppress(TransportError):
            for chunk in chunks:
                body += chunk
            assert len(body) == len(content) - offset
        assert content[offset:].startswith(body)
