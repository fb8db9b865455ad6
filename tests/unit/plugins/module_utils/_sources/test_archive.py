# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An archive, on a web server or on this host, becomes its tree."""

from __future__ import annotations

import hashlib
import os

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import (
    LocalAIError,
    SourceError,
)
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint
from ansible_collections.localai.core.tests.support.archives import (
    file,
    tar_archive,
    zip_archive,
)
from ansible_collections.localai.core.tests.support.auth import basic
from ansible_collections.localai.core.tests.support.backends import backend_entries
from ansible_collections.localai.core.tests.support.delivery import (
    ARCHIVE,
    BIG_ARCHIVE,
    BIG_EXPECTED,
    CUTS,
    ENTRIES,
    EXPECTED,
    SHA256,
    deliver,
    sources,
    starts,
)
from ansible_collections.localai.core.tests.support.faults import (
    Cut,
    Headers,
    Status,
)

EXPECTED["venv/lib/python3.10/site-packages/grpcio.py"] = EXPECTED["venv/lib/python3.10/site-packages/grpc.py"]


EXPECTED.update(dict.fromkeys(["venv/lib", "venv/lib/python3.10"], b""))


def test_a_file_of_this_host_that_is_no_archive_is_not_shown():
    with pytest.raises(SourceError, match=r"it is not an archive \([^;]*\)\.$"):
        sources().find((Address("/etc/passwd"),))


@pytest.mark.parametrize("compression", ["none", "gzip", "bzip2", "xz"])
@pytest.mark.parametrize("with_sha256", [True, False])
def test_an_archive_is_unpacked(stage, files, compression, with_sha256):
    archive = tar_archive(ENTRIES, compression)
    files.pages["/x"] = archive
    sha256 = hashlib.sha256(archive).hexdigest() if with_sha256 else ""
    delivered, tree = deliver(stage, files.url + "/x?token=hunter2", sha256=sha256)
    assert tree == EXPECTED
    assert (delivered.served_by, delivered.transferred) == (files.url + "/x", len(archive))
    artifact = delivered.artifact
    assert (artifact.digest, artifact.size) == (f"sha256:{sha256}" if with_sha256 else None, len(archive))


def test_an_archive_of_unknown_length_has_no_size(stage, files):
    files.faults = [Headers(headers={"Content-Length": None, "Connection": "close"})]
    assert deliver(stage, files.url + "/piper.tar.gz")[0].artifact.size == 0


def test_an_archive_may_need_credentials(stage, files):
    files.authorization = basic("me", "pw")
    uri = files.url + "/piper.tar.gz"
    with pytest.raises(SourceError, match="401"):
        deliver(stage, uri)
    delivered, _tree = deliver(stage, uri, endpoints=(Endpoint(files.host, username="me", password="pw"),))
    assert delivered.transferred == len(ARCHIVE)


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
    delivered, tree = deliver(stage, files.url + "/piper.tar.gz", sha256=SHA256)
    assert tree == EXPECTED
    assert delivered.transferred == len(ARCHIVE)


@pytest.mark.parametrize("at", [*CUTS, len(BIG_ARCHIVE) - 1])
def test_an_archive_with_sha256_goes_on_at_the_next_mirror(stage, files, at):
    files.pages.update({"/a": BIG_ARCHIVE, "/b": BIG_ARCHIVE})
    files.faults = [Cut("/a", after=at, skip=1, times=1), Status("/a", status=404, skip=1)]
    sha256 = hashlib.sha256(BIG_ARCHIVE).hexdigest()
    delivered, tree = deliver(stage, files.url + "/a", files.url + "/b", sha256=sha256)
    assert (tree, stage.used, delivered.transferred) == (BIG_EXPECTED, 1, len(BIG_ARCHIVE))
    assert starts(files, "/b") == [("/b", str(at))]


def test_an_archive_that_nothing_identifies_starts_over_at_the_next_mirror(stage, files):
    files.pages.update({"/a": BIG_ARCHIVE, "/b": BIG_ARCHIVE})
    files.faults = [Cut("/a", after=300_000, skip=1, times=1), Status("/a", status=404, skip=1)]
    delivered, tree = deliver(stage, files.url + "/a", files.url + "/b")
    assert (tree, stage.used, delivered.transferred) == (BIG_EXPECTED, 2, len(BIG_ARCHIVE))
    assert {start for _path, start in starts(files, "/b")} == {"0"}
    assert (delivered.artifact.uri.text, delivered.served_by) == (files.url + "/b", files.url + "/b")


@pytest.mark.parametrize("prefix", ["", "file://"])
@pytest.mark.parametrize("compression", ["none", "gzip", "bzip2", "xz", "zstd"])
def test_a_local_archive_is_unpacked(stage, tmp_path, prefix, compression):
    archive = tmp_path / "piper archive"
    archive.write_bytes(tar_archive(ENTRIES, compression))
    uri = prefix + str(archive).replace(" ", "%20" if prefix else " ")
    delivered, tree = deliver(stage, uri, sha256=hashlib.sha256(archive.read_bytes()).hexdigest())
    assert tree == EXPECTED
    assert (delivered.served_by, delivered.transferred, delivered.artifact.size) == (uri, 0, archive.stat().st_size)


def test_a_local_zip_archive_is_unpacked(stage, tmp_path):
    (tmp_path / "piper.zip").write_bytes(zip_archive(ENTRIES[:5]))
    assert deliver(stage, str(tmp_path / "piper.zip"))[1] == {entry.name: EXPECTED[entry.name] for entry in ENTRIES[:5]}


def test_a_local_archive_goes_on_for_a_server_that_breaks(stage, files, tmp_path):
    (tmp_path / "copy").write_bytes(BIG_ARCHIVE)
    files.pages["/a"] = BIG_ARCHIVE
    files.faults = [Cut("/a", after=100_000, skip=1, times=1), Status("/a", status=404, skip=1)]
    sha256 = hashlib.sha256(BIG_ARCHIVE).hexdigest()
    delivered, tree = deliver(stage, files.url + "/a", str(tmp_path / "copy"), sha256=sha256)
    assert (tree, delivered.transferred) == (BIG_EXPECTED, 100_000)


@pytest.mark.parametrize(
    ("path", "is_image"), [("/co/b:x", True), (f"/b@sha256:{'1' * 64}", True), ("/co/b", False), ("/b:x/y.tar", False)]
)
def test_an_image_with_the_scheme_of_a_web_server_is_told_to_be_one(files, path, is_image):
    with pytest.raises(LocalAIError) as caught:
        sources().find((Address(files.url + path),))
    assert ("An image is written without the scheme http or https." in str(caught.value)) is is_image
