# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to do about the status of an answer."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import TransportError
from ansible_collections.localai.core.plugins.module_utils._http.client import basic
from ansible_collections.localai.core.plugins.module_utils._http.status import tls_advice
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint
from ansible_collections.localai.core.tests.support.client import Client, download
from ansible_collections.localai.core.tests.support.faults import Redirect, Status
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.pages import SECRET


def messages(client, url, **settings):
    """The errors of a request and of a download."""
    found = []
    for attempt in (
        lambda: client.fetch(url, headers=client.authorization(url)),
        lambda: download(client, url, headers=lambda: client.authorization(url)),
    ):
        with pytest.raises(TransportError) as caught:
            attempt()
        found.append(str(caught.value))
    return found


@pytest.mark.parametrize("status", [401, 403])
def test_without_credentials_the_error_says_that_none_were_sent(server, status):
    server.faults = [Status(status=status)]
    for message in messages(Client(), server.url + "/page"):
        assert message.endswith(". Add credentials for this host to endpoints. No credentials were sent.")


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize(
    ("login", "named"),
    [({"username": "puller", "password": SECRET}, "login of user 'puller'"), ({"token": SECRET}, "token")],
)
def test_refused_credentials_are_named_with_their_origin(server, status, login, named):
    server.faults = [Status(status=status)]
    for message in messages(Client(endpoints=(Endpoint(server.host, **login),)), server.url + "/page"):
        assert f"The server refused the {named} from endpoints" in message
        assert SECRET not in message
        assert basic("puller", SECRET) not in message


def test_an_entry_for_another_port_is_pointed_out(server):
    server.faults = [Status(status=401)]
    client = Client(endpoints=(Endpoint("127.0.0.1", username="me", password=SECRET),))
    for message in messages(client, server.url + "/page"):
        assert message.endswith(f"The entry of endpoints for 127.0.0.1 does not apply to {server.host}.")


def test_the_status_of_another_server_has_no_advice_for_the_first_one(server):
    with FileServer() as storage:
        storage.faults = [Status(status=403)]
        server.faults = [Redirect(location=f"{storage.url}/x?sig={SECRET}")]
        for message in messages(Client(), server.url + "/page"):
            assert message.endswith(f"403 Forbidden after a redirect to {storage.url}/x")


@pytest.mark.parametrize(
    ("proxy", "says"),
    [
        ("http://{host}", "The proxy requires credentials"),
        ("http://me:hunter2@{host}", "The proxy requires credentials, and refused those"),
    ],
)
def test_a_proxy_that_wants_credentials_is_named(monkeypatch, proxy, says):
    with FileServer() as server:
        server.faults = [Status(status=407)]
        monkeypatch.setenv("http_proxy", proxy.format(host=server.host))
        for message in messages(Client(), "http://files.example/page"):
            assert f"407 Proxy Authentication Required (through the proxy {server.host}). {says}" in message
            assert SECRET not in message


@pytest.mark.parametrize(
    ("status", "url", "body", "expected"),
    [
        (400, "http://a/", b"Client sent an HTTP request to an HTTPS server.\n", True),
        (400, "http://a/", b"<h1>The plain HTTP request was sent to HTTPS port</h1>", True),
        (400, "http://a/", b"You're speaking plain HTTP to an SSL-enabled server port.", True),
        (400, "http://a/", b"bad request", False),
        (400, "https://a/", b"Client sent an HTTP request to an HTTPS server.", False),
        (404, "http://a/", b"Client sent an HTTP request to an HTTPS server.", False),
    ],
)
def test_a_port_for_tls_says_so(status, url, body, expected):
    assert ("requires TLS: use https://" in tls_advice(status, url, body)) is expected


def test_the_error_for_a_port_for_tls_says_so(server):
    server.faults = [Status(status=400, body=b"Client sent an HTTP request to an HTTPS server.")]
    for message in messages(Client(), server.url + "/page"):
        assert "The server requires TLS: use https://, without plain_http in endpoints." in message


def test_a_binary_body_is_not_shown(server):
    server.faults = [Status(status=203, body=bytes(range(256)) * 4)]
    with pytest.raises(TransportError, match=r": 203 Non-Authoritative Information$"):
        Client().fetch(server.url + "/page")
