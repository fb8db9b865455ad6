# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The entries of an index are read one by one, and a faulty entry hides no other."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._localai.gallery import Entry, Index
from ansible_collections.localai.core.tests.support.indexes import REAL, failure, from_text, index, one


def test_an_index_of_localai_is_read_entry_by_entry() -> None:
    found = index(REAL)
    assert found.skipped == {}
    assert len(found.entries) == 13
    assert list(found.entries)[:4] == ["llama-cpp", "vllm", "piper", "llama-cpp-development"]
    meta, build = found.entries["llama-cpp"], found.entries["cuda12-llama-cpp"]
    assert meta.is_meta
    assert not meta.uri
    assert meta.capabilities["nvidia"] == "cuda12-llama-cpp"
    assert (meta.alias, meta.license, meta.tags) == ("llama-cpp", "mit", ("text-to-text", "LLM"))
    assert meta.description == "LLM inference in C/C++\n"
    # The merge key copies the map, but what has a uri is concrete.
    assert not build.is_meta
    assert build.capabilities == meta.capabilities
    assert (build.alias, build.gallery, build.gallery_url.text) == ("llama-cpp", "g", "u")
    assert found.entries["piper"].mirrors == (Address("localai/localai-backends:latest-piper"),)


def test_the_first_of_duplicate_names_wins_in_any_case() -> None:
    found = index(REAL)
    assert found.entries["cuda12-vllm"].uri.text.endswith(":latest-gpu-nvidia-cuda-12-vllm")
    assert found.entries["piper"].uri.text.endswith(":latest-piper")
    assert [found.find(name) for name in ("PIPER", "piper", "Piper")] == [found.entries["piper"]] * 3
    assert found.find("nobody") is None


SCALARS = [
    "1.10",
    "1.0",
    "0x10",
    "010",
    "1e3",
    "2024-01-01",
    "yes",
    "no",
    "on",
    "off",
    "true",
    "False",
    "1_000",
    "12:30",
]


@pytest.mark.parametrize("text", SCALARS)
def test_text_stays_the_text_that_stands_there(text: str) -> None:
    entry = one(f"- name: {text}\n  uri: {text}\n  version: {text}\n  alias: {text}\n  tags: [{text}]\n")
    assert (entry.name, entry.uri.text, entry.version, entry.alias, entry.tags) == (text, text, text, text, (text,))


@pytest.mark.parametrize("nothing", ["", " ~", " null", ' ""'])
def test_what_is_null_is_absent(nothing: str) -> None:
    keys = ("mirrors", "tags") if '"' not in nothing else ()
    keys += ("uri", "alias", "capabilities", "version", "sha256", "license", "description")
    assert one("- name: a\n" + "".join(f"  {key}:{nothing}\n" for key in keys)) == Entry("a", "g", Address("u"))


def test_what_is_only_shown_to_people_costs_no_entry_its_place() -> None:
    entry = one("- {name: a, uri: x, tags: [b, [c], {d: e}], license: [mit], description: {f: g}}")
    assert entry == Entry("a", "g", Address("u"), uri=Address("x"), tags=("b",))
    assert one("- {name: a, uri: x, tags: {b: c}}").tags == ()


def test_keys_that_nobody_knows_do_no_harm() -> None:
    assert one("- name: a\n  uri: u\n  overrides: {x: [1, {y: 2}]}\n  1: 2\n") == Entry(
        "a", "g", Address("u"), uri=Address("u")
    )


@pytest.mark.parametrize("written", ["AB" * 32, f"sha256:{'ab' * 32}", "ab" * 32, f"SHA256:{'ab' * 32}"])
def test_a_sha256_may_have_a_prefix_and_any_case(written: str) -> None:
    assert one(f"- name: a\n  uri: u\n  sha256: {written}\n").sha256 == "ab" * 32


BAD_ENTRIES = [
    ("- just text", "it is not a mapping"),
    ("- [a, b]", "it is not a mapping"),
    ("- ~", "it is not a mapping"),
    ("- uri: x", "the name of a backend is empty"),
    ("- name:\n  uri: x", "the name of a backend is empty"),
    ("- name: [a]\n  uri: x", "its name is not a string"),
    ("- name: {a: b}\n  uri: x", "its name is not a string"),
    ("- name: ../a\n  uri: x", "path separator"),
    ("- name: .a\n  uri: x", "starts with a dot"),
    ("- name: ..\n  uri: x", "starts with a dot"),
    ("- name: /\n  uri: x", "path separator"),
    ('- name: "a\\0b"\n  uri: x', "NUL"),
    ("- name: a\n  alias: ../../b\n  uri: x", "the alias of a: '../../b'"),
    ("- name: a\n  alias: [b]\n  uri: x", "its alias is not a string"),
    ("- name: a\n  uri: [x]", "its uri is not a string"),
    ("- name: a\n  uri: {x: y}", "its uri is not a string"),
    ("- name: a\n  mirrors: x\n  uri: x", "its mirrors are not a list of strings"),
    ("- name: a\n  mirrors: [[x]]\n  uri: x", "its mirrors are not a list of strings"),
    ("- name: a\n  mirrors: {x: y}\n  uri: x", "its mirrors are not a list of strings"),
    ('- name: a\n  sha256: "sha256:"\n  uri: x', "the sha256 of a is not 64 hexadecimal digits"),
    ("- name: a\n  capabilities: x", "its capabilities are not a mapping"),
    ("- name: a\n  capabilities: [x]", "its capabilities are not a mapping"),
    ("- name: a\n  capabilities: {default: [x]}", "its default is not a string"),
    ("- name: a\n  capabilities: {~: x}", "its capabilities are not a mapping"),
    ("- name: a\n  sha256: abc\n  uri: x", "the sha256 of a is not 64 hexadecimal digits"),
    (f"- name: a\n  sha256: {'g' * 64}\n  uri: x", "the sha256 of a is not 64 hexadecimal digits"),
    ("- name: a\n  version: !!binary YQ==\n  uri: x", "its version is not a string"),
    ("- name: a\n  version: !!int 1\n  uri: x", "its version is not a string"),
    ("- name: a\n  version: !!timestamp 2024-01-01\n  uri: x", "its version is not a string"),
    ("- name: &a [*a]\n  uri: x", "its name is not a string"),
]


@pytest.mark.parametrize(("text", "says"), BAD_ENTRIES)
def test_one_bad_entry_is_skipped_and_told_and_hides_no_other(text: str, says: str) -> None:
    found = from_text(f"- name: first\n  uri: x\n{text}\n- name: last\n  uri: x\n")
    assert [entry.name for entry in found.entries()] == ["first", "last"]
    (warning,) = found.warnings
    assert warning.startswith("gallery g: its entry 2 is skipped: ")
    assert says in warning


def test_a_name_whose_entry_is_skipped_is_an_error_that_says_why() -> None:
    found = from_text("- name: A\n  uri: [x]\n- name: b\n  uri: x\n")
    assert failure(found.find, "a") == "a: the gallery g has it, but its entry 1 is skipped: its uri is not a string"


@pytest.mark.parametrize(("text", "says"), BAD_ENTRIES)
def test_an_index_of_bad_entries_only_is_an_error(text: str, says: str) -> None:
    message = failure(index, text)
    assert message.startswith("none of its 1 entries is valid")
    assert says in message


def test_an_empty_list_is_a_gallery_without_entries() -> None:
    assert index("[]") == Index("g", {}, {})
    assert "looked in g (0 entries)" in failure(from_text("[]").find, "piper")


def test_half_of_a_surrogate_pair_is_no_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    found = index(r"""
- {name: piper, uri: x/piper, license: "\ud83d", tags: [a, "\udc80"]}
- {name: other, uri: x/other, version: "\ud83d\ude00"}
""")
    assert [(entry.name, entry.license, entry.tags) for entry in found.entries.values()] == [("piper", "", ("a",))]
    assert found.skipped == {"other": "its entry 2 is skipped: its version is not a string"}
