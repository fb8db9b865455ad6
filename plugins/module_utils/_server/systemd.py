# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Asks systemd about a unit, its journal for the last lines, and the kernel for the environment of its process."""

from __future__ import annotations

import glob
import re
import typing as t

from .._errors import HostError, OptionError
from .._fs.process import Output
from .._fs.read import read_file
from .address import parse_assignments, parse_environment, parse_environment_file
from .unit import PROPERTIES, Properties, Unit, parse_properties, unit_of, value_of

# Runs a program for at most so many seconds; raises TimeoutError, and OSError if it cannot be started.
Execute = t.Callable[[t.Sequence[str], float], Output]

JOURNAL_LINES = 20
SECONDS = 10
_UNIT_NAME = re.compile(r"[A-Za-z0-9:_.\\@][A-Za-z0-9:_.\\@-]*")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_MAX_ENVIRONMENT = 4 * 1024**2
# Times in UTC, and texts that are not translated. A program that is not installed is 127 to env.
_ENV = ("env", "TZ=UTC", "LC_ALL=C", "SYSTEMD_COLORS=0")


class Systemd:
    """One unit, as systemd knows it. A host without systemd has no units."""

    def __init__(self, execute: Execute, name: str) -> None:
        """Raises OptionError for a name that no unit can have."""
        if not _UNIT_NAME.fullmatch(name):
            raise OptionError(f"unit: {name[:100]!r} is not the name of a unit, such as localai.service.")
        self.name = name if "." in name else f"{name}.service"
        self._execute = execute

    def properties(self, seconds: float = SECONDS) -> Properties:
        """Return the properties of the unit, none if there is no systemd; raises TimeoutError, HostError."""
        wanted = f"--property={','.join(PROPERTIES)}"
        output = self._run([*_ENV, "systemctl", "show", "--no-pager", wanted, "--", self.name], seconds)
        return parse_properties(output.stdout.decode("utf-8", "replace")) if output.status == 0 else {}

    def state(self, properties: Properties) -> Unit:
        """Return the state of the unit by its properties."""
        return unit_of(self.name, properties) if properties else Unit(self.name)

    def journal(self) -> list[str]:
        """Return the last lines of the journal of the unit, none if it has none or this user may not read it."""
        command = ("journalctl", f"--unit={self.name}", f"--lines={JOURNAL_LINES}", "--no-pager", "--output=cat")
        try:
            output = self._run([*_ENV, *command], SECONDS)
        except TimeoutError:
            return []
        lines = output.stdout.decode("utf-8", "replace").splitlines() if output.status == 0 else []
        return [line for line in map(_printable, lines) if line][-JOURNAL_LINES:]

    def _run(self, command: t.Sequence[str], seconds: float) -> Output:
        try:
            return self._execute(command, seconds)
        except TimeoutError:
            raise
        except OSError as e:
            raise HostError(f"{command[0]} cannot be started: {e.strerror}.") from e


def environment_of(pid: int | None, proc: str = "/proc") -> dict[str, str] | None:
    """Return the variables of a process, none if it ended, and None if this user may not read them."""
    if pid is None:
        return {}
    try:
        return parse_environment(read_file(f"{proc}/{pid}/environ", _MAX_ENVIRONMENT))
    except PermissionError:
        return None
    except OSError:
        return {}


def configured_environment(properties: Properties) -> list[dict[str, str]]:
    """Return the variables that a unit gives to its process, one mapping for each place that this user may read."""
    found = [parse_assignments(value_of(properties, "Environment"))]
    for line in properties.get("EnvironmentFiles", ()):
        for path in sorted(glob.glob(re.sub(r" \(ignore_errors=\w+\)$", "", line))):
            try:
                text = read_file(path, _MAX_ENVIRONMENT).decode("utf-8", "surrogateescape")
            except OSError:
                continue
            found.append(parse_environment_file(text))
    return found


def _printable(line: str) -> str:
    """Return a line without colours, and without anything else that could control a terminal."""
    return "".join(c if c.isprintable() else " " for c in _COLOUR.sub("", line)).rstrip()
