# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""SELinux denials in an audit log, in a form that two boots can be compared by."""

from __future__ import annotations

import re
from typing import Iterable, NamedTuple

_RECORD = re.compile(
    r"type=(?:USER_)?AVC .*avc:\s+denied\s+\{ (?P<permissions>[^}]+) \}(?P<details>.*)"
    r"scontext=[^:]+:[^:]+:(?P<source>[^:\s]+)\S* tcontext=[^:]+:[^:]+:(?P<target>[^:\s]+)\S* tclass=(?P<kind>\w+)"
)
_COMMAND = re.compile(r'comm="?([^"\s]+)"?')
_OBJECT = re.compile(r'(?:path|name|exe)="([^"]+)"')


class Denial(NamedTuple):
    """What was denied to which program, without process and inode numbers, because each boot has others."""

    source: str
    target: str
    kind: str
    permissions: str
    command: str
    objects: str


def denials(log: str) -> set[Denial]:
    """The denials in the raw output of `ausearch`."""
    return set(_each(log.splitlines()))


def _each(lines: Iterable[str]) -> Iterable[Denial]:
    for line in lines:
        record = _RECORD.search(line)
        if record:
            command = _COMMAND.search(record["details"])
            objects = re.sub(r"\d+", "N", " ".join(_OBJECT.findall(record["details"])))
            yield Denial(
                record["source"],
                record["target"],
                record["kind"],
                " ".join(sorted(record["permissions"].split())),
                command[1] if command else "",
                objects,
            )
