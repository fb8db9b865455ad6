# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The model of LocalAI's listing: one case for each clause of its rules, and the collection's listing beside it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Dict, Tuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._localai.installed import ListingRules
from ansible_collections.localai.core.plugins.module_utils._localai.listing import Listing
from ansible_collections.localai.core.plugins.module_utils._localai.scan import scan
from ansible_collections.localai.core.plugins.module_utils._localai.server import server_mapping
from ansible_collections.localai.core.tests.support.host import temporary_directory
from ansible_collections.localai.core.tests.support.localai import rows, run_files

# A directory: whether it has a run file, and the text of its metadata.json; None if there is none.
Directory = Tuple[bool, Any]
Directories = Dict[str, Directory]
RUN: Directory = (True, None)
EMPTY: Directory = (False, None)
BROKEN = "{broken"


def of(run: bool = True, **metadata: Any) -> Directory:
    return run, json.dumps(metadata)


def put(top: Path, directories: Directories) -> None:
    top.mkdir()
    for name, (run, metadata) in directories.items():
        (top / name).mkdir()
        if run:
            (top / name / "run.sh").touch()
        if metadata is not None:
            (top / name / "metadata.json").write_text(metadata, encoding="utf-8")


def seen(top: Path, capability: str, version: str) -> dict[str, str]:
    """What a server knows: `b/` or `s/` and the directory of the run file, with `+` for a meta backend."""
    if not run_files(top / "b", top / "s", capability, version):
        return {}
    return {
        name: str(Path(known.run_file).parent.relative_to(top)) + ("+" if known.is_meta else "")
        for name, known in rows(top / "b", top / "s", capability, version).items()
    }


NEW, OLD = "v4.11.0", "v4.9.3"
CASES: list[tuple[str, Directories, Directories, str, str, dict[str, str]]] = [
    ("both paths", {"a": RUN}, {"b": RUN}, "default", NEW, {"a": "b/a", "b": "s/b"}),
    ("a name is hidden without a run file", {"a": EMPTY}, {"a": RUN}, "default", NEW, {}),
    ("an old server lists it", {"a": EMPTY}, {"a": RUN}, "default", OLD, {"a": "s/a"}),
    ("a broken file", {"a": RUN, "z": (False, BROKEN)}, {"b": RUN}, "default", NEW, {}),
    ("a broken file and an old server", {"a": RUN, "z": (False, BROKEN)}, {"b": RUN}, "default", OLD, {}),
    ("a broken file in the system path", {"a": RUN}, {"b": (True, BROKEN)}, "default", NEW, {"a": "b/a"}),
    ("an old server does not read it", {"a": RUN}, {"b": (True, BROKEN)}, "default", OLD, {"a": "b/a", "b": "s/b"}),
    ("null is no error and has no name", {"a": (True, "null")}, {}, "default", NEW, {"a": "b/a"}),
    (
        "an alias of the system path",
        {},
        {"cpu-x": of(alias="x"), "cuda-x": of(alias="x")},
        "nvidia-l4t-cuda-12",
        NEW,
        {"cpu-x": "s/cpu-x", "cuda-x": "s/cuda-x", "x": "s/cuda-x"},
    ),
    ("an old server has no such alias", {}, {"cpu-x": of(alias="x")}, "default", OLD, {"cpu-x": "s/cpu-x"}),
    (
        "a family vanishes",
        {"rocm-x": of(alias="x", run=False)},
        {"cpu-x": of(alias="x"), "x": RUN},
        "default",
        NEW,
        {"x": "b/rocm-x"},
    ),
    (
        "a family that has another alias stays",
        {"y": of(alias="x")},
        {"cpu-z": of(alias="z"), "z": RUN},
        "default",
        NEW,
        {"y": "b/y", "cpu-z": "s/cpu-z", "z": "s/cpu-z", "x": "b/y"},
    ),
    (
        "a meta of the system path",
        {},
        {"d": of(run=False, meta_backend_for="e", name="m"), "e": RUN},
        "default",
        NEW,
        {"m": "s/e+", "e": "s/e"},
    ),
    (
        "a meta without a name",
        {},
        {"d": of(run=False, meta_backend_for="e")},
        "default",
        NEW,
        {"": "s/e+"},
    ),
    (
        "the last directory in byte order has the name",
        {"B": of(meta_backend_for="u", name="m", run=False)},
        {"a": of(meta_backend_for="t", name="m", run=False)},
        "default",
        NEW,
        {"m": "s/t+"},
    ),
    (
        "an alias of the system path replaces no row of the backends path",
        {"b": of(meta_backend_for="u", name="x", run=False)},
        {"cpu-x": of(alias="x")},
        "default",
        NEW,
        {"x": "b/u+", "cpu-x": "s/cpu-x"},
    ),
    (
        "keys count in any case",
        {"a": (True, '{"ALIAS": "x"}')},
        {"cpu-x": of(alias="x")},
        "default",
        NEW,
        {"a": "b/a", "x": "b/a"},
    ),
    (
        "tokens are compared in lower case",
        {"a": of(alias="x"), "Z-CUDA": of(alias="x")},
        {},
        "nvidia",
        NEW,
        {"a": "b/a", "Z-CUDA": "b/Z-CUDA", "x": "b/Z-CUDA"},
    ),
    (
        "another capability takes the first in byte order",
        {"a": of(alias="x"), "B": of(alias="x")},
        {},
        "disable",
        NEW,
        {"a": "b/a", "B": "b/B", "x": "b/B"},
    ),
    (
        "another capability prefers the build for CPUs",
        {"a": of(alias="x"), "cpu-x": of(alias="x")},
        {},
        "something",
        NEW,
        {"a": "b/a", "cpu-x": "b/cpu-x", "x": "b/cpu-x"},
    ),
]


@pytest.mark.parametrize("case", [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_each_clause_of_the_listing(
    tmp_path: Path, case: tuple[Directories, Directories, str, str, dict[str, str]]
) -> None:
    own, system, capability, version, expected = case
    put(tmp_path / "b", own)
    put(tmp_path / "s", system)
    assert seen(tmp_path, capability, version) == expected


NAMES = st.sampled_from(["a", "B", "x", "cpu-x", "CUDA12-x", "rocm-x", "vulkan-y", "darwin-x86-y", ".h", "é"])
METADATA = (
    st.none()
    | st.sampled_from(["null", BROKEN, '{"name": 1}'])
    | st.fixed_dictionaries(
        {},
        optional={
            "alias": st.sampled_from([None, "", "x", "y", "cpu-x", "a"]),
            "Meta_Backend_For": st.sampled_from([None, "", "cpu-x", "a", "../b/a"]),
            "name": st.sampled_from([None, "", "x", "a", "zz"]),
        },
    ).map(json.dumps)
)
PATHS = st.dictionaries(NAMES, st.tuples(st.booleans(), METADATA), max_size=5)


@given(
    PATHS,
    PATHS,
    st.sampled_from(["default", "disable", "nvidia-cuda-12", "AMD", "intel", "metal", "darwin-x86", "vulkan", "other"]),
    st.sampled_from([NEW, OLD]),
)
def test_the_collection_lists_as_the_model_does(
    own: Directories, system: Directories, capability: str, version: str
) -> None:
    with temporary_directory() as top:
        put(top / "b", own)
        put(top / "s", system)
        installed = scan(str(top / "b"), str(top / "s"), rules=ListingRules(version == NEW))
        expected = run_files(top / "b", top / "s", capability, version)
        mapping = {name: str(Path(run_file)) for name, run_file in server_mapping(installed, capability).items()}
        assert mapping == {name: str(Path(run_file).resolve()) for name, run_file in expected.items()}
        if expected:
            known = rows(top / "b", top / "s", capability, version)
            assert {
                name: (row.is_meta, row.kind == "system") for name, row in Listing(installed, capability).items()
            } == {name: (row.is_meta, row.is_system) for name, row in known.items()}
