# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP against a server that misbehaves: an answer, or one clear error without secrets."""

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
from ansible_collections.localai.core.plugins.module_utils._http.client import Http, basic
from ansible_collections.localai.core.plugins.module_utils._request import Connection, Endpoint
from ansible_collections.localai.core.tests.support.client import Client, Internet, download
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
from ansible_collections.localai.core.tests.support.tcp_proxy import refusing

SIZE = 600_000


BODY = bytes(number * 7 % 251 for number in range(SIZE))


TEXT = b"the content of a page"


SECRET = "hunter2"


@pytest.fixture
def server():
    with FileServer({"/page": TEXT, "/big": BODY, "/empty": b""}) as running:
        yield running


@pytest.fixture
def nobody():
    """An address on loopback where nobody listens."""
    with refusing() as address:
        yield address


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


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_transient_status_is_retried(server, status):
    server.faults = [Status("/page", status=status, times=2)]
    client = Client()
    assert client.fetch(server.url + "/page").body == TEXT
    assert len(server.requests) == 3
    assert 0.5 <= client.pauses[0] <= 1 <= client.pauses[1] <= 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 416, 501])
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


def test_a_host_that_refuses_is_queried_once_in_a_run(nobody):
    client, host = Client(), nobody
    with pytest.raises(TransportError, match="refused"):
        client.fetch(f"http://{host}/a")
    with pytest.raises(TransportError, match=r"refused.*not queried again"):
        client.fetch(f"http://{host}/b")
    assert client.pauses == []


def test_a_host_without_an_address_is_queried_once_in_a_run(monkeypatch):
    def unknown(*_arguments, **_settings):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    client = Client()
    for expected in ("not known|resolve", "not queried again"):
        with pytest.raises(TransportError, match=expected):
            client.fetch("https://nowhere.example/")
    assert client.pauses == []


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


def test_credentials_stay_at_the_host_they_are_for(server):
    with FileServer({"/page": TEXT}) as other:
        server.faults = [Redirect("/away", location=other.url + "/page"), Redirect("/here", location="/page")]
        for path in ("/away", "/here"):
            Client().fetch(server.url + path, headers={"Authorization": "Bearer " + SECRET})
        assert [request.headers.get("authorization") for request in other.requests] == [None]
        assert [request.headers.get("authorization") for request in server.requests] == ["Bearer " + SECRET] * 3


def test_credentials_do_not_come_back_from_another_host(server):
    with FileServer() as other:
        server.faults = [Redirect("/away", location=other.url + "/back")]
        other.faults = [Redirect("/back", location=server.url + "/page")]
        Client().fetch(server.url + "/away", headers={"Authorization": "Bearer " + SECRET})
    assert [request.headers.get("authorization") for request in server.requests] == ["Bearer " + SECRET, None]


@pytest.mark.parametrize("location", ["/café.tar", "{url}/café.tar", "/caf%C3%A9.tar"])
def test_a_redirect_to_a_path_that_is_not_ascii_is_followed(server, location):
    server.pages["/caf%C3%A9.tar"] = TEXT
    # http.client decodes the bytes of a header as Latin-1, and the server of this test encodes them so.
    written = location.format(url=server.url).encode("utf-8").decode("latin-1")
    server.faults = [Redirect("/old", location=written)]
    assert Client().fetch(server.url + "/old").body == TEXT


@pytest.mark.parametrize("location", ["http://files.example/x?token=hunter2", "http://other.example/x"])
def test_a_redirect_from_https_to_less_is_refused(location):
    world = Internet({"https://files.example/x": (302, {"Location": location}, b"")})
    with pytest.raises(TransportError, match="not HTTPS: refused") as caught:
        Client(world).fetch("https://files.example/x")
    assert len(world.requests) == 1
    assert SECRET not in str(caught.value)


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
    with pytest.raises(TransportError, match=r"/page redirects |Failed to") as caught:
        Client().fetch(server.url + "/page")
    assert SECRET not in str(caught.value)


LOGIN = Endpoint("files.example", username="me", password="pass:word")


@pytest.mark.parametrize(
    ("endpoint", "url", "expected"),
    [
        (LOGIN, "https://files.example/x", basic("me", "pass:word")),
        (LOGIN, "https://FILES.example/x", basic("me", "pass:word")),
        (LOGIN, "https://files.example:443/x", basic("me", "pass:word")),
        (Endpoint("files.example:443", token="t"), "https://files.example/x", "Bearer t"),
        (Endpoint("files.example:5000", token="t"), "https://files.example:5000/x", "Bearer t"),
        (Endpoint("files.example", username="me", password=""), "https://files.example/x", basic("me", "")),
        (Endpoint("files.example", username="me"), "https://files.example/x", None),
        (Endpoint("files.example"), "https://files.example/x", None),
        (LOGIN, "https://files.example:5000/x", None),
        (LOGIN, "https://files.example.evil/x", None),
        (LOGIN, "https://evil/files.example", None),
        (None, "https://files.example/x", None),
    ],
)
def test_credentials_are_those_of_the_endpoint(endpoint, url, expected):
    client = Client(endpoints=(endpoint,) if endpoint else ())
    assert client.authorization(url).get("Authorization") == expected


def test_credentials_are_written_as_utf8():
    assert basic("me", "pässwörd") == "Basic bWU6cMOkc3N3w7ZyZA=="


@pytest.mark.parametrize(
    ("url", "plain_http", "sent"),
    [
        ("http://files.example/x", None, False),
        ("http://files.example/x", False, False),
        ("http://files.example/x", True, True),
        ("https://files.example/x", None, True),
        ("http://127.0.0.1:5000/x", None, True),
        ("http://localhost/x", None, True),
        ("http://[::1]/x", None, True),
        ("http://127.0.0.1.evil.example/x", None, False),
    ],
)
def test_credentials_go_over_plain_http_only_where_that_is_allowed(url, plain_http, sent):
    world = Internet({url: (200, {}, b"")})
    client = Client(world, endpoints=(Endpoint("files.example", plain_http=plain_http),))
    with contextlib.nullcontext() if sent else pytest.raises(TransportError, match="not sent over plain HTTP"):
        client.fetch(url, headers={"Authorization": "Bearer " + SECRET})
    assert [request.headers["Authorization"] for request in world.requests] == (["Bearer " + SECRET] if sent else [])


@pytest.mark.parametrize("status", [401, 403, 500])
@pytest.mark.parametrize("authorization", ["Bearer " + SECRET, basic("me", SECRET)])
def test_credentials_that_a_server_sends_back_are_not_shown(server, status, authorization):
    sent = authorization.partition(" ")[2]
    body = f"you sent {authorization}: {sent}, me:{SECRET} and {SECRET}".encode()
    server.pages["/echo"] = Page(body, status=status)
    client, headers = Client(retries=0), {"Authorization": authorization}
    answer = client.fetch(server.url + "/echo", headers=headers, accept=range(600))
    assert b"you sent" in answer.body
    messages = [answer.body.decode()]
    for attempt in (
        lambda: client.fetch(server.url + "/echo", headers=headers),
        lambda: download(client, server.url + "/echo", headers=lambda: headers),
    ):
        with pytest.raises(TransportError) as caught:
            attempt()
        messages.append(str(caught.value))
    assert [message for message in messages if SECRET in message or sent in message] == []


def test_without_credentials_plain_http_needs_no_permission():
    world = Internet({"http://files.example/x": (200, {}, TEXT)})
    assert Client(world).fetch("http://files.example/x").body == TEXT


def test_a_netrc_file_is_not_read(server, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login me password {SECRET}\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    Client().fetch(server.url + "/page")
    assert "authorization" not in server.requests[0].headers


@pytest.mark.parametrize("token", [SECRET + "\n", "\r\n" + SECRET, SECRET + "\u20ac"])
def test_a_token_that_no_header_can_hold_is_an_error_that_does_not_show_it(server, token):
    client = Client(endpoints=(Endpoint(server.host, token=token),))
    with pytest.raises(LocalAIError) as caught:
        client.fetch(server.url + "/page", headers=client.authorization(server.url))
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize("fault", [Status(status=404), Status(status=500), Raw(), Raw(data=b"no HTTP\r\n"), Redirect()])
def test_no_error_shows_the_query(server, fault):
    server.faults = [fault]
    for attempt in (Client().fetch, lambda url: download(Client(), url)):
        with pytest.raises(TransportError) as caught:
            attempt(f"{server.url}/page?X-Signature={SECRET}")
        assert SECRET not in str(caught.value)
        assert "/page" in str(caught.value)


def test_no_error_of_an_unreachable_host_shows_the_query(nobody):
    client = Client()
    for _try in range(2):
        with pytest.raises(TransportError) as caught:
            client.fetch(f"http://{nobody}/page?X-Signature={SECRET}")
        assert SECRET not in str(caught.value)


def test_the_proxy_of_the_environment_is_used(monkeypatch):
    page = "http://files.example/page"
    with FileServer({page: TEXT}) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        assert Client().fetch(page).body == TEXT
        assert download(Client(), page) == TEXT
        assert [request.path for request in proxy.requests] == [page, page]


@pytest.mark.parametrize(
    ("environment", "use_proxy"), [({"no_proxy": "127.0.0.1"}, True), ({"NO_PROXY": "127.0.0.1"}, True), ({}, False)]
)
def test_the_proxy_is_bypassed_if_requested(server, nobody, monkeypatch, environment, use_proxy):
    for name, value in {"http_proxy": f"http://{nobody}", **environment}.items():
        monkeypatch.setenv(name, value)
    assert Client(use_proxy=use_proxy).fetch(server.url + "/page").body == TEXT


def test_credentials_for_this_machine_are_not_sent_in_the_clear_to_a_proxy(server, monkeypatch):
    with FileServer({server.url + "/page": TEXT}) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        with contextlib.suppress(TransportError):
            Client().fetch(server.url + "/page", headers={"Authorization": "Bearer " + SECRET})
        assert [request for request in proxy.requests if "authorization" in request.headers] == []


@pytest.mark.parametrize(
    "proxy",
    ["http://me:hunter2@{nobody}", "http://me:hunter2@", "nonsense://me:hunter2@{nobody}", "http://me:hunter2@[::1"],
)
@pytest.mark.parametrize("url", ["http://files.example/x", "https://files.example/x"])
def test_a_proxy_that_does_not_work_is_an_error_without_its_password(nobody, monkeypatch, proxy, url):
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, proxy.format(nobody=nobody))
    with pytest.raises(TransportError) as caught:
        Client().fetch(url)
    assert SECRET not in str(caught.value)


def test_an_unknown_authority_is_refused_and_the_error_says_so(authority):
    with FileServer({"/page": TEXT}, tls=authority.server_context()) as server:
        with pytest.raises(TransportError, match=r"(?i)certificate"):
            Client().fetch(server.url + "/page")
        assert server.requests == []


@pytest.mark.parametrize("own_endpoint", [True, False])
@pytest.mark.parametrize("how", ["ca_path", "validate_certs"])
def test_a_server_is_trusted_by_its_authority_or_by_decision(authority, own_endpoint, how):
    setting = {how: {"ca_path": str(authority.ca_file), "validate_certs": False}[how]}
    with FileServer({"/page": TEXT}, tls=authority.server_context()) as server:
        client = Client(endpoints=(Endpoint(server.host, **setting),)) if own_endpoint else Client(**setting)
        assert client.fetch(server.url + "/page").body == TEXT


def test_the_setting_of_an_endpoint_goes_before_the_general_one(authority):
    with FileServer({"/page": TEXT}, tls=authority.server_context()) as server:
        with pytest.raises(TransportError, match=r"(?i)certificate"):
            Client(validate_certs=False, endpoints=(Endpoint(server.host, validate_certs=True),)).fetch(server.url)
        with pytest.raises(TransportError, match=r"(?i)certificate"):
            Client(endpoints=(Endpoint("other.example", validate_certs=False),)).fetch(server.url)


@pytest.mark.parametrize("own_endpoint", [True, False])
@pytest.mark.parametrize("in_one_file", [True, False])
def test_a_client_certificate_opens_the_door(authority, tmp_path, own_endpoint, in_one_file):
    certificate, key = authority.issue("client")
    files = {"client_cert": str(certificate), "client_key": str(key)}
    if in_one_file:
        both = tmp_path / "both.pem"
        both.write_bytes(certificate.read_bytes() + key.read_bytes())
        files = {"client_cert": str(both)}
    with FileServer({"/page": TEXT}, tls=authority.server_context(client_certificates=True)) as server:
        trust = {"ca_path": str(authority.ca_file), "retries": 0}
        with pytest.raises(TransportError):
            Client(**trust).fetch(server.url + "/page")
        settings = {"endpoints": (Endpoint(server.host, **files),)} if own_endpoint else files
        assert Client(**trust, **settings).fetch(server.url + "/page").body == TEXT


@pytest.mark.parametrize("option", ["ca_path", "client_cert"])
def test_a_missing_certificate_file_is_named(authority, tmp_path, option):
    missing = str(tmp_path / "missing.pem")
    with FileServer(tls=authority.server_context()) as server:
        with pytest.raises(TransportError, match=r"missing.pem"):
            Client(**{option: missing}).fetch(server.url)
        assert server.requests == []


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
