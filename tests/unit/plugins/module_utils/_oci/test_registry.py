# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images in registries: what they are, and over which protocol."""

from __future__ import annotations

import hashlib
import json
import socket

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import (
    IntegrityError,
    LocalAIError,
    SourceError,
    TransportError,
)
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Reference
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint
from ansible_collections.localai.core.tests.support import images, registry
from ansible_collections.localai.core.tests.support.auth import Bearer
from ansible_collections.localai.core.tests.support.auth import basic as basic_header
from ansible_collections.localai.core.tests.support.client import Client, Internet
from ansible_collections.localai.core.tests.support.connections import answering, end, forward, reset, send
from ansible_collections.localai.core.tests.support.faults import Corrupt, Cut, Headers, Raw, Status
from ansible_collections.localai.core.tests.support.pulls import PASSWORD, USER, images_of, paths, pull, resolve
from ansible_collections.localai.core.tests.support.sample import AMD64, ARM64, HOST, IMAGE, INDEX, LOWER, S390X, UPPER
from ansible_collections.localai.core.tests.support.tcp_proxy import refusing


@pytest.mark.parametrize("docker", [True, False])
@pytest.mark.parametrize("as_index", [True, False])
def test_an_image_is_pulled(server, docker, as_index):
    image = images.image([LOWER, UPPER], AMD64, docker)
    artifact = images.index([images.image([UPPER], S390X, docker), image], docker) if as_index else image
    client = images_of(Client())
    name = server.put("x/y", "tag", artifact)
    found = client.resolve(Reference.parse(name), HOST)
    assert (found.digest, found.platform_digest) == (artifact.digest, image.digest)
    assert found.size == len(LOWER.blob) + len(UPPER.blob)
    assert pull(client, name) == [LOWER.blob, UPPER.blob]


def test_a_digest_decides_over_a_tag(server):
    server.put("x/y", "tag", INDEX)
    server.put("x/y", "moved", images.image([UPPER], AMD64))
    for pinned in (f"{server.host}/x/y:moved@{INDEX.digest}", f"{server.host}/x/y@{INDEX.digest}"):
        assert resolve(pinned).digest == INDEX.digest
    assert resolve(f"{server.host}/x/y@{IMAGE.digest}").digest == IMAGE.digest


def test_a_sha512_digest_is_checked_too(server):
    digest = "sha512:" + hashlib.sha512(IMAGE.manifest).hexdigest()
    server.put("x/y", "tag", IMAGE)
    server.put_manifest("x/y", digest, IMAGE.manifest, IMAGE.media_type)
    assert resolve(f"{server.host}/x/y@{digest}").platform_digest == digest


@pytest.mark.parametrize("layers", [[LOWER, LOWER], [images.layer([])], []], ids=["twice", "empty", "none"])
def test_odd_layers_are_layers(server, layers):
    name = server.put("x/y", "tag", images.image(layers, AMD64))
    assert pull(images_of(Client()), name) == [layer.blob for layer in layers]


def test_the_error_for_a_missing_platform_lists_the_platforms(server):
    name = server.put("x/y", "tag", images.index([images.image([UPPER], S390X), images.image([UPPER], ARM64)]))
    with pytest.raises(SourceError, match="not built for linux/amd64; it is for linux/s390x, linux/arm64"):
        resolve(name)


def test_a_single_image_for_another_platform_is_refused_by_its_config(server):
    name = server.put("x/y", "tag", images.image([UPPER], S390X))
    with pytest.raises(SourceError, match="not built for linux/amd64; it is for linux/s390x"):
        resolve(name)


@pytest.mark.parametrize("architecture", ["amd64", "arm64"])
def test_a_child_without_a_platform_counts_as_linux_amd64(server, architecture):
    child = images.image([UPPER], images.Platform(architecture))
    index = images.document(
        {"schemaVersion": 2, "mediaType": images.OCI_INDEX, "manifests": [images.descriptor(child)]}
    )
    server.put("x/y", "child", child)
    server.put_manifest("x/y", "tag", index, images.OCI_INDEX)
    name = f"{server.host}/x/y:tag"
    assert resolve(name).platform_digest == child.digest
    with pytest.raises(SourceError, match="it is for linux/amd64"):
        resolve(name, Platform("linux", "arm64"))


def nested(server, levels, platform):
    """Push an image below so many indexes, each but the inner one with a platform or without; return its reference."""
    server.put("x/y", "image", images.index([IMAGE]))
    child = images.descriptor(images.index([IMAGE]))
    for level in range(levels - 1):
        child = {**child, "platform": AMD64.json} if platform else child
        outer = images.document({"schemaVersion": 2, "mediaType": images.OCI_INDEX, "manifests": [child]})
        child = {"mediaType": images.OCI_INDEX, "size": len(outer), "digest": images.digest(outer)}
        for name in (child["digest"], f"level-{level}"):
            server.put_manifest("x/y", name, outer, images.OCI_INDEX)
    return f"{server.host}/x/y@{child['digest']}"


@pytest.mark.parametrize("platform", [True, False], ids=["with platform", "without platform"])
@pytest.mark.parametrize("levels", [1, 2, 3, 4])
def test_an_index_may_list_indexes(server, levels, platform):
    assert resolve(nested(server, levels, platform)).platform_digest == IMAGE.digest


def test_indexes_that_are_nested_too_deeply_are_refused(server):
    with pytest.raises(SourceError, match="its indexes are nested more than 4 levels deep"):
        resolve(nested(server, 5, platform=False))


def test_an_image_for_another_platform_in_a_nested_index_is_not_chosen(server):
    with pytest.raises(SourceError, match="it is for linux/amd64"):
        resolve(nested(server, 2, platform=False), Platform("linux", "arm64"))


@pytest.mark.parametrize(
    ("body", "media_type", "message"),
    [
        (b"<html><body>Welcome to nginx!</body></html>", "text/html", "not JSON; is this a registry"),
        (b"", "application/json", "not JSON"),
        (b"[]", "application/json", "not a JSON object"),
        (b'{"schemaVersion": 1}', "application/vnd.docker.distribution.manifest.v1+prettyjws", "schema 1"),
        (
            b'{"schemaVersion": 2, "mediaType": "application/vnd.example"}',
            images.OCI_MANIFEST,
            "not a supported kind of manifest",
        ),
        (b" " * 5_000_000, images.OCI_MANIFEST, "more than 4194304 bytes"),
    ],
)
def test_what_is_no_manifest_is_an_error(server, body, media_type, message):
    server.faults = [Status("/manifests/", status=200, headers={"Content-Type": media_type}, body=body)]
    with pytest.raises(LocalAIError, match=message):
        resolve(f"{server.host}/x/y:tag")


@pytest.mark.parametrize("status", [405, 501])
def test_a_registry_without_head_is_queried_for_the_manifest_itself(server, status):
    name = server.put("x/y", "tag", INDEX)
    server.faults = [Status("/manifests/", method="HEAD", status=status)]
    assert images_of(Client()).digest(Reference.parse(name)) == INDEX.digest
    assert [request.method for request in server.requests] == ["HEAD", "GET"]


def test_another_answer_than_a_digest_is_an_error_at_once(server):
    server.faults = [Status("/manifests/", method="HEAD", status=403)]
    with pytest.raises(TransportError, match="answered 403"):
        images_of(Client()).digest(Reference.parse(server.put("x/y", "tag", INDEX)))
    assert len(server.requests) == 1


def test_a_manifest_that_is_not_the_requested_one_is_refused(server):
    server.put("x/y", "tag", INDEX)
    server.put_manifest("x/y", IMAGE.digest, IMAGE.manifest + b"\n", IMAGE.media_type)
    for name in (f"x/y@{IMAGE.digest}", "x/y:tag"):
        with pytest.raises(IntegrityError, match=f"not {IMAGE.digest}"):
            resolve(f"{server.host}/{name}")


@pytest.mark.parametrize(
    ("stated", "is_accepted"),
    [
        (IMAGE.digest, True),
        (None, True),
        ("nonsense", True),
        ("sha512:" + "0" * 128, True),
        ("sha256:" + "0" * 64, False),
    ],
)
def test_a_server_must_not_state_another_digest(server, stated, is_accepted):
    name = server.put("x/y", "tag", IMAGE)
    server.faults = [Headers("/manifests/", headers={"Docker-Content-Digest": stated})]
    if is_accepted:
        assert resolve(name).digest == IMAGE.digest
    else:
        with pytest.raises(SourceError, match="states the digest sha256:000"):
            resolve(name)


@pytest.mark.parametrize("blob", [LOWER.digest, images.digest(IMAGE.config)], ids=["a layer", "the config"])
def test_a_blob_with_other_bytes_is_refused(server, blob):
    name = server.put("x/y", "tag", IMAGE)
    server.faults = [Corrupt(f"/blobs/{blob}", at=7)]
    with pytest.raises(IntegrityError, match=f"{blob} arrived with"):
        pull(images_of(Client()), name)


@pytest.mark.parametrize("content", [LOWER.blob + b"x", LOWER.blob[:-1]], ids=["longer", "shorter"])
def test_a_blob_of_another_size_is_refused(server, content):
    name = server.put("x/y", "tag", IMAGE)
    server.put_blob("x/y", content, LOWER.digest)
    with pytest.raises(LocalAIError, match=r"longer than|ended after \d+ bytes"):
        pull(images_of(Client()), name)


def test_a_cut_pull_goes_on(server):
    name = server.put("x/y", "tag", IMAGE)
    server.faults = [Cut(f"/blobs/{LOWER.digest}", after=100, times=1)]
    assert pull(images_of(Client()), name)[0] == LOWER.blob
    assert server.requests[-2].headers["range"] == "bytes=100-"


@pytest.mark.parametrize("path", ["/token", "/manifests/"])
def test_a_request_that_the_server_timed_out_is_retried(path):
    with registry.Registry(Bearer()) as server:
        name = server.put("x/y", "tag", IMAGE)
        server.faults = [Status(path, status=408, times=2)]
        assert resolve(name).digest == IMAGE.digest
        assert server.faults == []


@pytest.mark.parametrize("status", [403, 404])
def test_the_error_for_a_missing_image_quotes_the_registry(server, status):
    body = json.dumps({"errors": [{"code": "X"}, {"message": "no\nsuch\x00 thing"}, {}]}).encode()
    server.faults = [Status("/manifests/", status=status, body=body)]
    with pytest.raises(TransportError, match=r"answered \d+ \(X; no such thing\)\. ") as caught:
        resolve(f"{server.host}/x/y:tag")
    assert caught.value.status == status


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"errors": 7}', b'{"errors": ["x"]}', b"[" * 100_000])
def test_an_error_document_may_be_anything(server, body):
    server.faults = [Status("/manifests/", status=410, body=body)]
    with pytest.raises(TransportError, match=r"/v2/x/y/manifests/tag answered 410\.$"):
        resolve(f"{server.host}/x/y:tag")


def test_a_registry_on_another_machine_is_queried_over_https():
    world = Internet()
    for name in ("registry.example/x:y", "registry.example:5000/x:y", "localai/x:y"):
        with pytest.raises(TransportError, match="no such image"):
            images_of(Client(world)).resolve(Reference.parse(name), HOST)
    assert [request.url for request in world.requests] == [
        "https://registry.example/v2/x/manifests/y",
        "https://registry.example:5000/v2/x/manifests/y",
        "https://registry-1.docker.io/v2/localai/x/manifests/y",
    ]


def test_plain_http_is_used_where_the_endpoint_allows_it():
    world = Internet()
    client = Client(world, endpoints=(Endpoint("registry.example", plain_http=True),))
    with pytest.raises(TransportError):
        images_of(client).resolve(Reference.parse("registry.example/x:y"), HOST)
    assert [request.url for request in world.requests] == ["http://registry.example/v2/x/manifests/y"]


def test_the_credentials_of_docker_hub_are_those_of_docker_io():
    challenge = {"WWW-Authenticate": "Basic"}
    world = Internet({"https://registry-1.docker.io/v2/localai/x/manifests/y": (401, challenge, b"")})
    client = Client(world, endpoints=(Endpoint("docker.io", username=USER, password=PASSWORD),))
    with pytest.raises(TransportError):
        images_of(client).resolve(Reference.parse("localai/x:y"), HOST)
    assert [request.headers.get("Authorization") for request in world.requests] == [None, basic_header(USER, PASSWORD)]


@pytest.mark.parametrize("plain_http", [None, True])
def test_a_registry_on_this_machine_may_speak_plain_http(server, plain_http):
    name = server.put("x/y", "tag", IMAGE)
    endpoints = (Endpoint(server.host, plain_http=plain_http),) if plain_http else ()
    assert pull(images_of(Client(endpoints=endpoints)), name) == [LOWER.blob, UPPER.blob]
    assert all(path.startswith("/v2/x/y/") for path in paths(server))


def test_a_registry_on_this_machine_may_be_set_to_https(server):
    name = server.put("x/y", "tag", IMAGE)
    with pytest.raises(TransportError, match="https://"):
        resolve(name, endpoints=(Endpoint(server.host, plain_http=False),))
    assert server.requests == []


@pytest.mark.parametrize("how", [{"validate_certs": False}, {"ca_path": None}])
def test_a_registry_on_this_machine_may_speak_https(authority, how):
    settings = {name: value if value is not None else str(authority.ca_file) for name, value in how.items()}
    with registry.Registry(tls=authority.server_context()) as server:
        assert pull(images_of(Client(**settings)), server.put("x/y", "tag", IMAGE)) == [LOWER.blob, UPPER.blob]


def test_a_registry_with_an_unknown_certificate_is_not_queried_over_plain_http(authority):
    with registry.Registry(tls=authority.server_context()) as server:
        with pytest.raises(TransportError, match=r"(?i)certificate"):
            resolve(server.put("x/y", "tag", IMAGE))
        assert server.requests == []


def test_a_registry_that_wants_a_client_certificate_gets_it(authority):
    certificate, key = map(str, authority.issue("puller"))
    with registry.Registry(tls=authority.server_context(client_certificates=True)) as server:
        name = server.put("x/y", "tag", IMAGE)
        settings = {"ca_path": str(authority.ca_file), "client_cert": certificate, "client_key": key}
        assert pull(images_of(Client(**settings)), name) == [LOWER.blob, UPPER.blob]


def test_a_registry_that_is_not_there_is_an_error(server):
    server.faults = [Raw()]
    with pytest.raises(TransportError, match="without progress"):
        resolve(f"{server.host}/x/y:tag")
    with pytest.raises(TransportError, match="refused"):
        resolve("127.0.0.1:1/x/y:tag")


# a registry on this machine


def test_a_registry_on_this_machine_that_is_down_was_tried_with_both_schemes():
    with refusing() as host, pytest.raises(TransportError) as caught:
        resolve(f"{host}/x/y:tag")
    message = str(caught.value)
    assert message.startswith(f"https://{host} and http://{host} were tried. GET https://{host}/v2/: {host} cannot be")
    assert "Connection refused (tried 3 times" in message


@pytest.mark.parametrize("fault", [end(), reset()], ids=["end", "reset"])
def test_a_registry_on_this_machine_that_cuts_a_handshake_off_is_tried_again(authority, fault):
    with registry.Registry(tls=authority.server_context()) as server, answering(
        fault, fault, forward(server.host)
    ) as host:
        server.put("x/y", "tag", IMAGE)
        assert resolve(f"{host}/x/y:tag", ca_path=str(authority.ca_file)).digest == IMAGE.digest


def test_a_registry_without_tls_may_cut_every_handshake_off(server):
    server.put("x/y", "tag", IMAGE)

    def picky(connection):
        if connection.recv(1, socket.MSG_PEEK) != b"\x16":
            forward(server.host)(connection)

    with answering(picky) as host:
        client = Client()
        assert images_of(client).resolve(Reference.parse(f"{host}/x/y:tag"), HOST).digest == IMAGE.digest
        assert client.pauses == []


def test_a_registry_on_this_machine_with_a_refused_certificate_is_reported_once(authority):
    with registry.Registry(tls=authority.server_context()) as server, pytest.raises(TransportError) as caught:
        resolve(server.put("x/y", "tag", IMAGE))
    assert "is not trusted by this host" in str(caught.value)
    assert "skipped" not in str(caught.value)


def test_plain_http_at_a_registry_with_tls_is_told():
    answer = send(b"HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
    with answering(answer) as host:
        registry = (Endpoint(host, plain_http=True),)
        with pytest.raises(TransportError, match=r"answered 400\. The server requires TLS: use https://"):
            resolve(f"{host}/x/y:tag", endpoints=registry)


LIMIT = b'{"errors": [{"code": "TOOMANYREQUESTS", "message": "You have reached your pull rate limit."}]}'


@pytest.mark.parametrize("path", ["/manifests/", "/blobs/"])
@pytest.mark.parametrize("login", [True, False])
def test_the_text_of_a_registry_that_limits_requests_is_shown(server, path, login):
    endpoints = (Endpoint(server.host, username="me", password="hunter2"),) if login else ()
    server.faults = [Status(path, status=429, body=LIMIT)]
    with pytest.raises(
        TransportError, match=r"429 Too Many Requests \(You have reached your pull rate limit\.\)"
    ) as caught:
        pull(images_of(Client(endpoints=endpoints)), server.put("x/y", "tag", IMAGE))
    assert ("No credentials were sent, and registries allow fewer requests then" in str(caught.value)) is not login
    assert caught.value.status == 429
