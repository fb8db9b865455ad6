# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is on disk, and the rows that LocalAI makes of it."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._installed import Directory, Installed
from ansible_collections.localai.core.plugins.module_utils._listing import Listing, Row, problems, server_mapping
from ansible_collections.localai.core.plugins.module_utils._metadata import Metadata, Record
from ansible_collections.localai.core.plugins.module_utils._observe import (
    disk_usage,
    group_name,
    observe,
    owner_name,
)
from ansible_collections.localai.core.tests.support.host import ordinary_user

PATH, SYSTEM = "/b", "/s"


def concrete(name: str, alias: str = "", runnable: bool = True) -> Directory:
    return Directory(name, has_run_file=runnable, runnable=runnable, metadata=Metadata(alias=alias, name=name))


def meta(name: str, target: str, directory: str = "") -> Directory:
    return Directory(directory or name, metadata=Metadata(meta_backend_for=target, name=name))


def unreadable(name: str, runnable: bool = True) -> Directory:
    return Directory(name, has_run_file=runnable, runnable=runnable, problem="cannot be read: it is empty")


def installed(*directories: Directory, system: tuple[str, ...] = ()) -> Installed:
    return Installed(PATH, SYSTEM, tuple(sorted(directories, key=lambda each: os.fsencode(each.name))), system)


def short(rows: dict[str, Row]) -> dict[str, str]:
    """Return each row as C(kind backend), with C(!) where the backend cannot run and C(?) where there is a problem."""
    return {
        name: f"{row.kind} {row.backend}{'' if row.runnable else ' !'}{' ?' if row.problem else ''}"
        for name, row in rows.items()
    }


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
    assert short(Listing(state, capability)) == rows


def test_a_row_names_the_run_file_that_the_server_starts() -> None:
    state = installed(meta("m", "cpu-x"), CPU, system=("piper",))
    assert {name: row.run_file for name, row in Listing(state, "default").items()} == {
        "piper": "/s/piper/run.sh",
        "cpu-x": "/b/cpu-x/run.sh",
        "m": "/b/cpu-x/run.sh",
        "x": "/b/cpu-x/run.sh",
    }
    assert server_mapping(state, "default") == {name: row.run_file for name, row in Listing(state, "default").items()}


def test_one_unreadable_metadata_file_makes_the_server_know_nothing() -> None:
    state = installed(CPU, unreadable("d"), system=("piper",))
    assert server_mapping(state, "default") == {}
    assert set(Listing(state, "default")) == {"piper", "cpu-x", "x", "d"}
    assert server_mapping(state.without("d"), "default") != {}


def test_a_problem_says_what_is_wrong_and_with_what() -> None:
    rows = Listing(
        installed(
            unreadable("a"), meta("m", "gone"), meta("n", "../out"), concrete("cuda-y", "y", False), concrete("b", "..")
        ),
        "default",
    )
    assert {name: row.problem for name, row in rows.items() if row.problem} == {
        "a": "metadata.json cannot be read: it is empty",
        "m": "gone, which it stands for, is not installed or has no run.sh",
        "n": "metadata.json: '../out' has a path separator or a NUL in it; a backend's name is a plain name.",
        "y": "cuda-y has no run.sh that is a file",
        "..": "metadata.json: '..' starts with a dot or has two in a row, which no backend's name may.",
    }


NAMES = st.sampled_from(["a", "A", "b", "c", "cpu-a", "é", ""])
ENTRIES = st.builds(
    lambda name, alias, target, kind, runs: Directory(
        name or "x",
        kind,
        runs,
        runs,
        Metadata(alias, target, name) if kind == "directory" else None,
    ),
    NAMES,
    NAMES,
    NAMES,
    st.sampled_from(["directory", "directory", "symlink"]),
    st.booleans(),
)


def in_one_pass(state: Installed) -> dict[str, tuple[str, str]]:
    """Kind and backend of each name, as LocalAI's own loop over the directories finds them on a host without GPU."""
    rows = {name: ("system", name) for name in state.system}
    directories = [each for each in state.directories if each.kind == "directory"]
    for each in directories:
        if each.has_run_file:
            rows[each.name] = ("concrete", each.name)
        if each.target:
            rows[each.metadata.name if each.metadata else ""] = ("meta", each.target)
    for alias in dict.fromkeys(each.alias for each in directories if each.alias):
        candidates = [each.name for each in directories if each.alias == alias]
        winner = next((name for name in candidates if "cpu" in name), candidates[0])
        rows[alias] = ("concrete" if alias == winner else "alias", winner)
    return rows


@given(st.lists(st.one_of(ENTRIES, NAMES), max_size=8), st.lists(NAMES.filter(bool), unique=True, max_size=2))
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


@pytest.mark.parametrize(
    ("asked", "found"),
    [("x", "x"), ("X", "x"), ("Piper", "PIPER"), ("piper", "piper"), ("PIPER", "PIPER"), ("y", None)],
)
def test_a_row_is_found_in_any_case_and_the_exact_spelling_goes_first(asked: str, found: str | None) -> None:
    state = installed(concrete("x"), concrete("PIPER"), concrete("piper"))
    row = Listing(state, "default").find(asked)
    assert (row.name if row else None) == found


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
    (meta("m", "gone"), "gone, which it stands for, is gone"),
    (meta("m", "broken"), "broken, which it stands for, is gone"),
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


NAMES = st.sampled_from(["x", "y", "cpu-x", "cuda12-x", "rocm-x", "vulkan-y", "Z", "../out", ""])
DIRECTORIES = st.builds(
    Directory,
    st.sampled_from(["x", "y", "cpu-x", "cuda12-x", "rocm-x", "vulkan-y", "Z"]),
    st.sampled_from(["directory", "directory", "directory", "symlink", "other"]),
    st.booleans(),
    st.booleans(),
    st.none() | st.builds(Metadata, alias=NAMES, meta_backend_for=NAMES, name=NAMES),
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
    assert set(state.system) <= set(rows)
    aliased = [row for row in rows.values() if row.kind == "alias"]
    assert all(row.name == directory.alias for row in aliased for directory in [state.get(row.backend)] if directory)


def put(path: Path, name: str, metadata: bytes | None = None, run_file: bool = True) -> Path:
    (path / name).mkdir(parents=True)
    if run_file:
        (path / name / "run.sh").write_text("#!/bin/sh\n", encoding="utf-8")
    if metadata is not None:
        (path / name / "metadata.json").write_bytes(metadata)
    return path / name


def seen(tmp_path: Path) -> Installed:
    return observe(str(tmp_path / "b"), str(tmp_path / "s"))


def test_what_is_on_disk_is_observed_in_byte_order(tmp_path: Path) -> None:
    metadata, record = Metadata(alias="llama-cpp", name="cpu-llama-cpp"), Record(requested=True, size=5)
    put(tmp_path / "b", "cpu-llama-cpp", metadata.to_json())
    (tmp_path / "b/cpu-llama-cpp/.localai-core.json").write_bytes(record.to_json())
    put(tmp_path / "b", "Zebra", b'{"name": "Zebra", "meta_backend_for": "cpu-llama-cpp"}', run_file=False)
    put(tmp_path / "b", "ärger").chmod(0o711)
    put(tmp_path / "b", ".localai-core/staging")
    (tmp_path / "b/file").write_text("", encoding="utf-8")
    (tmp_path / "b/link").symlink_to("cpu-llama-cpp")
    (tmp_path / "b/dangling").symlink_to("nowhere")
    put(tmp_path / "s", "piper")
    put(tmp_path / "s", "empty", run_file=False)
    (tmp_path / "s/link").symlink_to("piper")
    state = seen(tmp_path)
    names = ["Zebra", "cpu-llama-cpp", "dangling", "file", "link", "ärger"]
    kinds = ["directory", "directory", "symlink", "other", "symlink", "directory"]
    assert [each.name for each in state.directories] == names
    assert [each.kind for each in state.directories] == kinds
    assert [each.runnable for each in state.directories] == [False, True, False, False, True, True]
    assert state.directories[1].metadata == metadata
    assert state.directories[1].record == record
    assert state.directories[5].mode == "0711"
    assert {each.owner for each in state.directories} == {owner_name(os.geteuid())}
    assert (state.system, state.problems) == (("piper",), ())
    assert problems(state, Listing(state, "default")) == [
        ("dangling", "it is a symlink, which LocalAI does not list"),
        ("link", "it is a symlink, which LocalAI does not list"),
    ]


def test_a_path_that_is_missing_is_empty(tmp_path: Path) -> None:
    assert seen(tmp_path) == Installed(str(tmp_path / "b"), str(tmp_path / "s"), readable=True)


def test_a_path_that_is_a_file_is_a_problem_of_the_host(tmp_path: Path) -> None:
    (tmp_path / "b").write_text("", encoding="utf-8")
    state = seen(tmp_path)
    assert state.problems == (f"{tmp_path}/b: Not a directory",)
    assert not state.readable
    assert problems(state, {}) == [(None, f"{tmp_path}/b: Not a directory")]


def test_directories_that_yield_no_row_are_problems(tmp_path: Path) -> None:
    put(tmp_path / "b", "empty", run_file=False)
    put(tmp_path / "b", "broken", b"")
    state = seen(tmp_path)
    assert problems(state, Listing(state, "default")) == [
        (None, "LocalAI lists no backend at all while it cannot read metadata.json of broken"),
        ("empty", "it has no run.sh and is no meta backend"),
    ]


def as_directory(path: Path) -> None:
    path.mkdir()


def as_pipe(path: Path) -> None:
    os.mkfifo(path)


def as_socket(path: Path) -> None:
    before = Path.cwd()
    os.chdir(path.parent)  # the name of a socket may not be long
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(before)


def as_loop(path: Path) -> None:
    path.symlink_to(path.name)


def as_sixty_megabytes(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(60 * 1024**2)


def as_link_to_zeros(path: Path) -> None:
    path.symlink_to("/dev/zero")


def as_list(path: Path) -> None:
    path.write_bytes(b"[]")


def as_binary(path: Path) -> None:
    path.write_bytes(bytes(range(256)))


def as_nothing(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (as_directory, "directory"),
        (as_pipe, "it is not a file"),
        (as_socket, "No such device or address"),
        (as_loop, "Too many levels of symbolic links"),
        (as_sixty_megabytes, "it is larger than 1048576 bytes"),
        (as_link_to_zeros, "it is not a file"),
        (as_list, "it is not a JSON object"),
        (as_binary, "it is not valid JSON"),
        (as_nothing, "it is empty"),
    ],
)
def test_damaged_metadata_is_a_problem_of_its_own_row_and_hides_no_other(
    tmp_path: Path, make: Callable[[Path], None], says: str
) -> None:
    put(tmp_path / "b", "good", b'{"alias": "fine"}')
    make(put(tmp_path / "b", "bad") / "metadata.json")
    make(tmp_path / "b/good/.localai-core.json")
    rows = Listing(seen(tmp_path), "default")
    assert set(rows) == {"good", "fine", "bad"}
    assert rows["bad"].problem.startswith("metadata.json cannot be read: ")
    assert says in rows["bad"].problem
    assert (rows["good"].problem, rows["fine"].problem) == ("", "")


def test_looking_leaves_no_file_open(tmp_path: Path) -> None:
    put(tmp_path / "b", "good", b"{}")
    as_directory(put(tmp_path / "b", "bad") / "metadata.json")
    as_pipe(put(tmp_path / "b", "worse") / "metadata.json")
    before = os.listdir("/dev/fd")
    seen(tmp_path)
    assert os.listdir("/dev/fd") == before


def test_metadata_behind_a_dangling_symlink_is_none_as_for_localai(tmp_path: Path) -> None:
    (put(tmp_path / "b", "a") / "metadata.json").symlink_to("nowhere")
    assert seen(tmp_path).directories[0].metadata is None
    assert seen(tmp_path).directories[0].problem == ""


def test_a_name_that_is_not_text_is_listed_and_has_a_problem(tmp_path: Path) -> None:
    place = os.fsencode(tmp_path) + b"/b/\xff\xfe"
    os.makedirs(place)
    with open(place + b"/run.sh", "wb"):
        pass
    put(tmp_path / "b", "good")
    rows = Listing(seen(tmp_path), "default")
    assert [row.problem for row in rows.values() if row.name != "good"] == [
        "metadata.json: '\\udcff\\udcfe' is not valid Unicode."
    ]


def unprivileged(directory: Path, work: Callable[[], Any]) -> Any:
    """Return what C(work) returns to a user who is not root and stands in C(directory)."""
    directory.chmod(0o755)
    before = os.getcwd()
    os.chdir(directory)  # the way to it is root's own
    try:
        with ordinary_user():
            return work()
    finally:
        os.chdir(before)


def test_what_an_ordinary_user_may_not_read_is_a_row_with_a_problem(tmp_path: Path) -> None:
    put(tmp_path / "b", "closed", b'{"alias": "c"}').chmod(0)
    (put(tmp_path / "b", "secret", b'{"alias": "s"}') / "metadata.json").chmod(0)
    put(tmp_path / "b", "open", b'{"alias": "o"}').chmod(0o711)
    put(tmp_path / "s", "piper")
    rows = unprivileged(tmp_path, lambda: Listing(observe("b", "s"), "default"))
    assert short(rows) == {
        "piper": "system piper",
        "closed": "concrete closed ! ?",
        "open": "concrete open",
        "o": "alias open",
        "secret": "concrete secret ?",
    }
    assert rows["closed"].problem == "metadata.json cannot be read: Permission denied"


def test_a_path_that_an_ordinary_user_may_not_read_is_a_problem_of_the_host(tmp_path: Path) -> None:
    put(tmp_path / "b", "a")
    (tmp_path / "b").chmod(0o700 if not os.geteuid() else 0)
    state = unprivileged(tmp_path, lambda: observe("b", "s"))
    (tmp_path / "b").chmod(0o755)
    assert (state.directories, state.problems, state.readable) == ((), ("b: Permission denied",), False)


def test_entries_that_an_ordinary_user_may_list_but_not_enter_are_no_error(tmp_path: Path) -> None:
    put(tmp_path / "b", "a")
    (tmp_path / "b").chmod(0o444)
    state = unprivileged(tmp_path, lambda: observe("b", "s"))
    (tmp_path / "b").chmod(0o755)
    assert [(each.name, each.kind, each.problem) for each in state.directories] == [("a", "other", "Permission denied")]
    assert problems(state, Listing(state, "default"))[0][0] is None


def test_metadata_that_localai_wrote_with_every_key_is_in_the_row(tmp_path: Path) -> None:
    document = {
        "alias": "llama-cpp",
        "name": "cpu-llama-cpp",
        "gallery_url": "https://index.localai.io/backends",
        "installed_at": "2026-08-21T09:15:02Z",
        "version": "1.10",
        "uri": "quay.io/go-skynet/local-ai-backends:latest-cpu-llama-cpp",
        "digest": "sha256:ab",
    }
    put(tmp_path / "b", "cpu-llama-cpp", json.dumps(document, indent=2).encode())
    row = Listing(seen(tmp_path), "default")["llama-cpp"]
    assert row.metadata is not None
    assert {key: value for key, value in asdict(row.metadata).items() if value} == document


def test_a_trailing_slash_in_the_path_does_not_show_in_run_files(tmp_path: Path) -> None:
    put(tmp_path / "b", "a")
    put(tmp_path / "s", "piper")
    rows = Listing(observe(f"{tmp_path}/b/", f"{tmp_path}/s//"), "default")
    assert {row.run_file for row in rows.values()} == {f"{tmp_path}/b/a/run.sh", f"{tmp_path}/s/piper/run.sh"}


def test_disk_usage_counts_hard_links_once_and_does_not_follow_symlinks(tmp_path: Path) -> None:
    place = put(tmp_path, "a")
    (place / "sub").mkdir()
    (place / "sub/data").write_bytes(b"x" * 100000)
    os.link(place / "sub/data", place / "sub/again")
    (place / "out").symlink_to("/usr")
    everything = [place / name for name in ("run.sh", "sub", "sub/data", "out")]
    assert disk_usage(str(place)) == sum(path.lstat().st_blocks * 512 for path in everything)
    assert disk_usage(str(place)) >= 100000


def test_disk_usage_of_what_is_not_there_is_nothing(tmp_path: Path) -> None:
    assert disk_usage(str(tmp_path / "missing")) == 0
    (tmp_path / "file").write_text("x", encoding="utf-8")
    assert disk_usage(str(tmp_path / "file")) == 0


def test_owners_have_names_and_unknown_ones_numbers() -> None:
    assert (owner_name(0), group_name(0)) == ("root", "root")
    assert (owner_name(4200042), group_name(4200042)) == ("4200042", "4200042")
    assert (owner_name(2**70), group_name(2**70)) == (str(2**70), str(2**70))
