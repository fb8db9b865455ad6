# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Managed files while the owner of the directory exchanges entries at any moment, or while the run is killed there."""

from __future__ import annotations

import contextlib
import itertools
import os

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._store.store import open_store
from ansible_collections.localai.core.plugins.module_utils._store.tree_files import TreeFiles
from ansible_collections.localai.core.tests.support.host import IS_ROOT, NOBODY, make_empty, snapshot
from ansible_collections.localai.core.tests.support.kills import killed_at
from ansible_collections.localai.core.tests.support.moments import MOMENTS
from ansible_collections.localai.core.tests.support.trees import names, staging_of

ONLY_ROOT = pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")
OWNER = FileAttributes(str(NOBODY), str(NOBODY)) if IS_ROOT else FileAttributes()
# With LOCALAI_TEST_EVERY=1, as the soak has it, everything is exchanged at each moment.
EVERY = int(os.environ.get("LOCALAI_TEST_EVERY", "17"))
# All by which a change reaches the disk, and those around them.
CALLS = ("open", "mkdir", "rename", "replace", "unlink", "rmdir", "fchmod", "fchown", "chmod", "chown", "fsync", "stat")
OLD, NEW = b"old", b"new content"
PLACES = (
    *("", "sub", "sub/deep", "sub/deep/x", "sub/deep/y", ".localai-core", ".localai-core/models"),
    *(".localai-core/models/m.json", ".localai-core/replaced", ".localai-core/staging"),
    *(f".localai-core/staging/{number}{below}" for number in (1, 2) for below in ("", "/x", "/sub")),
)


def install(store, files):
    with store.stage() as tree:
        tree.file("sub/x", 0o600, [NEW])
        files.install(tree, "sub/x", "sub/deep/x")


def merge(store, files):
    with store.stage() as tree:
        for name in ("x", "deeper/y"):
            tree.file(name, 0o600, [NEW])
        files.merge(tree, "sub/deep")


def publish(store, files):
    with store.stage() as tree:
        for name in ("x", "sub/y"):
            tree.file(name, 0o600, [NEW])
        files.publish(tree, "sub/deep")


def record(_store, files):
    files.write_record("m", NEW)


CHANGES = {
    "install": install,
    "merge": merge,
    "publish": publish,
    "write": lambda _store, files: files.write("sub/deep/x", NEW),
    "record": record,
    "remove": lambda _store, files: files.remove("sub/deep"),
    "remove a record": lambda _store, files: files.remove_record("m"),
    "attributes": lambda _store, files: files.set_attributes("sub/deep/x", FileAttributes("1", "2", "0640")),
}


def run(path, change, acts=None):
    """Make a change; `acts` has what happens at its moments, which begin when the store is open."""
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(open_store(str(path), OWNER, TreeFiles(), 5))
        if acts is not None:
            stack.enter_context(MOMENTS.acting(acts))
        change(store, store.files(0o640, 0o750))


def begin(user):
    """Make the managed directory of an ordinary user with some files of that user in it."""
    make_empty(user)
    path = user / "models"
    (path / "sub/deep").mkdir(parents=True)
    (path / ".localai-core/models").mkdir(parents=True)
    for name in ("sub/deep/x", ".localai-core/models/m.json"):
        (path / name).write_bytes(OLD)
    for place in (user, path, *path.rglob("*")):
        if IS_ROOT:
            os.chown(place, NOBODY, NOBODY)
    return path


@pytest.fixture
def user(tmp_path):
    place = tmp_path / "user"
    place.mkdir()
    return place


@pytest.fixture
def victim(tmp_path):
    """A directory of root's that must stay as it is."""
    place = tmp_path / "victim"
    (place / "deep").mkdir(parents=True)
    for name in ("file", "x", "deep/x", "m.json"):
        (place / name).write_text("precious")
        (place / name).chmod(0o600)
    place.chmod(0o700)
    return place


def state(victim):
    """Types, modes, owners and contents: the user can add hard links."""
    return {name: (*entry[:3], entry[-1]) for name, entry in snapshot(victim).items()}


def exchange(user, place, kind, victim):
    """Put something of a kind in the place of what is there, if anything is."""
    if not os.path.lexists(place):
        return
    with contextlib.suppress(FileExistsError, NotADirectoryError):
        place.rename(user / f"aside-{len(os.listdir(user))}")
        if kind == "hard link":
            os.link(victim / "file", place)
        elif kind != "nothing":
            place.symlink_to(victim / "file" if kind == "link to a file" else victim)


@pytest.mark.parametrize("kind", ["link to a file", "link to a directory", "hard link", "nothing"])
@pytest.mark.parametrize("name", CHANGES)
@ONLY_ROOT
def test_whatever_is_exchanged_at_whatever_moment_nothing_outside_changes(user, victim, name, kind):
    before = state(victim)
    run(begin(user), CHANGES[name], {})
    moments = MOMENTS.count
    for number, (moment, place) in enumerate(itertools.product(range(1, moments + 1), PLACES)):
        if number % EVERY:
            continue
        path = begin(user)
        acts = {moment: lambda place=path / place: exchange(user, place, kind, victim)}
        with contextlib.suppress(LocalAIError):
            run(path, CHANGES[name], acts)
        assert state(victim) == before, f"{place} was exchanged at the moment {moment}"


def content(path):
    """The content and the mode of each file and the mode of each directory, without our own."""
    return {
        name: (oct(entry[0]), entry[-1])
        for name, entry in snapshot(path).items()
        if name and not name.startswith(".localai-core")
    }


def record_in(path):
    place = path / ".localai-core/models/m.json"
    return place.read_bytes() if place.exists() else None


def states_after_kills(user, change):
    """Kill a run at each of its calls, and yield what is there then, after the next run, and after another change."""
    for number in itertools.count(1):
        path = begin(user)
        killed = killed_at(number, lambda path=path: run(path, change), CALLS)
        states = [(content(path), record_in(path))]
        for next_change in (lambda _store, _files: None, change):
            run(path, next_change)
            states.append((content(path), record_in(path)))
            assert (names(staging_of(path)), names(path / ".localai-core/replaced")) == ([], [])
        yield states
        if not killed:
            assert number > 20
            return


@pytest.mark.parametrize("name", ["install", "publish", "write", "record"])
def test_wherever_a_run_is_killed_there_is_the_old_or_the_new_and_the_next_run_completes_it(user, any_kernel, name):
    path = begin(user)
    old = content(path), record_in(path)
    run(path, CHANGES[name])
    new = content(path), record_in(path)
    for at_kill, after_next_run, completed in states_after_kills(user, CHANGES[name]):
        # Without an exchange, a tree can be out of sight until the next run.
        assert at_kill in (old, new) or name == "publish"
        assert after_next_run in (old, new)
        assert completed == new


def test_wherever_a_merge_is_killed_each_file_is_the_old_or_the_new_one(user):
    path = begin(user)
    run(path, merge)
    new = content(path)
    modes = {name: entry[0] for name, entry in new.items()}
    for at_kill, after_next_run, completed in states_after_kills(user, merge):
        for entries, _record in (at_kill, after_next_run):
            assert {name: entry[0] for name, entry in entries.items() if name != "sub/deep/x"}.items() <= modes.items()
            assert {entry for name, entry in entries.items() if "y" in name} <= {new["sub/deep/deeper/y"]}
        assert completed[0] == new


def test_wherever_a_removal_is_killed_all_is_there_or_out_of_sight(user):
    old = content(begin(user))
    seen = set()
    for at_kill, after_next_run, completed in states_after_kills(user, CHANGES["remove"]):
        for entries, _record in (at_kill, after_next_run):
            # Directories that became empty can be left.
            assert entries == old or entries.keys() <= {"sub"}
        assert completed[0].keys() <= {"sub"}
        seen.add(frozenset(at_kill[0]))
    assert seen == {frozenset(old), frozenset({"sub"}), frozenset()}
