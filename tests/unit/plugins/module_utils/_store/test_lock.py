# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lock: one writer at a time, who leaves a note."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import subprocess
import sys
import threading

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError, LockTimeout
from ansible_collections.localai.core.tests.support.host import failing, snapshot
from ansible_collections.localai.core.tests.support.trees import install, names, opened, staging_of


def test_a_lock_is_held_without_a_note_on_a_full_disk(path, monkeypatch):
    monkeypatch.setattr(os, "pwrite", failing(errno.ENOSPC))
    with opened(path), pytest.raises(LockTimeout, match="which left no note"), opened(path, 0):
        pass


@contextlib.contextmanager
def locked_by(path, note):
    """The lock as another process holds it."""
    (path / ".localai-core").mkdir(exist_ok=True)
    with open(path / ".localai-core/lock", "w+", encoding="utf-8") as stream:
        stream.write(note)
        stream.flush()
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


NOTE = json.dumps({"pid": 4711, "host": "elsewhere", "since": "2026-01-01T00:00:00Z"})


@pytest.mark.parametrize(
    ("note", "holder"),
    [
        (NOTE, "pid 4711 on elsewhere, since 2026-01-01T00:00:00Z"),
        ("", "which left no note"),
        ("[]", "which left no note"),
        ("{}", "which left no note"),
        ("\ufffd{", "which left no note"),
        ("[" * 4000, "which left no note"),
    ],
)
def test_a_lock_that_is_held_too_long_is_an_error_that_names_the_holder(path, note, holder):
    with locked_by(path, note):
        before = snapshot(path)
        with pytest.raises(LockTimeout) as caught:
            install(path, timeout=0)
        assert snapshot(path) == before
    assert holder in str(caught.value)
    assert f"{path} is being changed by another run" in str(caught.value)
    assert "lock_timeout (0 s) is over" in str(caught.value)


def test_a_lock_is_waited_for(path):
    with contextlib.ExitStack() as stack:
        stack.enter_context(locked_by(path, NOTE))
        timer = threading.Timer(0.3, stack.pop_all().close)
        timer.start()
        install(path, timeout=30)
        timer.join()
    assert (path / "piper").is_dir()


def test_the_lock_of_a_dead_process_is_free_and_its_garbage_is_removed(path):
    script = (
        "import fcntl, os, sys\n"
        "lock = open(sys.argv[1] + '/lock', 'w')\n"
        "fcntl.flock(lock, fcntl.LOCK_EX)\n"
        "os.makedirs(sys.argv[1] + '/staging/1/deep')\n"
        "open(sys.argv[1] + '/staging/1/deep/half', 'w').close()\n"
        "os.chmod(sys.argv[1] + '/staging/1/deep', 0)\n"
        "os._exit(9)\n"
    )
    (path / ".localai-core").mkdir()
    subprocess.run([sys.executable, "-c", script, str(path / ".localai-core")], check=False)
    assert names(staging_of(path)) == ["1"]
    install(path)
    assert (names(path), names(staging_of(path))) == ([".localai-core", "piper"], [])


def test_the_lock_tells_who_holds_it(path):
    with opened(path):
        note = json.loads((path / ".localai-core/lock").read_text())
        with pytest.raises(LockTimeout, match=f"pid {os.getpid()} on "):
            install(path, timeout=0.3)
    assert note["pid"] == os.getpid()
    install(path)


def test_a_lock_with_another_name_is_not_written(path, tmp_path):
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (path / ".localai-core").mkdir()
    os.link(precious, path / ".localai-core/lock")
    with pytest.raises(HostError, match=r"\.localai-core/lock is not a file of this collection\. Remove it"):
        install(path)
    assert precious.read_text() == "precious"
