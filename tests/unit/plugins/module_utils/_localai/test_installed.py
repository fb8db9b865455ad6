# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is installed, as values: entries are found, changed and judged."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._localai.installed import (
    Directory,
    DownloadedBuild,
    Installed,
)
from ansible_collections.localai.core.plugins.module_utils._localai.listing import Listing
from ansible_collections.localai.core.plugins.module_utils._localai.metadata import Metadata
from ansible_collections.localai.core.plugins.module_utils._store.record import Record
from ansible_collections.localai.core.tests.support.plans import concrete, installed, meta, unreadable

SPELLINGS = st.sampled_from(["a", "A", "b", "c", "cpu-a", "é", ""])
ENTRIES = st.builds(
    lambda name, alias, target, kind, runs: Directory(
        name or "x",
        kind,
        runs,
        runs,
        Metadata(alias, target, name) if kind == "directory" else None,
    ),
    SPELLINGS,
    SPELLINGS,
    SPELLINGS,
    st.sampled_from(["directory", "directory", "symlink"]),
    st.booleans(),
)


def in_one_pass(state: Installed) -> dict[str, tuple[str, str]]:
    """Kind and backend of each name, as LocalAI's own loop over the directories finds them on a host without GPU."""
    rows = {}
    directories = [each for each in state.directories if each.kind == "directory"]
    own = {each.name for each in directories}
    directories += [each for each in state.system if each.name not in own]
    for each in sorted(directories, key=lambda each: each.name.encode()):
        if each.has_run_file:
            rows[each.name] = ("system" if each.is_system else "concrete", each.name)
        if each.target:
            rows[each.metadata.name if each.metadata else ""] = ("meta", each.target)
    for alias in dict.fromkeys(each.alias for each in directories if each.alias):
        candidates = [each.name for each in directories if each.alias == alias]
        winner = next((name for name in candidates if "cpu" in name), candidates[0])
        rows[alias] = ("concrete" if alias == winner else "alias", winner)
    return rows


@given(st.lists(st.one_of(ENTRIES, SPELLINGS), max_size=8), st.lists(SPELLINGS.filter(bool), unique=True, max_size=2))
def test_what_changes_step_by_step_is_known_as_if_it_was_read_anew(changes: list[Any], system: list[str]) -> None:
    state = installed(system=tuple(system))
    for change in changes:
        state = state.without(change) if isinstance(change, str) else state.with_directory(change)
        anew = installed(*state.directories, system=tuple(system))
        rows, expected = Listing(state, "default"), in_one_pass(anew)
        assert [(name, (row.kind, row.backend)) for name, row in rows.items()] == list(expected.items())
        for name in ("a", "A", "b", "B", "CPU-A", "É", "x"):
            assert (state.get(name), state.find(name)) == (anew.get(name), anew.find(name))
            found, same = rows.find(name), [each for each in expected if each.lower() == name.lower()]
            assert (found.name if found else None) == (name if name in same else next(iter(same), None))


def test_an_entry_is_found_in_any_case_and_the_exact_spelling_goes_first() -> None:
    state = installed(concrete("Piper"), concrete("piper"), concrete("Kokoro"))
    asked = ["piper", "Piper", "PIPER", "kokoro", "nobody"]
    assert [found.name if found else None for found in map(state.find, asked)] == [
        "piper",
        "Piper",
        "Piper",
        "Kokoro",
        None,
    ]
    assert state.get("kokoro") is None


DAMAGES = [
    (concrete("cpu-x"), ""),
    (Directory("a", "directory", True, True), ""),
    (meta("m", "there"), ""),
    (Directory("a", "symlink", True, True), "a symlink"),
    (Directory("a", "other"), "a file"),
    (Directory("a"), "its directory has no run.sh"),
    (Directory("a", has_run_file=True), "its directory has no run.sh"),
    (unreadable("a"), "its metadata.json cannot be read: it is empty"),
    (meta("m", "gone"), "gone, which it points to, is missing"),
    (meta("m", "broken"), "broken, which it points to, is damaged: its directory has no run.sh"),
]


@pytest.mark.parametrize(("directory", "damage"), DAMAGES)
def test_damage_is_what_keeps_an_entry_from_being_a_sound_backend(directory: Directory, damage: str) -> None:
    state = installed(directory, concrete("there"), concrete("broken", runnable=False))
    assert state.damage(directory) == damage


def test_an_entry_is_added_in_its_place_replaced_and_taken_out() -> None:
    state = installed(concrete("a"), concrete("c"))
    added = state.with_directory(concrete("b"))
    assert [each.name for each in added.directories] == ["a", "b", "c"]
    assert added.without("b") == state
    assert state.with_directory(concrete("c", "x")).get("c") == concrete("c", "x")
    assert state.without("nobody") == state


def test_the_digest_is_the_images_or_else_the_archives() -> None:
    record = Record(sha256="ab")
    assert Directory("a").digest is None
    assert Directory("a", metadata=Metadata(), record=Record()).digest is None
    assert Directory("a", metadata=Metadata(), record=record).digest == "sha256:ab"
    assert Directory("a", metadata=Metadata(digest="sha256:cd"), record=record).digest == "sha256:cd"


def test_a_backend_has_one_downloaded_build_or_none() -> None:
    first, second = (DownloadedBuild(key, key, Directory(key)) for key in "ab")
    state = installed().with_downloaded("x", first).with_downloaded("y", first).with_downloaded("x", second)
    assert state.downloaded == {"x": second, "y": first}
    assert state.with_downloaded("x", None).downloaded == {"y": first}
    assert installed().with_downloaded("x", None) == installed()
