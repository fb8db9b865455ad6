# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole runs on file systems that keep less than they are given: found out, remembered, predicted."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import dataclass

import pytest

from ansible_collections.localai.core.plugins.modules import localai_backend
from ansible_collections.localai.core.tests.support.host import (
    IS_ROOT,
    NOBODY,
    directory_of_ordinary_user,
    mode,
    ordinary_user,
    snapshot,
)
from ansible_collections.localai.core.tests.support.module import run_module

UNKNOWN = "It is not known yet whether the file system of"


ONLY_ROOT = pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")


class FileSystem:
    """Plays one on which files get other owners and modes than they are given."""

    def __init__(self, monkeypatch, *, owners, modes, refusal=0):
        self._calls = {
            name: getattr(os, name) for name in ("open", "mkdir", "fchmod", "fchown", "stat", "fstat", "lstat")
        }
        self._owners, self._modes, self._refusal = owners, modes, refusal
        for name in ("fchmod", "fchown"):
            monkeypatch.setattr(os, name, getattr(self, name))
        if not modes:
            for name in ("stat", "fstat", "lstat"):
                monkeypatch.setattr(os, name, self._seen(name))

    def _seen(self, name):
        """Every file has the mode 0755, and every directory."""

        def status(*arguments, **settings):
            real = self._calls[name](*arguments, **settings)
            fields = list(real)
            fields[0] = fields[0] & ~0o7777 | 0o755
            # Python 3.13 refuses a name that is in the sequence already.
            in_sequence = ("st_mode", "st_ino", "st_dev", "st_nlink", "st_uid", "st_gid", "st_size")
            others = {key: getattr(real, key) for key in dir(real) if key.startswith("st_") and key not in in_sequence}
            return os.stat_result(fields, others)

        return status

    def _refuse(self):
        if self._refusal:
            raise OSError(self._refusal, os.strerror(self._refusal))

    def fchmod(self, fd, wanted):
        if self._modes:
            self._calls["fchmod"](fd, wanted)
        else:
            self._refuse()

    def fchown(self, fd, uid, gid):
        if self._owners:
            self._calls["fchown"](fd, uid, gid)
        else:
            self._refuse()


@pytest.fixture
def run(tmp_path):
    return runs_in(tmp_path)


def runs_in(tmp_path):
    source = tmp_path / "source"
    (source / "lib").mkdir(parents=True)
    (source / "run.sh").touch()
    (source / "lib/x").write_text("x")
    options = {"name": ["x"], "uri": str(source), "backends_path": str(tmp_path / "top/backends"), "galleries": []}

    def run(check=False, **more):
        result = run_module(localai_backend.main, {**options, **more}, check)
        assert not result["failed"], result["msg"]
        return result

    return run


REFUSALS = (0, errno.EPERM, errno.EOPNOTSUPP)


@dataclass(frozen=True)
class Kind:
    """A kind of file system: what it keeps, what is said of it, and the owner and the mode that a tree gets on it."""

    owners: bool
    modes: bool
    says: str
    owner: int
    mode: str


KINDS = [
    Kind(False, True, "store owners. These options have no effect there: owner, group. Mount", 0, "0o750"),
    Kind(True, False, "store modes. These options have no effect there: directory_mode. Mount", NOBODY, "0o755"),
    Kind(
        False,
        False,
        "store owners and modes. These options have no effect there: owner, group, directory_mode.",
        0,
        "0o755",
    ),
]


@pytest.mark.parametrize("refusal", REFUSALS)
@pytest.mark.parametrize("kind", KINDS)
@ONLY_ROOT
def test_a_file_system_that_keeps_less_is_found_out_and_a_run_on_it_converges(
    tmp_path, run, monkeypatch, refusal, kind
):
    says = kind.says
    looks = {"owner": str(NOBODY), "group": str(NOBODY), "directory_mode": "0750", "verify": True}
    FileSystem(monkeypatch, owners=kind.owners, modes=kind.modes, refusal=refusal)
    assert UNKNOWN in " ".join(run(check=True, **looks)["warnings"])
    installed = run(**looks)
    assert (installed["changed"], [says in warning for warning in installed["warnings"]]) == (True, [True])
    tree = tmp_path / "top/backends/x"
    assert (mode(tree), tree.stat().st_uid, (tree / "lib/x").stat().st_uid) == (kind.mode, kind.owner, kind.owner)
    before = snapshot(tmp_path / "top")
    for check in (True, False, True):
        again = run(check=check, **looks)
        assert (again["changed"], [says in warning for warning in again["warnings"]]) == (False, [True])
    assert snapshot(tmp_path / "top") == before
    # A change of the build is predicted with what is remembered.
    (tmp_path / "source/run.sh").write_text("new")
    predicted, done = run(check=True, force=True, **looks), run(force=True, **looks)
    assert (predicted["diff"], predicted["warnings"]) == (done["diff"], done["warnings"])


def test_a_file_system_on_which_directories_have_one_mode_is_found_out(tmp_path, run, monkeypatch):
    mkdir = os.mkdir
    monkeypatch.setattr(os, "mkdir", lambda name, mode=0o777, **place: mkdir(name, 0o755, **place))
    assert "does not store modes" in " ".join(run(directory_mode="0700")["warnings"])
    assert (run(directory_mode="0700")["changed"], mode(tmp_path / "top/backends/x")) == (False, "0o755")


def test_a_file_system_that_keeps_all_is_remembered_and_nothing_is_said_of_it(tmp_path, run):
    predicted = run(check=True)
    assert [UNKNOWN in warning for warning in predicted["warnings"]].count(True) == 1
    assert not (tmp_path / "top").exists()
    done = run()
    assert (done["diff"], done["warnings"]) == (predicted["diff"], [])
    memory = tmp_path / "top/backends/.localai-core/file-system.json"
    assert mode(memory) == "0o644"
    assert (run(check=True)["warnings"], run(check=True, force=True)["warnings"]) == ([], [])
    assert os.listdir(memory.parent / "staging") == []


def test_a_host_without_a_memory_has_nothing_to_do_and_gets_one_with_the_next_change(tmp_path, run):
    run()
    memory = tmp_path / "top/backends/.localai-core/file-system.json"
    memory.unlink()
    before = snapshot(tmp_path / "top")
    for check in (True, False):
        result = run(check=check, verify=True)
        assert (result["changed"], result["warnings"]) == (False, [])
    assert snapshot(tmp_path / "top") == before
    assert [UNKNOWN in warning for warning in run(check=True, force=True)["warnings"]] == [True]
    run(force=True)
    assert memory.exists()


def test_a_removal_says_nothing_of_owners(tmp_path, run):
    run()
    (tmp_path / "top/backends/.localai-core/file-system.json").unlink()
    assert run(check=True, state="absent", uri=None)["warnings"] == []


@pytest.mark.parametrize("what", ["directory", "symlink", "a lie"])
@ONLY_ROOT
def test_what_stands_in_the_place_of_the_memory_is_replaced_and_not_believed(tmp_path, run, what):
    run()
    memory = tmp_path / "top/backends/.localai-core/file-system.json"
    truth = memory.read_bytes()
    memory.unlink()
    (tmp_path / "precious").write_text("precious")
    if what == "directory":
        (memory / "deep").mkdir(parents=True)
    elif what == "symlink":
        memory.symlink_to(tmp_path / "precious")
    else:
        memory.write_bytes(truth.replace(b"true", b"false"))
    run(force=True, owner=str(NOBODY), directory_mode="0700")
    assert (memory.read_bytes(), (tmp_path / "precious").read_text()) == (truth, "precious")
    assert (mode(memory.parent.parent / "x"), (memory.parent.parent / "x").stat().st_uid) == ("0o700", NOBODY)


@ONLY_ROOT
def test_an_ordinary_user_and_root_remember_each_their_own():
    everything = {"owners": True, "modes": True}
    with directory_of_ordinary_user() as top:
        run = runs_in(top)
        # Libraries load parts of themselves late, from where the ordinary user may not read.
        run(check=True)
        (top / "top").mkdir()
        os.chown(top / "top", NOBODY, NOBODY)
        with ordinary_user():
            run()
        run(force=True)
        memory = json.loads((top / "top/backends/.localai-core/file-system.json").read_text())
        assert (memory["root"], memory["others"]) == (everything, everything)
        with ordinary_user():
            assert run(check=True, force=True)["warnings"] == []
