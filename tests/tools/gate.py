# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run parts of the gate in lanes that run side by side: gate.py LANE..., a lane is "PART=MINUTES PART=MINUTES ...".

A part is a make target. Each line of its output is printed immediately, with the seconds since the start and the part's
name. A part that takes longer than its minutes is killed and counts as failed. After a failure no part is started. With
REQUIRE in the environment, a part that says that it left something out counts as failed too.

The last lines repeat why parts failed: whoever sees only the end of the output learns which test it was.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import signal
import subprocess
import sys
import threading
import time

START = time.monotonic()
GRACE = 15.0  # seconds between the request to end and the kill
# How all parts say that this machine cannot run some of their tests.
LEFT_OUT = re.compile("left out(, because| are )", re.IGNORECASE)
# How the lines look in which pytest, Ansible, ansible-test and the linters say what failed.
NAMES_FAILURE = re.compile("FAILED|ERROR|^E  |^fatal: |^failed: |error: ")
REPEATED_LINES = 52  # of all failed parts together
REPEATED_CHARACTERS = 500  # of a line: Ansible writes all of a task's result into one
failed = threading.Event()
running: set[subprocess.Popen[str]] = set()
outputs: dict[str, list[str]] = {}
failed_parts: list[str] = []


def say(part: str, line: str) -> None:
    sys.stdout.write(f"{time.monotonic() - START:6.1f} {part:12}{line.rstrip()}\n")
    sys.stdout.flush()


def record(part: str, line: str) -> None:
    say(part, line)
    outputs[part].append(line.rstrip())


def show_output(part: str, process: subprocess.Popen[str], left_out: list[str]) -> None:
    for line in process.stdout or ():
        record(part, line)
        if LEFT_OUT.search(line):
            left_out.append(line.strip())


def end_group(process: subprocess.Popen[str], number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def wait(process: subprocess.Popen[str], seconds: float) -> float | None:
    """Wait for the process, and return the processor time of it and its descendants; None if it did not end in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage.ru_utime + usage.ru_stime
        time.sleep(0.1)
    return None


def run(part: str, minutes: float) -> bool:
    """Run one make target, and return whether it succeeded."""
    say(part, f"=== starts at {time.strftime('%H:%M:%S')}, limit {minutes:.0f} min")
    begin = time.monotonic()
    # The caller has made `collection`: to make it again would change files that the other lane uses.
    command = ["make", "--no-print-directory", "-o", "collection", part]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    running.add(process)
    outputs[part] = []
    left_out: list[str] = []
    output = threading.Thread(target=show_output, args=(part, process, left_out), daemon=True)
    output.start()
    used = wait(process, 60 * minutes)
    end_group(process, signal.SIGTERM)  # what it left behind, too
    if used is None:
        wait(process, GRACE)
    end_group(process, signal.SIGKILL)
    running.discard(process)
    # A process in another session can keep the output open for ever.
    output.join(GRACE)
    missed = left_out if os.environ.get("REQUIRE") else []
    succeeded = used is not None and process.returncode == 0 and not missed
    outcome = "passed" if succeeded else "FAILED"
    if used is None:
        record(part, f"=== FAILED: killed, because it did not end in {minutes:.0f} min")
    else:
        record(part, f"=== {outcome}, {time.monotonic() - begin:.0f} s, {used:.0f} s of processor time")
    for line in missed:
        record(part, f"=== REQUIRE is set, and this part said: {line}")
    return succeeded


def run_lane(parts: list[str]) -> None:
    for part in parts:
        name, minutes = part.split("=")
        if failed.is_set():
            say(name, "=== not started, because another part failed")
        elif not run(name, float(minutes)):
            failed_parts.append(name)
            failed.set()


def repeat_failures() -> None:
    for part in failed_parts:
        lines, room = outputs[part], REPEATED_LINES // len(failed_parts)
        chosen = {number for number, line in enumerate(lines) if NAMES_FAILURE.search(line)}
        chosen = set(sorted(chosen)[-room // 2 :])
        end = (number for number in reversed(range(len(lines))) if number not in chosen)
        chosen.update(itertools.islice(end, room - len(chosen)))
        print(f"=== {part} failed. What names a failure, and the end of its output:")
        for number in sorted(chosen):
            print(f"{part:12}{lines[number][:REPEATED_CHARACTERS]}")


def stop(number: int, _frame: object) -> None:
    """End the parts: they have sessions of their own, which the terminal's signals do not reach."""
    for process in list(running):
        end_group(process, signal.SIGTERM)
    os._exit(128 + number)


for signal_number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
    signal.signal(signal_number, stop)
lanes = [threading.Thread(target=run_lane, args=(lane.split(),)) for lane in sys.argv[1:]]
for lane in lanes:
    lane.start()
for lane in lanes:
    lane.join()
repeat_failures()
sys.exit(failed.is_set())
