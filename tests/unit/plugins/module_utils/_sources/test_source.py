# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever kind of source a backend has, it fills a directory or says why not; mirrors stand in for one another."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import stat
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import (
    HostError,
    LocalAIError,
    MissingLibrary,
    SourceError,
)
from ansible_collections.localai.core.plugins.module_utils._fs.tree import Tree
from ansible_collections.localai.core.plugins.module_utils._oci.image import Image, Images
from ansible_collections.localai.core.plugins.module_utils._oci.manifest import Descriptor
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform
from ansible_collections.localai.core.plugins.module_utils._oci.registry import Registry
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint
from ansible_collections.localai.core.plugins.module_utils._sources.source import Found, Sources
from ansible_collections.localai.core.tests.support import images, registry
from ansible_collections.localai.core.tests.support.archives import (
    directory,
    file,
    read_tree,
    symlink,
    tar_archive,
    write_tree,
    zip_archive,
)
from ansible_collections.localai.core.tests.support.auth import basic
from ansible_collections.localai.core.tests.support.backends import backend_entries, backend_image
from ansible_collections.localai.core.tests.support.client import Client
from ansible_collections.localai.core.tests.support.faults import (
    Corrupt,
    CorruptAndCut,
    Cut,
    Headers,
    IgnoreRange,
    Raw,
    Status,
)
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.host import (
    directory_of_ordinary_user,
    ordinary_user,
    snapshot,
)
from ansible_collections.localai.core.tests.support.layouts import docker_archive, oci_archive, write_oci_layout

HOST = Platform("linux", "amd64")
AMD64 = images.Platform("amd64")
ENTRIES = backend_entries("piper")
IMAGE = backend_image("piper", platforms=[AMD64])
OTHER = backend_image("piper", "2", platforms=[AMD64])
LAYER = IMAGE.images[0].layers[0]
ARCHIVE = tar_archive(ENTRIES)
SHA256 = hashlib.sha256(ARCHIVE).hexdigest()


@pytest.fixture
def server():
    with registry.Registry() as running:
        yield running


@pytest.fixture
def files():
    with FileServer({"/piper.tar.gz": ARCHIVE}) as running:
        yield running


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "source"
    write_tree(path, ENTRIES)
    return path


class Stage:
    """Where trees are made: one directory after the other, removed again when it was left."""

    def __init__(self, path):
        self.path = path
        self.used = 0

    @contextlib.contextmanager
    def __call__(self):
        self.used += 1
        with tempfile.TemporaryDirectory(dir=self.path) as path, Tree(path) as tree:
            yield tree


@pytest.fixture
def stage(tmp_path):
    return Stage(tmp_path)


def sources(**settings):
    client = Client(**settings)
    return Sources(client, Images(client, Registry(client)), HOST)


def deliver(stage, *uris, sha256="", **settings):
    """Find and deliver at once. Returns what came and what is in the tree."""
    with contextlib.ExitStack() as stack:
        kinds = sources(**settings)
        found = kinds.find(list(map(Address, uris)), sha256)
        tree, delivery = stack.enter_context(kinds.deliver(found, stage))
        tree.finish(0o755)
        return delivery, {name: rest[0] for name, *rest in listed(tree.path)}


def listed(path):
    return [(entry.name, entry.data or entry.target.encode(), oct(entry.mode)) for entry in read_tree(Path(path))]


EXPECTED = {entry.name: entry.data or entry.target.encode() for entry in ENTRIES}
EXPECTED["venv/lib/python3.10/site-packages/grpcio.py"] = EXPECTED["venv/lib/python3.10/site-packages/grpc.py"]
EXPECTED.update(dict.fromkeys(["venv/lib", "venv/lib/python3.10"], b""))


@pytest.mark.parametrize(
    "uri", ["quay.io/x/y@sha256:short", "quay.io/x/y:tag@latest", "oci://quay.io/X", "./piper", "piper dir", ""]
)
def test_what_looks_like_an_image_but_is_none_is_told_so(uri):
    with pytest.raises(SourceError, match="is not an image reference"):
        sources().find((Address(uri),))


# directories


def test_a_directory_is_copied_as_it_is(stage, source):
    os.utime(source / "LICENSE", (1000, 1000))
    source.joinpath("venv").chmod(0o750)
    before = snapshot(source)
    kinds = sources()
    with kinds.deliver(kinds.find((Address(str(source)),)), stage) as (tree, delivery):
        tree.finish(0o755)
        assert listed(tree.path) == listed(source)
        assert os.stat(os.path.join(tree.path, "LICENSE")).st_mtime == 1000
    assert (delivery.served_by, delivery.transferred, delivery.found.digest) == (str(source), 0, None)
    assert snapshot(source) == before


def test_symlinks_of_a_directory_are_copied_and_not_followed(stage, source, tmp_path):
    (tmp_path / "outside").mkdir()
    (source / "to-outside").symlink_to(tmp_path / "outside")
    (source / "loop").symlink_to(".")
    _delivery, tree = deliver(stage, str(source))
    assert (tree["to-outside"], tree["loop"]) == (str(tmp_path / "outside").encode(), b".")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path: path.joinpath("run.sh").unlink(), "has no run.sh"),
        (lambda path: path.rename(path.with_name("moved")), "no such file or directory"),
        (lambda path: os.mkfifo(path / "venv/pipe"), "'venv/pipe' cannot be copied: it is not a file"),
    ],
)
def test_a_directory_that_is_no_backend_is_refused(stage, source, change, message):
    change(source)
    with pytest.raises(SourceError, match=message):
        deliver(stage, str(source))


def test_a_file_of_this_host_that_is_no_archive_is_not_shown():
    with pytest.raises(SourceError, match=r"it is not an archive \([^;]*\)\.$"):
        sources().find((Address("/etc/passwd"),))


@pytest.mark.parametrize("uri", ["/nowhere", "/a\0b"])
def test_what_is_no_directory_is_refused(uri):
    with pytest.raises(SourceError, match="there is no such file or directory on this host"):
        sources().find((Address(uri),))


@pytest.mark.parametrize("sealed", ["LICENSE", "venv"])
def test_a_directory_that_may_not_be_read_is_an_error_that_names_the_place(sealed):
    with directory_of_ordinary_user() as path, ordinary_user():
        write_tree(path / "source", ENTRIES)
        (path / "source" / sealed).chmod(0)
        with pytest.raises(SourceError, match=rf"/source: '?{sealed}'?( cannot be copied)?: Permission denied"):
            deliver(Stage(path), str(path / "source"))
        (path / "source" / sealed).chmod(0o700)


def test_a_directory_cannot_be_copied_into_itself(source):
    inside = Stage(source / "venv")
    with pytest.raises(LocalAIError):
        deliver(inside, str(source))


# images


@pytest.mark.parametrize("prefix", ["", "oci://"])
def test_an_image_is_unpacked(stage, server, prefix):
    uri = prefix + server.put("x/y", "tag", IMAGE)
    delivery, tree = deliver(stage, uri)
    assert tree == EXPECTED
    assert delivery.served_by == f"{server.host}/x/y@{IMAGE.digest}"
    assert (delivery.transferred, delivery.found.size) == (len(LAYER.blob), len(LAYER.blob))
    assert (delivery.found.uri.text, delivery.found.digest) == (uri, IMAGE.digest)
    assert delivery.found.platform_digest == IMAGE.images[0].digest


def test_layers_are_laid_over_each_other(stage, server):
    layers = [
        images.layer([file("run.sh", "old", 0o755), file("gone"), directory("d"), file("d/x")]),
        images.layer(
            [file(".wh.gone"), file("d/.wh..wh..opq"), file("d/y", "y"), file("run.sh", "new", 0o755)], "none"
        ),
    ]
    _delivery, tree = deliver(stage, server.put("x/y", "tag", images.image(layers, AMD64)))
    assert tree == {"run.sh": b"new", "d": b"", "d/y": b"y"}


def test_a_layer_that_nothing_here_can_undo_is_an_error_before_the_pull(monkeypatch, stage, server):
    for library in ("zstandard", "compression.zstd"):
        monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.setattr(shutil, "which", lambda name: None)
    image = images.image([replace(LAYER, compression="zstd")], AMD64)
    with pytest.raises(SourceError, match="compressed with zstd, which this host cannot undo"):
        deliver(stage, server.put("x/y", "tag", image))
    assert (stage.used, [request for request in server.requests if LAYER.digest in request.path]) == (0, [])


def test_an_image_without_a_run_file_is_refused(stage, server):
    with pytest.raises(SourceError, match=r"x/y:tag: it has no run\.sh at its top, so it is not a LocalAI backend"):
        deliver(stage, server.put("x/y", "tag", backend_image(run_sh=None, platforms=[AMD64])))


@pytest.mark.parametrize(
    ("run_file", "is_backend"),
    [
        (file("run.sh", "", 0o600), True),
        (symlink("run.sh", "backend"), True),
        (symlink("run.sh", "missing"), False),
        (symlink("run.sh", "/bin/sh"), False),
        (symlink("run.sh", "../../../../bin/sh"), False),
        (directory("run.sh"), False),
    ],
)
def test_the_run_file_is_a_file_of_the_backend(stage, server, run_file, is_backend):
    image = images.image([images.layer([run_file, file("backend", "", 0o755)])], AMD64)
    with contextlib.nullcontext() if is_backend else pytest.raises(SourceError, match=r"no run\.sh"):
        deliver(stage, server.put("x/y", "tag", image))


def test_the_run_file_becomes_executable(stage, source):
    (source / "run.sh").chmod(0o640)
    kinds = sources()
    with kinds.deliver(kinds.find((Address(str(source)),)), stage) as (tree, _delivery):
        assert stat.S_IMODE(os.stat(os.path.join(tree.path, "run.sh")).st_mode) == 0o750


# archives


@pytest.mark.parametrize("compression", ["none", "gzip", "bzip2", "xz"])
@pytest.mark.parametrize("with_sha256", [True, False])
def test_an_archive_is_unpacked(stage, files, compression, with_sha256):
    archive = tar_archive(ENTRIES, compression)
    files.pages["/x"] = archive
    sha256 = hashlib.sha256(archive).hexdigest() if with_sha256 else ""
    delivery, tree = deliver(stage, files.url + "/x?token=hunter2", sha256=sha256)
    assert tree == EXPECTED
    assert (delivery.served_by, delivery.transferred) == (files.url + "/x", len(archive))
    found = delivery.found
    assert (found.digest, found.size) == (f"sha256:{sha256}" if with_sha256 else None, len(archive))


def test_an_archive_of_unknown_length_has_no_size(stage, files):
    files.faults = [Headers(headers={"Content-Length": None, "Connection": "close"})]
    assert deliver(stage, files.url + "/piper.tar.gz")[0].found.size == 0


def test_an_archive_may_need_a_login(stage, files):
    files.authorization = basic("me", "pw")
    uri = files.url + "/piper.tar.gz"
    with pytest.raises(SourceError, match="401"):
        deliver(stage, uri)
    delivery, _tree = deliver(stage, uri, endpoints=(Endpoint(files.host, username="me", password="pw"),))
    assert delivery.transferred == len(ARCHIVE)


def test_an_archive_with_another_sha256_is_refused(stage, files):
    with pytest.raises(SourceError, match=rf"piper\.tar\.gz: its sha256 is {SHA256}, not {'0' * 64}"):
        deliver(stage, files.url + "/piper.tar.gz", sha256="0" * 64)


@pytest.mark.parametrize(
    ("page", "message"),
    [
        (b"<html><title>Please log in</title></html>", "not an archive .*; it starts with '<html><title>Please"),
        (b"", "not an archive"),
        (b"PK\x03\x04" + bytes(1000), "archive is damaged: File is not a zip"),
        (ARCHIVE[:-10], "the archive is damaged"),
        (tar_archive(backend_entries("x", run_sh=None)), r"no run\.sh"),
        (tar_archive([file("piper/run.sh")]), r"no run\.sh at its top"),
        (tar_archive([file("run.sh"), file("../x")]), "leads out"),
    ],
    ids=["HTML", "nothing", "zip", "cut", "no run file", "deeper", "leading out"],
)
def test_a_page_that_is_no_backend_is_refused(stage, files, page, message):
    files.pages["/x"] = page
    with pytest.raises(SourceError, match=message):
        deliver(stage, files.url + "/x")
    assert os.listdir(stage.path) == []


def test_an_archive_that_is_cut_goes_on(stage, files):
    files.faults = [Cut(after=300, skip=1, times=2)]
    delivery, tree = deliver(stage, files.url + "/piper.tar.gz", sha256=SHA256)
    assert tree == EXPECTED
    assert delivery.transferred == len(ARCHIVE)


# mirrors


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
            "names a model",
            "/nowhere: there is no such file or directory",
            "user name in it",
        )
    ]
    assert positions == sorted(positions)
    assert "hunter2" not in text


def test_the_first_source_that_answers_is_taken(stage, server):
    good = server.put("x/y", "tag", IMAGE)
    delivery, _tree = deliver(stage, "127.0.0.1:1/x/y:tag", good, "127.0.0.1:1/x/z:tag")
    assert (delivery.found.uri.text, stage.used) == (good, 1)


def test_a_mirror_delivers_what_the_first_source_spoils(stage, server):
    first, second = (server.put(f"x/{name}", "tag", IMAGE) for name in "ab")
    server.faults = [Corrupt(f"x/a/blobs/{LAYER.digest}", at=50)]
    delivery, tree = deliver(stage, first, second)
    assert (delivery.found.uri.text, delivery.served_by) == (first, f"{server.host}/x/b@{IMAGE.digest}")
    assert (tree, stage.used) == (EXPECTED, 2)


def test_a_mirror_delivers_the_same_image_even_if_its_tag_moved(stage, server):
    first, second = (server.put(f"x/{name}", "tag", IMAGE) for name in "ab")
    server.put("x/b", "tag", OTHER)
    server.faults = [Status(f"x/a/blobs/{LAYER.digest}", status=404)]
    delivery, tree = deliver(stage, first, second)
    assert (delivery.found.digest, tree) == (IMAGE.digest, EXPECTED)


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
    delivery, tree = deliver(stage, files.url + "/wrong.tar.gz", files.url + "/piper.tar.gz", sha256=SHA256)
    assert (delivery.served_by, tree) == (files.url + "/piper.tar.gz", EXPECTED)


def test_when_all_sources_fail_the_error_names_each_with_its_reason(stage, files):
    files.pages["/wrong.tar.gz"] = tar_archive(backend_entries("piper", "2"))
    uris = [f"{files.url}/{name}" for name in ("wrong.tar.gz", "missing.tar.gz", "wrong.tar.gz?again=hunter2")]
    with pytest.raises(SourceError) as caught:
        deliver(stage, *uris, "/nowhere", sha256=SHA256)
    text = str(caught.value)
    for part in ("wrong.tar.gz: its sha256 is", "missing.tar.gz: GET", "404", "/nowhere: No such file"):
        assert part in text
    assert "hunter2" not in text


@pytest.mark.parametrize(
    "media_type",
    ["application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "application/vnd.example.unknown", None],
)
def test_a_layer_that_cannot_be_unpacked_is_an_error_before_the_pull(server, media_type):
    image = images.image([LAYER], AMD64)
    document = json.loads(image.manifest)
    document["layers"][0]["mediaType"] = media_type
    server.put("x/y", "other", image)
    server.put_manifest("x/y", "tag", images.document(document), images.OCI_MANIFEST)
    with pytest.raises(SourceError, match="cannot be unpacked"):
        sources().find((Address(f"{server.host}/x/y:tag"),))
    assert not [request for request in server.requests if "/blobs/" in request.path and LAYER.digest in request.path]


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
    found = kinds.find((Address(str(source)),) * 2)
    with pytest.raises(SourceError, match="mine"), kinds.deliver(found, stage):
        raise SourceError("mine")
    assert stage.used == 1


# going on at the byte


# Longer than what is read at once, and so that compression changes little.
NOISE = hashlib.shake_256(b"noise").digest(600_000)
BIG_ENTRIES = [*ENTRIES, file("noise", NOISE)]
BIG_LAYER = images.layer(BIG_ENTRIES)
BIG = images.index([images.image([LAYER, BIG_LAYER], AMD64)])
BIG_ARCHIVE = tar_archive(BIG_ENTRIES)
BIG_EXPECTED = {**EXPECTED, "noise": NOISE}
CUTS = [0, 1, 511, 512, 513, 10_240, 65_536, 262_143, 262_144, 262_145]


def asked(server, path):
    """Return from which byte on something was asked for, and where, in the order of the requests."""
    return [
        (request.path, request.headers.get("range", "bytes=0-")[len("bytes=") : -1])
        for request in server.requests
        if path in request.path
    ]


@pytest.mark.parametrize("at", [*CUTS, len(BIG_LAYER.blob) - 1])
def test_a_layer_goes_on_at_the_same_server_where_it_was_cut(stage, server, at):
    name = server.put("x/y", "tag", BIG)
    server.faults = [Cut(f"/blobs/{BIG_LAYER.digest}", after=at, times=1)]
    delivery, tree = deliver(stage, name)
    assert (tree, stage.used) == (BIG_EXPECTED, 1)
    path = f"/v2/x/y/blobs/{BIG_LAYER.digest}"
    assert asked(server, path) == [(path, "0"), (path, str(at))]
    assert delivery.transferred == len(LAYER.blob) + len(BIG_LAYER.blob)


@pytest.mark.parametrize("then", [Status(status=404), Status(status=503), Raw()], ids=["404", "503", "nothing"])
@pytest.mark.parametrize("at", [*CUTS, len(BIG_LAYER.blob) - 1])
def test_a_layer_goes_on_at_the_next_mirror_when_the_first_has_enough_of_it(stage, server, at, then):
    first, second = (server.put(f"x/{name}", "tag", BIG) for name in "ab")
    path = f"x/a/blobs/{BIG_LAYER.digest}"
    server.faults = [Cut(path, after=at, times=1), replace(then, path=path)]
    delivery, tree = deliver(stage, first, second)
    assert (tree, stage.used) == (BIG_EXPECTED, 1)
    assert asked(server, f"x/b/blobs/{BIG_LAYER.digest}") == [(f"/v2/x/b/blobs/{BIG_LAYER.digest}", str(at))]
    assert delivery.transferred == len(LAYER.blob) + len(BIG_LAYER.blob)
    assert delivery.served_by == f"{server.host}/x/a@{BIG.digest}, {server.host}/x/b@{BIG.digest}"


@pytest.mark.parametrize("at", [*CUTS, len(BIG_ARCHIVE) - 1])
def test_an_archive_with_sha256_goes_on_at_the_next_mirror(stage, files, at):
    files.pages.update({"/a": BIG_ARCHIVE, "/b": BIG_ARCHIVE})
    files.faults = [Cut("/a", after=at, skip=1, times=1), Status("/a", status=404, skip=1)]
    sha256 = hashlib.sha256(BIG_ARCHIVE).hexdigest()
    delivery, tree = deliver(stage, files.url + "/a", files.url + "/b", sha256=sha256)
    assert (tree, stage.used, delivery.transferred) == (BIG_EXPECTED, 1, len(BIG_ARCHIVE))
    assert asked(files, "/b") == [("/b", str(at))]


def test_an_archive_that_nothing_identifies_starts_over_at_the_next_mirror(stage, files):
    files.pages.update({"/a": BIG_ARCHIVE, "/b": BIG_ARCHIVE})
    files.faults = [Cut("/a", after=300_000, skip=1, times=1), Status("/a", status=404, skip=1)]
    delivery, tree = deliver(stage, files.url + "/a", files.url + "/b")
    assert (tree, stage.used, delivery.transferred) == (BIG_EXPECTED, 2, len(BIG_ARCHIVE))
    assert {start for _path, start in asked(files, "/b")} == {"0"}
    assert (delivery.found.uri.text, delivery.served_by) == (files.url + "/b", files.url + "/b")


def test_a_connection_that_breaks_behind_the_last_byte_is_no_reason_to_ask_again(stage, server):
    name = server.put("x/y", "tag", BIG)
    path = f"/blobs/{BIG_LAYER.digest}"
    server.faults = [Headers(path, headers={"Content-Length": str(len(BIG_LAYER.blob) + 1)}, times=1)]
    assert deliver(stage, name)[1] == BIG_EXPECTED
    assert len(asked(server, path)) == 1


def test_when_bytes_of_two_places_are_wrong_together_each_is_tried_alone(stage, server):
    first, second, third = (server.put(f"x/{name}", "tag", BIG) for name in "abc")
    blob = f"/blobs/{BIG_LAYER.digest}"
    server.faults = [CorruptAndCut(f"x/a{blob}", at=1000, after=100_000, times=1), Status(f"x/a{blob}", status=404)]
    delivery, tree = deliver(stage, first, second, third)
    assert (tree, stage.used) == (BIG_EXPECTED, 3)
    assert delivery.served_by == f"{server.host}/x/b@{BIG.digest}"
    assert [start for _path, start in asked(server, f"x/b{blob}")] == ["100000", "0"]
    assert asked(server, f"x/c{blob}") == []


# space


class Tail:
    """A repository of which only the end of a blob is asked for; None: it cannot tell."""

    def __init__(self, stated):
        self._stated = stated

    def tail(self, descriptor, length):
        if self._stated is None:
            raise SourceError("gone")
        return (self._stated % 2**32).to_bytes(length, "little")


GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
GIB = 1024**3


@pytest.mark.parametrize(
    ("packed", "unpacked", "expected"),
    [
        (100, 5000, 5000),
        (5000, 5000, 5000),
        (5000, 4990, 5000),
        (2 * GIB, 4 * GIB - 1, 4 * GIB - 1),
        # It is stated modulo 4 GiB, and for the last part of a file only: more than so much it may be, never less.
        (5 * GIB, 7 * GIB, 5 * GIB),
        (1 * GIB, 6 * GIB, 2 * GIB),
        (3 * GIB, 10, 3 * GIB),
        (100, None, 100),
    ],
)
def test_what_a_layer_unpacks_to_is_read_from_the_end_of_its_gzip(packed, unpacked, expected):
    layer = Descriptor(LAYER.digest, packed, GZIP)
    image = Image(IMAGE.digest, IMAGE.digest, (layer, layer), (Tail(unpacked),))
    assert sources().unpacked_size(Found("x", image=image)) == 2 * expected


@pytest.mark.parametrize(
    ("faults", "size"),
    [
        ([], len(BIG_LAYER.content) + len(LAYER.content)),
        ([IgnoreRange()], len(BIG_LAYER.blob) + len(LAYER.blob)),
        ([Status(status=500)], len(BIG_LAYER.blob) + len(LAYER.blob)),
    ],
    ids=["ranges", "no ranges", "no answer"],
)
def test_space_is_asked_for_by_small_requests_only(server, faults, size):
    kinds = sources(retries=0)
    found = kinds.find([Address(server.put("x/y", "tag", images.image([BIG_LAYER, LAYER], AMD64)))])
    server.requests.clear()
    server.faults = faults
    assert kinds.unpacked_size(found) == size
    assert [request.headers["range"] for request in server.requests] == [
        f"bytes={len(layer.blob) - 4}-" for layer in (BIG_LAYER, LAYER)
    ]


# files of this host


@pytest.mark.parametrize("prefix", ["", "file://"])
@pytest.mark.parametrize("compression", ["none", "gzip", "bzip2", "xz", "zstd"])
def test_a_local_archive_is_unpacked(stage, tmp_path, prefix, compression):
    archive = tmp_path / "piper archive"
    archive.write_bytes(tar_archive(ENTRIES, compression))
    uri = prefix + str(archive).replace(" ", "%20" if prefix else " ")
    delivery, tree = deliver(stage, uri, sha256=hashlib.sha256(archive.read_bytes()).hexdigest())
    assert tree == EXPECTED
    assert (delivery.served_by, delivery.transferred, delivery.found.size) == (uri, 0, archive.stat().st_size)


def test_a_local_zip_archive_is_unpacked(stage, tmp_path):
    (tmp_path / "piper.zip").write_bytes(zip_archive(ENTRIES[:5]))
    assert deliver(stage, str(tmp_path / "piper.zip"))[1] == {entry.name: EXPECTED[entry.name] for entry in ENTRIES[:5]}


def test_a_local_archive_goes_on_for_a_server_that_breaks(stage, files, tmp_path):
    (tmp_path / "copy").write_bytes(BIG_ARCHIVE)
    files.pages["/a"] = BIG_ARCHIVE
    files.faults = [Cut("/a", after=100_000, skip=1, times=1), Status("/a", status=404, skip=1)]
    sha256 = hashlib.sha256(BIG_ARCHIVE).hexdigest()
    delivery, tree = deliver(stage, files.url + "/a", str(tmp_path / "copy"), sha256=sha256)
    assert (tree, delivery.transferred) == (BIG_EXPECTED, 100_000)


@pytest.mark.parametrize("name", ["", ":v1", "@"])
def test_an_image_in_a_layout_is_unpacked(stage, tmp_path, name):
    write_oci_layout(tmp_path / "layout", {"v1": IMAGE})
    uri = f"ocilayout:{tmp_path}/layout{name}{IMAGE.digest if name == '@' else ''}"
    delivery, tree = deliver(stage, uri)
    assert (tree, delivery.transferred) == (EXPECTED, 0)
    assert delivery.served_by == f"ocilayout:{tmp_path}/layout@{IMAGE.digest}"
    assert (delivery.found.digest, delivery.found.platform_digest) == (IMAGE.digest, IMAGE.images[0].digest)


@pytest.mark.parametrize(
    ("content", "digest", "size"),
    [
        (oci_archive({"v1": IMAGE}), IMAGE.digest, len(LAYER.blob)),
        (docker_archive({"x/y:v1": IMAGE.images[0]}), images.digest(IMAGE.images[0].config), len(LAYER.content)),
    ],
    ids=["oci", "docker"],
)
def test_an_image_in_a_file_is_unpacked(stage, tmp_path, content, digest, size):
    (tmp_path / "image.tar").write_bytes(content)
    uri = f"ocifile://{tmp_path}/image.tar"
    delivery, tree = deliver(stage, uri)
    assert (tree, delivery.transferred, delivery.found.size) == (EXPECTED, 0, size)
    assert (delivery.found.digest, sources().digest([Address(uri)])) == (digest, digest)
    assert sources().unpacked_size(delivery.found) == len(LAYER.content)


@pytest.mark.parametrize("kind", ["layout", "oci", "docker"])
def test_a_copy_stands_in_for_an_image_whose_file_is_spoilt(stage, tmp_path, kind):
    good, bad = tmp_path / "good", tmp_path / "bad"
    if kind == "layout":
        write_oci_layout(good, {"v1": IMAGE})
        write_oci_layout(bad, {"v1": IMAGE})
        (bad / "blobs" / LAYER.digest.replace(":", "/")).write_bytes(bytes(len(LAYER.blob)))
        uris = [f"ocilayout:{bad}", f"ocilayout:{good}"]
    else:
        content = oci_archive({"v1": IMAGE}) if kind == "oci" else docker_archive({"x/y:v1": IMAGE.images[0]})
        layer = LAYER.blob if kind == "oci" else LAYER.content
        good.write_bytes(content)
        bad.write_bytes(content.replace(layer, bytes(len(layer))))
        uris = [f"ocifile://{bad}", f"ocifile://{good}"]
    delivery, tree = deliver(stage, *uris)
    assert (tree, stage.used) == (EXPECTED, 2)
    assert delivery.served_by.startswith(uris[1])
