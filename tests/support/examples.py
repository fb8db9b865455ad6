# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks of the guides, run by the real Ansible on this machine, which is all of their hosts."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Mapping, Sequence

import yaml

from .playbook import COLLECTION, environment

EXAMPLES = COLLECTION / "docs" / "examples"


@dataclass(frozen=True)
class Played:
    """What a run printed, and for each host how many tasks changed something and how many failed."""

    output: str
    changed: Mapping[str, int]
    failed: Mapping[str, int]

    @property
    def text(self) -> str:
        """The output as one line, because Ansible wraps long ones."""
        return re.sub(r"\s+", " ", self.output)

    def expect(self, changed: int | bool, host: str = "host") -> None:
        """See that nothing failed, and that so many tasks of a host changed something, or whether any did."""
        assert not any(self.failed.values()), self.output
        number = self.changed[host]
        assert (number > 0 if isinstance(changed, bool) else number) == changed, self.output


@dataclass(frozen=True)
class Examples:
    """Runs examples with everything that they write below a directory.

    `hosts` are the variables of each host, `groups` the groups that have all of them, and `texts` replace texts of the
    examples, such as the addresses of servers on the internet. The programs in `programs` come before those of this
    machine. `defaults` are module_defaults of each play, for options that an example leaves to their defaults.
    """

    work: Path
    variables: Mapping[str, Any]
    hosts: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: {"host": {}})
    groups: Sequence[str] = ("localai",)
    texts: Mapping[str, str] = field(default_factory=dict)
    programs: Path | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def write(self, name: str, **replaced: str) -> Path:
        """Write an example, or a file that belongs to one, with its texts replaced, and return the path."""
        text = (EXAMPLES / name).read_text(encoding="utf-8")
        for old, new in {**self.texts, **replaced}.items():
            text = text.replace(old, new)
        if self.defaults:
            plays = [{**play, "module_defaults": self.defaults} for play in yaml.safe_load(text)]
            text = yaml.safe_dump(plays, sort_keys=False)
        path = self.work / "examples" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def play_list(self, plays: Sequence[Mapping[str, Any]]) -> Played:
        """Run plays of a test."""
        path = self.work / "plays.json"
        path.write_text(json.dumps(list(plays)), encoding="utf-8")
        return self._run(path)

    def play(self, name: str, *arguments: str, **extra: Any) -> Played:
        """Run an example with more variables."""
        return self._run(self.write(name), *arguments, **extra)

    def _run(self, playbook: Path, *arguments: str, **extra: Any) -> Played:
        local = {
            "ansible_connection": "local",
            "ansible_become": False,
            "ansible_python_interpreter": sys.executable,
            **self.variables,
        }
        groups = {group: {"hosts": dict(self.hosts), "vars": local} for group in self.groups}
        inventory = self.work / "inventory.json"
        inventory.write_text(json.dumps(groups), encoding="utf-8")
        command = [sys.executable, "-m", "ansible", "playbook", "--inventory", str(inventory), str(playbook)]
        settings = environment(self.work)
        if self.programs is not None:
            settings["PATH"] = f"{self.programs}{os.pathsep}{settings['PATH']}"
        done = subprocess.run(
            [*command, "--extra-vars", json.dumps(extra), *arguments],
            env=settings,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        recap = re.findall(r"^(\S+) +: .*changed=(\d+) +unreachable=(\d+) +failed=(\d+)", done.stdout, re.MULTILINE)
        assert recap, done.stdout
        return Played(
            done.stdout,
            {host: int(changed) for host, changed, _unreachable, _failed in recap},
            {host: int(unreachable) + int(failed) for host, _changed, unreachable, failed in recap},
        )
