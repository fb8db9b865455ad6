# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a process changes on disk, call by call, and its death right before any of these calls.

Each run is a child of this process, so that Python and Ansible are loaded only once. `strace` counts its system calls,
and kills it at the one that is asked for.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import signal
import subprocess
import traceback
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator

# All by which the module changes or syncs anything; not every machine has each of them.
_CALLS = (
    *("openat", "write", "pwrite64", "ftruncate", "mkdir", "mkdirat", "unlink", "unlinkat", "rmdir", "rename"),
    *("renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "chmod", "fchmod", "fchmodat", "fchmodat2"),
    *("chown", "fchown", "lchown", "fchownat", "utimensat", "fsync", "fdatasync", "syncfs", "sync"),
)
_TRACED = "trace=" + ",".join(f"?{call}" for call in _CALLS)
_LINE = re.compile(r"(?P<pid>\d+) +(?P<name>\w+)\((?P<arguments>.*)")
_PR_SET_PTRACER, _PR_SET_PTRACER_ANY = 0x59616D61, -1


class Untraceable(Exception):
    """What keeps strace from tracing a process here."""


@dataclass(frozen=True)
class Call:
    """A system call of a run: the `number`-th of its name."""

    name: str
    number: int
    arguments: str

    @property
    def moves(self) -> bool:
        """Whether it moves a directory entry."""
        return self.name.startswith("rename")

    def __str__(self) -> str:
        return f"{self.name}({self.arguments}"


def check() -> None:
    """Raise Untraceable unless processes can be traced."""
    calls(lambda: None, Path(os.devnull))


def calls(work: Callable[[], object], log: Path) -> list[Call]:
    """Let `work` run to its end in a process; returns the calls by which its first thread changed something."""
    with _traced(work, ["-o", str(log), "-e", _TRACED]) as pid:
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code == 0, f"the run without any accident ended with {code}"
    lines = (_LINE.match(line) for line in log.read_text(encoding="utf-8", errors="replace").splitlines())
    seen: Counter[str] = Counter()
    found = []
    for line in lines:
        if line is None or int(line["pid"]) != pid:
            continue
        seen[line["name"]] += 1
        if line["name"] != "openat" or "O_CREAT" in line["arguments"]:
            found.append(Call(line["name"], seen[line["name"]], line["arguments"]))
    return found


def killed_at(work: Callable[[], object], call: Call) -> bool:
    """Let `work` run in a process up to a call, which does not take place; returns whether it came so far."""
    death = f"inject={call.name}:signal=SIGKILL:when={call.number}"
    with _traced(work, ["-o", os.devnull, "-e", f"trace={call.name}", "-e", death]) as pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL


def finished(work: Callable[[], object]) -> None:
    """Let `work` run in a process to its end."""
    pid = started(work)
    os.kill(pid, signal.SIGCONT)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    assert code == 0, f"the run without any accident ended with {code}"


@contextlib.contextmanager
def _traced(work: Callable[[], object], options: list[str]) -> Iterator[int]:
    """Give the id of a process in which `work` begins at this moment, under strace."""
    pid = started(work)
    command = ["strace", "-f", *options, "-p", str(pid)]
    with contextlib.ExitStack() as stack:
        stack.callback(_end, pid)
        tracer = stack.enter_context(subprocess.Popen(command, stderr=subprocess.PIPE, text=True))
        assert tracer.stderr is not None
        said = tracer.stderr.readline()
        if "attached" not in said:
            raise Untraceable(said.strip())
        stack.pop_all()
    with tracer:
        os.kill(pid, signal.SIGCONT)
        yield pid
        tracer.stderr.read()


def _end(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def started(work: Callable[[], object]) -> int:
    """Return the id of a child that stops, and does `work` once it is continued."""
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            # Some systems allow only a process's parents to trace it.
            ctypes.CDLL(None).prctl(_PR_SET_PTRACER, ctypes.c_ulong(_PR_SET_PTRACER_ANY), 0, 0, 0)
            os.kill(os.getpid(), signal.SIGSTOP)
            work()
            code = 0
        except Exception:  # noqa: BLE001  # the parent gets the code, whoever looks the rest
            traceback.print_exc()
        finally:
            os._exit(code)
    os.waitpid(pid, os.WUNTRACED)
    return pid
