# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How far a transfer is, as another run sees it: right numbers while it goes on, nothing once it ended."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._sources.progress import Progress, in_progress
from ansible_collections.localai.core.plugins.module_utils._store.layout import OWN_DIRECTORY, PROGRESS
from ansible_collections.localai.core.tests.support.interpreter import environment
from ansible_collections.localai.core.tests.support.trees import opened


class Writer:
    """Remembers what was written, and sets the clock."""

    def __init__(self, total=1000):
        self.now = 100.0
        self.told = []
        self.progress = Progress(self.write, "piper", total, lambda: self.now)

    def write(self, content):
        self.told.append(json.loads(content))

    def update(self, done, after):
        self.now += after
        self.progress.update(done, "quay.io/x/y")


def numbers(told):
    return [told[key] for key in ("bytes_done", "bytes_total", "bytes_per_second", "seconds_left")]


def test_the_start_is_reported_at_once():
    writer = Writer()
    assert writer.told == [
        {
            "backend": "piper",
            "source": None,
            "bytes_done": 0,
            "bytes_total": 1000,
            "bytes_per_second": None,
            "seconds_left": None,
        }
    ]


def test_the_numbers_are_those_of_the_whole_transfer():
    writer = Writer()
    writer.update(100, after=2)
    writer.update(600, after=2)
    assert [numbers(told) for told in writer.told[1:]] == [[100, 1000, 50, 18], [600, 1000, 150, 3]]
    assert writer.told[-1]["source"] == "quay.io/x/y"


def test_without_a_total_no_time_is_left():
    writer = Writer(total=0)
    writer.update(100, after=2)
    assert numbers(writer.told[-1]) == [100, None, 50, None]


def test_more_than_was_promised_leaves_no_negative_time():
    writer = Writer(total=100)
    writer.update(300, after=2)
    assert numbers(writer.told[-1]) == [300, 100, 150, 0]


def test_what_an_earlier_run_transferred_is_done_and_says_nothing_about_the_rate():
    writer = Writer()
    writer.now += 2
    writer.progress.update(500, "")
    assert numbers(writer.told[-1]) == [500, 1000, None, None]
    writer.update(600, after=2)
    assert numbers(writer.told[-1]) == [600, 1000, 50, 8]
    # The next layer is on the disk too.
    writer.now += 2
    writer.progress.update(800, "")
    writer.update(810, after=2)
    assert numbers(writer.told[-1]) == [810, 1000, 5, 38]


def test_a_new_attempt_is_counted_from_zero():
    writer = Writer()
    writer.update(900, after=2)
    writer.update(50, after=2)
    writer.update(250, after=2)
    assert [numbers(told) for told in writer.told[2:]] == [[50, 1000, None, None], [250, 1000, 125, 6]]


def test_it_is_written_at_most_every_two_seconds():
    writer = Writer()
    for done in range(1, 101):
        writer.update(done, after=0.125)
    assert [told["bytes_done"] for told in writer.told] == [0, 16, 32, 48, 64, 80, 96]


def test_every_text_covers_the_one_before():
    written = []
    progress = Progress(written.append, "piper", 10**15, iter(range(0, 1000, 3)).__next__)
    for done, source in ((10**14, "long" * 50), (1, "a"), (2, "b")):
        progress.update(done, source)
    assert [len(content) for content in written] == [len(written[0])] * 4


def test_a_disk_that_is_full_does_not_stop_the_transfer():
    def write(content):
        raise OSError(28, "No space left on device")

    Progress(write, "piper", 1000).update(1, "x")


# what another run sees


@pytest.fixture
def store(tmp_path):
    with opened(tmp_path / "backends", 0) as store:
        yield store


def path_of(store):
    return os.path.join(store.path, OWN_DIRECTORY, PROGRESS)


def test_another_run_sees_what_goes_on_and_no_longer_when_it_ended(store):
    assert in_progress(path_of(store)) is None
    with store.progress() as write:
        writer = Progress(write, "piper", 4000, iter([0.0, 2.0, 4.0]).__next__)
        assert in_progress(path_of(store))["bytes_done"] == 0
        writer.update(1000, "quay.io/x/y")
        assert in_progress(path_of(store)) == {
            "backend": "piper",
            "source": "quay.io/x/y",
            "bytes_done": 1000,
            "bytes_total": 4000,
            "bytes_per_second": 500,
            "seconds_left": 6,
        }
    assert in_progress(path_of(store)) is None
    assert not os.path.lexists(path_of(store))


def test_it_is_gone_after_an_error_too(store):
    with pytest.raises(KeyboardInterrupt), store.progress():
        raise KeyboardInterrupt
    assert not os.path.lexists(path_of(store))


def test_several_readers_see_the_same(store):
    with store.progress() as write:
        Progress(write, "piper", 4000)
        seen = [in_progress(path_of(store)) for _reader in range(2)]
        assert seen[0] is not None
        assert seen[0] == seen[1]


_TRANSFER = """
import sys
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._sources.progress import Progress
from ansible_collections.localai.core.plugins.module_utils._store.tree_files import TreeFiles
from ansible_collections.localai.core.plugins.module_utils._store.store import open_store

with open_store(sys.argv[1], FileAttributes(), TreeFiles(), 0) as store, store.progress() as write:
    Progress(write, "piper", 4000)
    print("begun", flush=True)
    sys.stdin.read()
"""


def test_it_counts_no_longer_when_the_writer_is_killed(tmp_path):
    command = [sys.executable, "-c", _TRANSFER, str(tmp_path)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, env=environment()) as process:
        assert process.stdout.readline() == b"begun\n"
        assert in_progress(str(tmp_path / OWN_DIRECTORY / PROGRESS))["backend"] == "piper"
        process.kill()
    assert (tmp_path / OWN_DIRECTORY / PROGRESS).exists()
    assert in_progress(str(tmp_path / OWN_DIRECTORY / PROGRESS)) is None


def test_the_file_of_a_killed_run_is_replaced(store):
    left = Path(path_of(store))
    left.write_text("x" * 10_000, encoding="ascii")
    with store.progress() as write:
        Progress(write, "piper", 4000)
        assert in_progress(path_of(store))["backend"] == "piper"
    assert not left.exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff" * 10, b"[" * 4096])
def test_what_says_nothing_counts_as_nothing(tmp_path, content):
    path = tmp_path / PROGRESS
    path.write_bytes(content)
    with path.open() as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        assert in_progress(str(tmp_path / PROGRESS)) is None


def test_fields_that_are_missing_or_foreign_do_no_harm(tmp_path):
    path = tmp_path / PROGRESS
    path.write_text('{"backend": "piper", "secret": "x"}', encoding="ascii")
    with path.open() as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        found = in_progress(str(tmp_path / PROGRESS))
    assert (found["backend"], found["bytes_done"], "secret" in found) == ("piper", None, False)


@pytest.mark.parametrize(
    "make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/etc/passwd", path)], ids=["pipe", "directory", "symlink"]
)
def test_what_is_no_file_is_not_read(tmp_path, make):
    make(str(tmp_path / PROGRESS))
    assert in_progress(str(tmp_path / PROGRESS)) is None
