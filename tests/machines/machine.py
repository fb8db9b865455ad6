# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One virtual machine: it is booted, asked over ssh, rebooted, and loses its power.

QEMU runs in the namespaces that apart.sh made, and ends with them. All ports are those of its network namespace.
"""

from __future__ import annotations

import contextlib
import shlex
import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator

from ..hosts.fleet import CONTROLLER, USER
from ..hosts.world import SSH
from .qemu import Image

PORT = 2201
# In seconds; an emulated EL 9 takes some minutes, all others less.
_BOOT_TIMEOUT = 900.0
_COMMAND_TIMEOUT = 600.0
_SSH = "-o BatchMode=yes -o StrictHostKeyChecking=no -o LogLevel=ERROR -o ConnectTimeout=60"


@dataclass
class Machine:
    """A machine from an image; its disk and console are below `work`."""

    name: str
    image: Image
    work: Path
    accelerator: str
    process: subprocess.Popen[bytes] | None = field(default=None)
    sockets: Path = field(default_factory=Path)

    def start(self) -> None:
        """Boot it, and wait until its user can log in."""
        command = self.image.command(self.work / "disk.qcow2", self.work / "console.log", PORT, self.accelerator)
        with (self.work / "qemu.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self._wait_for_login("")

    def crash(self) -> None:
        """Let it lose its power."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self._forget_connection()

    def reboot(self) -> None:
        """Reboot it."""
        boot = self._boot_id()
        self.run("systemctl", "reboot")
        self._forget_connection()
        self._wait_for_login(boot)

    def run(self, *command: str) -> str:
        """Run a program on it as root, and return what it prints."""
        return self._ssh("sudo", *command).stdout.strip()

    def _ssh(self, *command: str, timeout: float = _COMMAND_TIMEOUT) -> subprocess.CompletedProcess[str]:
        # Each new connection takes seconds when the machine is emulated.
        share = f"-o ControlMaster=auto -o ControlPersist=yes -o ControlPath={self.sockets}/ssh"
        options = f"{SSH} {share} {_SSH} -i {self.image.key} -p {PORT} {USER}@127.0.0.1".split()
        return subprocess.run(
            ["ssh", *options, shlex.join(command)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=None,
            text=True,
            timeout=timeout,
            check=False,
        )

    def _boot_id(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self._ssh("cat", "/proc/sys/kernel/random/boot_id", timeout=60).stdout.strip()
        return ""

    def _wait_for_login(self, boot_before: str) -> None:
        assert self.process is not None
        end = time.monotonic() + _BOOT_TIMEOUT
        while time.monotonic() < end and self.process.poll() is None:
            if self._boot_id() not in ("", boot_before):
                break
            self._forget_connection()
            time.sleep(1)
        else:
            raise RuntimeError(f"{self.name} does not boot; see console.log and qemu.log in {self.work}")
        if self.image.uses_cloud_init:
            self.run("cloud-init", "status", "--wait")

    def _forget_connection(self) -> None:
        """End the shared connection: one to a machine that died looks alive."""
        control = ["ssh", "-o", f"ControlPath={self.sockets}/ssh", "-O", "exit", "machine"]
        subprocess.run(control, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        (self.sockets / "ssh").unlink(missing_ok=True)


@contextlib.contextmanager
def booted_machine(name: str, image: Image, work: Path, accelerator: str) -> Iterator[Machine]:
    """Boot a machine. The guest reaches servers that listen at CONTROLLER, an address of this network namespace."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "address", "add", f"{CONTROLLER}/32", "dev", "lo"], check=True)
    image.write_overlay(work / "disk.qcow2")
    shutil.copy(image.key, work / "key")
    with tempfile.TemporaryDirectory() as sockets:
        machine = Machine(name, image, work, accelerator, sockets=Path(sockets))
        try:
            machine.start()
            yield machine
        finally:
            machine.crash()
