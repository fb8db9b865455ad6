# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images and their mirrors: who says what a tag is, who is asked for bytes, and who learns which secret."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import requests

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError, OptionError, TransportError
from ansible_collections.localai.core.plugins.module_utils._oci.image import Images, mirrored
from ansible_collections.localai.core.plugins.module_utils._oci.manifest import verified
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Reference
from ansible_collections.localai.core.plugins.module_utils._oci.registry import Registry
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint, Mirror
from ansible_collections.localai.core.plugins.module_utils._sources.failover import FailoverReader, Origin
from ansible_collections.localai.core.tests.support import images
from ansible_collections.localai.core.tests.support.archives import file
from ansible_collections.localai.core.tests.support.auth import basic
from ansible_collections.localai.core.tests.support.client import Client, Internet
from ansible_collections.localai.core.tests.support.layouts import write_oci_layout

HOST = Platform("linux", "amd64")
AMD64 = images.Platform("amd64")
LAYER = images.layer([file("run.sh", "x" * 1000)])
IMAGE = images.image([LAYER], AMD64)
INDEX = images.index([IMAGE])
OLD = images.index([images.image([images.layer([file("run.sh", "old")])], AMD64)])
NAME = "quay.example/x/y:v1"
CHILD, CONFIG, BLOB = f"manifests/{IMAGE.digest}", f"blobs/{images.digest(IMAGE.config)}", f"blobs/{LAYER.digest}"


def pages(base, artifact=INDEX, query="", tag="v1", without=()):
    """What a server has of an image, by URL; `base` is a repository's."""
    query = f"?{query}" if query else ""
    found = {}
    for name in (tag, artifact.digest):
        found[f"manifests/{name}"] = (200, {"Content-Type": artifact.media_type}, artifact.manifest)
    for image in artifact.images:
        found[f"manifests/{image.digest}"] = (200, {"Content-Type": image.media_type}, image.manifest)
        found.update({f"blobs/{digest}": (200, {}, blob) for digest, blob in image.blobs.items()})
    return {f"{base}/{path}{query}": page for path, page in found.items() if path not in without}


QUAY = "https://quay.example/v2/x/y"


class World(Internet):
    """The registry, its mirrors, and what a client asked of whom."""

    def __init__(self, *servers, dead=()):
        super().__init__()
        for server in servers:
            self.pages.update(server)
        self.before = self._refuse
        self._dead = dead

    def _refuse(self, request):
        if urlsplit(request.url).hostname in self._dead:
            raise requests.exceptions.ConnectTimeout("nobody answers")

    @property
    def asked(self):
        """The requests as (host, path below the repository)."""
        return [
            (urlsplit(request.url).hostname, "/".join(urlsplit(request.url).path.split("/")[-2:]))
            for request in self.requests
        ]

    @property
    def hosts(self):
        return sorted({host for host, _path in self.asked})


def pull(world, *mirrors, reference=NAME, login=(None, None), endpoints=()):
    """Resolve an image and read its layers as a backend is fetched; returns its digest, and who served it."""
    reference = Reference.parse(reference)
    own = Endpoint(reference.host, username=login[0], password=login[1], mirrors=mirrors)
    client = Client(world, endpoints=(own, *endpoints))
    image = Images(client, Registry(client)).resolve(reference, HOST)
    relay = FailoverReader()
    places = [Origin(str(repository), repository.blob, repository.local) for repository in image.repositories]
    for layer in image.layers:
        assert b"".join(verified(relay.read(places, layer), layer)) == LAYER.blob
    return image.digest, [place.name for place in relay.served]


def mirror(host, resolve=False):
    return Mirror(Address(host if ":" in host else f"https://{host}"), resolve)


# where a mirror has an image


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://m.example", "https://m.example/v2/x/y/"),
        ("https://m.example/", "https://m.example/v2/x/y/"),
        ("https://M.example:5000", "https://m.example:5000/v2/x/y/"),
        ("https://m.example/proxy", "https://m.example/v2/proxy/x/y/"),
        ("https://m.example/v2/proxy/", "https://m.example/v2/proxy/x/y/"),
        ("https://m.example/v2", "https://m.example/v2/x/y/"),
        ("https://m.example/v2x/a", "https://m.example/v2/v2x/a/x/y/"),
        ("https://m.example?ns", "https://m.example/v2/x/y/?ns=quay.example"),
        ("https://m.example?ns=", "https://m.example/v2/x/y/?ns=quay.example"),
        ("https://m.example?ns=docker.io", "https://m.example/v2/x/y/?ns=docker.io"),
        ("https://m.example/proxy?ns&key=a%20b", "https://m.example/v2/proxy/x/y/?ns=quay.example&key=a+b"),
        ("http://127.0.0.1:5000/proxy", "http://127.0.0.1:5000/v2/proxy/x/y/"),
    ],
)
def test_the_url_of_a_mirror_says_where_it_has_an_image(url, expected):
    path, _mark, query = expected.partition("?")
    world = World(pages(path.rstrip("/"), query=query))
    assert pull(world, Mirror(Address(url), resolve=True))[0] == INDEX.digest
    assert {request.url.partition("?")[2] for request in world.requests} == {query}


def test_a_query_is_not_part_of_what_a_mirror_is_called():
    location = mirrored("https://m.example/proxy?key=hunter2", Reference.parse(NAME))
    assert str(location) == "m.example/proxy/x/y"


def test_mirrors_of_docker_hub_have_its_short_names_below_library():
    world = World(pages("https://m.example/v2/library/piper"))
    assert pull(world, mirror("m.example", resolve=True), reference="piper:v1")[0] == INDEX.digest


# who is asked


def test_a_tag_is_resolved_at_the_registry_and_bytes_come_from_the_mirror():
    world = World(pages(QUAY), pages("https://m.example/v2/x/y", OLD), pages("https://m.example/v2/x/y", tag="other"))
    assert pull(world, mirror("m.example")) == (INDEX.digest, ["m.example/x/y"])
    assert world.asked == [
        ("quay.example", "manifests/v1"),
        ("m.example", CHILD),
        ("m.example", BLOB),
    ]


def test_of_several_mirrors_the_first_is_preferred():
    world = World(*(pages(f"https://{host}.example/v2/x/y") for host in ("quay", "a", "b")))
    assert pull(world, mirror("a.example"), mirror("b.example"))[1] == ["a.example/x/y"]
    assert world.hosts == ["a.example", "quay.example"]


def test_a_digest_needs_no_registry_where_a_mirror_has_it():
    world = World(pages("https://m.example/v2/x/y"))
    assert pull(world, mirror("m.example"), reference=f"quay.example/x/y@{INDEX.digest}")[0] == INDEX.digest
    assert world.hosts == ["m.example"]


@pytest.mark.parametrize("missing", [(), (BLOB,), (CHILD,)], ids=["all", "the layer", "the manifest"])
def test_a_mirror_that_resolves_replaces_a_registry_that_is_never_contacted(missing):
    world = World(pages(QUAY), pages("https://m.example/v2/x/y", without=missing))
    if missing:
        with pytest.raises(TransportError, match=r"m\.example.*404"):
            pull(world, mirror("m.example", resolve=True))
    else:
        assert pull(world, mirror("m.example", resolve=True)) == (INDEX.digest, ["m.example/x/y"])
    assert world.hosts == ["m.example"]


def test_only_mirrors_that_resolve_are_queried_for_a_tag_but_all_for_bytes():
    world = World(pages("https://a.example/v2/x/y", OLD), pages("https://b.example/v2/x/y"))
    assert pull(world, mirror("a.example"), mirror("b.example", resolve=True)) == (INDEX.digest, ["b.example/x/y"])
    assert ("a.example", "manifests/v1") not in world.asked
    assert ("a.example", CHILD) in world.asked


def test_of_several_mirrors_that_resolve_the_next_is_queried_if_one_fails():
    world = World(pages("https://b.example/v2/x/y"), dead=["a.example"])
    assert pull(world, mirror("a.example", True), mirror("b.example", True))[1] == ["b.example/x/y"]
    assert world.hosts == ["a.example", "b.example"]


@pytest.mark.parametrize("missing", [(CHILD,), (BLOB,), (CHILD, CONFIG, BLOB)])
def test_what_a_mirror_lacks_the_registry_delivers(missing):
    world = World(pages(QUAY), pages("https://m.example/v2/x/y", without=missing))
    assert pull(world, mirror("m.example"))[0] == INDEX.digest
    for path in missing:
        if path != CONFIG:
            assert ("m.example", path) in world.asked
            assert ("quay.example", path) in world.asked


def test_a_mirror_with_another_manifest_is_skipped():
    spoilt = pages("https://m.example/v2/x/y", without=[BLOB])
    spoilt[f"https://m.example/v2/x/y/{CHILD}"] = (200, {}, OLD.images[0].manifest)
    world = World(pages(QUAY), spoilt)
    assert pull(world, mirror("m.example")) == (INDEX.digest, ["quay.example/x/y"])


def test_an_unreachable_mirror_is_not_queried_again_once_its_retries_are_used_up():
    world = World(pages(QUAY), dead=["m.example"])
    assert pull(world, mirror("m.example")) == (INDEX.digest, ["quay.example/x/y"])
    assert [host for host, _path in world.asked].count("m.example") == 3


@pytest.mark.parametrize("resolve", [False, True])
def test_a_dead_registry_tells_that_its_mirrors_were_not_asked_for_a_tag(resolve):
    world = World(
        pages("https://m.example/v2/x/y"), dead=["quay.example", "m.example"] if resolve else ["quay.example"]
    )
    with pytest.raises(TransportError, match="nobody answers") as caught:
        pull(world, mirror("m.example", resolve))
    assert ("none of them has resolve: true in endpoints" in str(caught.value)) is not resolve


def test_if_all_hosts_fail_the_error_names_each():
    world = World(pages(QUAY, without=[CHILD]), dead=["a.example"])
    with pytest.raises(TransportError) as caught:
        pull(world, mirror("a.example"), mirror("b.example/proxy?key=hunter2"))
    text = str(caught.value)
    parts = ["a.example/x/y: ", "nobody answers", "b.example/proxy/x/y: ", "404", "quay.example/x/y: ", "404"]
    positions = [text.index(part) for part in parts[:-1]]
    assert positions == sorted(positions)
    assert "hunter2" not in text


def test_what_another_host_is_mirrored_by_does_not_matter():
    world = World(pages(QUAY))
    other = Endpoint("ghcr.example", mirrors=(mirror("m.example", resolve=True),))
    assert pull(world, endpoints=(other,)) == (INDEX.digest, ["quay.example/x/y"])
    assert world.hosts == ["quay.example"]


# mirrors without TLS


@pytest.mark.parametrize("plain_http", [None, False, True])
@pytest.mark.parametrize("host", ["127.0.0.1:5000", "localhost:5000", "[::1]:5000", "m.example"])
def test_a_mirror_without_tls_has_to_be_allowed_unless_it_is_this_machine(plain_http, host):
    world = World(pages(QUAY), pages(f"http://{host}/v2/x/y"))
    endpoints = (Endpoint(host, plain_http=plain_http),)
    if host == "m.example" and not plain_http:
        with pytest.raises(
            OptionError, match=r"The mirror m\.example/x/y of quay\.example .*uses plain HTTP.*plain_http"
        ):
            pull(world, mirror(f"http://{host}"), endpoints=endpoints)
        assert world.requests == []
    else:
        assert pull(world, mirror(f"http://{host}"), endpoints=endpoints)[1] == [f"{host}/x/y"]


# layouts as mirrors


@pytest.mark.parametrize("name", ["v1", NAME, "another"])
def test_a_layout_has_the_bytes_of_a_digest_whatever_it_calls_it(tmp_path, name):
    write_oci_layout(tmp_path, {name: INDEX})
    world = World(pages(QUAY))
    assert pull(world, Mirror(Address(f"ocilayout:{tmp_path}"))) == (INDEX.digest, [f"ocilayout:{tmp_path}"])
    assert world.asked == [("quay.example", "manifests/v1")]


@pytest.mark.parametrize(("name", "found"), [("v1", True), (NAME, True), ("quay.example/x/z:v1", False)])
def test_a_layout_that_resolves_finds_a_tag_by_its_ref_name_without_any_network(tmp_path, name, found):
    write_oci_layout(tmp_path, {name: INDEX, "v0": OLD})
    world = World(pages(QUAY))
    if found:
        assert pull(world, Mirror(Address(f"ocilayout:{tmp_path}"), resolve=True))[0] == INDEX.digest
    else:
        with pytest.raises(LocalAIError, match="has no image 'v1'"):
            pull(world, Mirror(Address(f"ocilayout:{tmp_path}"), resolve=True))
    assert world.requests == []


@pytest.mark.parametrize("place", ["missing", "empty"])
def test_a_layout_without_the_image_is_skipped(tmp_path, place):
    write_oci_layout(tmp_path / "empty", {"v1": OLD})
    assert pull(World(pages(QUAY)), Mirror(Address(f"ocilayout:{tmp_path / place}")))[1] == ["quay.example/x/y"]


# secrets


LOGINS = {"quay.example": ("alice", "for-quay"), "m.example": ("bob", "for-the-mirror")}


def sent(world):
    """Which Authorization headers each host has seen."""
    seen = {}
    for request in world.requests:
        if request.headers.get("Authorization"):
            seen.setdefault(urlsplit(request.url).hostname, set()).add(request.headers["Authorization"])
    return seen


class Locked(World):
    """Asks whoever comes without a login for one."""

    def send(self, request, *arguments, **settings):
        if "Authorization" in request.headers:
            return super().send(request, *arguments, **settings)
        there = self.pages
        self.pages = {request.url: (401, {"WWW-Authenticate": "Basic"}, b"")}
        try:
            return super().send(request, *arguments, **settings)
        finally:
            self.pages = there


@pytest.mark.parametrize("without", [(), (BLOB,)], ids=["whole", "without the layer"])
def test_each_host_gets_its_own_credentials_only(without):
    world = Locked(pages(QUAY), pages("https://m.example/v2/x/y", without=without))
    user, password = LOGINS["m.example"]
    pull(
        world,
        mirror("m.example"),
        login=LOGINS["quay.example"],
        endpoints=[Endpoint("m.example", username=user, password=password)],
    )
    assert sent(world) == {host: {basic(*login)} for host, login in LOGINS.items()}


def test_a_mirror_without_credentials_of_its_own_gets_none():
    world = Locked(pages(QUAY), pages("https://m.example/v2/x/y"))
    assert pull(world, mirror("m.example"), login=LOGINS["quay.example"])[1] == ["quay.example/x/y"]
    assert "m.example" in world.hosts
    assert sent(world) == {"quay.example": {basic(*LOGINS["quay.example"])}}


@pytest.mark.parametrize("challenge", ["Basic", 'Bearer realm="https://cdn.example/token",service="x"'])
@pytest.mark.parametrize("part", ["manifests/v1", CONFIG, BLOB])
def test_the_target_of_a_redirect_gets_no_credentials_by_a_challenge(challenge, part):
    server = pages(QUAY)
    if part == CONFIG:
        # It is read for an image that is in no index.
        server[f"{QUAY}/manifests/v1"] = (200, {"Content-Type": IMAGE.media_type}, IMAGE.manifest)
    server[f"{QUAY}/{part}"] = (307, {"Location": "https://cdn.example/x?sig=hunter2"}, b"")
    cdn = {
        "https://cdn.example/x?sig=hunter2": (401, {"WWW-Authenticate": challenge}, b""),
        "https://cdn.example/token?service=x&scope=repository%3Ax%2Fy%3Apull": (200, {}, b'{"token": "t"}'),
    }
    world = World(server, cdn)
    with pytest.raises(TransportError, match="401") as caught:
        pull(world, login=LOGINS["quay.example"])
    assert sent(world) == {}
    assert "hunter2" not in str(caught.value)


def test_a_registry_is_spoken_to_with_tls_though_its_mirror_is_not():
    world = World(pages(QUAY), pages("http://127.0.0.1:5000/v2/x/y", without=[BLOB]))
    assert pull(world, mirror("http://127.0.0.1:5000"))[1] == ["quay.example/x/y"]
    assert {request.url.partition(":")[0] for request in world.requests if "quay" in request.url} == {"https"}
