# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The small files of a bundle: the needed entries of galleries, base files, answers and pins."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.localai.core.plugins.module_utils._bundle.bundle import Held
from ansible_collections.localai.core.plugins.module_utils._bundle.collection import CollectionArtifact
from ansible_collections.localai.core.plugins.module_utils._bundle.contents import Contents, Stored
from ansible_collections.localai.core.plugins.module_utils._http.client import Answer
from ansible_collections.localai.core.plugins.module_utils._module.bundle.documents import (
    Directory,
    Documents,
    documents_of,
    has_content,
)
from ansible_collections.localai.core.plugins.module_utils._module.bundle.gather import Gathered
from ansible_collections.localai.core.plugins.module_utils._module.bundle.wanted import Wanted
from ansible_collections.localai.core.plugins.module_utils._request import Pin
from ansible_collections.localai.core.plugins.module_utils._resolver.recording import Recorded

NOTHING = Contents()
GALLERY = b"- {name: A, uri: x}\n- {name: b}\n- {name: c}\n"


def directory(path: Path | str = "/nonexistent", kept: Contents = NOTHING) -> Directory:
    return Directory(str(path), kept, Contents(), kept)


def documents(wanted: Wanted, where: Directory, artifact: Any = None, **recorded: Any) -> Documents:
    read = Recorded(**{"galleries": {}, "bases": {}, "answers": {}, **recorded})
    nothing: Any = None
    return documents_of(Gathered(wanted, read, nothing, nothing, artifact), where)


def test_a_gallery_has_the_entries_that_hosts_look_up() -> None:
    wanted = Wanted()
    wanted.add_entries("models", "g", ["A", "c"])
    held = Held(GALLERY, "https://g.example", "https://mirror.example/?token=hunter2")
    found = documents(wanted, directory(), galleries={("models", "g"): held})
    (row,) = found.galleries
    content = found.files[row.file.path]
    assert [entry["name"] for entry in yaml.safe_load(content)] == ["A", "c"]
    sha256 = hashlib.sha256(content).hexdigest()
    assert (row.file.path, row.file.sha256) == (f"galleries/{sha256}/models-g.yaml", sha256)
    assert row.url == "https://g.example"
    assert row.location.startswith("sha256:")


def test_base_files_and_answers_are_named_by_their_content() -> None:
    answer = Answer("https://hub/api/x", 200, {"Link": "<y>"}, b"[]")
    found = documents(Wanted(), directory(), bases={("g", "https://b/base.yaml"): b"x"}, answers={answer.url: answer})
    (base,), (row,) = found.bases, found.answers
    assert base.file.path == f"galleries/{hashlib.sha256(b'x').hexdigest()}/base.yaml"
    assert (row.url, row.link, found.files[row.file.path]) == (answer.url, "<y>", b"[]")


def pin(name: str, digest: str) -> Pin:
    return Pin(
        name=name, capability="default", platform="linux/amd64", backend=name, uri="u", digest=digest, alias=None
    )


def test_pins_are_those_of_this_run_and_earlier_ones(tmp_path: Path) -> None:
    first = Wanted(pins={pin("a", "sha256:1"): None, pin("b", "sha256:1"): None}, model_pins=[{"name": "m"}])
    kept = Contents(pins=documents(first, directory()).pins)
    second = Wanted(pins={pin("b", "sha256:2"): None}, model_pins=[{"name": "n"}])
    pins = yaml.safe_load(documents(second, directory(tmp_path, kept)).files["pins.yml"])
    assert {row["name"]: row["digest"] for row in pins["backends"]} == {"a": "sha256:1", "b": "sha256:2"}
    assert ([row["name"] for row in pins["models"]], pins["format"]) == (["m", "n"], 2)
    pins = yaml.safe_load(documents(second, directory(tmp_path)).files["pins.yml"])
    assert [row["name"] for row in pins["backends"]] == ["b"]


def test_without_pins_there_is_no_file_for_them() -> None:
    assert documents(Wanted(), directory()).files == {}


def test_the_collection_and_lists_of_checksums_are_files_too() -> None:
    artifact = CollectionArtifact("localai-core-1.0.0.tar.gz", "1.0.0", b"content")
    found = documents(Wanted(documents={"releases/v1/sums": b"sums"}), directory(), artifact)
    assert found.files == {"releases/v1/sums": b"sums", "collections/localai-core-1.0.0.tar.gz": b"content"}
    assert [row.path for row in found.others] == list(found.files)


def test_a_file_is_there_if_it_has_its_size(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert directory(tmp_path).has(Stored("a", "1" * 64, 5))
    assert not directory(tmp_path).has(Stored("a", "1" * 64, 4))
    assert not directory(tmp_path).has(Stored("b", "1" * 64, 0))


def test_a_small_file_has_its_content_or_not(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"text")
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert has_content(str(tmp_path / "a"), b"text")
    for path, content in (("a", b"tex"), ("a", b"texT"), ("link", b"text"), ("missing", b""), (".", b"")):
        assert not has_content(str(tmp_path / path), content)
