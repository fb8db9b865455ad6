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

# In place of the role's own, with the parts in their order; a service that does not start fails.
MAIN = """
- name: Resolve
  ansible.builtin.include_tasks: resolve.yml
  when: __localai_binary_to_resolve | bool
- name: Assert the rules
  ansible.builtin.assert:
    that: (__localai_binary_variable_rules + __localai_binary_rules) | rejectattr('holds') | length == 0
    fail_msg: >-
      {{ (__localai_binary_variable_rules + __localai_binary_rules) | rejectattr('holds') | map(attribute='otherwise')
         | list }}
    quiet: true
- name: Warn
  ansible.builtin.debug:
    msg: "{{ __localai_binary_warnings }}"
  when: __localai_binary_warnings | length > 0
- name: Install
  ansible.builtin.include_tasks: binary.yml
  when: __localai_binary_to_install | bool
- name: Link
  ansible.builtin.include_tasks: link.yml
  when: __localai_link_to_change | bool and starts
- name: Start
  ansible.builtin.fail:
  when: not starts
- name: Forget
  ansible.builtin.include_tasks: forget.yml
  when: __localai_binaries_to_forget | length > 0
"""


@dataclass(frozen=True)
class Outcome:
    """What a run printed, in lines without line breaks inside of messages, and whether hosts changed or failed."""

    output: str
    changed: dict[str, bool]
    failed: dict[str, bool]
    tasks: list[str]


class RoleHost:
    """The files of one host."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.binaries, self.old = root / "opt" / "bin", root / "old"
        self.link = root / "local-ai"
        root.mkdir()

    def install(self, name: str, content: bytes) -> None:
        """Write a binary as somebody else would."""
        self.binaries.mkdir(parents=True, exist_ok=True)
        (self.binaries / name).write_bytes(content)

    def install_old(self, name: str, content: bytes) -> None:
        """Write a binary as an older role did, and use it."""
        self.old.mkdir(exist_ok=True)
        (self.old / name).write_bytes(content)
        self.use(self.old / name)

    def use(self, binary: Path) -> None:
        """Let the link lead to a binary."""
        self.link.unlink(missing_ok=True)
        self.link.symlink_to(binary)

    def clear(self) -> None:
        """Remove all of it."""
        shutil.rmtree(self.root)
        self.root.mkdir()

    def tree(self) -> list[str]:
        """All paths below it."""
        return sorted(str(path) for path in self.root.rglob("*"))

    def rows(self) -> list[dict[str, Any]]:
        """The binaries, as the module localai_preflight returns them."""
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

    def preflight(self, selinux: str) -> dict[str, Any]:
        """What the role knows about the host."""
        target = str(self.link.readlink()) if self.link.is_symlink() else None
        return {
            "link": {"exists": self.link.is_symlink() or self.link.exists(), "target": target},
            "binaries": self.rows(),
            "selinux": selinux,
            "good": {"binary": target} if target else {},
        }


class RoleHosts:
    """Hosts, `h1` and `h2` at first, and a controller."""

    def __init__(self, work: Path, **variables: Any) -> None:
        self.work = work
        self.cache = work / "home" / ".cache" / "localai"
        self.path: Path | None = None  # of programs that go before others
        self.variables: dict[str, dict[str, Any]] = {}
        self._hosts: dict[str, RoleHost] = {}
        self._common = variables
        role = work / "ansible_collections" / "localai" / "core" / "roles" / "localai"
        for part in ("defaults", "tasks", "vars"):
            shutil.copytree(COLLECTION / "roles" / "localai" / part, role / part)
        (role / "tasks" / "main.yml").write_text(MAIN)
        self.add("h1")
        self.add("h2")

    def add(self, name: str) -> None:
        """Add a host."""
        self._hosts[name] = RoleHost(self.work / name)
        self.variables[name] = {}

    def host(self, name: str) -> RoleHost:
        """The files of a host."""
        return self._hosts[name]

    def run(self, *arguments: str, **variables: Any) -> Outcome:
        """Run the role with more variables, in batches of `localai_batch`."""
        root = f"{self.work}/{{{{ inventory_hostname }}}}"
        common = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "ansible_pipelining": True,
            "architecture": "x86_64",
            "starts": True,
            **self._common,
            **variables,
        }
        internal = {
            "__localai_programs": f"{root}/opt",
            "__localai_old_binary_directory": f"{root}/old",
            "__localai_binary_link": f"{root}/local-ai",
            "__localai_program_owner": "{{ omit }}",
        }
        hosts = {
            name: {**self.variables[name], "__localai_host": host.preflight(self.variables[name].get("selinux", "disabled"))}
            for name, host in self._hosts.items()
        }
        (self.work / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts, "vars": common}}))
        play = {
            "hosts": "h*",
            "gather_facts": False,
            "serial": variables.get("localai_batch", 0),
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
            env={**env, "PATH": f"{self.path}:{env['PATH']}"} if self.path else env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        recap = dict(re.findall(r"^(h\d+) +: (.*)$", done.stdout, re.MULTILINE))
        assert recap.keys() == self._hosts.keys(), done.stdout + done.stderr
        return Outcome(
            re.sub(r"\s*\n\s*", " ", done.stdout + done.stderr),
            {host: " changed=0 " not in line for host, line in recap.items()},
            {host: " failed=0 " not in line for host, line in recap.items()},
            re.findall(r"^TASK \[localai\.core\.localai : (.*)\]", done.stdout, re.MULTILINE),
        )
