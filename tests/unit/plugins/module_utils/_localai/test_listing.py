# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rows that LocalAI makes of what is installed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._localai.installed import Directory, Installed, ListingRules
from ansible_collections.localai.core.plugins.module_utils._localai.listing import Listing
from ansible_collections.localai.core.plugins.module_utils._localai.metadata import Metadata
from ansible_collections.localai.core.tests.support.plans import concrete, installed, meta, short_rows, unreadable

CPU, CUDA, ROCM = (concrete(f"{name}-x", "x") for name in ("cpu", "cuda12", "rocm"))

LISTINGS = [
    ("nothing", installed(), "default", {}),
    ("a concrete backend", installed(concrete("piper")), "default", {"piper": "concrete piper"}),
    (
        "a directory without metadata",
        installed(Directory("own", "directory", True, True)),
        "default",
        {"own": "concrete own"},
    ),
    ("a directory without anything", installed(Directory("empty")), "default", {}),
    (
        "a run file that is a directory",
        installed(Directory("d", has_run_file=True)),
        "default",
        {"d": "concrete d ! ?"},
    ),
    ("a file", installed(Directory("f", "other")), "default", {}),
    ("a symlinked directory", installed(Directory("l", "symlink", True, True)), "default", {}),
    ("a meta", installed(meta("x", "cpu-y"), concrete("cpu-y")), "amd", {"cpu-y": "concrete cpu-y", "x": "meta cpu-y"}),
    ("a meta whose concrete is gone", installed(meta("x", "cpu-x")), "default", {"x": "meta cpu-x ! ?"}),
    (
        "a meta whose concrete has no run file",
        installed(meta("x", "cpu-x"), Directory("cpu-x")),
        "default",
        {"x": "meta cpu-x ! ?"},
    ),
    (
        "a meta in a directory of another name",
        installed(meta("x", "cpu-y", "other"), concrete("cpu-y")),
        "default",
        {"cpu-y": "concrete cpu-y", "x": "meta cpu-y"},
    ),
    (
        "the name in the metadata counts for metas only",
        installed(replace(concrete("piper"), metadata=Metadata(name="somebody"))),
        "default",
        {"piper": "concrete piper"},
    ),
    (
        "a directory that is both concrete and meta",
        installed(replace(meta("m", "cpu-y"), has_run_file=True, runnable=True), concrete("cpu-y")),
        "default",
        {"cpu-y": "concrete cpu-y", "m": "meta cpu-y"},
    ),
    (
        "a concrete and a meta of one name: the later directory counts",
        installed(concrete("m"), meta("m", "cpu-y", "z"), concrete("cpu-y")),
        "default",
        {"m": "meta cpu-y", "cpu-y": "concrete cpu-y"},
    ),
    (
        "the same the other way round",
        installed(concrete("m"), meta("m", "cpu-y", "a"), concrete("cpu-y")),
        "default",
        {"m": "concrete m", "cpu-y": "concrete cpu-y"},
    ),
    (
        "an alias",
        installed(CPU),
        "nvidia",
        {"cpu-x": "concrete cpu-x", "x": "alias cpu-x"},
    ),
    (
        "an alias of several on NVIDIA",
        installed(CPU, CUDA, ROCM),
        "nvidia-cuda-12",
        {
            "cpu-x": "concrete cpu-x",
            "cuda12-x": "concrete cuda12-x",
            "rocm-x": "concrete rocm-x",
            "x": "alias cuda12-x",
        },
    ),
    (
        "an alias of several on AMD",
        installed(CPU, CUDA, ROCM),
        "amd",
        {"cpu-x": "concrete cpu-x", "cuda12-x": "concrete cuda12-x", "rocm-x": "concrete rocm-x", "x": "alias rocm-x"},
    ),
    (
        "an alias whose winner cannot run is shown as the server would run it",
        installed(CPU, concrete("cuda12-x", "x", runnable=False)),
        "nvidia",
        {"cpu-x": "concrete cpu-x", "x": "alias cuda12-x ! ?"},
    ),
    (
        "an alias goes over a meta",
        installed(meta("x", "cpu-x"), CPU, CUDA),
        "nvidia",
        {"x": "alias cuda12-x", "cpu-x": "concrete cpu-x", "cuda12-x": "concrete cuda12-x"},
    ),
    (
        "an alias goes over a concrete",
        installed(concrete("x"), CPU),
        "default",
        {"x": "alias cpu-x", "cpu-x": "concrete cpu-x"},
    ),
    ("an alias of itself", installed(concrete("x", "x")), "default", {"x": "concrete x"}),
    (
        "an alias of itself and of another that is preferred",
        installed(concrete("x", "x"), CPU),
        "default",
        {"x": "alias cpu-x", "cpu-x": "concrete cpu-x"},
    ),
    (
        "an alias in a symlinked directory does not count",
        installed(replace(CPU, kind="symlink")),
        "default",
        {},
    ),
    ("a system backend", installed(system=("piper",)), "default", {"piper": "system piper"}),
    (
        "a system backend under one of the same name",
        installed(concrete("piper"), system=("piper",)),
        "default",
        {"piper": "concrete piper"},
    ),
    (
        "a system backend under an alias",
        installed(CPU, system=("x",)),
        "default",
        {"x": "alias cpu-x", "cpu-x": "concrete cpu-x"},
    ),
    (
        "a system backend under a meta",
        installed(meta("x", "a"), concrete("a"), system=("x",)),
        "default",
        {"x": "meta a", "a": "concrete a"},
    ),
    (
        "a directory without a run file hides the system backend of its name",
        installed(Directory("piper"), system=("piper",)),
        "default",
        {},
    ),
    (
        "a file or a symlink hides no system backend",
        installed(Directory("piper", "symlink"), Directory("x", "other"), system=("piper", "x")),
        "default",
        {"piper": "system piper", "x": "system x"},
    ),
    (
        "an alias in the system path",
        installed(system=(concrete("cpu-x", "x"), concrete("cuda12-x", "x"))),
        "nvidia",
        {"cpu-x": "system cpu-x", "cuda12-x": "system cuda12-x", "x": "system cuda12-x"},
    ),
    (
        "a meta backend in the system path, under the name in its metadata",
        installed(system=(meta("x", "cpu-y", "dir"), concrete("cpu-y"))),
        "default",
        {"cpu-y": "system cpu-y", "x": "system cpu-y"},
    ),
    (
        "a meta backend of the system path does not lead to the backends path",
        installed(concrete("cpu-y"), system=(meta("x", "cpu-y", "dir"),)),
        "default",
        {"cpu-y": "concrete cpu-y", "x": "system cpu-y ! ?"},
    ),
    (
        "a meta backend of the system path leads to its build, even if that is hidden",
        installed(concrete("cpu-y"), system=(meta("x", "cpu-y", "dir"), concrete("cpu-y"))),
        "default",
        {"cpu-y": "concrete cpu-y", "x": "system cpu-y"},
    ),
    (
        "an alias of the backends path lets all system backends with this alias vanish",
        installed(CPU, system=(CUDA, ROCM, concrete("piper"))),
        "nvidia",
        {"cpu-x": "concrete cpu-x", "piper": "system piper", "x": "alias cpu-x"},
    ),
    (
        "the same if the directory with the alias cannot run",
        installed(concrete("cpu-x", "x", runnable=False), system=(CUDA,)),
        "nvidia",
        {"x": "alias cpu-x ! ?"},
    ),
    (
        "an alias of the system path does not replace a backend",
        installed(concrete("x"), system=(CPU,)),
        "default",
        {"cpu-x": "system cpu-x", "x": "concrete x"},
    ),
    (
        "an alias of the system path does not replace a meta backend",
        installed(meta("x", "y"), concrete("y"), system=(CPU,)),
        "default",
        {"cpu-x": "system cpu-x", "x": "meta y", "y": "concrete y"},
    ),
    (
        "an alias of the system path replaces a system backend",
        installed(system=("x", CPU)),
        "default",
        {"cpu-x": "system cpu-x", "x": "system cpu-x"},
    ),
    (
        "an alias of the backends path replaces a system backend, and not its family",
        installed(concrete("cpu-x", "rocm-y"), system=(concrete("cuda-y", "y"), concrete("rocm-y", "y"))),
        "amd",
        {"cpu-x": "concrete cpu-x", "cuda-y": "system cuda-y", "rocm-y": "alias cpu-x", "y": "system rocm-y"},
    ),
    (
        "a meta of the system path comes after a backend whose directory is first in byte order",
        installed(concrete("Z"), system=(meta("Z", "s", "a"), concrete("s"))),
        "default",
        {"Z": "system s", "s": "system s"},
    ),
    (
        "and a backend of the backends path comes after it if its directory is last",
        installed(concrete("z"), system=(meta("z", "s", "a"), concrete("s"))),
        "default",
        {"s": "system s", "z": "concrete z"},
    ),
    (
        "an unreadable system directory is skipped",
        installed(CPU, system=(unreadable("d"), concrete("piper"))),
        "default",
        {"cpu-x": "concrete cpu-x", "piper": "system piper", "x": "alias cpu-x"},
    ),
    (
        "a system directory without a run file has its alias",
        installed(system=(concrete("cpu-x", "x", runnable=False),)),
        "default",
        {"x": "system cpu-x ! ?"},
    ),
    (
        "the tokens are compared with the name in lower case",
        installed(concrete("A-x", "x"), system=(concrete("B-CUDA", "y"), concrete("A", "y"))),
        "NVIDIA",
        {"A": "system A", "A-x": "concrete A-x", "B-CUDA": "system B-CUDA", "x": "alias A-x", "y": "system B-CUDA"},
    ),
    ("unreadable metadata with a run file", installed(unreadable("d")), "default", {"d": "concrete d ?"}),
    ("unreadable metadata without one", installed(unreadable("d", False)), "default", {"d": "concrete d ! ?"}),
    ("a meta that leads out", installed(meta("x", "../../tmp")), "default", {"x": "meta ../../tmp ! ?"}),
    ("a meta that leads to itself", installed(meta("x", ".")), "default", {"x": "meta . ! ?"}),
    ("a meta that leads to the root", installed(meta("x", "/")), "default", {"x": "meta / ! ?"}),
    (
        "a meta without a name",
        installed(meta("", "cpu-x", "d"), concrete("cpu-x")),
        "default",
        {"": "meta cpu-x ! ?", "cpu-x": "concrete cpu-x"},
    ),
    ("an alias that leads out", installed(concrete("a", "../b")), "default", {"a": "concrete a", "../b": "alias a ?"}),
]


@pytest.mark.parametrize(
    ("state", "capability", "rows"), [row[1:] for row in LISTINGS], ids=[row[0] for row in LISTINGS]
)
def test_the_listing_has_one_row_per_name(state: Installed, capability: str, rows: dict[str, str]) -> None:
    assert short_rows(Listing(state, capability)) == rows


@pytest.mark.parametrize(
    ("state", "rows"),
    [
        (installed(system=(CPU, meta("m", "cpu-x"))), {"cpu-x": "system cpu-x"}),
        (installed(Directory("piper"), system=("piper",)), {"piper": "system piper"}),
        (
            installed(CPU, system=(CUDA,)),
            {"cuda12-x": "system cuda12-x", "cpu-x": "concrete cpu-x", "x": "alias cpu-x"},
        ),
        (installed(meta("a", "y"), system=("a",)), {"a": "meta y ! ?"}),
        (installed(CPU, system=("x",)), {"x": "alias cpu-x", "cpu-x": "concrete cpu-x"}),
        (installed(system=(unreadable("d"), unreadable("e", runnable=False))), {"d": "system d"}),
        (installed(meta("a", "y", "b"), concrete("y"), system=("y",)), {"y": "concrete y", "a": "meta y"}),
    ],
    ids=[
        "no aliases and no meta backends",
        "a directory without a run file hides nothing",
        "an alias hides no family",
        "a meta backend hides the name",
        "an alias hides the name",
        "unreadable metadata is not read",
        "a backend hides the name",
    ],
)
def test_a_server_up_to_4_9_lists_run_files_of_the_system_path(state: Installed, rows: dict[str, str]) -> None:
    assert short_rows(Listing(replace(state, rules=ListingRules(reads_system_metadata=False)), "nvidia")) == rows


@pytest.mark.parametrize(
    ("development", "capability", "winner"),
    [
        (concrete("cpu-x-development", "x"), "default", "cpu-x-development"),
        (concrete("cpu-x-development", "x"), "nvidia", "cpu-x-development"),
        (concrete("cuda12-x-development", "x"), "nvidia", "cuda12-x-development"),
        (concrete("cuda12-x-development", "x"), "default", "cpu-x"),
        (concrete("cpu-x-development", "x", runnable=False), "default", "cpu-x"),
        (concrete("cpu-x-developments", "x"), "default", "cpu-x"),
        (concrete("cpu-x-development", "y"), "default", "cpu-x"),
    ],
)
def test_a_server_may_prefer_development_builds_that_can_run(
    development: Directory, capability: str, winner: str
) -> None:
    state = installed(CPU, CUDA, development)
    assert Listing(replace(state, rules=ListingRules(prefers_development=True)), capability)["x"].backend == winner
    released = "cuda12-x" if capability == "nvidia" else "cpu-x"
    assert Listing(state, capability)["x"].backend == released


def test_a_row_of_the_system_path_has_its_run_file_there() -> None:
    rows = Listing(installed(system=(meta("m", "../cpu-x"), meta("n", "cpu-x"), CPU)), "default")
    assert {name: (row.run_file, row.is_meta, row.home) for name, row in rows.items()} == {
        "cpu-x": ("/s/cpu-x/run.sh", False, "cpu-x"),
        "m": ("/cpu-x/run.sh", True, "m"),
        "n": ("/s/cpu-x/run.sh", True, "n"),
        "x": ("/s/cpu-x/run.sh", False, "cpu-x"),
    }


def test_a_row_names_the_run_file_that_the_server_starts() -> None:
    state = installed(meta("m", "cpu-x"), CPU, system=("piper",))
    assert {name: row.run_file for name, row in Listing(state, "default").items()} == {
        "piper": "/s/piper/run.sh",
        "cpu-x": "/b/cpu-x/run.sh",
        "m": "/b/cpu-x/run.sh",
        "x": "/b/cpu-x/run.sh",
    }


def test_a_name_comes_from_its_own_directory_and_an_alias_from_its_build() -> None:
    state = installed(meta("m", "cpu-x"), meta("n", "cpu-x", "other"), CPU, system=("piper",))
    rows = Listing(state, "default")
    assert {name: rows[name].home for name in rows} == {
        "m": "m",
        "n": "other",
        "cpu-x": "cpu-x",
        "x": "cpu-x",
        "piper": "piper",
    }


def test_a_problem_says_what_is_wrong_and_with_what() -> None:
    rows = Listing(
        installed(
            unreadable("a"), meta("m", "gone"), meta("n", "../out"), concrete("cuda-y", "y", False), concrete("b", "..")
        ),
        "default",
    )
    assert {name: row.problem for name, row in rows.items() if row.problem} == {
        "a": "metadata.json cannot be read: it is empty",
        "m": "gone, which it points to, is not installed or has no run.sh",
        "n": "metadata.json: '../out' contains a path separator or a NUL. Use a plain name.",
        "y": "cuda-y has no run.sh that is a file",
        "..": "metadata.json: '..' starts with a dot or contains two dots in a row. Choose another name.",
    }


@pytest.mark.parametrize(
    ("asked", "found"),
    [("x", "x"), ("X", "x"), ("Piper", "PIPER"), ("piper", "piper"), ("PIPER", "PIPER"), ("y", None)],
)
def test_a_row_is_found_in_any_case_and_the_exact_spelling_goes_first(asked: str, found: str | None) -> None:
    state = installed(concrete("x"), concrete("PIPER"), concrete("piper"))
    row = Listing(state, "default").find(asked)
    assert (row.name if row else None) == found


IN_METADATA = st.sampled_from(["x", "y", "cpu-x", "cuda12-x", "rocm-x", "vulkan-y", "Z", "../out", ""])
DIRECTORIES = st.builds(
    Directory,
    st.sampled_from(["x", "y", "cpu-x", "cuda12-x", "rocm-x", "vulkan-y", "Z"]),
    st.sampled_from(["directory", "directory", "directory", "symlink", "other"]),
    st.booleans(),
    st.booleans(),
    st.none() | st.builds(Metadata, alias=IN_METADATA, meta_backend_for=IN_METADATA, name=IN_METADATA),
)
STATES = st.builds(
    lambda directories, system: installed(*directories, system=tuple(system)),
    st.lists(DIRECTORIES, unique_by=lambda each: each.name),
    st.lists(st.sampled_from(["x", "piper"]), unique=True),
)


@given(STATES, st.sampled_from(["default", "nvidia", "amd", "intel", "vulkan", "metal"]))
def test_every_row_stands_under_its_name_and_every_directory_that_can_run_has_one(
    state: Installed, capability: str
) -> None:
    rows = Listing(state, capability)
    assert all(row.name == name for name, row in rows.items())
    assert all(row.runnable or row.problem for row in rows.values())
    real = [each for each in state.directories if each.kind == "directory"]
    assert {each.name for each in real if each.has_run_file} <= set(rows)
    assert {each.alias for each in real if each.alias} <= set(rows)
    assert {each.name for each in state.system} <= {*rows, *(each.name for each in real)}
    aliased = [row for row in rows.values() if row.kind == "alias"]
    assert all(row.name == directory.alias for row in aliased for directory in [state.get(row.backend)] if directory)
