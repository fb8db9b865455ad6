# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever kind of source it is, it fills a tree or says why not; mirrors replace one another."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
import tempfile

import pytest
import requests

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import (
    HostError,
    MissingLibrary,
    SourceError,
)
from ansible_collections.localai.core.plugins.module_utils._fs.tree import Tree
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint
from ansible_collections.localai.core.tests.support import images
from ansible_collections.localai.core.tests.support.archives import file, tar_archive
from ansible_collections.localai.core.tests.support.backends import backend_entries, backend_image
from ansible_collections.localai.core.tests.support.client import Internet
from ansible_collections.localai.core.tests.support.delivery import (
    ARCHIVE,
    BIG,
    BIG_EXPECTED,
    BIG_LAYER,
    EXPECTED,
    IMAGE,
    LAYER,
    OTHER,
    SHA256,
    Anything,
    Nothing,
    deliver,
    sources,
    starts,
)
from ansible_collections.localai.core.tests.support.faults import (
    Chunked,
    Corrupt,
    CorruptAndCut,
    Delay,
    Status,
)
from ansible_collections.localai.core.tests.support.files import Page
from ansible_collections.localai.core.tests.support.host import (
    directory_of_ordinary_user,
    ordinary_user,
)
from ansible_collections.localai.core.tests.support.hub import Hub, Repo

EXPECTED["venv/lib/python3.10/site-packages/grpcio.py"] = EXPECTED["venv/lib/python3.10/site-packages/grpc.py"]


EXPECTED.update(dict.fromkeys(["venv/lib", "venv/lib/python3.10"], b""))


def test_mirrors_are_tried_in_order_and_every_try_is_named(server):
    uris = [
        "127.0.0.1:1/x/y:tag",
        server.host + "/x/missing:tag",
        server.put("x/y", "other-platform", backend_image(platforms=[images.Platform("s390x")])),
        "ollama://gemma",
        "/nowhere",
        "https://me:hunter2@host/x",
    ]
    with pytest.raises(SourceError) as caught:
        sources().find(list(map(Address, uris)))
    text = str(caught.value)
    positions = [
        text.index(part)
        for part in (
            "127.0.0.1:1/x/y:tag: ",
            "refused",
            f"{server.host}/x/missing:tag: ",
            "404",
            "it is for linux/s390x",
            "is a source of models only",
            "/nowhere: there is no such file or directory",
            "contains a user name",
        )
    ]
    assert positions == sorted(positions)
    assert "hunter2" not in text


def test_the_first_source_that_answers_is_used(stage, server):
    good = server.put("x/y", "tag", IMAGE)
    delivered, _tree = deliver(stage, "127.0.0.1:1/x/y:tag", good, "127.0.0.1:1/x/z:tag")
    assert (delivered.artifact.uri.text, stage.used) == (good, 1)


def test_a_mirror_delivers_what_the_first_source_spoils(stage, server):
    first, second = (server.put(f"x/{name}", "tag", IMAGE) for name in "ab")
    server.faults = [Corrupt(f"x/a/blobs/{LAYER.digest}", at=50)]
    delivered, tree = deliver(stage, first, second)
    assert (delivered.artifact.uri.text, delivered.served_by) == (first, f"{server.host}/x/b@{IMAGE.digest}")
    assert (tree, stage.used) == (EXPECTED, 2)


def test_a_mirror_delivers_the_same_image_even_if_its_tag_moved(stage, server):
    first, second = (server.put(f"x/{name}", "tag", IMAGE) for name in "ab")
    server.put("x/b", "tag", OTHER)
    server.faults = [Status(f"x/a/blobs/{LAYER.digest}", status=404)]
    delivered, tree = deliver(stage, first, second)
    assert (delivered.artifact.digest, tree) == (IMAGE.digest, EXPECTED)


def test_a_mirror_without_the_same_image_is_no_mirror(stage, server):
    first, second = server.put("x/a", "tag", IMAGE), server.put("x/b", "tag", OTHER)
    server.faults = [Status(f"x/a/blobs/{LAYER.digest}", status=404)]
    with pytest.raises(SourceError, match=rf"x/a:tag: {server.host}/x/a: .*404.*; {server.host}/x/b: .*404"):
        deliver(stage, first, second)


@pytest.mark.parametrize("mirror", ["archive", "directory"])
def test_a_mirror_of_another_kind_does_not_stand_in_for_a_digest(stage, server, files, source, mirror):
    first = server.put("x/a", "tag", IMAGE)
    second = {"archive": files.url + "/piper.tar.gz", "directory": str(source)}[mirror]
    server.faults = [Status(f"x/a/blobs/{LAYER.digest}", status=404)]
    with pytest.raises(SourceError, match=r"x/a:tag: .*404"):
        deliver(stage, first, second)


def test_a_mirror_delivers_the_archive_with_the_right_sha256(stage, files):
    files.pages["/wrong.tar.gz"] = tar_archive(backend_entries("piper", "2"))
    delivered, tree = deliver(stage, files.url + "/wrong.tar.gz", files.url + "/piper.tar.gz", sha256=SHA256)
    assert (delivered.served_by, tree) == (files.url + "/piper.tar.gz", EXPECTED)


def test_when_all_sources_fail_the_error_names_each_with_its_reason(stage, files):
    files.pages["/wrong.tar.gz"] = tar_archive(backend_entries("piper", "2"))
    uris = [f"{files.url}/{name}" for name in ("wrong.tar.gz", "missing.tar.gz", "wrong.tar.gz?again=hunter2")]
    with pytest.raises(SourceError) as caught:
        deliver(stage, *uris, "/nowhere", sha256=SHA256)
    text = str(caught.value)
    for part in ("wrong.tar.gz: its sha256 is", "missing.tar.gz: GET", "404", "/nowhere: No such file"):
        assert part in text
    assert "hunter2" not in text


def test_a_full_disk_is_no_reason_to_try_a_mirror(server):
    first, second = (server.put(f"x/{name}", "tag", IMAGE) for name in "ab")
    with directory_of_ordinary_user() as path, ordinary_user():

        @contextlib.contextmanager
        def stage():
            with tempfile.TemporaryDirectory(dir=path) as place, Tree(place) as tree:
                os.chmod(place, 0o500)
                yield tree

        with pytest.raises(HostError, match="Permission denied"):
            deliver(stage, first, second, endpoints=(Endpoint(server.host, plain_http=True),))
    assert not [request for request in server.requests if "x/b/" in request.path]


def test_a_missing_library_is_no_reason_to_try_a_mirror(monkeypatch, server):
    monkeypatch.setitem(sys.modules, "requests", None)
    with pytest.raises(MissingLibrary):
        sources().find((Address(f"{server.host}/x/y:tag"), Address("/nowhere")))


def test_an_error_of_whoever_uses_the_tree_is_passed_on_and_no_mirror_is_tried(stage, source):
    kinds = sources()
    artifact = kinds.find((Address(str(source)),) * 2)
    with pytest.raises(SourceError, match="mine"), kinds.deliver(artifact, stage):
        raise SourceError("mine")
    assert stage.used == 1


def test_after_a_digest_mismatch_of_two_origins_each_is_tried_alone(stage, server):
    first, second, third = (server.put(f"x/{name}", "tag", BIG) for name in "abc")
    blob = f"/blobs/{BIG_LAYER.digest}"
    server.faults = [CorruptAndCut(f"x/a{blob}", at=1000, after=100_000, times=1), Status(f"x/a{blob}", status=404)]
    delivered, tree = deliver(stage, first, second, third)
    assert (tree, stage.used) == (BIG_EXPECTED, 3)
    assert delivered.served_by == f"{server.host}/x/b@{BIG.digest}"
    assert [start for _path, start in starts(server, f"x/b{blob}")] == ["100000", "0"]
    assert starts(server, f"x/c{blob}") == []


def test_an_image_that_is_not_accepted_is_not_pulled_from_a_mirror(stage, server):
    uris = [Address(server.put(f"x/{name}", "tag", IMAGE)) for name in "ab"]
    kinds = sources(Nothing())
    with pytest.raises(SourceError, match=r"^Tried .*/x/a:tag: this tree is not wanted\.$"), kinds.deliver(
        kinds.find(uris), stage
    ):
        pass
    assert stage.used == 1
    assert starts(server, f"x/b/blobs/{LAYER.digest}") == []


def test_an_archive_that_is_not_accepted_and_not_proved_is_read_from_each_mirror(stage, files):
    files.pages["/copy"] = ARCHIVE
    uris = [Address(f"{files.url}/{path}") for path in ("piper.tar.gz", "copy", "missing")]
    kinds = sources(Nothing())
    with pytest.raises(
        SourceError, match=r"/piper\.tar\.gz: this tree is not wanted; .*/copy: this tree is not wanted; .*404"
    ), kinds.deliver(kinds.find(uris), stage):
        pass
    assert stage.used == 2


def test_a_mirror_that_is_no_source_is_named_in_the_error(stage, server):
    server.faults = [Status(f"x/a/blobs/{LAYER.digest}", status=404)]
    with pytest.raises(SourceError, match=r"ollama://x: ollama: is a source of models only; .*/x/a:tag: .*404"):
        deliver(stage, server.put("x/a", "tag", IMAGE), "ollama://x")


def test_whoever_uses_sources_decides_what_is_accepted(stage, files):
    files.pages["/x"] = tar_archive([file("model.gguf")])
    kinds = sources(Anything())
    with kinds.deliver(kinds.find([Address(files.url + "/x")]), stage) as (tree, _delivered):
        assert os.listdir(tree.path) == ["model.gguf"]


def test_the_size_of_a_file_is_stated_by_the_first_uri_that_knows_it(server, files):
    files.pages.update({"/m": Page(b"x" * 7), "/unknown": Page(b"x" * 7)})
    files.faults = [Chunked("/unknown")]
    sizes = sources(Anything())
    assert (
        sizes.size_of([Address(f"{files.url}/missing"), Address(f"{files.url}/unknown"), Address(f"{files.url}/m")])
        == 7
    )
    assert [request.method for request in files.requests if request.path == "/m"] == ["HEAD"]


@pytest.mark.parametrize("status", [403, 405, 501])
def test_a_server_without_head_is_asked_for_one_byte(files, status):
    files.pages["/m"] = b"x" * 7
    files.faults = [Status("/m", "HEAD", status=status)]
    assert sources(Anything()).size_of([Address(f"{files.url}/m")]) == 7
    assert [request.headers.get("range") for request in files.requests] == [None, "bytes=0-0"]


def test_the_size_of_a_file_of_this_host_is_known(tmp_path):
    (tmp_path / "m").write_bytes(b"x" * 7)
    assert sources(Anything()).size_of([Address(str(tmp_path / "m"))]) == 7


def test_the_size_of_a_file_of_the_hub_is_that_where_it_redirects_to():
    with Hub({"o/r": Repo(large={"m.gguf": b"x" * 7})}) as hub:
        assert sources(Anything(), hub=hub.endpoint).size_of([Address("hf://o/r/m.gguf")]) == 7
        assert [request.method for request in hub.cdn.requests] == ["HEAD"]


@pytest.mark.parametrize(
    "uris", [[], ["no uri"], ["/missing"], ["hf://o/r"], ["https://me:hunter2@host/f"], ["ocilayout:/missing"]]
)
def test_a_size_that_cannot_be_known_is_zero(uris):
    assert sources(Anything()).size_of([Address(uri) for uri in uris]) == 0


def test_a_server_that_fails_is_asked_once_for_each_size(files):
    files.faults = [Status("/m", status=503)]
    assert sources(Anything()).size_of([Address(f"{files.url}/m")]) == 0
    assert len(files.requests) == 1


def test_a_server_that_cannot_be_reached_is_asked_once_for_all_sizes():
    internet = Internet()

    def unknown(_request):
        raise requests.exceptions.ConnectionError(socket.gaierror(socket.EAI_NONAME, "Name or service not known"))

    internet.before = unknown
    kinds = sources(Anything(), adapter=internet)
    assert [kinds.size_of([Address(f"https://one.example/{number}")]) for number in range(50)] == [0] * 50
    assert kinds.size_of([Address("https://two.example/x")]) == 0
    assert len(internet.requests) == 2


def test_a_size_that_does_not_come_in_time_does_not_prevent_the_transfer(stage, files):
    files.pages["/m"] = b"x" * 7
    files.faults = [Delay("/m", "HEAD", seconds=3)]
    kinds = sources(Anything(), timeout=1)
    assert kinds.size_of([Address(f"{files.url}/m")]) == 0
    assert kinds.size_of([Address(f"{files.url}/m")]) == 0
    assert len(files.requests) == 1
    assert kinds.find_file([Address(f"{files.url}/m")]).size == 7


def test_the_size_of_a_layer_is_that_in_the_manifest(server):
    layer = {"mediaType": "application/vnd.docker.ai.gguf.v3", "size": 7, "digest": images.digest(b"x" * 7)}
    config = {"mediaType": "application/json", "size": 2, "digest": images.digest(b"{}")}
    manifest = images.document({"schemaVersion": 2, "config": config, "layers": [layer]})
    server.put_manifest("x/y", "tag", manifest, images.OCI_MANIFEST)
    assert sources(Anything()).size_of([Address(f"oci://{server.host}/x/y:tag")]) == 7
    assert starts(server, "/blobs/") == []
