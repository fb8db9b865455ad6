# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries of galleries of models and base files, as untrusted authors may write them."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError
from ansible_collections.localai.core.plugins.module_utils._localai.models.gallery import (
    Template,
    base_of,
    file_digest,
    files_of,
    model_index_of,
    path_problem,
)
from ansible_collections.localai.core.plugins.module_utils._localai.models.scalars import Plain
from ansible_collections.localai.core.plugins.module_utils._model_request import FileSpec
from ansible_collections.localai.core.plugins.module_utils._resolver.config_yaml import to_yaml

DIGEST = "ab" * 32


def row(name="m", **more):
    return {"name": name, **more}


def file(filename, **more):
    return {"filename": filename, "uri": "https://example.com/x", **more}


def test_an_entry_has_what_localai_reads_of_it():
    document = row(
        "qwen3",
        url="github:mudler/LocalAI/gallery/virtual.yaml@master",
        urls=["https://example.com"],
        description="d",
        license="mit",
        icon="i",
        tags=["t"],
        size="2GB",
        files=[file("a/b.gguf", sha256=DIGEST.upper())],
        overrides={"backend": Plain("llama-cpp"), "f16": Plain("true"), "n": "1"},
        config_file={"mmap": Plain("no")},
        variants=[{"model": "qwen3-large"}],
        other=1,
    )
    entry = model_index_of([document], "g", to_yaml).find("QWEN3")
    assert (entry.name, entry.gallery, entry.license, entry.tags, entry.size) == ("qwen3", "g", "mit", ("t",), "2GB")
    assert entry.files == (FileSpec("a/b.gguf", Address("https://example.com/x"), DIGEST),)
    assert entry.overrides == {"backend": "llama-cpp", "f16": True, "n": "1"}
    assert entry.config == {"mmap": "no"}
    assert entry.config_text == "mmap: 'no'\n"
    assert entry.variants == ("qwen3-large",)


def test_the_name_of_an_entry_is_that_of_its_file():
    assert list(model_index_of([row("owner/Model:1")], "g", to_yaml).entries) == ["owner__model:1"]


def test_the_first_of_entries_with_one_name_wins():
    index = model_index_of([row(description="first"), row("M", description="second")], "g", to_yaml)
    assert index.find("m").description == "first"


@pytest.mark.parametrize(
    "wrong",
    [
        row("../m"),
        row(""),
        row("m\\n"),
        row(url=["x"]),
        row(files={}),
        row(files=["x"]),
        row(files=[file("../x")]),
        row(files=[file("/x")]),
        row(files=[file("x.yaml")]),
        row(files=[file("._gallery_x.yaml")]),
        row(files=[file(".localai-core/models/x.json")]),
        row(files=[file("x", sha256="ab")]),
        row(files=[{"filename": "x"}]),
        row(files=[{"uri": "x"}]),
        row(overrides=["x"]),
        row(config_file="text"),
        row(variants="x"),
        row(urls="x"),
        row(description={"a": "b"}),
        "m",
        None,
    ],
)
def test_a_wrong_entry_is_skipped_and_the_others_stay(wrong):
    index = model_index_of([row("good"), wrong], "g", to_yaml)
    assert list(index.entries) == ["good"]
    assert len(index.skipped) == 1
    assert next(iter(index.skipped.values())).startswith("its entry 2 is skipped: ")


@pytest.mark.long
def test_overrides_that_aliases_multiply_are_skipped():
    bomb = ["x"]
    for _level in range(40):
        bomb = [bomb, bomb]
    index = model_index_of([row("good"), row("bomb", overrides={"k": bomb})], "g", to_yaml)
    assert list(index.entries) == ["good"]
    assert "aliases" in index.skipped["bomb"]


@pytest.mark.parametrize("document", [None, {}, "x", [], 1])
def test_what_is_no_list_of_entries_is_an_error_or_empty(document):
    if document == []:
        assert model_index_of(document, "g", to_yaml).entries == {}
        return
    with pytest.raises(GalleryError):
        model_index_of(document, "g", to_yaml)


def test_a_base_file_has_templates_and_files():
    base = base_of(
        {
            "name": "b",
            "config_file": "backend: x",
            "files": [file("b.gguf")],
            "prompt_templates": [{"name": "chat", "content": "{{.Input}}"}],
        }
    )
    assert base.templates == (Template("chat", "{{.Input}}"),)
    assert base.templates[0].filename == "chat.tmpl"
    assert base.files[0].filename == "b.gguf"
    assert base.config_text == "backend: x"


@pytest.mark.parametrize(
    "document",
    [
        "text",
        ["x"],
        None,
        {"prompt_templates": [{"name": "../x"}]},
        {"prompt_templates": [{"content": "x"}]},
        {"prompt_templates": {"name": "x"}},
        {"config_file": {"a": "b"}},
        {"files": [file("..")]},
    ],
)
def test_a_wrong_base_file_is_an_error(document):
    with pytest.raises(GalleryError):
        base_of(document)


def test_files_without_a_list_are_none():
    assert files_of(None, "m") == ()
    with pytest.raises(GalleryError, match="the files of m are not a list"):
        files_of([file("x")] * 10_001, "m")


@pytest.mark.parametrize("digest", [DIGEST, DIGEST.upper(), "sha256:" + DIGEST, f" {DIGEST}\n"])
def test_a_digest_has_several_spellings(digest):
    assert file_digest(digest, "x") == DIGEST


@pytest.mark.parametrize("digest", ["", " "])
def test_a_digest_may_be_missing(digest):
    assert file_digest(digest, "x") == ""


@pytest.mark.parametrize("digest", ["ab", DIGEST + "0", "g" * 64, "sha512:" + DIGEST])
def test_a_wrong_digest_is_an_error(digest):
    with pytest.raises(GalleryError, match=r"^the sha256 of x is not 64 hexadecimal digits$"):
        file_digest(digest, "the sha256 of x")


@pytest.mark.parametrize(
    "name",
    ["a.gguf", "a/b/c.gguf", "a b.bin", "tugão.onnx", ".hidden", "dir/x.yaml", "a..b", "ü" * 120, "x.yaml.gguf"],
)
def test_plain_paths_are_accepted(name):
    assert path_problem(name) == ""


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "has no name"),
        ("a\0b", "has no name"),
        ("a\nb", "has no name"),
        ("a\\b", "has no name"),
        ("a\u202eb", "has no name"),
        ("a\ud800b", "has no name"),
        ("..", "plain path"),
        (".", "plain path"),
        ("../x", "plain path"),
        ("a/../b", "plain path"),
        ("/x", "plain path"),
        ("a//b", "plain path"),
        ("a/", "plain path"),
        ("./a", "plain path"),
        ("a/./b", "plain path"),
        ("x" * 241, "too long"),
        ("ü" * 121, "too long"),
        ("a/" * 150 + "b", "too deep"),
        ("/".join(["x" * 200] * 20), "too long"),
        (".localai-core/x", "reserved"),
        (".localai-core", "reserved"),
        (".LocalAI-Core/x", "reserved"),
        (".artifacts/huggingface/x", "reserved"),
        ("x.yaml", "configuration of another model"),
        ("X.YML", "configuration of another model"),
        ("._gallery_x.yaml", "configuration of another model"),
        ("other.yaml/x.gguf", "configuration of another model"),
    ],
)
def test_other_paths_have_a_problem_and_raise_nothing(name, problem):
    assert problem in path_problem(name)
