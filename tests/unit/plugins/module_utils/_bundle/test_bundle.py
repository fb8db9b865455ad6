# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bundle in the place of the network: its files are verified, and what it does not have is an error that says so."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._bundle.bundle import Bundle, Held
from ansible_collections.localai.core.plugins.module_utils._bundle.contents import (
    Contents,
    Stored,
    StoredDocument,
    StoredFile,
    StoredGallery,
    key_of,
)
from ansible_collections.localai.core.plugins.module_utils._errors import (
    GalleryError,
    IntegrityError,
    SourceError,
    TransportError,
)
from ansible_collections.localai.core.tests.support.client import Client
from ansible_collections.localai.core.tests.support.files import FileServer

SECRET = "https://h.example/a?token=hunter2"


def stored(path: str, content: bytes) -> Stored:
    return Stored(path, hashlib.sha256(content).hexdigest(), len(content))


FILES = {"galleries/one.yaml": b"one", "galleries/base": b"base", "galleries/other": b"other", "files/a": b"content"}
ROWS = {path: stored(path, content) for path, content in FILES.items()}
INDEX = b'{"schemaVersion": 2, "manifests": []}'


def contents(**changes: Any) -> Contents:
    plain: dict[str, Any] = {
        "galleries": (StoredGallery("backends", "One", "https://g/1", "https://m/1", ROWS["galleries/one.yaml"]),),
        "documents": (
            StoredDocument("g", "https://g/base", ROWS["galleries/base"]),
            StoredDocument("h", "https://g/base", ROWS["galleries/other"]),
            StoredDocument("g", "https://g/single", ROWS["galleries/base"]),
        ),
        "files": (StoredFile("https://f/a", ROWS["files/a"]), StoredFile(key_of(SECRET), ROWS["files/a"])),
    }
    return Contents(**{**plain, **changes})


def write(top: Path, listed: Contents) -> None:
    files = {**FILES, "bundle.json": listed.to_json(), "images/index.json": INDEX}
    sums = "".join(f"{hashlib.sha256(content).hexdigest()}  {path}\n" for path, content in files.items())
    for path, content in {**files, "SHA256SUMS": sums.encode()}.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_bytes(content)


@pytest.fixture(params=["path", "url"])
def bundle(request: Any, tmp_path: Path) -> Any:
    write(tmp_path, contents())
    with FileServer(directory=tmp_path) as server:
        yield Bundle(str(tmp_path) if request.param == "path" else f"{server.url}/", Client(retries=0))


def test_a_gallery_is_found_by_its_kind_and_name(bundle: Bundle) -> None:
    for name in ("One", "one"):
        assert bundle.gallery("backends", name, is_only=False) == [Held(b"one", "https://g/1", "https://m/1")]
    for kind, name, is_only in (("models", "One", True), ("backends", "two", False)):
        with pytest.raises(GalleryError, match=rf"gallery {name} is not in the bundle .* Its galleries of {kind}: "):
            bundle.gallery(kind, name, is_only=is_only)  # type: ignore[arg-type]


def test_the_only_gallery_of_both_is_the_same(bundle: Bundle) -> None:
    assert [held.content for held in bundle.gallery("backends", "two", is_only=True)] == [b"one"]


def test_a_base_file_is_that_of_its_gallery_or_the_only_one(bundle: Bundle) -> None:
    assert bundle.base("g", "https://g/base") == b"base"
    assert bundle.base("h", "https://g/base") == b"other"
    assert bundle.base("renamed", "https://g/single") == b"base"
    for gallery, url in (("renamed", "https://g/base"), ("g", "https://g/nothing")):
        with pytest.raises(GalleryError, match=rf"{url} is not in the bundle"):
            bundle.base(gallery, url)


def test_a_file_is_found_by_its_url(bundle: Bundle) -> None:
    assert bundle.file("https://f/a").file == bundle.file(SECRET).file == ROWS["files/a"]
    with pytest.raises(TransportError, match=r"https://f/b is not in the bundle") as caught:
        bundle.file("https://f/b")
    assert caught.value.status == 404
    with pytest.raises(TransportError) as caught:
        bundle.file(SECRET + "3")
    assert "hunter2" not in str(caught.value)


def test_contents_are_read_from_an_offset_and_verified_as_a_whole(bundle: Bundle) -> None:
    assert b"".join(bundle.chunks(ROWS["files/a"])) == b"content"
    assert b"".join(bundle.chunks(ROWS["files/a"], 3)) == b"tent"
    assert bundle.part(ROWS["files/a"], 4) == b"cont"
    assert bundle.content(ROWS["files/a"]) == b"content"


def test_the_server_of_a_bundle_is_not_this_host(bundle: Bundle) -> None:
    assert bundle.local is not str(bundle).startswith("the bundle http://")


@pytest.mark.parametrize("path", ["galleries/one.yaml", "galleries/base"])
def test_a_file_with_another_checksum_is_refused(bundle: Bundle, tmp_path: Path, path: str) -> None:
    (tmp_path / path).write_bytes(b"evil")
    with pytest.raises(GalleryError, match=rf"{path} does not have the sha256 that is listed. Copy the bundle again."):
        bundle.gallery("backends", "One", is_only=True) if "one" in path else bundle.base("g", "https://g/base")


def test_a_missing_file_is_an_error_of_its_kind(bundle: Bundle, tmp_path: Path) -> None:
    (tmp_path / "galleries/one.yaml").unlink()
    with pytest.raises(GalleryError, match=r"galleries/one.yaml"):
        bundle.gallery("backends", "One", is_only=True)


@pytest.mark.parametrize("name", ["bundle.json", "SHA256SUMS"])
def test_a_list_that_differs_from_its_checksum_is_refused(bundle: Bundle, tmp_path: Path, name: str) -> None:
    if name == "bundle.json":
        (tmp_path / name).write_bytes(contents(created="later").to_json())
    else:
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(IntegrityError, match=r"bundle.json does not have the sha256 that is listed"):
        _ = bundle.contents


def test_an_index_of_images_that_differs_from_its_checksum_is_refused(bundle: Bundle, tmp_path: Path) -> None:
    assert str(bundle.images).endswith("/images")
    del vars(bundle)["images"]
    (tmp_path / "images/index.json").write_bytes(INDEX + b" ")
    with pytest.raises(IntegrityError, match=r"images/index.json does not have the sha256 that is listed"):
        _ = bundle.images


@pytest.mark.parametrize("name", ["bundle.json", "SHA256SUMS"])
def test_without_its_lists_it_is_no_bundle(bundle: Bundle, tmp_path: Path, name: str) -> None:
    (tmp_path / name).unlink()
    with pytest.raises((SourceError, TransportError), match=r"the bundle .* cannot be used: .* Set bundle to the dir"):
        _ = bundle.contents
