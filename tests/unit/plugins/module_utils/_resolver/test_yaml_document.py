# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An index is a YAML list, and a page that is anything else is an error that says what it is."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError
from ansible_collections.localai.core.plugins.module_utils._resolver.galleries import parse_index
from ansible_collections.localai.core.tests.support.hostile import hostile
from ansible_collections.localai.core.tests.support.indexes import REAL, failure, index


def test_without_libyaml_the_same_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    fast = index(REAL)
    monkeypatch.delattr(yaml, "CSafeLoader", raising=False)
    assert index(REAL) == fast


NO_INDEX = [
    (b"", "it is empty"),
    (b"\n# only a comment\n", "it is empty"),
    (b"---\n", "it is empty"),
    (b"null", "it is empty"),
    (b"<!DOCTYPE html>\n<html>", "it is an HTML or XML page"),
    (b" \r\n <html>", "it is an HTML or XML page"),
    (b"<?xml version='1.0'?>", "it is an HTML or XML page"),
    (b"name: llama-cpp\nuri: x\n", "it is a mapping, not a YAML list of backends"),
    (b'{"errors": [{"code": "DENIED"}]}', "it is a mapping, not a YAML list of backends"),
    (b"Not Found", "it is text, not a YAML list of backends"),
    (b"404: Not Found", "it is a mapping"),
    (b"- a: [", "it is not valid YAML"),
    (b"- a\n b: c\n- d", "it is not valid YAML"),
    (b"\t- a", "it is not valid YAML"),
    (b"- *nowhere", "it is not valid YAML"),
    (b"- \xff\xfe", "it is not valid UTF-8"),
    (b"\x1f\x8b\x08\0\0", "it is not valid UTF-8"),
    (b"- \0", "it is not valid YAML"),
    (b"- !!python/object/apply:os.system [id]", "it is not a mapping"),
    (b"- !unknown x", "it is not a mapping"),
    (b"<<<<<<< HEAD\n- name: a\n=======\n- name: b\n>>>>>>> x\n", "line 1 is the marker of a merge conflict (<<<<<<<)"),
    (b"<<<<<<< HEAD\n---\n- name: a\n", "line 1 is the marker of a merge conflict (<<<<<<<)"),
    (b"- name: a\n  uri: x\n<<<<<<< HEAD\n- name: b\n", "line 3 is the marker of a merge conflict (<<<<<<<)"),
    (b"- name: a\r\n=======\r\n- name: b\r\n>>>>>>> x\r\n", "line 2 is the marker of a merge conflict (=======)"),
    ("<!DOCTYPE html>".encode("utf-16"), "it is an HTML or XML page"),
    (b"- name: !!int x", "it is not valid YAML"),
    (b"- name: !!int ''", "it is not valid YAML"),
    (b"- name: !!float ''", "it is not valid YAML"),
    (b"- name: !!timestamp x", "it is not valid YAML"),
    (b"- name: !!timestamp 2024-13-01", "it is not valid YAML"),
    (b"- name: !!bool x", "it is not valid YAML"),
    (b"- <<: x\n  name: a", "it is not valid YAML"),
    (b"- <<: [x]\n  name: a", "it is not valid YAML"),
    (b"- {[a]: b}", "it is not valid YAML"),
    (b"- ? {a: b}\n  : c", "it is not valid YAML"),
]


@pytest.mark.parametrize(("data", "says"), NO_INDEX)
def test_a_page_that_is_no_list_of_entries_is_an_error_that_says_what_came_back(data: bytes, says: str) -> None:
    message = failure(index, data)
    assert says in message
    assert len(message) < 500


def test_an_index_may_begin_with_a_byte_order_mark() -> None:
    assert index("\ufeff- name: a\n  uri: x\n").entries["a"].uri.text == "x"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_an_index_may_be_utf_8_or_utf_16(encoding: str) -> None:
    mark = "\ufeff" if encoding in ("utf-16-le", "utf-16-be") else ""
    assert index((mark + REAL.decode()).encode(encoding)) == index(REAL)


def test_a_tag_that_yaml_does_not_define_is_ignored() -> None:
    text = "- !backend\n  name: !name a\n  uri: !!python/name:os.system x\n  tags: !list [!tag b, c]\n"
    assert index(text) == index("- name: a\n  uri: x\n  tags: [b, c]\n")


@pytest.mark.parametrize("end", ["---\n", "---\n- name: other\n  uri: x/other\n", "...\n", "---\n{ not: [even\n"])
def test_of_several_documents_the_first_counts(end: str) -> None:
    assert [entry.name for entry in index("- name: piper\n  uri: x/piper\n" + end).entries.values()] == ["piper"]


def bomb(levels: int, line: str) -> str:
    """Return anchors of which each holds the one before ten times."""
    head = "- &l0 {" + ", ".join(f"k{number}: v" for number in range(10)) + "}\n"
    return head + "".join(line.format(level=n + 1, ten=", ".join([f"*l{n}"] * 10)) for n in range(levels))


def test_merge_keys_that_multiply_are_stopped() -> None:
    start = time.monotonic()
    message = failure(index, bomb(9, "- &l{level} {{<<: [{ten}]}}\n"))
    # From 6.0.4 on, PyYAML does not let them multiply.
    assert "its merge keys copy more than" in message or "none of its 10 entries" in message
    assert time.monotonic() - start < 30


def test_anchors_that_multiply_take_no_room() -> None:
    text = (
        bomb(5, "- &l{level} [{ten}]\n") + "- name: *l5\n- name: good\n  uri: *l5\n- {name: a, uri: x, mirrors: *l5}\n"
    )
    found = index(text + "- name: b\n  uri: x\n")
    assert list(found.entries) == ["b"]
    assert sum(len(key) + len(reason) for key, reason in found.skipped.items()) < 5000


def test_merge_keys_may_repeat_and_the_own_key_goes_first() -> None:
    text = """
- &a {name: a, uri: x, version: "1", license: mit}
- &b {<<: *a, name: b, version: "2"}
- {<<: [*b, *a], name: c}
- {name: d, version: "3", <<: *a}
- &e {name: e, uri: x, <<: *e}
"""
    found = index(text)
    assert {name: entry.version for name, entry in found.entries.items()} == {
        "a": "1",
        "b": "2",
        "c": "2",
        "d": "3",
        "e": "",
    }
    assert {entry.license for entry in found.entries.values()} == {"mit", ""}


@pytest.mark.parametrize("opening", [b"[", b"- ", b"{a: ", b"? "])
def test_an_index_that_is_nested_too_deeply_is_an_error(opening: bytes) -> None:
    # Unbounded, PyYAML's C code overflows its stack and takes the whole process along.
    assert failure(index, opening * 200000)


def test_an_index_that_is_nested_somewhat_too_deeply_is_told_so() -> None:
    assert "levels deep" in failure(index, "[" * 500 + "]" * 500)
    assert index("- {name: a, uri: x, more: " + "[" * 20 + "]" * 20 + "}").entries["a"].uri.text == "x"


YAML_TAGS = [
    "!!str",
    "!!int",
    "!!float",
    "!!bool",
    "!!null",
    "!!timestamp",
    "!!binary",
    "!!set",
    "!!omap",
    "!!pairs",
    "!custom",
    "!!python/object/apply:os.system",
    "",
]


YAML_VALUES = st.recursive(
    st.sampled_from(
        ["a", "''", "1", "-", ".", "x: y", "~", "0x", "1:1", "2024-01-01", "0001-01-01T00:00:00+23:59", "*l"]
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.tuples(st.sampled_from(["a", "<<", "name", "? [a]"]), inner).map(lambda pair: f"{{{pair[0]}: {pair[1]}}}"),
        st.tuples(st.sampled_from(YAML_TAGS), inner).map(" ".join),
    ),
    max_leaves=4,
)


@given(st.sampled_from(["name", "uri", "alias", "tags", "capabilities", "<<", "version", "sha256"]), YAML_VALUES)
@hostile
def test_whatever_an_entry_holds_it_is_read_or_refused(key: str, value: str) -> None:
    text = f"- &l {{name: first, uri: x}}\n- {{name: second, uri: x, {key}: {value}}}\n"
    try:
        found = index(text)
    except GalleryError:
        return
    assert found.entries["first"].uri.text == "x"
    assert all(isinstance(entry.version, str) and isinstance(entry.alias, str) for entry in found.entries.values())


@given(st.one_of(st.binary(max_size=40), st.text("-:[]{}&*!|>'\"#%@`,? \nab<~", max_size=40).map(str.encode)))
@hostile
def test_any_bytes_are_an_index_or_an_error(data: bytes) -> None:
    try:
        found = parse_index(data, "g", Address("u"))
    except GalleryError as e:
        message = str(e)
        assert len(message) < 700
        return
    assert all(entry.name.lower() == name for name, entry in found.entries.items())
