# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a model is made of: entries, base files, variants and what a task adds."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError
from ansible_collections.localai.core.plugins.module_utils._localai.models.definition import (
    Definition,
    Parts,
    as_entry,
    chosen_variant,
    files_by_name,
    parts_of,
    unwritable,
    variant_names,
    with_variant,
)
from ansible_collections.localai.core.plugins.module_utils._localai.models.gallery import Base, ModelEntry, Template
from ansible_collections.localai.core.plugins.module_utils._model_request import FileSpec

A, B, C = (FileSpec(f"{name}.gguf", Address(f"https://example.com/{name}")) for name in "abc")
ENTRY = ModelEntry("m", description="of the entry", urls=("u",), files=(A,), config={"x": 1}, overrides={"y": 2})
BASE = Base(
    "base", urls=("b",), description="of the base", config_text="z: 3", files=(B,), templates=(Template("t", "{}"),)
)
LARGE = ModelEntry("large", variants=("small", "Tiny"))


def test_an_entry_without_a_base_file_has_its_own_configuration():
    parts = parts_of(ENTRY, None, {}, ())
    assert parts.config("host", {"w": 4}) == {"name": "host", "x": 1, "y": 2, "w": 4}
    assert parts.definition.name == "m"
    assert parts.definition.files == (A,)


def test_a_base_file_gives_the_configuration_files_and_templates():
    parts = parts_of(ENTRY, BASE, {"z": 3, "x": 5}, (C,))
    assert parts.config("host", {}) == {"name": "host", "z": 3, "x": 5, "y": 2}
    assert parts.definition.files == (B, C, A)
    assert parts.definition.templates == (Template("t", "{}"),)
    assert (parts.definition.name, parts.definition.description) == ("base", "of the entry")
    assert parts.definition.urls == ("b", "u")


def test_the_name_of_a_model_is_that_on_the_host_unless_overrides_have_another():
    assert Parts(Definition(), {"name": "base"}).config("host", {})["name"] == "host"
    assert Parts(Definition(), {}, {"name": "entry"}).config("host", {})["name"] == "entry"
    assert Parts(Definition(), {}, {"name": "entry"}).config("host", {"name": "own"})["name"] == "own"


def test_whole_floats_become_whole_numbers_as_localai_writes_them():
    assert Parts(Definition(), {"a": 2.0, "b": [1.0, 1e6, 0.5], "c": {"d": -3.0}}).config("m", {}) == {
        "name": "m",
        "a": 2,
        "b": [1, 1e6, 0.5],
        "c": {"d": -3},
    }
    assert isinstance(Parts(Definition(), {"a": 2.0}).config("m", {})["a"], int)


def test_the_document_has_the_keys_of_localai_in_its_order():
    document = Definition(name="m", files=(FileSpec("a", Address("https://user:pw@example.com/a"), "ab"),)).document
    assert list(document) == [
        "description",
        "icon",
        "license",
        "urls",
        "name",
        "config_file",
        "files",
        "prompt_templates",
    ]
    assert document["files"] == [{"filename": "a", "sha256": "ab", "uri": "https://user:pw@example.com/a"}]


def test_variants_have_names_and_the_entry_is_one_of_them():
    assert variant_names(LARGE) == ("small", "Tiny", "large")
    assert variant_names(ENTRY) == ()


@pytest.mark.parametrize(
    ("entry", "variant", "chosen"),
    [(LARGE, "", ""), (LARGE, "LARGE", ""), (LARGE, "small", "small"), (LARGE, "tiny", "Tiny"), (ENTRY, "", "")],
)
def test_without_a_variant_the_entry_itself_is_installed(entry, variant, chosen):
    assert chosen_variant(entry, variant) == chosen


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (LARGE, r"large: there is no variant 'other'; its variants are small, Tiny, large\."),
        (ENTRY, r"m: there is no variant 'other'; it has no variants\."),
    ],
)
def test_an_unknown_variant_is_an_error_that_names_the_known_ones(entry, message):
    with pytest.raises(GalleryError, match=message):
        chosen_variant(entry, "other")


def test_a_variant_keeps_its_build_and_gets_the_description_of_the_entry():
    build = ModelEntry(
        "small", description="small one", url="https://example.com/b.yaml", files=(A,), overrides={"y": 2}
    )
    entry = ModelEntry("large", description="large one", icon="i", variants=("small",))
    made = as_entry(build, entry)
    assert (made.name, made.description, made.icon, made.url, made.files) == (
        "large",
        "large one",
        "i",
        "https://example.com/b.yaml",
        (A,),
    )
    definition = with_variant(parts_of(made, None, {}, ()), entry, "small", "small").definition
    assert (definition.entry_name, definition.resolved_variant, definition.pinned_variant) == (
        "large",
        "small",
        "small",
    )
    assert definition.document["resolved_variant"] == "small"


def test_a_file_that_is_listed_twice_is_one_file():
    with_digest = FileSpec("a.gguf", A.uri, "ab")
    assert files_by_name([A, with_digest, B], "m") == {"a.gguf": with_digest, "b.gguf": B}


def test_a_file_with_two_digests_is_an_error():
    with pytest.raises(GalleryError, match=r"its file a\.gguf is listed with two digests"):
        files_by_name([FileSpec("a.gguf", A.uri, "ab"), FileSpec("a.gguf", A.uri, "cd")], "m")


# Tried with gopkg.in/yaml.v3 v3.0.1: what it writes of these, it cannot read, or reads as something else.
@pytest.mark.parametrize(
    ("config", "key"),
    [
        ({"k": [" a\nb"]}, "k[0]"),
        ({"k": ["x", "\n a"]}, "k[1]"),
        ({"k": [{"c": " a\nb"}]}, "k[0].c"),
        ({"template": {"chat": "\ta\nb"}}, "template.chat"),
        ({"k": "\ta\n"}, "k"),
    ],
)
def test_texts_that_localai_would_break_are_refused(config, key):
    assert unwritable(config) == key


@pytest.mark.parametrize(
    "config", [{"k": " a\nb"}, {"k": ["a\n b"]}, {"k": {"l": "\n a"}}, {"k": [" a"]}, {"k": ["a \nb"]}, {"k": "\ta"}]
)
def test_other_texts_are_not(config):
    assert unwritable(config) == ""
