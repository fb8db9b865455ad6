# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that misbehave, as a task meets them: a correct install, or a clear error and the old backend as it was."""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import re
from dataclasses import dataclass, field, replace

import pytest

from ansible_collections.localai.core.plugins.module_utils._resolver import network
from ansible_collections.localai.core.tests.support import images
from ansible_collections.localai.core.tests.support.archives import file, tar_archive
from ansible_collections.localai.core.tests.support.auth import Bearer, Tokens, basic
from ansible_collections.localai.core.tests.support.backends import backend_entries
from ansible_collections.localai.core.tests.support.eager import in_parts
from ansible_collections.localai.core.tests.support.faults import (
    Chunked,
    Corrupt,
    CorruptAndCut,
    Cut,
    Delay,
    Headers,
    IgnoreRange,
    Rate,
    Raw,
    Redirect,
    Stall,
    Status,
)
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.host import snapshot
from ansible_collections.localai.core.tests.support.registry import Registry

USER, PASSWORD = "tester", "hunter2"
SECRETS = [PASSWORD, basic(USER, PASSWORD).partition(" ")[2], "?sig", "sig="]
PLATFORM = images.host_platform()
REPOSITORY = "test/voice"


def entries(version):
    return [*backend_entries("voice", version), file("noise", hashlib.shake_256(version.encode()).digest(300_000))]


OLD, NEW = (images.image([images.layer(entries(version))], PLATFORM) for version in "12")
LAYER = NEW.layers[0]
ARCHIVE = tar_archive(entries("2"))
SIZE = min(len(LAYER.blob), len(ARCHIVE))


class Server:
    """Where the backend comes from: an image in a registry that wants a login, or an archive on a file server."""

    def __init__(self, kind, running):
        self.running = running
        self.is_image = kind == "image"
        self.is_split = False
        self.old, self.new = f"{running.host}/{REPOSITORY}:v1", f"{running.host}/{REPOSITORY}:v2"
        self.bytes = f"/blobs/{LAYER.digest}"
        self._skip = 0
        if not self.is_image:
            self.old, self.new, self.bytes = f"{running.url}/v1", f"{running.url}/v2?sig={PASSWORD}", "/v2"
            self._skip = 1  # the request for its first bytes, which tell what it is

    def spoil(self, *faults):
        """Let them act on the bytes."""
        self.running.faults = [replace(fault, path=self.bytes, skip=fault.skip + self._skip) for fault in faults]


@pytest.fixture
def registry():
    with Registry(Bearer(USER, PASSWORD)) as running:
        running.put(REPOSITORY, "v1", OLD)
        running.put(REPOSITORY, "v2", NEW)
        yield Server("image", running)


@pytest.fixture(params=["in parts", pytest.param("", marks=pytest.mark.long)])
def _parts(request):
    with in_parts() if request.param else contextlib.nullcontext():
        yield bool(request.param)


@pytest.fixture(params=["image", "archive"])
def server(request, registry, _parts):
    with FileServer({"/v1": tar_archive(entries("1")), "/v2": ARCHIVE}) as running:
        chosen = registry if request.param == "image" else Server("archive", running)
        chosen.is_split = _parts
        yield chosen


@pytest.fixture
def pauses(monkeypatch):
    """The pauses that a run makes; nobody waits for them."""
    made = []
    monkeypatch.setattr(network, "Http", functools.partial(network.Http, sleep=made.append))
    return made


@pytest.fixture
def upgrade(host, pauses):
    """A function that installs version 1 and then upgrades to version 2 while the server misbehaves as it is told."""

    def run(server, prepare=lambda: None, **options):
        login = {"host": server.running.host, "username": USER, "password": PASSWORD}
        host.install("voice", uri=server.old, endpoints=[login])
        server.running.requests.clear()
        prepare()
        options = {"timeout": 1, "retries": 2, "endpoints": [login], **options}
        before = snapshot(host.path / "voice")
        result = host.backend("voice", uri=server.new, force=True, **options)
        check_traces(host, result)
        if result["failed"]:
            assert snapshot(host.path / "voice") == before
            assert (result["changed"], result["backends"], result["diff"]) == (False, [], [])
            assert f"voice cannot be fetched. Tried {server.new.partition('?')[0]}: " in result["msg"]
        return result

    return run


def check_traces(host, result):
    """Whatever came of it: no leftovers on disk, and no secret in what is told."""
    own = host.path / ".localai-core"
    assert os.listdir(own / "staging") == os.listdir(own / "replaced") == []
    assert not (own / "progress").exists()
    assert host.names == ["voice"]
    told = json.dumps(result)
    assert [secret for secret in SECRETS if secret in told] == []


def check_installed(host, result):
    """Version 2 is there, to the last byte."""
    assert not result["failed"], result["msg"]
    tree = host.path / "voice"
    assert {entry.name: (tree / entry.name).read_bytes() for entry in entries("2") if entry.data} == {
        entry.name: entry.data for entry in entries("2") if entry.data
    }
    assert result["backends"][0]["bytes_transferred"] in (len(LAYER.blob), len(ARCHIVE))


@pytest.mark.parametrize(
    "faults",
    [
        *([Cut(after=at, times=1)] for at in (0, 1, 511, 512, 513, 100_000, SIZE - 1)),
        [Cut(after=20_000)],
        [Cut(after=100_000, reset=True, times=1)],
        [Stall(after=100_000, seconds=30, times=1)],
        [Delay(seconds=30, times=1)],
        [Rate(bytes_per_second=1_000_000)],
        [Raw(times=2)],
        [Raw(data=b"no HTTP\r\n\r\n", times=1)],
        [Status(status=500, times=2)],
        [Cut(after=50_000, times=1), Status(status=500, times=1)] * 5,
        [Cut(after=100_000, times=1), IgnoreRange()],
        [Chunked(size=50_000)],
    ],
    ids=repr,
)
def test_what_passes_ends_in_a_correct_install(upgrade, host, server, faults):
    # Which request meets which fault is open if there are several at a time.
    check_installed(host, upgrade(server, lambda: server.spoil(*faults), retries=10 if len(faults) > 2 else 2))


@pytest.mark.parametrize(
    ("faults", "message"),
    [
        ([Cut()], r"tried 3 times without progress, waited \d s in all"),
        ([Cut(after=100_000, times=1), Cut()], "tried 3 times without progress"),
        ([Stall(after=100_000, seconds=30)], "no byte for 1 s"),
        ([Status(status=500)], "500 Internal Server Error .tried 3 times"),
        ([Status(status=429, headers={"Retry-After": "3"})], "429 Too Many Requests .tried 3 times.*waited 6 s"),
        ([Status(status=404)], "404 Not Found"),
        ([Status(status=403)], "403 Forbidden. The (registry|server) refused the login of user"),
        ([Cut(after=100_000, times=1), Status(status=410)], "410 Gone"),
        ([Cut(after=100_000, times=1), Status(status=416)], r"the body ended after \d+ bytes, which is too short"),
        ([Cut(after=1000, times=1), Headers(headers={"Content-Range": "bytes 1001-2000/9999"})], "another range"),
        ([Cut(after=1000, times=1), Headers(headers={"Content-Range": None})], "another range"),
        ([Redirect()], "redirects more than 10 times"),
        ([Redirect(location="ftp://127.0.0.1/{path}")], "not an http:// or https:// URL with a host"),
        ([Redirect(location="http://127.0.0.1:1/x?sig=hunter2")], "refused"),
        ([Headers(headers={"X-Huge": "x" * 100_000})], "more than 65536 bytes"),
        ([Headers(headers={f"X-{number}": "x" for number in range(200)})], "more than 100 headers"),
        ([Raw(data=b"HTTP/1.1 200 OK\r\n\r\n" + b"<html>" * 1000)], r"it is not an? (tar )?archive"),
        ([Corrupt(at=20)], "damaged|arrived with"),
        ([Corrupt(at=SIZE // 2)], "damaged|arrived with"),
        ([Corrupt(at=len(LAYER.blob) - 1), Corrupt(at=len(ARCHIVE) - 1)], "damaged|arrived with"),
    ],
    ids=repr,
)
def test_what_lasts_is_an_error_and_the_old_backend_is_as_it_was(upgrade, server, faults, message):
    retries = 0 if "no byte" in message else 2
    result = upgrade(server, lambda: server.spoil(*faults), retries=retries)
    assert result["failed"]
    assert re.search(message, result["msg"])


def test_a_wrong_byte_of_an_answer_that_was_cut_off_is_found_or_never_used(upgrade, host, server):
    result = upgrade(server, lambda: server.spoil(CorruptAndCut(at=SIZE // 2, after=SIZE // 2 + 1, times=1)))
    if result["failed"]:
        assert re.search("damaged|arrived with", result["msg"])
    else:
        check_installed(host, result)


@pytest.mark.parametrize(("wrong", "short"), [(-SIZE + 1, True), (-1, True), (1, False), (1_000_000, False)])
def test_a_wrong_length_is_corrected_by_the_next_answer_where_that_can_be_known(upgrade, host, server, wrong, short):
    length = len(LAYER.blob if server.is_image else ARCHIVE) + wrong
    result = upgrade(server, lambda: server.spoil(Headers(headers={"Content-Length": str(length)}, times=1)))
    if not server.is_image and (short or server.is_split):
        # The answers to requests of parts state another length.
        changed = "|changed on the server" if server.is_split else ""
        assert result["failed"]
        assert re.search(f"its gzip stream is incomplete|not an archive{changed}", result["msg"])
    else:
        check_installed(host, result)


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_says_how_long_to_wait(upgrade, host, server, pauses, status):
    faults = [Status(status=status, headers={"Retry-After": seconds}, times=1) for seconds in ("7", "11")]
    check_installed(host, upgrade(server, lambda: server.spoil(*faults)))
    assert pauses == [7, 11]


def test_a_redirect_to_another_host_loses_the_authorization(upgrade, host, registry):
    with FileServer({"/cdn": LAYER.blob}) as storage:
        fault = Redirect(location=storage.url + "/cdn?sig=hunter2")
        check_installed(host, upgrade(registry, lambda: registry.spoil(fault)))
        assert [request.headers.get("authorization") for request in storage.requests] == [None]


@dataclass(frozen=True)
class CutAndForget(Cut):
    """The connection ends, and meanwhile all tokens have expired."""

    tokens: Tokens = field(default_factory=Tokens)

    def answer(self, request, answer):
        self.tokens.expire()
        return super().answer(request, answer)


@pytest.mark.parametrize("after", [0, 1, 100_000])
def test_a_token_that_expires_in_the_middle_of_a_pull_is_renewed(upgrade, host, registry, after):
    fault = CutAndForget(after=after, tokens=registry.running.tokens, times=2)
    check_installed(host, upgrade(registry, lambda: registry.spoil(fault)))


def test_a_login_that_is_revoked_in_the_middle_of_a_pull_is_an_error(upgrade, registry):
    faults = [CutAndForget(after=100_000, tokens=registry.running.tokens, times=1), Status(status=401)]
    result = upgrade(registry, lambda: registry.spoil(*faults))
    assert re.search("401 Unauthorized. The registry refused the login of user", result["msg"])


# manifests


def manifest(**changes):
    return {**json.loads(NEW.manifest), **changes}


def layers(*changes):
    described = json.loads(NEW.manifest)["layers"][0]
    return manifest(layers=[{**described, **change} for change in changes])


def serve(registry, content, media_type=images.OCI_MANIFEST):
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    registry.running.put_manifest(REPOSITORY, "v2", body, media_type)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b" " * 5_000_000, "sent more than 4194304 bytes"),
        (b"<html>welcome</html>", "the manifest is not JSON"),
        (
            manifest(mediaType="application/vnd.example.v1+json", layers=None),
            "not a supported kind of manifest|not a list",
        ),
        (manifest(schemaVersion=1), "withdrawn schema 1"),
        (
            layers({"mediaType": "application/x-lz4"}),
            "has the media type 'application/x-lz4', which cannot be unpacked",
        ),
        (layers({"size": -1}), "does not state the size"),
        (layers({"digest": "sha256:../../etc/passwd"}), "instead of a digest"),
        (layers({"digest": "sha256:" + "0" * 64}), "404"),
        (layers({"size": len(LAYER.blob) - 1}), "is longer than the .* bytes that it should have"),
        (layers({"size": len(LAYER.blob) + 1}), "the body ended after .* bytes"),
        (manifest(layers=[]), "the image is empty: it has no layer with any bytes"),
        (manifest(config=None), "has no config"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_manifest_that_no_image_has_is_an_error(upgrade, registry, content, message):
    result = upgrade(registry, lambda: serve(registry, content), retries=0)
    assert result["failed"]
    assert re.search(message, result["msg"])


@pytest.mark.parametrize("stated", ["sha256:" + "0" * 64, OLD.digest])
def test_a_manifest_of_another_digest_than_the_server_states_is_an_error(upgrade, registry, stated):
    fault = Headers("/manifests/v2", headers={"Docker-Content-Digest": stated})
    result = upgrade(registry, lambda: registry.running.faults.append(fault))
    assert re.search(f"the server states the digest {stated}", result["msg"])


EMPTY, NOTHING, PACKED = images.layer([]), images.layer_of(b"", "none"), images.layer_of(b"", "gzip")


@pytest.mark.parametrize(
    "listed",
    [[LAYER, LAYER], [EMPTY, LAYER], [LAYER, EMPTY], [EMPTY, LAYER, EMPTY], [NOTHING, LAYER, PACKED], [PACKED, LAYER]],
    ids=len,
)
def test_a_layer_may_be_empty_or_listed_twice(upgrade, host, registry, listed):
    image = images.image(listed, PLATFORM)
    result = upgrade(registry, lambda: registry.running.put(REPOSITORY, "v2", image))
    assert not result["failed"], result["msg"]
    assert (host.path / "voice/noise").read_bytes() == entries("2")[-1].data
    assert result["backends"][0]["bytes_transferred"] == sum(len(layer.blob) for layer in listed)
