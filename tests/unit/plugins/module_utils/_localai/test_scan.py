# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is on a real disk, whatever it is, and what is listed of it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.localai.core.plugins.module_utils._fs.accounts import owner_name
from ansible_collections.localai.core.plugins.module_utils._localai.installed import Installed
from ansible_collections.localai.core.plugins.module_utils._localai.listing import Listing
from ansible_collections.localai.core.plugins.module_utils._localai.metadata import KNOWN_KEYS, Metadata
from ansible_collections.localai.core.plugins.module_utils._localai.metadata_writer import to_json
from ansible_collections.localai.core.plugins.module_utils._localai.scan import scan
from ansible_collections.localai.core.plugins.module_utils._module.backend_info import problems
from ansible_collections.localai.core.plugins.module_utils._store.contents import record_file
from ansible_collections.localai.core.plugins.module_utils._store.record import Record
from ansible_collections.localai.core.tests.support.host import ordinary_user
from ansible_collections.localai.core.tests.support.interpreter import environment
from ansible_collections.localai.core.tests.support.plans import short_rows


def put(path: Path, name: str, metadata: bytes | None = None, run_file: bool = True) -> Path:
    (path / name).mkdir(parents=True)
    if run_file:
        (path / name / "run.sh").write_text("#!/bin/sh\n", encoding="utf-8")
    if metadata is not None:
        (path / name / "metadata.json").write_bytes(metadata)
    return path / name


def seen(tmp_path: Path) -> Installed:
    return scan(str(tmp_path / "b"), str(tmp_path / "s"))


def test_directories_are_in_byte_order(tmp_path: Path) -> None:
    metadata, record = Metadata(alias="llama-cpp", name="cpu-llama-cpp"), Record(requested=True, size=5)
    put(tmp_path / "b", "cpu-llama-cpp", to_json(metadata))
    (tmp_path / "b/cpu-llama-cpp/.localai-core.json").write_bytes(record_file(record))
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
    assert state.directories[5].attributes.mode == "0711"
    assert {each.attributes.owner for each in state.directories} == {owner_name(os.geteuid())}
    assert ([each.name for each in state.system if each.runnable], state.problems) == (["piper"], ())
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
        ("empty", "it has no run.sh and is not a meta backend"),
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


def test_a_scan_leaves_no_file_open(tmp_path: Path) -> None:
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
    rows = unprivileged(tmp_path, lambda: Listing(scan("b", "s"), "default"))
    assert short_rows(rows) == {
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
    state = unprivileged(tmp_path, lambda: scan("b", "s"))
    (tmp_path / "b").chmod(0o755)
    assert (state.directories, state.problems, state.readable) == ((), ("b: Permission denied",), False)


def test_entries_that_an_ordinary_user_may_list_but_not_enter_are_no_error(tmp_path: Path) -> None:
    put(tmp_path / "b", "a")
    (tmp_path / "b").chmod(0o444)
    state = unprivileged(tmp_path, lambda: scan("b", "s"))
    (tmp_path / "b").chmod(0o755)
    assert [(each.name, each.kind, each.problem) for each in state.directories] == [("a", "other", "Permission denied")]
    assert problems(state, Listing(state, "default"))[0][0] is None


def test_metadata_that_localai_wrote_with_every_key_is_in_the_row(tmp_path: Path) -> None:
    document = {key: f"the {key}" for key in KNOWN_KEYS if key != "meta_backend_for"}
    document["alias"] = "llama-cpp"
    put(tmp_path / "b", "cpu-llama-cpp", json.dumps(document, indent=2).encode())
    row = Listing(seen(tmp_path), "default")["llama-cpp"]
    assert row.metadata is not None
    assert {key: str(value) for key, value in row.metadata.fields().items()} == document


def test_a_trailing_slash_in_the_path_does_not_show_in_run_files(tmp_path: Path) -> None:
    put(tmp_path / "b", "a")
    put(tmp_path / "s", "piper")
    rows = Listing(scan(f"{tmp_path}/b/", f"{tmp_path}/s//"), "default")
    assert {row.run_file for row in rows.values()} == {f"{tmp_path}/b/a/run.sh", f"{tmp_path}/s/piper/run.sh"}


LOADED = """
import sys
from ansible_collections.localai.core.plugins.module_utils._localai import scan
print(*sorted(name.partition(".module_utils.")[2] for name in sys.modules if ".module_utils._" in name))
"""
WRITERS = {"_fs.attributes", "_fs.entries", "_fs.remove", "_fs.sync", "_fs.tree", "_fs.walk"}


def test_a_scan_loads_nothing_that_writes_or_walks() -> None:
    output = subprocess.check_output([sys.executable, "-c", LOADED], env=environment(), text=True)
    loaded = set(output.split())
    assert loaded & WRITERS == set()
    assert {name for name in loaded if name.startswith("_store.")} == {
        "_store.builds",
        "_store.file_system",
        "_store.layout",
        "_store.record",
        "_store.recorded_builds",
    }
