# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A single file arrives as it is, under the name that it should have, or not at all."""

from __future__ import annotations

import gzip
import hashlib
import os

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint
from ansible_collections.localai.core.tests.support.auth import basic
from ansible_collections.localai.core.tests.support.delivery import (
    ARCHIVE,
    IMAGE,
    NOISE,
    Anything,
    deliver_file,
    sources,
    starts,
)
from ansible_collections.localai.core.tests.support.faults import Corrupt, Cut, Headers, Status

MODEL = b"GGUF" + NOISE
SHA256 = hashlib.sha256(MODEL).hexdigest()


@pytest.fixture
def url(files):
    """A web server with a model at a signed URL."""
    files.pages["/models/gemma%202b.gguf"] = MODEL
    return files.url + "/models/gemma%202b.gguf?token=hunter2"


@pytest.mark.parametrize("sha256", [SHA256, ""])
def test_a_file_of_a_web_server_is_one_file_of_the_tree(stage, url, sha256):
    delivered, tree = deliver_file(stage, url, sha256=sha256)
    artifact = delivered.artifact
    assert tree == {"gemma 2b.gguf": MODEL}
    assert (artifact.uri.text, artifact.size, artifact.sha256) == (url, len(MODEL), sha256)
    assert artifact.digest == (f"sha256:{sha256}" if sha256 else None)
    assert (delivered.transferred, delivered.served_by) == (len(MODEL), url.partition("?")[0])


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_a_file_of_this_host_is_one_file_of_the_tree(stage, tmp_path, prefix):
    (tmp_path / "gemma.gguf").write_bytes(MODEL)
    delivered, tree = deliver_file(stage, f"{prefix}{tmp_path}/gemma.gguf", sha256=SHA256)
    assert (tree, delivered.transferred, delivered.artifact.size) == ({"gemma.gguf": MODEL}, 0, len(MODEL))


@pytest.mark.parametrize(
    "content", [ARCHIVE, gzip.compress(b"x"), b"", b"text"], ids=["archive", "gzip", "empty", "text"]
)
def test_a_file_is_never_unpacked(stage, files, content):
    files.pages["/x"] = content
    assert deliver_file(stage, files.url + "/x")[1] == {"x": content}


@pytest.mark.parametrize(
    ("name", "expected"),
    [("model.gguf", ["model.gguf"]), ("gemma/model.gguf", ["gemma", "gemma/model.gguf"]), ("/./x", ["x"])],
)
def test_a_file_gets_the_name_that_is_given(stage, url, name, expected):
    assert sorted(deliver_file(stage, url, name=name)[1]) == expected


@pytest.mark.parametrize("name", ["..", "../x", "a/../../x", "x" * 300, "a\0b"])
def test_a_name_that_leads_out_of_the_tree_is_refused(stage, url, name):
    with pytest.raises(SourceError, match=r"leads out|too long|NUL"):
        deliver_file(stage, url, name=name)
    assert stage.used == 0


@pytest.mark.parametrize("path", ["", "/", "/models/", "/%2E%2E"])
def test_a_url_without_a_name_needs_one(stage, files, path):
    with pytest.raises(SourceError, match=r"does not end with the name of a file|leads out"):
        deliver_file(stage, files.url + path)


def test_a_file_with_another_sha256_is_refused(stage, url):
    with pytest.raises(SourceError, match=rf"gguf: its sha256 is {SHA256}, not {'0' * 64}\."):
        deliver_file(stage, url, sha256="0" * 64)
    assert os.listdir(stage.path) == []


def test_a_file_that_is_longer_than_stated_is_refused(stage, files, url):
    files.faults = [Headers(headers={"Content-Length": "10"}, times=1)]
    with pytest.raises(SourceError, match="it is longer than the 10 bytes that its server stated"):
        deliver_file(stage, url, sha256=SHA256)


def test_a_file_goes_on_at_the_next_mirror(stage, files):
    files.pages.update({"/a": MODEL, "/b": MODEL})
    files.faults = [Cut("/a", after=100_000, skip=1, times=1), Status("/a", status=404, skip=1)]
    delivered, tree = deliver_file(stage, files.url + "/a", files.url + "/b", sha256=SHA256)
    assert (tree, stage.used, delivered.transferred) == ({"a": MODEL}, 1, len(MODEL))
    assert starts(files, "/b") == [("/b", "100000")]


def test_a_mirror_delivers_the_file_that_another_one_spoils(stage, files):
    files.pages.update({"/a": MODEL, "/b": MODEL})
    files.faults = [Corrupt("/a", at=1000)]
    delivered, tree = deliver_file(stage, files.url + "/a", files.url + "/b", sha256=SHA256, name="m")
    assert (tree, delivered.served_by) == ({"m": MODEL}, files.url + "/b")


def test_a_file_may_need_credentials(stage, files, url):
    files.authorization = basic("me", "pw")
    with pytest.raises(SourceError, match="401"):
        deliver_file(stage, url)
    endpoint = Endpoint(files.host, username="me", password="pw")
    assert deliver_file(stage, url, endpoints=(endpoint,))[1] == {"gemma 2b.gguf": MODEL}


def test_an_image_in_a_file_of_this_host_is_no_file(tmp_path):
    with pytest.raises(SourceError, match="it is an image, not a single file"):
        sources(Anything()).find_file([Address(f"ocilayout:{tmp_path}")])


def test_an_image_with_a_tar_file_is_no_file(server):
    with pytest.raises(SourceError, match=r"does not have exactly one layer that is the file.*tar\+gzip\."):
        sources(Anything()).find_file([Address("oci://" + server.put("x/y", "tag", IMAGE))])


@pytest.mark.parametrize("name", ["missing", "directory", "pipe"])
def test_what_is_no_file_of_this_host_is_an_error(tmp_path, name):
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match=f"/{name}: "):
        sources(Anything()).find_file([Address(str(tmp_path / name))])


@pytest.mark.parametrize("start", [b"<!DOCTYPE html>", b"\n<html lang=en>", b"\xef\xbb\xbf<!doctype HTML>"])
def test_a_page_is_not_taken_for_a_file(files, start):
    for path, advice in {
        "/o/r/blob/main/m.gguf": "Write resolve instead of blob in the URL.",
        "/m.gguf": "Open the URL in a browser to see it.",
    }.items():
        files.pages[path] = start + b"<body>"
        with pytest.raises(SourceError, match=f"it is an HTML page, not the file m.gguf. {advice}"):
            sources(Anything()).find_file([Address(files.url + path)])


def test_a_page_can_be_the_file_that_is_requested(stage, files):
    files.pages["/help.html"] = page = b"<!doctype html><body>"
    assert deliver_file(stage, f"{files.url}/help.html")[1] == {"help.html": page}
    files.pages["/m.gguf"] = page
    assert deliver_file(stage, f"{files.url}/m.gguf", sha256=hashlib.sha256(page).hexdigest())[1] == {"m.gguf": page}


def test_a_file_needs_its_size_on_the_disk(url):
    kinds = sources(Anything())
    assert kinds.unpacked_size(kinds.find_file([Address(url)])) == len(MODEL)
