# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who logs in: a refused login is told from a missing one, with its origin and never with its secret."""

from __future__ import annotations

import base64
import json

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import TransportError
from ansible_collections.localai.core.plugins.module_utils._oci.login import Logins
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Reference
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint
from ansible_collections.localai.core.tests.support import registry
from ansible_collections.localai.core.tests.support.auth import Basic, Bearer
from ansible_collections.localai.core.tests.support.client import Client
from ansible_collections.localai.core.tests.support.faults import Redirect, Status
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.pages import SECRET
from ansible_collections.localai.core.tests.support.pulls import PASSWORD, USER, images_of, pull
from ansible_collections.localai.core.tests.support.sample import IMAGE

LOCKS = {"basic": Basic(USER, PASSWORD), "bearer": Bearer(USER, PASSWORD)}


@pytest.fixture(params=LOCKS)
def locked(request):
    """A registry with an image that only one user may pull."""
    with registry.Registry(LOCKS[request.param]) as server:
        server.put("x/y", "tag", IMAGE)
        yield server


@pytest.fixture
def config(tmp_path):
    """Write a Docker config file; returns its path."""

    def write(document):
        path = tmp_path / "config.json"
        path.write_text(json.dumps(document))
        return str(path)

    return write


def refused(server, auth_file=None, *endpoints):
    """The error of a pull that is refused, which shows no secret."""
    with pytest.raises(TransportError) as caught:
        pull(images_of(Client(endpoints=endpoints, retries=0), auth_file), f"{server.host}/x/y:tag")
    message = str(caught.value)
    assert SECRET not in message
    assert base64.b64encode(SECRET.encode()).decode() not in message
    return message


def encoded(user):
    return base64.b64encode(f"{user}:{SECRET}".encode()).decode()


def test_without_a_login_the_error_says_that_none_was_sent(locked, config):
    path = config({"auths": {"other.example": {"auth": encoded("me")}}})
    message = refused(locked, path)
    assert "No credentials were sent. Either the image does not exist or it can only be pulled with" in message
    assert f"Add username and password for the host {locked.host} to endpoints, or log in with docker" in message
    assert f"{path} has none for it." in message


def test_a_file_that_is_not_there_is_not_named(locked, tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    assert refused(locked).endswith(f"for the host {locked.host} to endpoints, or log in with docker for auth_file.")


def test_a_refused_login_of_endpoints_is_named(locked):
    message = refused(locked, None, Endpoint(locked.host, username="puller", password=SECRET))
    assert "The registry refused the login of user 'puller' from endpoints: the password is wrong, " in message
    assert "No credentials were sent" not in message


def test_a_refused_login_of_docker_is_named_with_its_file(locked, config):
    path = config({"auths": {locked.host: {"auth": encoded("puller")}}})
    assert f"The registry refused the login of user 'puller' from auth_file {path}: " in refused(locked, path)


def test_a_refused_login_of_the_file_of_the_user_is_named_with_its_path(locked, config, monkeypatch, tmp_path):
    path = config({"auths": {locked.host: {"auth": encoded("puller")}}})
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    assert f"The registry refused the login of user 'puller' from {path}: " in refused(locked)


def test_a_refused_token_is_told_from_a_login(locked):
    message = refused(locked, None, Endpoint(locked.host, token=SECRET))
    assert f"The registry refused the token for {locked.host} from endpoints" in message


@pytest.mark.parametrize("settings", [{"credsStore": "desktop"}, {"credHelpers": {"REGISTRY": "desktop"}}])
def test_credentials_in_a_helper_are_named_instead_of_a_login_with_docker(locked, config, settings):
    path = config(json.loads(json.dumps(settings).replace("REGISTRY", locked.host)))
    message = refused(locked, path)
    assert f"{path} leaves the credentials to docker-credential-desktop, and credential helpers are not" in message
    assert "log in with docker" not in message


def test_a_login_for_another_port_is_pointed_out(locked):
    message = refused(locked, None, Endpoint("127.0.0.1", username=USER, password=PASSWORD))
    assert message.endswith(f"The entry of endpoints for 127.0.0.1 does not apply to {locked.host}.")


def test_a_login_that_is_not_asked_for_is_not_sent():
    with registry.Registry() as server:
        server.faults = [Status("/manifests/", status=401)]
        message = refused(server, None, Endpoint(server.host, username="puller", password=SECRET))
        assert "does not say how to log in (WWW-Authenticate), so the credentials of user 'puller' from" in message
        assert [request for request in server.requests if "authorization" in request.headers] == []


@pytest.mark.parametrize("status", [401, 403])
def test_a_login_that_expires_during_a_pull_is_named(status):
    with registry.Registry(Basic(USER, PASSWORD)) as server:
        server.put("x/y", "tag", IMAGE)
        server.faults = [Status("/blobs/", status=status)]
        message = refused(server, None, Endpoint(server.host, username=USER, password=PASSWORD))
        assert f"The registry refused the login of user {USER!r} from endpoints" in message


def test_the_login_is_not_blamed_for_the_answer_of_another_server():
    with registry.Registry() as server, FileServer() as storage:
        server.put("x/y", "tag", IMAGE)
        server.faults = [Redirect("/blobs/", location=f"{storage.url}/x?sig={SECRET}")]
        storage.faults = [Status(status=403)]
        message = refused(server, None, Endpoint(server.host, username=USER, password=PASSWORD))
        assert message.endswith(f"403 Forbidden after a redirect to {storage.url}/x")


def test_the_entry_for_the_scheme_and_its_port_is_used():
    endpoints = (Endpoint("mirror", username="me", password="pw"),)
    logins, reference = Logins(Client(endpoints=endpoints), None), Reference("mirror:80", "x/y", "tag")
    assert logins.credentials(reference, "http").username == "me"
    assert logins.credentials(reference, "https") is None
