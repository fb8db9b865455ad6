# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command line of a service that runs in the background: `start` and `stop`, with a state file between them.

The service ends when its state file goes away. No process is ever signalled by its number.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO, Callable, ContextManager, Mapping

_START_TIMEOUT = 30.0
_STOP_TIMEOUT = 10.0

AddOptions = Callable[[argparse.ArgumentParser], None]
Service = Callable[[argparse.Namespace], ContextManager[Mapping[str, Any]]]


def main(add_options: AddOptions, service: Service) -> None:
    """Serve the command line of a module that is run with `python -m`.

    `start` returns once the service answers; what the service tells of itself stands in the state file, as JSON, and
    is printed. `stop` returns once it has ended. Forgotten services end by themselves.
    """
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("start", "run in the background"), ("run", "run here"), ("stop", "end it")):
        command = commands.add_parser(name, help=text)
        command.add_argument("--state", type=Path, required=True, help="file that holds what is known of the service")
        if name != "stop":
            command.add_argument("--lifetime", type=float, default=3600.0, help="seconds until it ends by itself")
            add_options(command)
    options = parser.parse_args()
    if options.command == "start":
        _start(options.state)
    elif options.command == "run":
        _run(options, service)
    else:
        _stop(options.state)


def _start(state: Path) -> None:
    """Start this program again, as `run` and detached, and wait until it has written its state."""
    _stop(state)
    log_file = state.with_name(state.name + ".log")
    spec = sys.modules["__main__"].__spec__
    assert spec is not None, "run it with python -m"
    command = [sys.executable, "-m", spec.name, "run", *sys.argv[2:]]
    with log_file.open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    if not _wait(lambda: state.exists() or process.poll() is not None, _START_TIMEOUT) or not state.exists():
        process.kill()
        sys.exit("the service did not start:\n" + log_file.read_text(errors="replace"))
    print(state.read_text())


def _run(options: argparse.Namespace, service: Service) -> None:
    """Run as long as the state file is there, at most for the lifetime, and hold its lock until all is over."""
    signal.signal(signal.SIGTERM, lambda *_arguments: sys.exit("terminated"))
    state: Path = options.state
    with _lock_file(state).open("wb") as lock, service(options) as facts:
        fcntl.flock(lock, fcntl.LOCK_EX)
        new = state.with_name(state.name + ".new")
        new.write_text(json.dumps({**facts, "pid": os.getpid()}, indent=2) + "\n")
        new.replace(state)
        try:
            _wait(lambda: not state.exists(), options.lifetime)
        finally:
            if state.exists():
                state.unlink()


def _stop(state: Path) -> None:
    """Remove the state file, and wait until the service has noticed; nothing to do without one."""
    if not state.exists():
        return
    state.unlink()
    with _lock_file(state).open("wb") as lock:
        if not _wait(lambda: _locks(lock), _STOP_TIMEOUT):
            sys.exit(f"the service of {state} does not end")


def _lock_file(state: Path) -> Path:
    return state.with_name(state.name + ".lock")


def _locks(lock: BinaryIO) -> bool:
    """Whether the lock could be taken."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _wait(condition: Callable[[], bool], timeout: float) -> bool:
    """Whether the condition came true in that time."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return condition()
