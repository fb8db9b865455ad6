# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs programs: for their output, or as a filter for a stream of bytes. The only file that starts any."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import typing as t
from concurrent.futures import ThreadPoolExecutor

from .utf8 import os

# How long a killed program may take to end: one that waits for a device does not end before the device answers.
_SECONDS_TO_END = 1


class Output(t.NamedTuple):
    """The output of a program. A negative status is the number of the signal that ended it."""

    status: int
    stdout: bytes
    stderr: bytes


def run(command: t.Sequence[str], seconds: float, cwd: str) -> Output:
    """Return the output of a program that reads nothing.

    Raises TimeoutError if it runs longer than `seconds`, after its whole session was killed, and OSError if it cannot
    be started.
    """
    process = _start(
        command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=os.fsencode(cwd), start_new_session=True
    )
    try:
        stdout, stderr = process.communicate(timeout=seconds)
    except BaseException as e:
        # A child of the program may hold the output open.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_SECONDS_TO_END)
        for pipe in (process.stdout, process.stderr):
            t.cast("t.IO[bytes]", pipe).close()
        if isinstance(e, subprocess.TimeoutExpired):
            raise TimeoutError(f"{command[0]} did not end within {seconds} seconds") from None
        raise
    return Output(process.returncode, stdout, stderr)


def piped(command: t.Sequence[str], chunks: t.Iterator[bytes], block: int) -> t.Iterator[bytes]:
    """Yield the output of a program that reads `chunks`, in blocks of at most `block` bytes.

    Raises what `chunks` raises, ChildProcessError if the program fails, and OSError if it cannot be started.
    """
    with _start(command, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as process, ThreadPoolExecutor(1) as thread:
        stdin, stdout = t.cast("t.IO[bytes]", process.stdin), t.cast("t.IO[bytes]", process.stdout)
        try:
            feeding = thread.submit(_feed, stdin, chunks)
            yield from iter(lambda: stdout.read(block), b"")
            feeding.result()
        except BaseException:
            # The thread that feeds the program ends when the program does.
            process.kill()
            raise
    if process.returncode:
        raise ChildProcessError(f"{command[0]} failed with status {process.returncode}")


def _feed(stdin: t.IO[bytes], chunks: t.Iterator[bytes]) -> None:
    """Write all chunks to a program, which may end before it has read all of them."""
    with contextlib.suppress(BrokenPipeError), stdin:
        for chunk in chunks:
            stdin.write(chunk)
            # An error of `chunks` must not be replaced by one of closing the pipe.
            stdin.flush()


def _start(command: t.Sequence[str], **settings: t.Any) -> subprocess.Popen[bytes]:
    # AnsibleModule.run_command has neither a time limit nor pipes.
    arguments = [os.fsencode(argument) for argument in command]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, **settings)  # pylint: disable=ansible-bad-function
