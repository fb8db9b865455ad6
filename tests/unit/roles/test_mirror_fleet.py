# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Thirty hosts behind a mirror cost one transfer of each blob and file, which the requests at the servers prove."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import random
import shutil
import time
import traceback
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from ansible_collections.localai.core.plugins.modules import localai_backend, localai_model
from ansible_collections.localai.core.plugins.plugin_utils._mirror import endpoints_with_mirror
from ansible_collections.localai.core.tests.support.archives import file
from ansible_collections.localai.core.tests.support.auth import Bearer
from ansible_collections.localai.core.tests.support.faults import Stall
from ansible_collections.localai.core.tests.support.host import snapshot
from ansible_collections.localai.core.tests.support.images import host_platform, image, index, layer
from ansible_collections.localai.core.tests.support.mirror import Mirror, mirror
from ansible_collections.localai.core.tests.support.module import run_module
from ansible_collections.localai.core.tests.support.registry import Registry
from ansible_collections.localai.core.tests.support.server import Answer, Request, Server
from ansible_collections.localai.core.tests.support.tls import Authority


def content(seed: str, size: int) -> bytes:
    """Bytes that cannot be compressed, the same ones in each run."""
    return random.Random(seed).getrandbits(8 * size).to_bytes(size, "big")


HOSTS = 30
MIB = 1024**2
PATH = "/o/r/resolve/main/big.gguf"
WEIGHTS = b"GGUF" + content("weights", 6 * MIB)
HEADERS = {"ETag": '"weights"', "Last-Modified": "Mon, 05 Oct 2026 10:00:00 GMT"}
_FORK = multiprocessing.get_context("fork")


class Hub(Server):
    """A web server that redirects to a content server with a signed URL, as the Hub does."""

    def __init__(self) -> None:
        self.content = Server(self._content)
        self.pages: dict[str, bytes] = {}
        super().__init__(self._answer)

    def __enter__(self) -> Hub:
        self.content.__enter__()
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        super().__exit__(*error)
        self.content.__exit__(*error)

    def _answer(self, request: Request) -> Answer:
        if request.path in self.pages:
            return Answer(headers={"Content-Type": "text/plain"}, body=self.pages[request.path])
        if request.path != PATH:
            return Answer(404)
        return Answer(302, {"Location": f"{self.content.url}/cdn?Signature=secret"})

    def _content(self, request: Request) -> Answer:
        if request.headers.get("if-none-match") == HEADERS["ETag"]:
            return Answer(304, HEADERS)
        return Answer(headers=HEADERS, body=WEIGHTS, ranges=True)


class Site:
    """The servers on the internet, and the mirror before them."""

    def __init__(self, registry: Registry, hub: Hub, its_mirror: Mirror) -> None:
        self.registry = registry
        self.hub = hub
        self.mirror = its_mirror
        self.publish("1")

    def publish(self, version: str) -> None:
        """Let the tag be an image of a version."""
        files = [file("run.sh", f"#!/bin/sh\necho {version}\n", 0o755), file("weights", content(version, 3 * MIB))]
        it = index([image([layer(files), layer([file("V", version)])], host_platform())])
        self.registry.put("org/big", "latest", it)

    @property
    def options(self) -> dict[str, Any]:
        """What a module on a host is told."""
        return {
            "endpoints": [
                {
                    "host": self.registry.host,
                    "mirrors": [{"url": f"{self.mirror.url}/{self.registry.host}", "resolve": True}],
                },
                {"host": self.hub.host, "mirrors": [{"url": f"{self.mirror.url}/{self.hub.host}"}]},
            ],
            "galleries": [],
            "timeout": 60,
            "retries": 0,
        }

    def backend(self, top: Path, **options: Any) -> dict[str, Any]:
        """Install the backend on a host."""
        uri = f"oci://{self.registry.host}/org/big:latest"
        paths = {"backends_path": str(top / "backends"), "backends_system_path": str(top / "system")}
        return run_module(localai_backend.main, {**self.options, **paths, "name": ["big"], "uri": uri, **options})

    def model(self, top: Path, **options: Any) -> dict[str, Any]:
        """Install the model on a host."""
        paths = {"models_path": str(top / "models")}
        models = [{"name": "big", "uri": f"{self.hub.url}{PATH}"}]
        return run_module(localai_model.main, {**self.options, **paths, "models": models, **options})

    def get(self, path: str, **headers: str) -> Any:
        """An answer of the mirror."""
        request = urllib.request.Request(f"{self.mirror.url}{path}", headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            answer.content = answer.read()
            return answer


def program(name: str) -> Path:
    """A program of Debian's, which `make` puts on the PATH."""
    found = shutil.which(name, path=f"/usr/sbin:{os.environ['PATH']}")
    assert found, f"there is no {name}: run make units"
    return Path(found)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The servers and a mirror."""
    work = tmp_path_factory.mktemp("mirror") / "m"
    programs = program("nginx"), program("docker-registry")
    with Registry(auth=Bearer("user", "secret")) as registry, Hub() as hub:
        credentials = {
            registry.host: {"username": "user", "password": "secret"},
            hub.host: {"token": "hub-token"},
        }
        given = {"localai_mirror_credentials": credentials, "localai_mirror_recheck_seconds": 1}
        with mirror(work, *programs, registry.url, [hub.url], **given) as it:
            yield Site(registry, hub, it)


def at_once(count: int, work: Callable[[Path], dict[str, Any]], top: Path) -> list[dict[str, Any]]:
    """The results of so many hosts that begin at the same moment, each in a process and a directory of its own."""
    barrier = _FORK.Barrier(count)

    def run(host: Path) -> None:
        try:
            barrier.wait(60)
            result = work(host)
        except Exception:  # noqa: BLE001  # the parent reports it
            result = {"failed": True, "msg": traceback.format_exc()}
        (host / "result.json").write_text(json.dumps(result), encoding="utf-8")

    hosts = [top / str(number) for number in range(count)]
    for host in hosts:
        host.mkdir()
    children = [_FORK.Process(target=run, args=(host,)) for host in hosts]
    for child in children:
        child.start()
    for child in children:
        child.join(300)
    return [json.loads((host / "result.json").read_text(encoding="utf-8")) for host in hosts]


def transfers(server: Server, pattern: str) -> Counter[tuple[str, str]]:
    """How often each part of each path that contains a text was sent, and not only compared."""
    return Counter(
        (request.path, request.headers.get("range", ""))
        for request in server.requests
        if pattern in request.path and request.method == "GET" and "if-none-match" not in request.headers
    )


def test_a_file_is_transferred_once_for_all_hosts(site: Site, tmp_path: Path) -> None:
    results = at_once(HOSTS, site.model, tmp_path)
    assert [result["msg"] for result in results if result["failed"] or not result["changed"]] == []
    sha256 = hashlib.sha256(WEIGHTS).hexdigest()
    for number in range(HOSTS):
        (weights,) = (tmp_path / str(number) / "models").rglob("*.gguf")
        assert hashlib.sha256(weights.read_bytes()).hexdigest() == sha256
    assert set(transfers(site.hub.content, "/cdn").values()) == {1}
    assert set(transfers(site.hub, PATH).values()) == {1}
    assert {request.headers.get("authorization") for request in site.hub.requests} == {"Bearer hub-token"}
    assert {request.headers.get("authorization") for request in site.hub.content.requests} == {None}


def test_parts_and_headers_are_those_of_the_file(site: Site) -> None:
    path = f"/{site.hub.host}{PATH}"
    part = site.get(path, Range="bytes=1000000-2000000")
    assert (part.status, part.content) == (206, WEIGHTS[1000000:2000001])
    assert part.headers["Content-Range"] == f"bytes 1000000-2000000/{len(WEIGHTS)}"
    whole = site.get(path)
    assert (whole.headers["Content-Length"], whole.content) == (str(len(WEIGHTS)), WEIGHTS)
    assert {name: whole.headers[name] for name in HEADERS} == HEADERS
    assert whole.headers["Content-Location"] is None, "a signed URL is for nobody else"


def test_what_may_change_is_compared_again_and_what_has_a_commit_in_its_path_is_not(site: Site) -> None:
    fixed = f"/o/r/raw/{'a' * 40}/index.yaml"
    site.hub.pages[fixed] = b"[]"
    for _time in range(2):
        site.hub.requests.clear()
        site.hub.content.requests.clear()
        assert site.get(f"/{site.hub.host}{PATH}").content == WEIGHTS
        assert site.get(f"/{site.hub.host}{fixed}").content == b"[]"
        # Longer than it takes nginx, which counts whole seconds.
        time.sleep(2.1)
    assert [request.headers.get("if-none-match") for request in site.hub.content.requests] == [HEADERS["ETag"]]
    assert [request.path for request in site.hub.requests] == [PATH]


def test_other_servers_are_not_reached(site: Site) -> None:
    for path in ("/example.com/x", f"/v2/example.com/x/blobs/sha256:{'0' * 64}"):
        with pytest.raises(urllib.error.HTTPError, match="404"):
            site.get(path)


def test_an_image_is_transferred_once_for_all_hosts(site: Site, tmp_path: Path) -> None:
    results = at_once(HOSTS, site.backend, tmp_path)
    assert [result["msg"] for result in results if result["failed"] or not result["changed"]] == []
    blobs = transfers(site.registry, "/blobs/")
    assert len(blobs) >= 2
    assert set(blobs.values()) == {1}
    assert set(transfers(site.registry, "/manifests/sha256:").values()) == {1}


@pytest.mark.long
def test_what_the_variable_of_the_role_becomes_works_with_a_mirror_with_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "tls")
    certificate, key = authority.issue("mirror")
    own = {"localai_mirror_certificate": str(certificate), "localai_mirror_key": str(key)}
    programs = program("nginx"), program("docker-registry")
    with Registry() as registry, Hub() as hub, mirror(tmp_path / "m", *programs, registry.url, [hub.url], **own) as it:
        url = it.url.replace("http:", "https:")
        given = {"files": url, "registry": {registry.host: f"{url}/{registry.host}"}, "ca_path": str(authority.ca_file)}
        site = Site(registry, hub, it)
        endpoints = endpoints_with_mirror([], given, [hub.host])
        assert not site.backend(tmp_path / "host", endpoints=endpoints)["failed"]
        assert not site.model(tmp_path / "host", endpoints=endpoints)["failed"]
    assert {request.headers["user-agent"] for request in hub.requests} == {"ansible-localai.core"}
    assert [request for request in registry.requests if "ansible" in request.headers["user-agent"]] == []


def test_a_mirror_that_dies_leaves_the_installed_backend_as_it_is(site: Site, tmp_path: Path) -> None:
    result = site.backend(tmp_path)
    assert not result["failed"], result["msg"]
    before = snapshot(tmp_path / "backends" / "big")
    site.publish("2")
    site.registry.faults.append(Stall("/blobs/", after=MIB, seconds=60))
    (tmp_path / "host").mkdir()

    def upgrade(host: Path) -> dict[str, Any]:
        return site.backend(tmp_path, state="latest", timeout=5)

    child = _FORK.Process(target=at_once, args=(1, upgrade, tmp_path / "host"))
    seen = len(transfers(site.registry, "/blobs/"))
    child.start()
    while len(transfers(site.registry, "/blobs/")) == seen:
        time.sleep(0.05)
    site.mirror.die()
    child.join(120)
    result = json.loads((tmp_path / "host" / "0" / "result.json").read_text(encoding="utf-8"))
    assert result["failed"]
    assert site.mirror.url.partition("//")[2] in result["msg"]
    print(result["msg"])
    assert snapshot(tmp_path / "backends" / "big") == before
