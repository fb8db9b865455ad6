# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A program gives its output or is stopped, and a stream goes through one without loss."""

from __future__ import annotations

import signal
import sys
import threading
import time

import pytest

from ansible_collections.localai.core.plugins.module_utils._fs import process

CHUNKS = [bytes([number]) * 50_000 for number in range(100)]


@pytest.fixture(autouse=True)
def _no_thread_is_left():
    before = threading.active_count()
    yield
    assert threading.active_count() == before


def python(program):
    return [sys.executable, "-c", program]


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
            return stat.read().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_run_returns_the_status_and_both_outputs():
    program = "import os, sys; print(os.getcwd()); print('oh', file=sys.stderr); print(sys.stdin.read()); sys.exit(3)"
    assert process.run(python(program), 30, "/proc") == (3, b"/proc\n\n", b"oh\n")


def test_run_returns_the_signal_that_ended_a_program():
    program = f"import os; os.kill(os.getpid(), {int(signal.SIGTERM)})"
    assert process.run(python(program), 30, "/").status == -signal.SIGTERM


def test_a_program_that_takes_too_long_is_killed_with_its_children(tmp_path):
    program = (
        "import os, subprocess, time; child = subprocess.Popen(['sleep', '60']);"
        f"open({str(tmp_path / 'pids')!r}, 'w').write(f'{{os.getpid()}} {{child.pid}}'); time.sleep(60)"
    )
    start = time.monotonic()
    with pytest.raises(TimeoutError):
        process.run(python(program), 2, "/")
    assert time.monotonic() - start < 20
    pids = (tmp_path / "pids").read_text(encoding="ascii").split()
    deadline = time.monotonic() + 10
    while any(map(is_alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert [pid for pid in pids if is_alive(pid)] == []


@pytest.mark.parametrize(
    "start", [lambda path: process.run([path], 30, "/"), lambda path: list(process.piped([path], iter(CHUNKS), 100))]
)
def test_a_program_that_cannot_be_started_is_an_os_error(start):
    with pytest.raises(FileNotFoundError):
        start("/nowhere/program")


def test_a_stream_goes_through_a_program_in_blocks():
    blocks = list(process.piped(["cat"], iter(CHUNKS), 70_000))
    assert b"".join(blocks) == b"".join(CHUNKS)
    assert max(map(len, blocks)) <= 70_000


def test_a_stream_may_be_empty():
    assert list(process.piped(["cat"], iter([]), 10)) == []


def test_a_program_that_fails_is_an_error_after_its_output():
    blocks = process.piped(python("print('some', flush=True); raise SystemExit(2)"), iter(CHUNKS), 100)
    assert next(blocks) == b"some\n"
    with pytest.raises(ChildProcessError, match="status 2"):
        next(blocks)


def test_a_program_may_end_before_it_has_read_everything():
    assert list(process.piped(["true"], iter(CHUNKS * 10), 100)) == []


def test_an_error_of_the_source_is_passed_on():
    def chunks():
        yield CHUNKS[0]
        raise ValueError("the source broke")

    with pytest.raises(ValueError, match="the source broke"):
        list(process.piped(["cat"], chunks(), 100))


def test_a_program_whose_output_nobody_reads_is_killed():
    chunks = iter(CHUNKS * 100)
    blocks = process.piped(["cat"], chunks, 1000)
    next(blocks)
    blocks.close()
    assert next(chunks, None) is not None


def test_a_program_is_killed_when_this_one_is_interrupted(monkeypatch):
    started = []

    def communicate(program, timeout):
        started.append(program)
        raise KeyboardInterrupt

    monkeypatch.setattr(process.subprocess.Popen, "communicate", communicate)
    with pytest.raises(KeyboardInterrupt):
        process.run(["sleep", "60"], 60, "/")
    assert started[0].returncode == -signal.SIGKILL
