# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A download arrives whole, whatever goes wrong on the way, or fails with one clear error."""

from __future__ import annotations

import gzip
from dataclasses import replace

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import TransportError
from ansible_collections.localai.core.plugins.module_utils._http.client import CHUNK
from ansible_collections.localai.core.tests.support.client import Client, download
from ansible_collections.localai.core.tests.support.faults import (
    Chunked,
    Cut,
    Headers,
    IgnoreRange,
    Raw,
    Stall,
    Status,
)
from ansible_collections.localai.core.tests.support.files import FileServer, Page
from ansible_collections.localai.core.tests.support.hostile import hostile
from ansible_collections.localai.core.tests.support.pages import BODY, SIZE, TEXT


def ranges(server):
    return [request.headers.get("range") for request in server.requests]


@pytest.mark.parametrize("path", ["/big", "/page", "/empty"])
@pytest.mark.parametrize("size_is_known", [True, False])
@pytest.mark.parametrize("faults", [[], [Chunked(size=70_000)]], ids=["with a length", "in chunks"])
def test_a_download_is_the_whole_body(server, path, size_is_known, faults):
    server.faults = faults
    body = server.pages[path]
    assert download(Client(), server.url + path, len(body) if size_is_known else None) == body
    assert ranges(server) == [None]


@pytest.mark.parametrize(
    ("headers", "validator"),
    [
        ({"ETag": '"a"', "Last-Modified": "then"}, '"a"'),
        ({"ETag": 'W/"a"', "Last-Modified": "then"}, "then"),
        ({"ETag": 'W/"a"'}, ""),
        ({"ETag": None}, ""),
    ],
)
@pytest.mark.parametrize("offset", [0, 1000])
def test_the_first_answer_with_bytes_tells_its_version(server, headers, validator, offset):
    server.faults = [Status(status=503, times=1), Headers(headers=headers, times=1), Cut(after=10, times=1)]
    stated = []
    chunks = Client().download(
        server.url + "/big", headers=dict, offset=offset, begun=lambda *told: stated.append(told)
    )
    next(chunks)
    assert stated == [(validator, SIZE)]
    chunks.close()


def test_a_download_is_not_decoded(server):
    encoded = gzip.compress(TEXT)
    server.pages["/encoded"] = Page(encoded, headers={"Content-Encoding": "gzip"})
    assert download(Client(), server.url + "/encoded") == encoded
    assert server.requests[0].headers["accept-encoding"] == "identity"


@pytest.mark.parametrize("at", [0, 1, 1000, CHUNK - 1, CHUNK, CHUNK + 1, 500_000, SIZE - 1])
def test_a_cut_download_goes_on_where_it_stopped(server, at):
    server.faults = [Cut(after=at, times=1)]
    assert download(Client(), server.url + "/big") == BODY
    assert ranges(server) == [None, f"bytes={at}-" if at else None]


@pytest.mark.parametrize("at", [100_000, 300_000])
def test_a_stalled_download_goes_on_where_it_stopped(server, at):
    server.faults = [Stall(after=at, seconds=30, times=1)]
    assert download(Client(timeout=1), server.url + "/big") == BODY
    if not hasattr(urllib3.HTTPResponse, "read1"):
        at -= at % CHUNK  # before urllib3 2.2, what was not handed out yet is lost
    assert ranges(server) == [None, f"bytes={at}-" if at else None]


def test_a_reset_download_is_whole_in_the_end(server):
    server.faults = [Cut(after=100_000, reset=True, times=2)]
    assert download(Client(), server.url + "/big") == BODY
    assert len(server.requests) == 3


def test_progress_renews_the_budget_of_retries(server):
    server.faults = [Cut(after=50_000, times=11)]
    assert download(Client(retries=1), server.url + "/big") == BODY
    assert len(server.requests) == 12


def test_without_progress_retries_end(server):
    server.faults = [Cut(after=300_000, times=1), Cut(after=0)]
    client = Client(retries=3)
    with pytest.raises(TransportError, match=r"/big: .*tried 4 times without progress"):
        download(client, server.url + "/big")
    assert ranges(server) == [None, *["bytes=300000-"] * 4][: len(server.requests)]
    assert len(client.pauses) >= 3


def test_an_answer_with_everything_is_not_written_twice(server):
    server.faults = [Cut(after=400_000, times=1), IgnoreRange()]
    assert download(Client(), server.url + "/big") == BODY
    assert ranges(server) == [None, "bytes=400000-"]


def test_an_answer_with_everything_may_be_cut_before_the_point_reached(server):
    server.pages["/big"] = Page(BODY, headers={"ETag": "W/1"})
    server.faults = [Cut(after=400_000, times=1), CutWhole(after=100_000, times=1), IgnoreRange()]
    assert download(Client(), server.url + "/big") == BODY
    assert len(server.requests) == 3


class CutWhole(Cut):
    """Everything from the start, cut."""

    request = IgnoreRange.request


class EndlessChunks(Chunked):
    """All chunks, and then no word that there is none any more."""

    def answer(self, request, answer):
        whole = super().answer(request, answer)
        return replace(whole, body=whole.body[: -len(b"0\r\n\r\n")], cut=len(whole.body))


@pytest.mark.parametrize(
    "content_range",
    ["bytes 0-599999/600000", "bytes 400001-599999/600000", "bytes */600000", "items 400000-599999/600000", "", None],
)
def test_another_range_than_the_requested_one_is_an_error(server, content_range):
    server.faults = [Cut(after=400_000, times=1), Headers(headers={"Content-Range": content_range})]
    with pytest.raises(TransportError, match="the bytes from 400000 on, but the server sent another range"):
        download(Client(), server.url + "/big")


@pytest.mark.parametrize(("size", "requests"), [(SIZE, [None]), (None, [None, f"bytes={SIZE}-"])])
@pytest.mark.parametrize("fault", [Headers(headers={"Content-Length": str(SIZE + 10)}), EndlessChunks()])
def test_a_fault_behind_the_last_byte_is_no_fault(server, fault, size, requests):
    server.faults = [replace(fault, times=1)]
    assert download(Client(), server.url + "/big", size=size) == BODY
    assert ranges(server) == requests


@pytest.mark.parametrize("offset", [0, 1, SIZE - 1, SIZE])
@pytest.mark.parametrize("size", [SIZE, None])
def test_a_download_may_begin_at_any_byte(server, offset, size):
    client = Client()
    body = b"".join(client.download(server.url + "/big", headers=dict, size=size, offset=offset))
    assert body == BODY[offset:]


def test_a_short_body_is_noticed_when_its_size_is_known(server):
    server.faults = [Headers(headers={"Content-Length": None, "Connection": "close"}), Cut(after=0)]
    server.pages["/short"] = TEXT
    with pytest.raises(TransportError, match=f"the body ended after {len(TEXT)} of 100 bytes"):
        download(Client(retries=0), server.url + "/short", size=100)


def test_a_short_body_is_noticed_by_its_length(server):
    server.faults = [Cut(after=300_000)]
    with pytest.raises(TransportError, match="/big"):
        download(Client(retries=0), server.url + "/big")


def test_headers_are_made_for_each_request(server):
    server.faults = [Cut(after=100_000, times=2)]
    tokens = iter(["first", "second", "third"])
    body = download(Client(), server.url + "/big", headers=lambda: {"Authorization": "Bearer " + next(tokens)})
    assert body == BODY
    assert [request.headers["authorization"] for request in server.requests] == [
        "Bearer first",
        "Bearer second",
        "Bearer third",
    ]


@pytest.mark.parametrize(("etag", "condition"), [('"abc"', '"abc"'), ('W/"abc"', None), ("abc", None), (None, None)])
def test_the_rest_is_requested_on_the_condition_that_nothing_changed(server, etag, condition):
    server.faults = [
        HeadersAndCut(headers={"ETag": etag}, after=100_000, times=1),
        Headers(headers={"ETag": etag}),
    ]
    server.pages["/big"] = Page(BODY, headers={"ETag": etag} if etag else {})
    assert download(Client(), server.url + "/big") == BODY
    assert server.requests[1].headers.get("if-range") == condition


class HeadersAndCut(Headers):
    """Other headers, and the end after so many bytes."""

    def __init__(self, after, **settings):
        super().__init__(**settings)
        object.__setattr__(self, "after", after)

    def answer(self, request, answer):
        return Cut(after=self.after).answer(request, super().answer(request, answer))


def test_a_file_that_changes_meanwhile_is_not_put_together_from_two_versions(server):
    server.faults = [Cut(after=400_000, times=1)]
    client = Client()
    chunks = client.download(server.url + "/big", headers=dict)
    next(chunks)
    server.pages["/big"] = bytes(SIZE)
    with pytest.raises(TransportError):
        b"".join(chunks)


SUNDAY, MONDAY = "Sun, 01 Nov 2026 10:00:00 GMT", "Mon, 02 Nov 2026 10:00:00 GMT"


STATED = [
    # what the server states of each version -> on what condition the rest is asked for
    ({"ETag": 'W/"1"'}, {"ETag": 'W/"2"'}, None),
    ({"ETag": "", "Last-Modified": SUNDAY}, {"ETag": "", "Last-Modified": MONDAY}, SUNDAY),
    ({"ETag": '"1"', "Last-Modified": SUNDAY}, {"ETag": '"2"', "Last-Modified": SUNDAY}, '"1"'),
    ({"ETag": '"1"'}, {"ETag": ""}, '"1"'),
]


@pytest.mark.parametrize(("before", "after", "condition"), STATED)
@pytest.mark.parametrize("fault", [IgnoreRange, None], ids=["all again", "the rest"])
def test_a_file_that_changes_between_two_requests_is_noticed_by_what_is_stated(server, before, after, condition, fault):
    server.pages["/big"] = Page(BODY, headers=before)
    server.faults = [Cut(after=400_000, times=1), *([fault(skip=1)] if fault else [])]
    chunks = Client().download(server.url + "/big", headers=dict)
    next(chunks)
    server.pages["/big"] = Page(BODY[::-1], headers=after)
    with pytest.raises(TransportError, match="the file changed on the server during the transfer"):
        b"".join(chunks)
    assert server.requests[1].headers.get("if-range") == condition


def test_a_file_of_another_length_has_changed(server):
    server.pages["/big"] = Page(BODY, headers={"ETag": ""})
    server.faults = [Cut(after=400_000, times=1)]
    chunks = Client().download(server.url + "/big", headers=dict)
    next(chunks)
    server.pages["/big"] = Page(BODY + b"more", headers={"ETag": ""})
    with pytest.raises(TransportError, match="the file changed on the server during the transfer"):
        b"".join(chunks)


def test_a_download_is_refused_with_its_status(server):
    for status in (401, 403, 404, 416):
        server.faults = [Status(status=status)]
        with pytest.raises(TransportError, match=str(status)) as caught:
            download(Client(), server.url + "/big")
        assert caught.value.status == status


def test_a_download_waits_for_a_busy_server(server):
    server.faults = [Status(status=429, headers={"Retry-After": "3"}, times=1), Cut(after=200_000, times=1)]
    server.faults.append(Status(status=503, headers={"Retry-After": "9"}, times=1))
    client = Client()
    assert download(client, server.url + "/big") == BODY
    assert (client.pauses[0], client.pauses[2]) == (3, 9)
    assert server.faults == []


def test_a_download_that_nobody_reads_on_is_dropped(server):
    chunks = Client().download(server.url + "/big", headers=dict)
    assert BODY.startswith(next(chunks))
    chunks.close()
    assert list(chunks) == []


FAULTS = st.one_of(
    st.builds(Cut, after=st.integers(0, 5000), reset=st.just(False), times=st.just(1)),
    st.builds(Status, status=st.sampled_from([429, 500, 503]), times=st.just(1)),
    st.builds(IgnoreRange, times=st.just(1)),
    st.builds(Chunked, size=st.integers(1, 3000), times=st.just(1)),
    st.builds(Raw, times=st.just(1)),
    st.builds(CutWhole, after=st.integers(0, 5000), times=st.just(1)),
)


@pytest.fixture(scope="module")
def lasting_server():
    with FileServer() as running:
        yield running


@given(length=st.integers(0, 4000), faults=st.lists(FAULTS, max_size=6), size_is_known=st.booleans())
@hostile
def test_whatever_goes_wrong_the_body_arrives_whole(lasting_server, length, faults, size_is_known):
    body = BODY[:length]
    lasting_server.pages = {"/x": body}
    lasting_server.faults = list(faults)
    url = lasting_server.url + "/x"
    assert download(Client(retries=6), url, length if size_is_known else None) == body
