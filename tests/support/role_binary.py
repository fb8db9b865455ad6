# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The part of the role that installs the LocalAI binary, by real Ansible, on hosts that are directories here."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .playbook import COLLECTION, environment

# In place of the role's own, with the parts in their order. On a host with starts=false the service does not start.
MAIN = """
- name: Resolve
  ansible.builtin.include_tasks: resolve.yml
  when: __localai_binary_to_resolve | bool
- name: Assert the rules
  ansible.builtin.assert:
    that: __localai_rules | rejectattr('holds') | length == 0
    fail_msg: "{{ __localai_rules | rejectattr('holds') | map(attribute='otherwise') | list }}"
    quiet: true
  vars:
    __localai_rules: "{{ __localai_binary_variable_rules + __localai_binary_rules }}"
- name: Warn
  ansible.builtin.debug:
    msg: "{{ __localai_binary_warnings }}"
  when: __localai_binary_warnings | length > 0
- name: Install
  ansible.builtin.include_tasks: binary.yml
  when: __localai_binary_to_install | bool
- name: Link
  ansible.builtin.include_tasks: link.yml
  when: __localai_link_to_change | bool
- name: Start
  ansible.builtin.fail:
  when: not starts
- name: Forget
  ansible.builtin.include_tasks: forget.yml
  when: __localai_binaries_to_forget | length > 0
"""


@dataclass(frozen=True)
class Outcome:
    """What a run printed, as one line, the names of its tasks, and on which hosts something changed or failed."""

    output: str
    tasks: list[str]
    changed: set[str]
    failed: set[str]


class RoleHost:
    """The files of one host, and its variables in the inventory."""

    def __init__(self, root: Path, variables: dict[str, Any]) -> None:
        self.root = root
        self.variables = variables
        self.binaries, self.old, self.link = root / "opt" / "bin", root / "old", root / "local-ai"
        self.binary = self.binaries / "local-ai-v4.11.0"
        root.mkdir()

    def install(self, name: str, content: bytes, recorded: bytes | None = None) -> None:
        """Install and use a binary, with the checksum of some content beside it."""
        self._write(self.binaries, name, content)
        if recorded is not None:
            self.record(name).write_text(hashlib.sha256(recorded).hexdigest() + "\n")

    def install_old(self, name: str, content: bytes) -> None:
        """Install and use a binary as versions 0.1 and earlier of the role did."""
        self._write(self.old, name, content)

    def _write(self, directory: Path, name: str, content: bytes) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(content)
        self.use(directory / name)

    def use(self, binary: Path) -> None:
        """Let the link lead to a binary."""
        if self.link.is_symlink():
            self.link.unlink()
        self.link.symlink_to(binary)

    def record(self, name: str) -> Path:
        """The file with the checksum of a binary."""
        return self.binaries / f"{name}.sha256"

    def names(self) -> list[str]:
        """The paths of all its files."""
        return sorted(str(path.relative_to(self.root)) for path in self.root.rglob("*") if not path.is_dir())

    def rows(self) -> list[dict[str, Any]]:
        """The binaries, as the module localai_host_info returns them."""
        return [
            {
                "path": str(path),
                "checksum": hashlib.sha256(path.read_bytes()).hexdigest(),
                "recorded": record.read_text().strip() if record.exists() else None,
            }
            for directory in (self.binaries, self.old)
            for path in sorted(directory.glob("local-ai-*"))
            for record in [path.with_name(path.name + ".sha256")]
            if path.suffix != ".sha256"
        ]

    def preflight(self) -> dict[str, Any]:
        """What the role knows about the host. The binary in use started well."""
        target = str(self.link.resolve()) if self.link.is_symlink() else None
        return {
            "link": {"exists": target is not None, "target": target},
            "binaries": self.rows(),
            "selinux": self.variables.get("selinux", "disabled"),
            "good": {"binary": target} if target else {},
        }


class RoleHosts:
    """Hosts and their controller."""

    def __init__(self, work: Path, **variables: Any) -> None:
        self.work = work
        self.cache = work / "home" / ".cache" / "localai"
        self.programs = work / "programs"  # which go before others
        self._hosts: dict[str, RoleHost] = {}
        self._variables = {
            "ansible_connection": "local",
            "ansible_pipelining": True,
            "ansible_python_interpreter": sys.executable,
            "architecture": "x86_64",
            "starts": True,
            **variables,
        }
        role = work / "ansible_collections" / "localai" / "core" / "roles" / "localai"
        for part in ("defaults", "tasks", "vars"):
            shutil.copytree(COLLECTION / "roles" / "localai" / part, role / part)
        (role / "tasks" / "main.yml").write_text(MAIN)
        (role.parents[1] / "plugins").symlink_to(COLLECTION / "plugins")

    def add(self, name: str, **variables: Any) -> RoleHost:
        """Add a host."""
        self._hosts[name] = RoleHost(self.work / name, variables)
        return self._hosts[name]

    def run(self, *arguments: str, serial: int = 0, **variables: Any) -> Outcome:
        """Run the role on all hosts with more variables, in batches."""
        root = f"{self.work}/{{{{ inventory_hostname }}}}"
        internal = {
            "__localai_programs": f"{root}/opt",
            "__localai_old_binary_directory": f"{root}/old",
            "__localai_binary_link": f"{root}/local-ai",
            "__localai_program_owner": "{{ omit }}",  # so that an ordinary user can run it
        }
        hosts = {
            name: {**host.variables, "__localai_host": host.preflight()} for name, host in sorted(self._hosts.items())
        }
        inventory = {"fleet": {"hosts": hosts, "vars": {**self._variables, **variables}}}
        (self.work / "inventory.json").write_text(json.dumps(inventory))
        play = {
            "hosts": "fleet",
            "gather_facts": False,
            "serial": serial,
            "vars": {"ansible_facts": {"architecture": "{{ architecture }}"}},
            "roles": ["localai.core.localai"],
        }
        (self.work / "play.json").write_text(json.dumps([play]))
        env = environment(self.work, self.work)
        done = subprocess.run(
            [
                *(sys.executable, "-m", "ansible", "playbook", "--inventory", str(self.work / "inventory.json")),
                *("--extra-vars", json.dumps(internal), str(self.work / "play.json"), *arguments),
            ],
            env={**env, "PATH": f"{self.programs}:{env['PATH']}"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        recap = dict(re.findall(r"^(\w+) +: (ok=.*)$", done.stdout, re.MULTILINE))
        assert recap.keys() == hosts.keys(), done.stdout + done.stderr
        return Outcome(
            re.sub(r"\s*\n\s*", " ", done.stdout + done.stderr),
            re.findall(r"^TASK \[localai\.core\.localai : (.*)\]", done.stdout, re.MULTILINE),
            {host for host, line in recap.items() if " changed=0 " not in line},
            {host for host, line in recap.items() if " failed=0 " not in line},
        )
