# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The machine on which the modules run: its small files, its drivers, and the tools of its vendors.

Follows LocalAI's `pkg/xsysinfo/gpu.go`, which starts the same tools.
"""

from __future__ import annotations

import os
import platform
import shutil
import typing as t
from dataclasses import dataclass, field

from .._fs.read import read_file

PROBE_SECONDS = 120
# Vendors install their tools here. The PATH of sudo, cron and logins without a shell often lacks these directories.
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


@dataclass(frozen=True)
class Answer:
    """The output of a tool (`printed`), its exit `status`, None without one, and a summary for messages (`said`)."""

    printed: str = ""
    status: int | None = None
    said: str = ""


@dataclass(frozen=True)
class Machine:
    """The origin of everything that is detected; a test can replace each part."""

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
        """Return the sorted entries of a directory, none if it cannot be read."""
        try:
            return sorted(os.listdir(self.locate(path)))
        except OSError:
            return []

    def driver(self, device: str) -> str:
        """Return the driver of a device, empty if there is none."""
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
            return Answer(said=f"not found in PATH, {', '.join(TOOL_DIRECTORIES)}")
        return _answer(program, *arguments)


def _answer(*command: str) -> Answer:
    """Return what a program answers; one that takes too long is killed."""
    from .._fs import process  # which most hosts do not need

    try:
        status, printed, errors = process.run(command, PROBE_SECONDS, _NOTHING_TO_WRITE)
    except TimeoutError:
        return Answer(said=f"stopped after {PROBE_SECONDS} seconds without an answer")
    except OSError as e:
        return Answer(said=f"it cannot be started: {e.strerror}")
    text = printed.decode("utf-8", "replace")
    return Answer(text, status, _said(status, f"{text} {errors.decode('utf-8', 'replace')}"))


def _said(status: int, output: str) -> str:
    """Return in one short line how a program ended and what it printed."""
    words = "".join(character if character.isprintable() else " " for character in output).split()
    line = " ".join(words) or "it printed nothing"
    if status:
        line = (f"exit status {status}: " if status > 0 else f"killed by signal {-status}: ") + line
    return line if len(line) <= _LONGEST_OUTPUT else f"{line[:_LONGEST_OUTPUT]}…"
