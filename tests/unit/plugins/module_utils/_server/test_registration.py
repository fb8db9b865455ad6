# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which entries external_backends.json shall have."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import HostError, OptionError
from ansible_collections.localai.core.plugins.module_utils._server.registration import (
    Registrations,
    changed_names,
    check_names,
    merged,
    ours_in,
    parse,
)

FILE = "/etc/localai/external_backends.json"
NAMES = st.sampled_from(["a", "b", "c", "d"])
ENTRIES = st.dictionaries(NAMES, st.sampled_from(["/x/run.sh", "/y/run.sh"]))


def stored(entries: dict[str, str]) -> Registrations:
    return parse(json.dumps(entries).encode() if entries else None, FILE)


@given(ENTRIES, ENTRIES, st.sets(NAMES))
def test_entries_of_others_stay(before: dict[str, str], register: dict[str, str], registered: set[str]) -> None:
    foreign = {name: run_file for name, run_file in before.items() if name not in registered}
    try:
        after = merged(stored(before), register, registered, FILE)
    except HostError:
        assert any(foreign.get(name, run_file) != run_file for name, run_file in register.items())
        return
    assert after.all() == {**foreign, **register}
    assert merged(after, register, register, FILE) == after, "a second run changes nothing"
    if after.text:
        assert json.loads(after.text) == after.all()


def test_a_file_that_is_right_keeps_its_text() -> None:
    before = parse(b'{"b":"/b/run.sh",   "a":"/a/run.sh"}', FILE)
    assert merged(before, {"a": "/a/run.sh"}, ["a"], FILE) is before


def test_without_entries_there_is_no_file() -> None:
    after = merged(stored({"a": "/a/run.sh"}), {}, ["A"], FILE)
    assert (after.text, after.all()) == ("", {})


def test_an_entry_of_others_with_another_run_file_is_an_error() -> None:
    with pytest.raises(HostError, match=r"an entry for a that this task has not written: /others/run.sh"):
        merged(stored({"a": "/others/run.sh"}), {"a": "/ours/run.sh"}, [], FILE)
    assert merged(stored({"a": "/same"}), {"a": "/same"}, [], FILE).all() == {"a": "/same"}


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b'{"a": 1}', b'{"a": null}', b'{"a": {"b": "c"}}', b"\xff", b"[" * 100_000],
)
def test_a_file_that_is_not_understood_is_an_error_that_names_it(content: bytes) -> None:
    with pytest.raises(HostError, match=f"{FILE} is not JSON that maps"):
        parse(content, FILE)


@pytest.mark.parametrize("name", ["Llama", "llama.cpp", "a b", "", "a/b", "ä", "a@b", "x" * 5000 + "."])
def test_names_that_no_model_can_use_are_refused(name: str) -> None:
    with pytest.raises(OptionError, match="no model can use a backend named") as error:
        check_names({name: "/run.sh"})
    assert len(str(error.value)) < 500


@pytest.mark.parametrize("run_file", ["run.sh", "", "~/run.sh", "/a/../run.sh", "/a\0", 7, None, ["/a"]])
def test_run_files_that_are_no_absolute_paths_are_refused(run_file: Any) -> None:
    with pytest.raises(OptionError, match="is not an absolute path"):
        check_names({"a": run_file})


def test_which_names_changed() -> None:
    before, after = stored({"a": "/1", "b": "/1", "d": "/1"}), stored({"a": "/1", "b": "/2", "c": "/1"})
    assert changed_names(before, after) == {"b", "c"}
    assert ours_in(after, {"c": "/1", "a": "/1", "x": "/1"}) == ["a", "c"]
    assert check_names({"llama-cpp_2": "/a/run.sh"}) == {"llama-cpp_2": "/a/run.sh"}
