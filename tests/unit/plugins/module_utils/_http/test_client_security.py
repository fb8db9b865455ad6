# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Credentials, proxies and TLS: who gets what, and no error shows a secret."""

from __future__ import annotations

import contextlib
import json

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError, TransportError
from ansible_collections.localai.core.plugins.module_utils._http.client import basic
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint
from ansible_collections.localai.core.tests.support.client import Client, Internet, download
from ansible_collections.localai.core.tests.support.faults import (
    Raw,
    Redirect,
    Status,
)
from ansible_collections.localai.core.tests.support.files import FileServer, Page
from ansible_collections.localai.core.tests.support.pages import SECRET, TEXT


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


@pytest.mark.parametrize("location", ["http://files.example/x?token=hunter2", "http://other.example/x"])
def test_a_redirect_from_https_to_less_is_refused(location):
    world = Internet({"https://files.example/x": (302, {"Location": location}, b"")})
    with pytest.raises(TransportError, match="not HTTPS: refused") as caught:
        Client(world).fetch("https://files.example/x")
    assert len(world.requests) == 1
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


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "json"])
@pytest.mark.parametrize("status", [401, 404, 429])
def test_a_password_beyond_ascii_that_a_server_sends_back_is_not_shown(server, encoding, status):
    message = "you sent u:p\u00e4ssword1"
    text = json.dumps({"errors": [{"message": message}]}, ensure_ascii=encoding == "json")
    server.pages["/echo"] = Page(text.encode("utf-8" if encoding == "json" else encoding), status=status)
    with pytest.raises(TransportError) as caught:
        Client(retries=0).fetch(server.url + "/echo", headers={"Authorization": basic("u", "p\u00e4ssword1")})
    assert "ssword1" not in str(caught.value)


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


def test_an_anonymous_client_shows_a_certificate_only_where_it_is_set_for_the_host(authority):
    certificate, key = map(str, authority.issue("client"))
    files, trust = {"client_cert": certificate, "client_key": key}, {"ca_path": str(authority.ca_file), "retries": 0}
    with FileServer({"/page": TEXT}, tls=authority.server_context(client_certificates=True)) as server:
        with pytest.raises(TransportError):
            Client(**trust, **files).anonymous().fetch(server.url + "/page")
        client = Client(**trust, endpoints=(Endpoint(server.host, **files),))
        assert client.anonymous().fetch(server.url + "/page").body == TEXT
