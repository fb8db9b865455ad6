# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The list of a bundle: what it says survives being written, and everything else is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._bundle.contents import (
    Contents,
    Stored,
    StoredDocument,
    StoredFile,
    StoredGallery,
    StoredImage,
    key_of,
    parse_contents,
    safe_name,
    stored_blob,
)
from ansible_collections.localai.core.plugins.module_utils._errors import SourceError

ONE, TWO, THREE = ("1" * 64, "2" * 64, "3" * 64)
WHOLE = Contents(
    created="2026-11-30T00:00:00Z",
    collection="1.0.0",
    hub=Address("https://hub.example"),
    targets=({"capability": "default", "platform": "linux/amd64", "backends": ["piper"], "models": []},),
    galleries=(StoredGallery("backends", "test", "https://g/x", "https://m/x", Stored("galleries/b.yaml", ONE, 1)),),
    documents=(StoredDocument("test", "https://g/base.yaml", Stored(f"galleries/{TWO}/base.yaml", TWO, 2)),),
    files=(StoredFile("https://f/a", Stored(f"files/{ONE}/a", ONE, 3), "v1", '<x>; rel="next"'),),
    images=(
        StoredImage(
            "q.io/x:v1",
            f"sha256:{ONE}",
            "t",
            9,
            ("linux/amd64",),
            blobs=(f"sha256:{ONE}", f"sha256:{TWO}"),
            manifests=(f"sha256:{ONE}",),
            referrers=(f"sha256:{THREE}",),
        ),
    ),
    blobs={f"sha256:{ONE}": 5, f"sha256:{TWO}": 6, f"sha256:{THREE}": 7},
    others=(Stored("pins.yml", THREE, 7),),
)


def test_what_is_written_is_read_again() -> None:
    assert parse_contents(WHOLE.to_json()) == WHOLE
    assert parse_contents(Contents().to_json()) == Contents()
    assert WHOLE.to_json() == parse_contents(WHOLE.to_json()).to_json()


def test_the_files_and_their_size_are_those_of_all_rows() -> None:
    assert sorted(WHOLE.stored) == sorted(
        [
            "galleries/b.yaml",
            f"galleries/{TWO}/base.yaml",
            f"files/{ONE}/a",
            "pins.yml",
            f"images/blobs/sha256/{ONE}",
            f"images/blobs/sha256/{TWO}",
            f"images/blobs/sha256/{THREE}",
        ]
    )
    assert WHOLE.size == 1 + 2 + 3 + 5 + 6 + 7 + 7
    assert json.loads(WHOLE.to_json())["size"] == WHOLE.size


def test_a_blob_is_where_a_layout_has_it() -> None:
    assert stored_blob(f"sha256:{ONE}", 5) == Stored(f"images/blobs/sha256/{ONE}", ONE, 5)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"null", "is not that of a bundle"),
        (b"[]", "is not that of a bundle"),
        (b"{}", "is not that of a bundle"),
        (b'{"format": "1"}', "is not that of a bundle"),
        (b'{"format": 2}', "it has the format 2, and this version of the collection reads up to 1."),
        (b'{"format": 1}', "is damaged"),
    ],
)
def test_a_document_of_something_else_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(SourceError, match=says):
        parse_contents(content)


def changed(where: str, value: object) -> bytes:
    """The list with another value, or without one."""
    document = json.loads(WHOLE.to_json())
    *parents, last = where.split(".")
    node = document
    for key in parents:
        node = node[int(key)] if key.isdigit() else node[key]
    if value is None:
        del node[last]
    else:
        node[last] = value
    return json.dumps(document).encode()


@pytest.mark.parametrize("key", ["galleries", "documents", "files", "images", "blobs", "others", "hub"])
@pytest.mark.parametrize("value", [None, 5, "text", [5], ["text"], {"x": "y"}, True])
def test_a_damaged_list_is_refused(key: str, value: object) -> None:
    if key == "hub" and value == "text":
        return
    with pytest.raises(SourceError, match="is damaged"):
        parse_contents(changed(key, value))


@pytest.mark.parametrize(
    "where",
    [
        *("galleries.0.kind", "galleries.0.name", "galleries.0.url", "galleries.0.location", "galleries.0.path"),
        *("documents.0.gallery", "documents.0.url", "documents.0.sha256", "documents.0.size"),
        *("files.0.url", "files.0.version", "files.0.link", "files.0.path", "files.0.size"),
        *("images.0.name", "images.0.digest", "images.0.media_type", "images.0.size", "images.0.platforms"),
        *(
            "images.0.blobs",
            "images.0.manifests",
            "images.0.referrers",
            "others.0.path",
            "others.0.sha256",
            "others.0.size",
        ),
    ],
)
@pytest.mark.parametrize("value", [None, 1.5, ["x"], {"a": 1}])
def test_a_damaged_row_is_refused(where: str, value: object) -> None:
    if where == "images.0.platforms" and value is not None and value != 1.5:
        return
    with pytest.raises(SourceError, match="is damaged"):
        parse_contents(changed(where, value))


@pytest.mark.parametrize(
    "path", ["/etc/shadow", "../x", "files/../../x", "files//x", "./x", "files/x/", "", ".", "files/./x", "a\0b"]
)
@pytest.mark.parametrize("row", ["galleries", "documents", "files", "others"])
def test_paths_outside_the_bundle_are_refused(row: str, path: str) -> None:
    with pytest.raises(SourceError, match="is damaged"):
        parse_contents(changed(f"{row}.0.path", path))


@pytest.mark.parametrize(
    "value", ["x", ONE.upper().replace("1", "A"), ONE[:-1], ONE + "1", f"sha256:{ONE}", ONE + "\n"]
)
def test_checksums_are_64_digits(value: str) -> None:
    with pytest.raises(SourceError, match="is damaged"):
        parse_contents(changed("files.0.sha256", value))


@pytest.mark.parametrize("value", [-1, 2**63, True, "5", 1.0])
def test_sizes_are_plausible_numbers(value: object) -> None:
    for where in ("files.0.size", "images.0.size", f"blobs.sha256:{ONE}"):
        with pytest.raises(SourceError, match="is damaged"):
            parse_contents(changed(where, value))


@pytest.mark.parametrize("digest", ["sha512:" + "1" * 128, "sha256:../../x", "md5:1", ONE])
def test_digests_are_those_of_sha256(digest: str) -> None:
    for where, value in (
        ("blobs", {digest: 1}),
        *((f"images.0.{key}", [digest]) for key in ("blobs", "manifests", "referrers")),
    ):
        with pytest.raises(SourceError, match="is damaged"):
            parse_contents(changed(where, value))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_document_is_read_or_refused(value: object) -> None:
    for document in (value, {"format": 1, "files": value}, {**json.loads(WHOLE.to_json()), "files": value}):
        try:
            parse_contents(json.dumps(document).encode())
        except SourceError:
            continue


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("model.gguf", "model.gguf"),
        ("https://h/a/b.gguf?token=x#y", "b.gguf"),
        ("a/b/", "b"),
        ("q.io/x:v1@sha256:1", "x:v1"),
        ("", "content"),
        ("/", "content"),
        ("..", "content"),
        (".hidden", "content"),
        ("a\nb", "content"),
        ("x" * 201, "content"),
        ("ü" * 101, "content"),
        ("ü.bin", "ü.bin"),
    ],
)
def test_names_of_files_are_plain(name: str, safe: str) -> None:
    assert safe_name(name) == safe


def test_a_url_with_a_secret_is_found_by_its_hash() -> None:
    plain, secret = "https://h/a?x=1", "https://h/a?token=hunter2"
    assert key_of(plain).startswith(("https://h/a", "sha256:"))
    assert key_of("https://h/a") == "https://h/a"
    assert key_of(secret).startswith("sha256:")
    assert key_of(secret) != key_of(secret + "3")
