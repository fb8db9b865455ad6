# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors of connections in words: TLS by its kind, and a proxy that fails is named as the proxy."""

from __future__ import annotations

import contextlib
import socket
import ssl

import pytest
import requests

from ansible_collections.localai.core.plugins.module_utils._errors import TransportError
from ansible_collections.localai.core.plugins.module_utils._http.reason import Peer, reason_of, speaks_no_tls
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint
from ansible_collections.localai.core.tests.support.client import Client
from ansible_collections.localai.core.tests.support.connections import answering, end, reset, send, silence
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.pages import SECRET, TEXT
from ansible_collections.localai.core.tests.support.tls import Authority


def error(url, **settings):
    with pytest.raises(TransportError) as caught:
        Client(**{"retries": 0, "timeout": 2, **settings}).fetch(url)
    return str(caught.value)


@pytest.fixture(scope="module")
def cas(authority, tmp_path_factory):
    """What ca_path may be: nothing, the right file, and that of another authority."""
    another = Authority(tmp_path_factory.mktemp("another"))
    return {"": None, "own": str(authority.ca_file), "another": str(another.ca_file)}


@pytest.mark.parametrize(
    ("certificate", "ca", "expected"),
    [
        ({}, "", ("signed by an authority that is not trusted by this host", "Set ca_path to the certificate of its")),
        (
            {},
            "another",
            ("signed by an authority that is not in ca_path {ca}", "Set ca_path to the certificate of its"),
        ),
        ({"self_signed": True}, "", ("is self-signed and is not trusted by this host", "Set ca_path to this")),
        ({"self_signed": True}, "own", ("is self-signed and is not in ca_path {ca}", "Set ca_path to this")),
        ({"days": (-9, -2)}, "own", ("has expired", "Renew it on the server. The clock of this host says 20")),
        ({"days": (2, 9)}, "own", ("is not yet valid", "Check the clock of this host, which says 20")),
        ({"names": ("b.example", "c.example")}, "own", ("is for another name", "contains: b.example, c.example.")),
    ],
    ids=["unknown authority", "wrong authority", "self-signed", "self-signed, ca", "expired", "not yet", "other name"],
)
def test_a_refused_certificate_has_advice_for_its_kind(authority, cas, certificate, ca, expected):
    path, (says, advice) = cas[ca], expected
    with FileServer({"/page": TEXT}, tls=authority.server_context(**certificate)) as server:
        for settings in ({"ca_path": path}, {"endpoints": (Endpoint(server.host, ca_path=path),)}):
            message = error(server.url + "/page", **settings)
            assert f"the certificate of {server.host}" in message
            assert says.format(ca=path) in message
            assert advice in message
            assert ("ca_path" in message) is ("ca_path" in says + advice)
            assert "skipped" not in message


def test_an_entry_for_another_port_is_pointed_out(authority):
    with FileServer(tls=authority.server_context()) as server:
        near = Endpoint("localhost:1", ca_path=str(authority.ca_file))
        message = error(server.url, endpoints=(near,))
        assert message.endswith(f"The entry of endpoints for localhost:1 does not apply to {server.host}.")


def test_plain_http_at_a_port_for_tls_is_told(server):
    message = error(server.url.replace("http:", "https:"))
    assert f"{server.host} does not speak TLS" in message
    assert "plain_http=true" in message


def test_tls_at_a_port_for_plain_http_is_told():
    with answering(send(b"\x15\x03\x01\x00\x02\x02\x16")) as host:
        assert "the answer is TLS instead of plain HTTP" in error(f"http://{host}/")


@pytest.mark.parametrize("client_cert", [True, False])
def test_a_demand_for_a_client_certificate_is_told(authority, client_cert):
    alert = send(b"\x15\x03\x03\x00\x02\x02\x30")  # unknown_ca
    settings = {}
    if client_cert:
        settings = dict(zip(("client_cert", "client_key"), map(str, authority.issue("client"))))
    with answering(alert) as host:
        message = error(f"https://{host}/", **settings)
    assert f"{host} demands {'another' if client_cert else 'a'} client certificate" in message
    assert ("It refused" in message) is client_cert


def test_a_handshake_that_is_cut_off_is_told():
    with answering(end()) as host:
        assert f"{host} closed the connection during the TLS handshake" in error(f"https://{host}/")


def test_a_server_that_cannot_be_reached_is_named(nobody):
    assert f"{nobody} cannot be reached: Connection refused (tried 1 times" in error(f"http://{nobody}/")


def test_a_name_without_an_address_is_named(monkeypatch):
    def unknown(*_arguments, **_settings):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    expected = "GET https://a.example/: the name of a.example:443 cannot be resolved: Name or service not known"
    assert error("https://a.example/") == expected


PROXY_FAULTS = {
    "refused": (None, "the proxy {proxy} cannot be reached: Connection refused"),
    "407": (
        send(b"HTTP/1.1 407 Auth\r\nContent-Length: 0\r\n\r\n"),
        "The proxy requires credentials, and refused those",
    ),
    "403": (send(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n"), "{proxy}"),
    "503": (send(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n"), "{proxy}"),
    "echo": (send(b"HTTP/1.1 503 me:hunter2 bWU6aHVudGVyMg==\r\nContent-Length: 7\r\n\r\nhunter2"), "{proxy}"),
    "no HTTP": (send(b"SSH-2.0-OpenSSH\r\n"), "the answer is not HTTP (through the proxy {proxy})"),
    "end": (end(), "{proxy}"),
    "reset": (reset(), "{proxy}"),
    "silent": (silence(), "no byte for 1 s"),
}


@pytest.mark.parametrize("fault", PROXY_FAULTS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_fails_is_named_without_its_password(monkeypatch, nobody, scheme, fault):
    behaviour, says = PROXY_FAULTS[fault]
    with answering(behaviour) if behaviour else contextlib.nullcontext(nobody) as proxy:
        monkeypatch.setenv(f"{scheme}_proxy", f"http://me:hunter2@{proxy}")
        message = error(f"{scheme}://files.example/x?sig=hunter2hunter2", timeout=1)
    assert says.format(proxy=proxy) in message
    assert proxy in message
    assert SECRET not in message
    assert "bWU6" not in message


@pytest.mark.parametrize(
    ("status", "says"),
    [
        (407, "The proxy requires credentials. Add them to the environment variable"),
        (403, "Allow files.example:443 there, or add it to no_proxy."),
        (502, "The proxy may be overloaded"),
    ],
)
def test_the_answer_of_a_proxy_to_connect_has_advice(monkeypatch, status, says):
    with answering(send(b"HTTP/1.1 %d Told\r\nContent-Length: 0\r\n\r\n" % status)) as proxy:
        monkeypatch.setenv("https_proxy", f"http://{proxy}")
        message = error("https://files.example/x")
    assert f"the proxy {proxy} answered {status} Told to CONNECT files.example:443" in message
    assert says in message


def test_the_name_of_a_proxy_without_an_address_is_named(monkeypatch):
    def unknown(*_arguments, **_settings):
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    monkeypatch.setenv("https_proxy", "http://me:hunter2@proxy.example:3128")
    message = error("https://files.example/x")
    assert "the name of the proxy proxy.example:3128 cannot be resolved" in message
    assert "no_proxy" in message


def test_an_https_proxy_that_speaks_plain_http_is_told(monkeypatch, server):
    monkeypatch.setenv("https_proxy", f"https://{server.host}")
    message = error("https://files.example/x")
    assert f"the proxy {server.host} does not speak TLS" in message
    assert "with http:// instead of https://" in message


def test_a_socks_proxy_without_its_library_is_told(monkeypatch):
    def send_it(*_arguments, **_settings):
        raise requests.exceptions.InvalidSchema("Missing dependencies for SOCKS support.")

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send_it)
    monkeypatch.setenv("https_proxy", "socks5://proxy.example")
    message = error("https://files.example/x")
    assert "the proxy proxy.example:1080 is a SOCKS proxy, and Python's PySocks is not installed" in message


@pytest.mark.parametrize(
    ("code", "text", "says"),
    [
        (23, "certificate revoked", "the certificate of a.example:443 is revoked"),
        (85, "Missing Authority Key Identifier", "is not valid (Missing Authority Key Identifier)"),
    ],
)
def test_other_faults_of_a_certificate_are_named(code, text, says):
    refused = ssl.SSLCertVerificationError(1, "refused")
    refused.reason, refused.verify_code, refused.verify_message = "CERTIFICATE_VERIFY_FAILED", code, text
    reason = reason_of(requests.exceptions.SSLError(refused), Peer("a.example:443", None, 5))
    assert says in reason.text


@pytest.mark.parametrize("reason", ["WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"])
def test_what_openssl_says_of_a_server_without_tls_is_known(reason):
    failure = ssl.SSLError(1, reason)
    failure.reason = reason
    assert speaks_no_tls(requests.exceptions.SSLError(failure))
    assert not speaks_no_tls(requests.exceptions.SSLError(ssl.SSLError(1, "alert")))


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("is_proxy", [True, False])
@pytest.mark.parametrize("status", [403, 407, 503])
def test_the_text_of_a_status_cannot_control_a_terminal(monkeypatch, scheme, is_proxy, status):
    words = b"Told " + b"\x1b[2J\x9b" * 10800
    with answering(send(b"HTTP/1.1 %d %s\r\nContent-Length: 0\r\n\r\n" % (status, words))) as host:
        if is_proxy:
            monkeypatch.setenv(f"{scheme}_proxy", f"http://me:hunter2@{host}")
        message = error(f"{scheme if is_proxy else 'http'}://{'files.example' if is_proxy else host}/x")
    assert f"{status} Told" in message
    assert host in message
    assert message.isprintable()
    assert len(message) < 800


@pytest.mark.parametrize(
    ("behaviour", "is_advised"),
    [(end(), True), (reset(), False), (send(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"), False)],
)
def test_a_plain_connection_that_is_closed_before_any_byte_may_need_tls(behaviour, is_advised):
    with answering(behaviour) as host:
        assert ("If the server uses TLS: use https://" in error(f"http://{host}/x")) is is_advised


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_secret_at_the_end_of_what_is_shown_is_not_cut_but_hidden(monkeypatch, scheme):
    with answering(send(b"HTTP/1.1 403 %s hunter2\r\nContent-Length: 0\r\n\r\n" % (b"x" * 195))) as proxy:
        monkeypatch.setenv(f"{scheme}_proxy", f"http://me:hunter2@{proxy}")
        assert SECRET[:2] not in error(f"{scheme}://files.example/x")
