# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP against a server that misbehaves: an answer, or one clear error."""

from __future__ import annotations

import contextlib
import gzip
import socket
import sys
import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError, MissingLibrary, TransportError
from ansible_collections.localai.core.plugins.module_utils._http.client import Http
from ansible_collections.localai.core.plugins.module_utils._request import Connection
from ansible_collections.localai.core.tests.support.client import Client, Internet, download
from ansible_collections.localai.core.tests.support.connections import answering, end, forward, reset, send, tunnel
from ansible_collections.localai.core.tests.support.faults import (
    Cut,
    Delay,
    Raw,
    Redirect,
    Stall,
    Status,
)
from ansible_collections.localai.core.tests.support.files import FileServer, Page
from ansible_collections.localai.core.tests.support.hostile import TEXTS, hostile
from ansible_collections.localai.core.tests.support.pages import SECRET, TEXT


def test_an_answer_has_status_headers_and_body(server):
    answer = Client().fetch(server.url + "/page?token=" + SECRET)
    assert (answer.status, answer.body, answer.url) == (200, TEXT, server.url + "/page")
    assert answer.headers["content-length"] == answer.headers["Content-Length"] == str(len(TEXT))


def test_an_unexpected_status_is_an_error_that_quotes_the_server(server):
    with pytest.raises(TransportError, match=r"^GET http://\S+/missing: 404 Not Found \(404 Not Found\)$") as caught:
        Client().fetch(server.url + "/missing")
    assert caught.value.status == 404


def test_an_expected_status_is_an_answer(server):
    assert Client().fetch(server.url + "/missing", accept=(404,)).status == 404


@pytest.mark.parametrize("status", [408, 425, 429, 499, 500, 502, 503, 504, 520, 522, 524, 530])
def test_a_transient_status_is_retried(server, status):
    server.faults = [Status("/page", status=status, times=2)]
    client = Client()
    assert client.fetch(server.url + "/page").body == TEXT
    assert len(server.requests) == 3
    assert 0.5 <= client.pauses[0] <= 1 <= client.pauses[1] <= 2


@pytest.mark.parametrize("status", [408, 500, 503])
def test_the_body_of_a_transient_status_is_not_waited_for(server, status):
    server.pages["/busy"] = Page(TEXT, status=status)
    server.faults, began = [Stall(seconds=30)], time.monotonic()
    with pytest.raises(TransportError, match=f"{status} .* \\(tried 2 times"):
        Client(timeout=20, retries=1).fetch(server.url + "/busy")
    assert time.monotonic() - began < 15


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 416, 501, 525, 526])
def test_a_lasting_status_is_not_retried(server, status):
    server.faults = [Status("/page", status=status)]
    with pytest.raises(TransportError) as caught:
        Client().fetch(server.url + "/page")
    assert (caught.value.status, len(server.requests)) == (status, 1)


def test_a_transient_status_that_is_accepted_is_an_answer(server):
    server.faults = [Status("/page", status=503, body=b"later")]
    answer = Client().fetch(server.url + "/page", accept=(503,))
    assert (answer.status, answer.body, len(server.requests)) == (503, b"later", 1)


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        ("7", 7, 7),
        (" 0 ", 0, 0),
        ("999999999", 120, 120),
        ("-1", 0.5, 1),
        ("1.5", 0.5, 1),
        ("9" * 5000, 120, 120),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0, 0),
        ("Wed, 21 Oct 9999 07:28:00 GMT", 120, 120),
        ("Wed, 21 Oct 99999 07:28:00 GMT", 0.5, 1),
        ("soon", 0.5, 1),
    ],
)
def test_a_server_may_set_the_pause_within_limits(server, value, low, high):
    server.faults = [Status("/page", status=429, headers={"Retry-After": value}, times=1)]
    client = Client()
    assert client.fetch(server.url + "/page").body == TEXT
    assert low <= client.pauses[0] <= high


@pytest.mark.parametrize("written", [lambda at: formatdate(at, usegmt=True), lambda at: time.asctime(time.gmtime(at))])
def test_a_server_may_set_the_end_of_the_pause(server, written):
    server.faults = [Status("/page", status=429, headers={"Retry-After": written(time.time() + 100)}, times=1)]
    client = Client()
    assert client.fetch(server.url + "/page").body == TEXT
    assert 80 <= client.pauses[0] <= 100


def test_a_client_waits_in_earnest_by_default(server):
    server.faults = [Status("/page", status=429, headers={"Retry-After": "1"}, times=1)]
    start = time.monotonic()
    assert Http(Connection(timeout=5, retries=1)).fetch(server.url + "/page").body == TEXT
    assert time.monotonic() - start >= 1


def test_pauses_grow_up_to_half_a_minute_and_the_last_error_names_all(server):
    server.faults = [Status(status=500, times=1), Status(status=503)]
    client = Client(retries=8)
    with pytest.raises(TransportError) as caught:
        client.fetch(server.url + "/page")
    for pause, longest in zip(client.pauses, (1, 2, 4, 8, 16, 30, 30, 30)):
        assert longest / 2 <= pause <= longest
    assert len(client.pauses) == 8
    assert str(caught.value) == (
        f"GET {server.url}/page: 500 Internal Server Error; 503 Service Unavailable "
        f"(tried 9 times without progress, waited {sum(client.pauses):.0f} s in all)"
    )


def test_the_status_of_the_last_fault_is_kept(server):
    server.faults = [Status(status=503)]
    with pytest.raises(TransportError) as caught:
        Client(retries=0).fetch(server.url + "/page")
    assert caught.value.status == 503


@pytest.mark.parametrize(
    "fault",
    [
        Raw(times=1),
        Raw(data=b"SSH-2.0-OpenSSH_9.2\r\n", times=1),
        Raw(data=b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n", times=1),
        Raw(data=b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", times=1),
        Cut(after=5, times=1),
        Cut(after=5, reset=True, times=1),
    ],
    ids=["no answer", "not HTTP", "a huge header", "many headers", "a cut body", "a reset connection"],
)
def test_a_broken_answer_is_retried(server, fault):
    server.faults = [fault]
    assert Client().fetch(server.url + "/page").body == TEXT
    assert server.faults == []


@pytest.mark.parametrize("fault", [Delay(seconds=30), Stall(after=5, seconds=30)], ids=["the start", "the rest"])
def test_a_silent_server_is_given_up_after_the_timeout(server, fault):
    server.faults = [fault]
    with pytest.raises(TransportError, match=r"no byte for 1 s \(tried 1 times"):
        Client(timeout=1, retries=0).fetch(server.url + "/page")


@pytest.mark.parametrize(("limit", "fits"), [(len(TEXT), True), (len(TEXT) - 1, False)])
def test_a_body_has_a_longest_length(server, limit, fits):
    with contextlib.nullcontext() if fits else pytest.raises(TransportError, match="more than 20 bytes"):
        assert Client().fetch(server.url + "/page", limit=limit).body == TEXT


def test_an_endless_body_is_not_read_to_its_end(server):
    server.pages["/endless"] = b"x" * 50_000_000
    with pytest.raises(TransportError, match="not plausible"):
        Client().fetch(server.url + "/endless", limit=1000)
    assert len(server.requests) == 1


@pytest.mark.parametrize("path", ["/big", "/page", "/empty"])
def test_only_the_first_bytes_are_read_if_requested(server, path):
    assert Client().fetch(server.url + path, first=100).body == server.pages[path][:100]


def test_head_has_no_body(server):
    answer = Client().fetch(server.url + "/page", method="HEAD")
    assert (answer.body, answer.headers["Content-Length"]) == (b"", str(len(TEXT)))


@pytest.mark.parametrize("decode", [True, False])
def test_an_encoded_body_is_decoded_if_requested(server, decode):
    encoded = gzip.compress(TEXT * 1000)
    server.pages["/encoded"] = Page(encoded, headers={"Content-Encoding": "gzip"})
    assert Client().fetch(server.url + "/encoded", decode=decode).body == (TEXT * 1000 if decode else encoded)


def test_the_limit_holds_for_a_decoded_body(server):
    server.pages["/encoded"] = Page(gzip.compress(bytes(5_000_000)), headers={"Content-Encoding": "gzip"})
    with pytest.raises(TransportError, match="more than 1000 bytes"):
        Client().fetch(server.url + "/encoded", decode=True, limit=1000)


def test_a_damaged_encoding_is_an_error(server):
    server.pages["/encoded"] = Page(b"not gzip at all", headers={"Content-Encoding": "gzip"})
    with pytest.raises(TransportError, match="/encoded"):
        Client().fetch(server.url + "/encoded", decode=True)


def test_a_missing_library_is_an_error_of_its_own(monkeypatch, server):
    monkeypatch.setitem(sys.modules, "requests", None)
    with pytest.raises(MissingLibrary) as caught:
        Client().fetch(server.url + "/page")
    assert caught.value.library == "requests"
    with pytest.raises(MissingLibrary):
        download(Client(), server.url + "/page")


def test_a_host_that_refuses_is_not_queried_again_once_its_retries_are_used_up(nobody):
    client, host = Client(), nobody
    with pytest.raises(TransportError, match=r"refused \(tried 3 times without progress") as caught:
        client.fetch(f"http://{host}/a")
    assert "skipped" not in str(caught.value)
    with pytest.raises(TransportError, match=r"/b: skipped, because an earlier request of this run failed: .*refused$"):
        client.fetch(f"http://{host}/b")
    assert len(client.pauses) == 2


def test_a_host_that_refuses_for_a_while_is_queried_until_it_accepts(nobody):
    class Late(Client):
        def __init__(self):
            super().__init__()
            self._sleep = self.start

        def start(self, _seconds):
            stack.enter_context(answering(send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"), at=nobody))

    with contextlib.ExitStack() as stack:
        assert Late().fetch(f"http://{nobody}/").body == b"ok"


def failing_names(monkeypatch, code, times):
    """Let names have no address for some times; returns the list of the queries."""
    queries, original = [], socket.getaddrinfo

    def resolve(host, *arguments, **settings):
        queries.append(host)
        if len(queries) <= times:
            raise socket.gaierror(code, "a text of the resolver")
        return original("127.0.0.1", *arguments, **settings)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    return queries


def test_a_name_that_cannot_be_resolved_for_a_while_is_tried_again(server, monkeypatch):
    queries = failing_names(monkeypatch, socket.EAI_AGAIN, 2)
    url = f"http://files.example:{server.host.partition(':')[2]}/page"
    client = Client()
    assert client.fetch(url).body == TEXT
    assert (len(queries), len(client.pauses)) == (3, 2)


def test_a_host_without_an_address_is_queried_once_in_a_run(monkeypatch):
    queries = failing_names(monkeypatch, socket.EAI_NONAME, 9)
    client = Client()
    for expected in (r"/: the name of nowhere.example:443 cannot be resolved", "skipped, because"):
        with pytest.raises(TransportError, match=expected):
            client.fetch("https://nowhere.example/")
    assert (len(queries), client.pauses) == (1, [])


def test_a_server_that_accepts_no_connection_in_time_is_tried_again():
    with socket.socket() as full, contextlib.ExitStack() as stack:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _number in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        with pytest.raises(TransportError, match=r"no connection for 1 s \(tried 2 times without progress"):
            Client(timeout=1, retries=1).fetch(f"http://127.0.0.1:{full.getsockname()[1]}/")


@pytest.mark.parametrize("fault", [end(), reset()], ids=["end", "reset"])
def test_a_tls_handshake_that_is_cut_off_is_tried_again(authority, fault):
    tls = authority.server_context()
    with FileServer({"/page": TEXT}, tls=tls) as server, answering(fault, fault, forward(server.host)) as host:
        client = Client(ca_path=str(authority.ca_file))
        assert client.fetch(f"https://{host}/page").body == TEXT
        assert len(client.pauses) == 2


@pytest.mark.parametrize("status", [408, 429, 502, 503])
def test_a_proxy_that_answers_connect_with_a_transient_status_is_tried_again(authority, monkeypatch, status):
    busy = send(b"HTTP/1.1 %d Busy\r\nContent-Length: 0\r\n\r\n" % status)
    context = authority.server_context(names=("files.example",))
    with FileServer({"/page": TEXT}, tls=context) as server, answering(busy, busy, tunnel(server.host)) as proxy:
        monkeypatch.setenv("https_proxy", f"http://{proxy}")
        client = Client(ca_path=str(authority.ca_file))
        assert client.fetch("https://files.example/page").body == TEXT
        assert download(client, "https://files.example/page") == TEXT
        assert len(client.pauses) == 2


@pytest.mark.parametrize("status", [403, 407, 501])
def test_a_proxy_that_refuses_a_connection_is_queried_once_in_a_run(monkeypatch, status):
    connections = []

    def refuse(connection):
        connections.append(connection)
        send(b"HTTP/1.1 %d No\r\nContent-Length: 0\r\n\r\n" % status)(connection)

    with answering(refuse) as proxy:
        monkeypatch.setenv("https_proxy", f"http://{proxy}")
        client = Client()
        for expected in (f"{status} No", f"skipped, .*{status} No"):
            with pytest.raises(TransportError, match=expected):
                client.fetch("https://files.example/page")
    assert len(connections) == 1


def test_a_proxy_that_cannot_be_reached_is_not_queried_for_another_server(monkeypatch, nobody):
    monkeypatch.setenv("https_proxy", f"http://{nobody}")
    client = Client()
    for host, expected in (("a.example", f"the proxy {nobody} cannot be reached"), ("b.example", "skipped, because")):
        with pytest.raises(TransportError, match=expected):
            client.fetch(f"https://{host}/")
    assert len(client.pauses) == 2


def test_an_unreachable_server_says_nothing_about_another_port(server, nobody):
    client = Client()
    with pytest.raises(TransportError):
        client.fetch(f"http://{nobody}/")
    assert client.fetch(server.url + "/page").body == TEXT


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/page", "{url}/page"])
def test_a_redirect_is_followed(server, status, location):
    server.faults = [Redirect("/old", location=location.format(url=server.url), status=status)]
    answer = Client().fetch(server.url + "/old")
    assert (answer.url, answer.body) == (server.url + "/page", TEXT)


def test_a_redirect_loop_ends(server):
    server.faults = [Redirect()]
    with pytest.raises(TransportError, match="redirects more than 10 times"):
        Client().fetch(server.url + "/page")
    assert len(server.requests) == 10


def test_a_redirect_without_a_location_is_its_status(server):
    server.faults = [Status(status=302)]
    with pytest.raises(TransportError, match="302"):
        Client().fetch(server.url + "/page")


@pytest.mark.parametrize("location", ["/café.tar", "{url}/café.tar", "/caf%C3%A9.tar"])
def test_a_redirect_to_a_path_that_is_not_ascii_is_followed(server, location):
    server.pages["/caf%C3%A9.tar"] = TEXT
    # http.client decodes the bytes of a header as Latin-1, and the server of this test encodes them so.
    written = location.format(url=server.url).encode("utf-8").decode("latin-1")
    server.faults = [Redirect("/old", location=written)]
    assert Client().fetch(server.url + "/old").body == TEXT


@pytest.mark.parametrize(
    "location",
    [
        "http://[::1",
        "http://host:port/",
        "http://",
        "file:///etc/passwd",
        "ftp://files.example/x",
        "http://user:hunter2@127.0.0.1/",
        "http://\x00/",
    ],
)
def test_a_redirect_to_an_invalid_url_is_an_error(server, location):
    server.faults = [Redirect("/page", location=location)]
    with pytest.raises(TransportError, match=r"/page redirects |Failed to|cannot be resolved") as caught:
        Client().fetch(server.url + "/page")
    assert SECRET not in str(caught.value)


@given(
    st.one_of(
        TEXTS,
        st.builds("https://{}/{}".format, TEXTS, TEXTS),
        st.text("htp:/s[]@%.\\?#a1", max_size=20).map("http://".__add__),
    )
)
@hostile
def test_any_text_as_an_address_is_an_answer_or_one_of_our_errors(url):
    client = Client(Internet(), retries=0)
    for attempt in (client.authorization, client.fetch, lambda url: download(client, url)):
        with contextlib.suppress(LocalAIError):
            attempt(url)


def test_a_request_that_only_helps_says_nothing_about_its_server():
    client, url = Client(retries=0), "http://server.invalid/x"
    with pytest.raises(TransportError, match=r"server\.invalid"):
        client.open("GET", url, {}, 1.0)
    with pytest.raises(TransportError) as caught:
        client.fetch(url)
    assert "skipped" not in str(caught.value)
    with pytest.raises(TransportError, match="skipped, because an earlier request"):
        client.fetch(url)


def test_a_hasty_client_asks_once_and_waits_for_seconds_at_most(server):
    server.faults = [Status("/page", times=1)]
    client = Client(timeout=60, retries=5)
    with pytest.raises(TransportError, match="500"):
        client.hasty(5).fetch(server.url + "/page")
    assert (len(server.requests), client.pauses) == (1, [])
    server.faults = [Delay("/page")]
    began = time.monotonic()
    with pytest.raises(TransportError, match="no byte for 1 s"):
        client.hasty(1).fetch(server.url + "/page")
    assert time.monotonic() - began < 10


def test_what_a_hasty_client_does_not_reach_its_origin_still_tries(server):
    client = Client()
    hasty = client.hasty(1)
    server.faults = [Delay("/page", times=1)]
    with pytest.raises(TransportError):
        hasty.fetch(server.url + "/page")
    with pytest.raises(TransportError, match="skipped"):
        hasty.fetch(server.url + "/page")
    assert client.fetch(server.url + "/page").body == TEXT
