# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may pull: challenges, tokens and credentials of registries."""

from __future__ import annotations

import base64
import json

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import (
    HostError,
    LocalAIError,
    TransportError,
)
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Reference
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint
from ansible_collections.localai.core.tests.support import images, registry
from ansible_collections.localai.core.tests.support.archives import file
from ansible_collections.localai.core.tests.support.auth import Basic, Bearer, Scope
from ansible_collections.localai.core.tests.support.auth import basic as basic_header
from ansible_collections.localai.core.tests.support.client import Client, Internet
from ansible_collections.localai.core.tests.support.faults import Cut, Redirect, Status
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.pulls import PASSWORD, USER, images_of, paths, pull, resolve
from ansible_collections.localai.core.tests.support.sample import AMD64, HOST, IMAGE, INDEX, LOWER, UPPER

LOCKS = {"open": {}, "basic": {"auth": Basic(USER, PASSWORD)}, "bearer": {"auth": Bearer(USER, PASSWORD)}}


class Clock:
    """A clock that a test sets."""

    now = 1000.0

    def __call__(self):
        return self.now


def login(server, **changes):
    return Endpoint(server.host, **{"username": USER, "password": PASSWORD, **changes})


def authorizations(server):
    return [request.headers.get("authorization") for request in server.requests]


@pytest.mark.parametrize("lock", LOCKS)
def test_an_image_is_pulled_with_credentials(lock):
    with registry.Registry(**LOCKS[lock]) as server:
        name = server.put("x/y", "tag", INDEX)
        client = images_of(Client(endpoints=(login(server),)))
        assert pull(client, name) == [LOWER.blob, UPPER.blob]
        assert len([path for path in paths(server) if path == "/token"]) == (lock == "bearer")


def test_credentials_are_not_sent_without_a_challenge(server):
    pull(images_of(Client(endpoints=(login(server),))), server.put("x/y", "tag", IMAGE))
    assert set(authorizations(server)) == {None}


def test_a_public_image_needs_a_token_but_no_credentials():
    with registry.Registry(Bearer()) as server:
        name = server.put("x/y", "tag", IMAGE)
        assert pull(images_of(Client()), name) == [LOWER.blob, UPPER.blob]
        assert [request.parameter("scope") for request in server.requests if request.path == "/token"] == [
            "repository:x/y:pull"
        ]


def test_each_repository_has_a_token_of_its_own():
    with registry.Registry(Bearer(key="access_token")) as server:
        client = images_of(Client())
        for repository in ("x/y", "x/z", "x/y"):
            assert pull(client, server.put(repository, "tag", IMAGE)) == [LOWER.blob, UPPER.blob]
        assert paths(server).count("/token") == 2


@pytest.mark.parametrize("lock", ["basic", "bearer"])
@pytest.mark.parametrize("endpoint", [{}, {"password": "wrong-secret"}], ids=["none", "wrong"])
def test_without_the_right_credentials_the_error_says_what_to_do(lock, endpoint):
    with registry.Registry(**LOCKS[lock]) as server:
        name = server.put("x/y", "tag", IMAGE)
        settings = {"endpoints": (login(server, **endpoint),)} if endpoint else {}
        with pytest.raises(TransportError, match=rf"for the host {server.host} (to|in) endpoints") as caught:
            resolve(name, **settings)
        assert caught.value.status == 401
        assert "wrong-secret" not in str(caught.value)
        assert base64.b64encode(f"{USER}:wrong-secret".encode()).decode() not in str(caught.value)


def test_a_token_of_the_endpoint_is_used_as_it_is():
    with registry.Registry(Bearer(USER, PASSWORD)) as server:
        name = server.put("x/y", "tag", IMAGE)
        token = server.tokens.issue((scope(),), 100, None)
        assert pull(images_of(Client(endpoints=(Endpoint(server.host, token=token),))), name) == [
            LOWER.blob,
            UPPER.blob,
        ]
        assert set(authorizations(server)) == {"Bearer " + token}


def scope():
    return Scope("repository", "x/y", ("pull",))


@pytest.mark.parametrize("lock", ["basic", "bearer"])
def test_the_credentials_of_docker_are_used(lock, tmp_path):
    auth_file = tmp_path / "config.json"
    with registry.Registry(**LOCKS[lock]) as server:
        name = server.put("x/y", "tag", IMAGE)
        encoded = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        auth_file.write_text(json.dumps({"auths": {server.host: {"auth": encoded}}}))
        assert pull(images_of(Client(), str(auth_file)), name) == [LOWER.blob, UPPER.blob]


def test_the_credentials_of_the_task_precede_those_of_docker(tmp_path):
    auth_file = tmp_path / "config.json"
    with registry.Registry(Basic(USER, PASSWORD)) as server:
        auth_file.write_text(json.dumps({"auths": {server.host: {"username": "other", "password": "x"}}}))
        name = server.put("x/y", "tag", IMAGE)
        pull(images_of(Client(endpoints=(login(server),)), str(auth_file)), name)
        assert set(authorizations(server)) == {None, basic_header(USER, PASSWORD)}


def test_an_auth_file_is_read_only_when_credentials_are_needed(server, tmp_path):
    missing = str(tmp_path / "missing.json")
    assert pull(images_of(Client(), missing), server.put("x/y", "tag", IMAGE))
    with registry.Registry(Basic()) as locked, pytest.raises(HostError, match=r"missing\.json"):
        pull(images_of(Client(), missing), locked.put("x/y", "tag", IMAGE))


def test_a_token_is_renewed_before_it_runs_out():
    with registry.Registry(Bearer(lifetime=300)) as server:
        name = server.put("x/y", "tag", IMAGE)
        clock = Clock()
        client = images_of(Client(), clock=clock)
        image = client.resolve(Reference.parse(name), HOST)
        for seconds, tokens in ((0, 1), (280, 1), (15, 2), (280, 2), (300, 3)):
            clock.now += seconds
            assert b"".join(image.repositories[0].blob(image.layers[0])) == LOWER.blob
            assert paths(server).count("/token") == tokens


@pytest.mark.parametrize("stated", [{}, {"expires_in": "soon"}, {"expires_in": -5}, {"expires_in": None}])
def test_a_token_without_a_term_lasts_a_minute(stated):
    with registry.Registry(Bearer()) as server:
        name = server.put("x/y", "tag", IMAGE)
        clock = Clock()
        client = images_of(Client(), clock=clock)
        token = {"token": server.tokens.issue((scope(),), 100, None), **stated}
        server.faults = [Status("/token", status=200, body=json.dumps(token).encode())]
        image = client.resolve(Reference.parse(name), HOST)
        for seconds, tokens in ((45, 1), (10, 2)):
            clock.now += seconds
            list(image.repositories[0].blob(image.layers[0]))
            assert paths(server).count("/token") == tokens


def test_a_token_that_the_server_forgets_is_renewed_between_and_within_blobs():
    big = images.layer([file("run.sh", bytes(range(256)) * 4000)], "none")
    image = images.image([big, UPPER], AMD64)
    with registry.Registry(Bearer(USER, PASSWORD)) as server:
        name = server.put("x/y", "tag", image)
        client = images_of(Client(endpoints=(login(server),)))
        found = client.resolve(Reference.parse(name), HOST)
        server.tokens.expire()
        server.faults = [Cut("/blobs/", after=400_000, times=1)]
        chunks = found.repositories[0].blob(found.layers[0])
        first = next(chunks)
        server.tokens.expire()
        assert first + b"".join(chunks) == big.blob


def test_a_challenge_is_answered_at_most_once_per_request():
    with registry.Registry(Basic(USER, PASSWORD)) as server:
        name = server.put("x/y", "tag", IMAGE)
        with pytest.raises(TransportError):
            resolve(name, endpoints=(login(server, password="other"),))
        assert len([path for path in paths(server) if "manifests" in path]) == 2


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b"{}",
        b'{"token": 7}',
        b'{"token": ""}',
        b'{"token": "a\\nb"}',
        b"[" * 100_000,
        '{"token": "\u20ac"}'.encode(),
    ],
)
def test_an_answer_without_a_token_is_an_error(body):
    with registry.Registry(Bearer()) as server:
        server.faults = [Status("/token", status=200, body=body)]
        with pytest.raises(TransportError, match=r"/token answered without a token"):
            resolve(server.put("x/y", "tag", IMAGE))


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_refused_token_is_an_error_with_advice(status):
    with registry.Registry(Bearer()) as server:
        server.faults = [Status("/token", status=status)]
        with pytest.raises(TransportError, match=rf"no token for {server.host}/x/y \({status}\)") as caught:
            resolve(server.put("x/y", "tag", IMAGE))
        assert caught.value.status == status


@pytest.mark.parametrize("realm", ["/token", "{url}/token", "{url}/token?already=there"])
def test_a_realm_may_be_written_in_several_ways(realm):
    with registry.Registry() as server:
        server.auth = Bearer(realm=realm.format(url=server.url))
        assert pull(images_of(Client()), server.put("x/y", "tag", IMAGE)) == [LOWER.blob, UPPER.blob]


@pytest.mark.parametrize("realm", ["http://[::1", "http://me:hunter2@host/", "file:///etc/passwd", "http://host:port/"])
def test_a_realm_that_is_no_address_is_an_error(server, realm):
    server.auth = Bearer(realm=realm)
    with pytest.raises(LocalAIError) as caught:
        resolve(server.put("x/y", "tag", IMAGE))
    assert "hunter2" not in str(caught.value)


def test_credentials_go_to_the_realm_of_another_host_but_the_token_does_not():
    with registry.Registry(Bearer(USER, PASSWORD)) as tokens, registry.Registry() as server:
        server.auth = Bearer(USER, PASSWORD, realm=tokens.url + "/token")
        tokens.host, tokens.tokens = server.host, server.tokens
        name = server.put("x/y", "tag", IMAGE)
        assert pull(images_of(Client(endpoints=(login(server),))), name) == [LOWER.blob, UPPER.blob]
        assert authorizations(tokens) == [basic_header(USER, PASSWORD)]
        assert basic_header(USER, PASSWORD) not in authorizations(server)


def test_credentials_do_not_go_to_a_realm_over_plain_http():
    challenge = {"WWW-Authenticate": 'Bearer realm="http://tokens.example/token"'}
    world = Internet({"https://registry.example/v2/x/y/manifests/tag": (401, challenge, b"")})
    client = Client(world, endpoints=(Endpoint("registry.example", username=USER, password=PASSWORD),))
    with pytest.raises(TransportError, match="not sent over plain HTTP"):
        images_of(client).resolve(Reference.parse("registry.example/x/y:tag"), HOST)
    assert len(world.requests) == 1


@pytest.mark.parametrize("header", [None, "Negotiate", "Bearer", 'Digest realm="x"'])
def test_a_challenge_that_cannot_be_met_is_refused_access(server, header):
    headers = {"WWW-Authenticate": header} if header else {}
    server.faults = [Status("/manifests/", status=401, headers=headers)]
    with pytest.raises(TransportError, match=r"answered 401.*credentials"):
        resolve(f"{server.host}/x/y:tag")


def test_a_redirected_blob_is_fetched_without_credentials():
    with registry.Registry(Basic(USER, PASSWORD)) as server, FileServer({"/cdn": LOWER.blob}) as storage:
        name = server.put("x/y", "tag", images.image([LOWER], AMD64))
        server.faults = [Redirect(f"/blobs/{LOWER.digest}", location=storage.url + "/cdn?sig=hunter2")]
        assert pull(images_of(Client(endpoints=(login(server),))), name) == [LOWER.blob]
        assert authorizations(storage) == [None]


@pytest.mark.parametrize("status", [401, 403, 404])
def test_the_registry_is_not_blamed_for_the_answer_of_another_server(server, status):
    with FileServer() as storage:
        name = server.put("x/y", "tag", images.image([LOWER], AMD64))
        server.faults = [Redirect("/manifests/", location=storage.url + "/cdn?sig=hunter2")]
        storage.faults = [Status(status=status)]
        with pytest.raises(TransportError) as caught:
            resolve(name, endpoints=(login(server),))
        assert f" answered {status} after a redirect to {storage.url}." in str(caught.value)
        assert "login" not in str(caught.value)
        assert (caught.value.status, caught.value.elsewhere) == (status, True)


def test_errors_of_a_redirected_blob_do_not_show_its_signature(server):
    with FileServer() as storage:
        name = server.put("x/y", "tag", images.image([LOWER], AMD64))
        server.faults = [Redirect(f"/blobs/{LOWER.digest}", location=storage.url + "/cdn?sig=hunter2")]
        with pytest.raises(TransportError) as caught:
            pull(images_of(Client()), name)
        assert "hunter2" not in str(caught.value)
