# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts, servers and a controller together, and what the tests of the role ask them."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping, Protocol, Sequence

from ..support.host import Snapshot, snapshot
from ..support.playbook import COLLECTION, environment
from .fleet import CONTROLLER, USER, Host, fleet
from .site import Site, site

_ALL_BUILDS = {"host1": "cpu-llama-cpp", "host2": "rocm-llama-cpp", "host3": "cuda12-llama-cpp"}
# Of each host that takes part: `make hosts` has two.
BUILDS = dict(list(_ALL_BUILDS.items())[: int(os.environ.get("LOCALAI_TEST_HOSTS", "3"))])
HOME = "/var/lib/local-ai"
BACKENDS = f"{HOME}/backends"
MODEL = "chat"
MODEL_FILE = f"name: {MODEL}\nbackend: llama-cpp\nparameters:\n  model: {MODEL}.bin\n"
# ssh's own choice for the exchange of keys takes longer than many a task.
SSH = "-o KexAlgorithms=curve25519-sha256 -o UserKnownHostsFile=/dev/null"
# What any run of Ansible (the first two), any look at apt's packages, any login, any use of sudo and a running system
# leave.
NOISE = (
    *("home/deploy/.ansible", "root/.ansible", "var/cache", "var/log", "var/lib/sudo", "var/lib/systemd"),
    *("var/tmp", "run", "tmp"),
)


class Remote(Protocol):
    """A host of `make hosts` or a virtual machine of `make machines`."""

    def run(self, *command: str) -> str:
        """Run a program on it as root, and return what it prints."""


@dataclass(frozen=True)
class Outcome:
    """What a playbook said, and of each host how many tasks changed something and how many failed."""

    output: str
    changed: dict[str, int]
    failed: dict[str, int]


@dataclass
class World:
    """Hosts, servers and the controller."""

    hosts: dict[str, Host]
    site: Site
    work: Path
    variables: dict[str, Any] = field(default_factory=dict)
    host_variables: dict[str, dict[str, Any]] = field(default_factory=dict)
    play_timeout: float = 600.0  # seconds
    # In the place of what an inventory says of the servers
    site_variables: dict[str, Any] | None = None

    def play(self, playbook: str, *arguments: str, limit: str = "all", facts: bool = True, **extra: Any) -> Outcome:
        """Run a playbook on the hosts."""
        # One connection serves all tasks of a host, but no other play: one to a host that died looks alive.
        with tempfile.TemporaryDirectory() as sockets:
            done = subprocess.run(
                self.command(playbook, *arguments, limit=limit, **extra),
                env={
                    **self.environment,
                    "ANSIBLE_INJECT_FACT_VARS": str(facts),
                    "ANSIBLE_SSH_ARGS": f"{SSH} -o ControlMaster=auto -o ControlPersist=10",
                    "ANSIBLE_SSH_CONTROL_PATH_DIR": sockets,
                },
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=self.play_timeout,
                check=False,
            )
        print(done.stdout)
        recap = re.findall(r"^(host\d) .*changed=(\d+) +unreachable=(\d+) +failed=(\d+)", done.stdout, re.MULTILINE)
        return Outcome(
            done.stdout,
            {host: int(changed) for host, changed, _unreachable, _failed in recap},
            {host: int(unreachable) + int(failed) for host, _changed, unreachable, failed in recap},
        )

    def command(self, playbook: str, *arguments: str, limit: str = "all", **extra: Any) -> list[str]:
        """The command line of a run of one of the collection's playbooks or examples, or of one of these tests."""
        places = (COLLECTION / "playbooks", COLLECTION / "docs" / "examples", Path(__file__).parent, self.work)
        play = next(str(path) for place in places if (path := place / f"{playbook}.yml").exists())
        variables = json.dumps({**self.variables, **extra})
        inventory = str(self.work / "inventory.json")
        program = [sys.executable, "-m", "ansible", "playbook", "--inventory", inventory, "--limit", limit]
        return [*program, play, "--extra-vars", variables, *arguments]

    @property
    def environment(self) -> dict[str, str]:
        """That of the controller."""
        return {
            **environment(self.work),
            "ANSIBLE_ASYNC_DIR": "~/.ansible_async",
            "ANSIBLE_HOST_KEY_CHECKING": "false",
            "ANSIBLE_PIPELINING": "true",
            "ANSIBLE_PRIVATE_KEY_FILE": str(self.work / "key"),
            "ANSIBLE_REMOTE_TEMP": "~/.ansible/tmp",
            "ANSIBLE_SSH_ARGS": f"{SSH} -o ControlMaster=no",
        }

    def write_inventory(self) -> None:
        """Write the inventory, with the servers in it."""
        hosts = {
            name: {"ansible_host": host.address, "ansible_user": USER, **self.host_variables.get(name, {})}
            for name, host in self.hosts.items()
        }
        variables = {"localai_backends": ["llama-cpp"], "localai_backends_poll": 1, "localai_batch": "100%"}
        variables.update(self.site.variables if self.site_variables is None else self.site_variables)
        group = {"localai": {"hosts": hosts, "vars": variables}}
        (self.work / "inventory.json").write_text(json.dumps(group), encoding="utf-8")


@contextlib.contextmanager
def world_of(name: str, releases: Sequence[str], prepare: Callable[[list[Host]], None]) -> Iterator[World]:
    """Boot hosts of these releases, prepared while they are down, and start the servers."""
    build = COLLECTION.parents[2]
    work = build / "hosts" / "work" / name
    with fleet(build / "hosts" / "base", work, releases) as hosts:
        prepare(hosts)
        with site(build / "bin" / "docker-registry", work, CONTROLLER) as servers:
            for host in hosts:
                host.start()
            it = World({host.name: host for host in hosts}, servers, work, {"localai_ready_timeout": 15})
            it.write_inventory()
            yield it


def touched(host: Host) -> Snapshot:
    """All that was changed on a host, but for the noise."""
    found = snapshot(host.changes)
    return {
        path: (entry[0], entry[1], entry[2], entry[5]) for path, entry in found.items() if not path.startswith(NOISE)
    }


def request(
    host: Remote, path: str, body: Mapping[str, Any] | None = None, key: str = "", port: int = 8080
) -> tuple[int, Any]:
    """The status and the content of its server's answer; status 0 if it does not answer."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {key}"} if key else {})}
    program = f"""
import urllib.error, urllib.request
asked = urllib.request.Request('http://127.0.0.1:{port}{path}', {data!r}, {headers!r})
try:
    answer = urllib.request.urlopen(asked)
except urllib.error.HTTPError as error:
    answer = error
print(answer.status, answer.read().decode())
"""
    status, _space, text = host.run("python3", "-c", program).partition(" ")
    return int(status or 0), json.loads(text) if text else None


def ask(host: Remote, path: str, body: Mapping[str, Any] | None = None, key: str = "", port: int = 8080) -> Any:
    """What its server answers; nothing if it does not, or not to this key."""
    status, content = request(host, path, body, key, port)
    return content if status == 200 else None


def wait_for(host: Remote, key: str = "") -> None:
    """Wait until its server answers."""
    for _attempt in range(100):
        if ask(host, "/system", key=key):
            break
        time.sleep(0.2)


def load(host: Host, key: str = "") -> str:
    """Let its server load a model of llama-cpp unless it is loaded, and return what that backend answers.

    The backends of the gallery print the build of their image, and a version.
    """
    path = f"{HOME.lstrip('/')}/models/{MODEL}.yaml"
    host.write(path, MODEL_FILE)
    status, content = request(host, "/v1/chat/completions", question("hello"), key)
    (host.root / path).unlink()  # from now on the server knows the model, and no test meets a file of ours
    assert status == 200, content
    return str(content["choices"][0]["message"]["content"])


def question(text: str, model: str = MODEL) -> dict[str, Any]:
    """A request for a chat completion."""
    return {"model": model, "messages": [{"role": "user", "content": text}]}


def main_pid(host: Remote) -> str:
    """The process of the service, 0 if none runs."""
    return host.run("systemctl", "show", "--property=MainPID", "--value", "localai.service")


def expect(outcome: Outcome, changed: bool, hosts: Sequence[str] = tuple(BUILDS)) -> None:
    """All hosts were fine, and each was changed or none was."""
    assert set(outcome.changed) == set(hosts), outcome.output[-3000:]
    assert not any(outcome.failed.values()), outcome.output[-5000:]
    assert {number > 0 for number in outcome.changed.values()} == {changed}, outcome.output[-5000:]


def expect_refusal(world: World, wrong: dict[str, Any], said: str, *arguments: str) -> None:
    """See that host1 is not provisioned with wrong variables, is told why, and keeps its service."""
    before = main_pid(world.hosts["host1"])
    outcome = world.play("provision", *arguments, limit="host1", **wrong)
    assert outcome.failed == {"host1": 1}, outcome.output[-3000:]
    assert said in re.sub(r"\s+", " ", outcome.output)
    assert main_pid(world.hosts["host1"]) == before != "0"


def expect_builds(world: World, builds: dict[str, str], version: str) -> None:
    """Each server is of that version, and runs that build as llama-cpp."""
    for name, build in builds.items():
        listed = ask(world.hosts[name], "/system")["backends"]
        assert {"llama-cpp", build} <= set(listed), name
        found = ask(world.hosts[name], "/stand-in")
        assert (found["version"], found["run_files"]["llama-cpp"]) == (version, f"{BACKENDS}/{build}/run.sh"), name


def task_file(path: Path, event: str, *more: dict[str, Any]) -> str:
    """Write a file of tasks that note an event, with the version of the server then, and return its path."""
    asked = {"url": "http://127.0.0.1:8080/stand-in", "return_content": True}
    line = f"{event} {{{{ inventory_hostname }}}} {{{{ server.json.version }}}}"
    tasks = [
        {"name": "Ask the server", "ansible.builtin.uri": asked, "register": "server"},
        {
            "name": "Note the event",
            "ansible.builtin.lineinfile": {"path": str(path.parent / "events"), "create": True, "line": line},
            "delegate_to": "localhost",
            "become": False,
            "throttle": 1,
        },
        *more,
    ]
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return str(path)


def drains(world: World) -> dict[str, Any]:
    """The variables for tasks that note when a host is drained and undrained."""
    return {f"localai_{event}_tasks": task_file(world.work / f"{event}.yml", event) for event in ("drain", "undrain")}


def events(world: World) -> list[str]:
    """What was noted since the last call, in order."""
    path = world.work / "events"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    path.unlink(missing_ok=True)
    return lines
