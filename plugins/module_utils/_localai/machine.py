# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The machine on which the modules run: its small files, its drivers, and the tools of GPU vendors.

Follows LocalAI's `pkg/xsysinfo/gpu.go`, which starts the same tools.
"""

from __future__ import annotations

import platform
import shutil
import typing as t
from dataclasses import dataclass, field

from .._fs.read import read_file
from .._fs.utf8 import os

PROBE_SECONDS = 120
# Vendors install their tools here. The PATH of sudo, cron and non-interactive logins often lacks these directories.
TOOL_DIRECTORIES = ("/opt/rocm/bin", "/usr/lib/wsl/lib", "/usr/local/bin", "/usr/local/cuda/bin")
# Some tools write a file into their working directory.
_NOTHING_TO_WRITE = "/proc"
_LONGEST_OUTPUT = 300

_ARCHITECTURES = {
    "x86_64": "amd64",
    "aarch64": "arm64",
    "armv6l": "arm",
    "armv7l": "arm",
    "i386": "386",
    "i686": "386",
}


class Answer(t.NamedTuple):
    """The output of a tool, its exit status if it has one, and a summary of both for messages."""

    printed: str = ""
    status: int | None = None
    summary: str = ""


@dataclass(frozen=True)
class Machine:
    """The origin of all detected facts. Tests can replace each part."""

    root: str = "/"
    path: str | None = None
    environ: t.Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    system: str = field(default_factory=platform.system)
    machine: str = field(default_factory=platform.machine)

    @property
    def architecture(self) -> str:
        """The architecture of the machine in OCI notation."""
        return _ARCHITECTURES.get(self.machine, self.machine)

    def locate(self, path: str) -> str:
        """Return an absolute path below `root`."""
        return os.path.join(self.root, path.lstrip("/"))

    def read(self, path: str) -> str | None:
        """Return the stripped text of a small file, or None if it cannot be read."""
        try:
            return read_file(self.locate(path), 65536).decode("utf-8", "replace").strip()
        except OSError:
            return None

    def entries(self, path: str) -> list[str]:
        """Return the sorted entries of a directory; empty if it cannot be read."""
        try:
            return sorted(os.listdir(self.locate(path)))
        except OSError:
            return []

    def driver(self, device: str) -> str:
        """Return the driver of a device; empty if it has none."""
        try:
            return os.path.basename(os.readlink(self.locate(f"{device}/driver")))
        except OSError:
            return ""

    def tool(self, name: str) -> str | None:
        """Return the path of a program in PATH or in one of the usual directories, or None."""
        path = self.path if self.path is not None else self.environ.get("PATH")
        usual = os.pathsep.join(map(self.locate, TOOL_DIRECTORIES))
        return shutil.which(name, path=path) or shutil.which(name, path=usual)

    def run(self, name: str, *arguments: str) -> Answer:
        """Return the answer of a tool, which is killed after `PROBE_SECONDS`."""
        program = self.tool(name)
        if program is None:
            return Answer(summary=f"not found in PATH, {', '.join(TOOL_DIRECTORIES)}")
        return _answer(program, *arguments)


def _answer(*command: str) -> Answer:
    """Run a program and return its answer. It is killed if it takes too long."""
    from .._fs import process  # not needed on most hosts

    try:
        status, printed, errors = process.run(command, PROBE_SECONDS, _NOTHING_TO_WRITE)
    except TimeoutError:
        return Answer(summary=f"stopped after {PROBE_SECONDS} seconds without an answer")
    except OSError as e:
        return Answer(summary=f"it cannot be started: {e.strerror}")
    text = printed.decode("utf-8", "replace")
    return Answer(text, status, _summary(status, f"{text} {errors.decode('utf-8', 'replace')}"))


def _summary(status: int, output: str) -> str:
    """Return one short line with the exit status of a program, if it is not 0, and its output."""
    words = "".join(character if character.isprintable() else " " for character in output).split()
    line = " ".join(words) or "it printed nothing"
    if status:
        line = (f"exit status {status}: " if status > 0 else f"killed by signal {-status}: ") + line
    return line if len(line) <= _LONGEST_OUTPUT else f"{line[:_LONGEST_OUTPUT]}…"
