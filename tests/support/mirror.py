# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A mirror on loopback as the role `localai_mirror` sets it up: its own files, with real nginx and docker-registry."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import shlex
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence

from .playbook import COLLECTION, environment

ROLE = COLLECTION / "roles" / "localai_mirror"
GATEWAY = ROLE / "files" / "gateway.py"
_MAIN = """
daemon off;
{user}
pid {work}/nginx.pid;
error_log {work}/nginx.log;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {work}/temporary; proxy_temp_path {work}/temporary; fastcgi_temp_path {work}/temporary;
    uwsgi_temp_path {work}/temporary; scgi_temp_path {work}/temporary;
    include {work}/mirror.conf;
}}
"""


@dataclass(frozen=True)
class Mirror:
    """A mirror that runs, and the URL at which hosts use it."""

    url: str
    work: Path
    processes: Sequence[subprocess.Popen[bytes]]

    def die(self) -> None:
        """End all of it at once."""
        for process in self.processes:
            process.kill()
            process.wait()


@contextlib.contextmanager
def mirror(
    work: Path, nginx: Path, registry_program: Path, registry: str, files: Sequence[str], **variables: Any
) -> Iterator[Mirror]:
    """Run a mirror of a registry and of web servers, by their URLs, until the end of the context."""
    work.mkdir()
    address, port = f"127.0.0.1:{_free_ports(1)}", _free_ports(2)
    given = {
        "localai_mirror_address": address,
        "localai_mirror_registries": [registry],
        "localai_mirror_files": files,
        "localai_mirror_path": str(work / "cache"),
        "localai_mirror_loopback_port": port,
        "__localai_mirror_socket": str(work / "gateway.sock"),
        **variables,
    }
    _render(work, given)
    with contextlib.ExitStack() as stack:

        def start(name: str, *command: str) -> subprocess.Popen[bytes]:
            own = _variables(work / f"{name}.environment") if (work / f"{name}.environment").exists() else {}
            log = stack.enter_context((work / f"{name}.log").open("wb"))
            process = stack.enter_context(
                subprocess.Popen(command, env={**os.environ, **own}, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            )
            stack.callback(process.kill)
            return process

        gateway = start("gateway", sys.executable, "-I", str(GATEWAY), str(work / "gateway.sock"))
        _wait_for(work / "gateway.sock")
        front = start("nginx", str(nginx), "-p", str(work), "-c", str(work / "nginx.conf"))
        _wait_for(("127.0.0.1", port + 1))
        blobs = start("registry", str(registry_program), "serve", str(work / "registry.yml"))
        _wait_for(("127.0.0.1", port))
        yield Mirror(f"http://{address}", work, (front, blobs, gateway))


def _render(work: Path, given: Mapping[str, Any]) -> None:
    """Write the role's files, as Ansible makes them."""
    templates = {
        "mirror.conf": ("nginx.conf.j2", {}),
        "registry.yml": ("registry.yml.j2", {}),
        "gateway.environment": ("environment.j2", {"variables": "{{ __localai_mirror_gateway_environment }}"}),
        "registry.environment": (
            "environment.j2",
            {
                "registry": "{{ __localai_mirror_registry_names[0] }}",
                "variables": "{{ __localai_mirror_registry_environment }}",
            },
        ),
    }
    # Without modules, which would take seconds.
    tasks = [
        {
            "ansible.builtin.debug": {
                "msg": f"<{name}>{{{{ lookup('template', '{ROLE}/templates/{source}') | b64encode }}}}<>"
            },
            "vars": own,
        }
        for name, (source, own) in templates.items()
    ]
    files = [str(ROLE / "defaults" / "main.yml"), str(ROLE / "vars" / "main" / "settings.yml")]
    play = {"hosts": "localhost", "gather_facts": False, "vars_files": files, "tasks": tasks}
    (work / "play.json").write_text(json.dumps([play]), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "-e", json.dumps(given), work / "play.json"],
        env=environment(work),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    texts = re.findall(r"<(\S+?)>(\S*?)<>", re.sub(r"\s+", "", done.stdout))
    assert {name for name, _text in texts} == set(templates), done.stdout
    for name, text in texts:
        (work / name).write_bytes(base64.b64decode(text))
    (work / "temporary").mkdir()
    (work / "cache").mkdir()
    user = "user root;" if os.geteuid() == 0 else ""
    (work / "nginx.conf").write_text(_MAIN.format(work=work, user=user), encoding="utf-8")


def _variables(file: Path) -> dict[str, str]:
    """Read an EnvironmentFile of systemd, which has no more than this quotes like a shell."""
    return dict(word.split("=", 1) for word in shlex.split(file.read_text(encoding="utf-8"), comments=True))


def _free_ports(count: int) -> int:
    """Return the first of some consecutive ports that are free now."""
    while True:
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            first = stack.enter_context(socket.socket())
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            for other in range(port + 1, port + count):
                stack.enter_context(socket.socket()).bind(("127.0.0.1", other))
            return port


def _wait_for(address: Any) -> None:
    """Wait until a program accepts connections at a path or at a port."""
    family = socket.AF_UNIX if isinstance(address, Path) else socket.AF_INET
    for _attempt in range(200):
        with socket.socket(family) as probe, contextlib.suppress(OSError):
            probe.connect(str(address) if isinstance(address, Path) else address)
            return
        time.sleep(0.05)
    raise RuntimeError(f"nothing listens at {address}")
