# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts with systemd and sshd, each a container over the tree of a Debian release; see `make hosts`.

Everything is in namespaces and control groups that apart.sh made, and that end with it: processes, mounts, the network.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Iterator, Sequence

CONTROLLER = "10.77.0.1"
USER = "deploy"
# Vendors of GPUs, as PCI identifiers
AMD = "0x1002"
NVIDIA = "0x10de"
_BRIDGE = "hosts0"
_REBOOTED = 133
_GPU = "/opt/gpu"
_BOOT_TIMEOUT = 60.0
_CGROUPS = Path("/sys/fs/cgroup")
_PRIVATE_CGROUPS = ("systemd", "unified", "memory", "pids", "freezer", "cpu")


@dataclass
class Host:
    """One host: what is not in the tree of its release is below `work`."""

    name: str
    address: str
    release: Path
    work: Path
    process: subprocess.Popen[bytes] | None = field(default=None)
    user_namespaces: bool = True
    # Run on the host after each boot
    boot_commands: list[tuple[str, ...]] = field(default_factory=list)

    @property
    def root(self) -> Path:
        """Its file system, as it sees it."""
        return self.work / "root"

    @property
    def changes(self) -> Path:
        """What was changed in the tree of its release, deleted files as devices."""
        return self.work / "upper"

    def make(self, public_key: str) -> None:
        """Mount its file system, and let the key in."""
        for name in ("upper", "inner", "root"):
            (self.work / name).mkdir(parents=True)
        layers = f"lowerdir={self.release},upperdir={self.changes},workdir={self.work / 'inner'}"
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o", layers, str(self.root)], check=True)
        keys = self.root / "home" / USER / ".ssh" / "authorized_keys"
        keys.parent.mkdir()
        keys.write_text(public_key, encoding="ascii")
        (self.root / "root").chmod(0o700)  # no news, but now it counts as changed whatever is in it
        self._write_gpu(None)
        self.write("etc/hostname", self.name)
        self.write("etc/hosts", f"127.0.0.1 localhost\n{self.address} {self.name}\n")
        self.write("etc/resolv.conf", "")
        self.write(
            "etc/systemd/network/10-host0.network", f"[Match]\nName=host0\n[Network]\nAddress={self.address}/24\n"
        )

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        """Write a file of its file system."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
        place.chmod(mode)

    @contextlib.contextmanager
    def just_made(self) -> Iterator[None]:
        """As long as this lasts, it knows of no packages, as a host on which apt was never updated."""
        path = "etc/apt/apt.conf.d/no-lists"
        self.write(path, 'Dir::State::lists "/run/no-lists";\n')
        yield
        (self.root / path).unlink()

    def show_gpu(self, vendor: str | None, driver: str = "") -> None:
        """Let its kernel show one GPU of a vendor, by PCI identifier, or none, whatever this machine has."""
        if self.process is None:
            self._write_gpu(vendor, driver)
            return
        subprocess.run(self._inside("umount", "--lazy", "/sys/class"), check=True)
        self._write_gpu(vendor, driver)
        self._mount_gpu()

    def _write_gpu(self, vendor: str | None, driver: str = "") -> None:
        shutil.rmtree(self._gpu / "class", ignore_errors=True)  # not the directory above, which the host has mounted
        drm = self._gpu / "class" / "drm"
        drm.mkdir(parents=True)
        os.setxattr(drm, "trusted.overlay.opaque", b"y")  # hides the one of this machine
        if vendor is not None:
            place = drm / "card0" / "device" / "vendor"
            place.parent.mkdir(parents=True)
            place.write_text(f"{vendor}\n", encoding="ascii")
            if driver:
                (place.parent / "driver").symlink_to(f"/sys/bus/pci/drivers/{driver}")

    def _mount_gpu(self) -> None:
        layers = f"lowerdir={_GPU}/class:/sys/class"
        subprocess.run(self._inside("mount", "-t", "overlay", "overlay", "-o", layers, "/sys/class"), check=True)

    @property
    def _gpu(self) -> Path:
        return self.work / "gpu"

    def start(self) -> None:
        """Boot it, and wait for its sshd."""
        options = ("--register=no", "--keep-unit", "--boot", "--link-journal=no", "--resolv-conf=off")
        command = ["systemd-nspawn", "-q", "-D", str(self.root), f"--machine={self.name}", *options]
        command.append(f"--bind-ro={self._gpu}:{_GPU}")
        if not self.user_namespaces:
            # In a namespace of its own, because the limit counts for that namespace and all in it.
            command.append("--private-users=identity")
        with (self.work / "console.log").open("ab") as console:
            self.process = subprocess.Popen(
                [*_in_cgroup(self.name), *command, f"--network-bridge={_BRIDGE}", "--console=read-only"],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
            )
        self._wait_for_ssh()
        self._mount_gpu()
        if not self.user_namespaces:
            limit = "echo 0 >/proc/sys/user/max_user_namespaces"
            subprocess.run(["nsenter", f"--target={self._leader}", "--user", "sh", "-c", limit], check=True)
        for boot_command in self.boot_commands:
            subprocess.run(self._inside(*boot_command), check=True)

    def crash(self) -> None:
        """Let it lose its power."""
        assert self.process is not None
        subprocess.run(["kill", "-9", str(self._leader)], check=True)
        self.process.wait()

    def reboot(self) -> None:
        """Reboot it."""
        assert self.process is not None
        subprocess.Popen(self._inside("systemctl", "reboot"), stderr=subprocess.DEVNULL)
        if self.process.wait(60) != _REBOOTED:
            raise RuntimeError(f"{self.name} ended instead of rebooting")
        self.start()

    def end(self) -> None:
        """Stop it, and unmount its file system."""
        with contextlib.suppress(RuntimeError, AssertionError):
            self.crash()
        subprocess.run(["umount", "--lazy", str(self.root)], check=True)

    def run(self, *command: str) -> str:
        """Run a program on it, and return what it prints."""
        # As its own root, which is no root of this machine where the host has a namespace of users of its own
        own = [] if self.user_namespaces else ["nsenter", "--user=/proc/1/ns/user", "--"]
        inside = self._inside(*own, *command)
        done = subprocess.run(inside, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False)
        return done.stdout.decode("utf-8").strip()

    def _inside(self, *command: str) -> list[str]:
        return ["nsenter", f"--target={self._leader}", "--mount", "--uts", "--ipc", "--net", "--pid", "--", *command]

    @property
    def _leader(self) -> int:
        """The process that is the host's first; nspawn has a child of its own as well, which is no leader."""
        assert self.process is not None
        pending, known = [self.process.pid], []
        while pending:
            known.append(pending.pop())
            with contextlib.suppress(OSError):
                children = Path(f"/proc/{known[-1]}/task/{known[-1]}/children").read_text(encoding="ascii")
                pending += [int(child) for child in children.split()]
        for pid in known:
            with contextlib.suppress(OSError):
                if Path(f"/proc/{pid}/comm").read_text(encoding="ascii") == "systemd\n":
                    return pid
        raise RuntimeError(f"{self.name} is not up; see {self.work / 'console.log'}")

    def _wait_for_ssh(self) -> None:
        end = time.monotonic() + _BOOT_TIMEOUT
        while time.monotonic() < end:
            with contextlib.suppress(OSError), socket.create_connection((self.address, 22), timeout=1):
                return
            time.sleep(0.1)
        raise RuntimeError(f"{self.name} does not boot; see {self.work / 'console.log'}")


@contextlib.contextmanager
def fleet(trees: Path, work: Path, releases: Sequence[str]) -> Iterator[list[Host]]:
    """Make one host of each release, `host1` and so on; they are not started. Their key is `work/key`."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    for command in (
        ["ip", "link", "set", "lo", "up"],
        ["ip", "link", "add", _BRIDGE, "type", "bridge"],
        ["ip", "address", "add", f"{CONTROLLER}/24", "dev", _BRIDGE],
        ["ip", "link", "set", _BRIDGE, "up"],
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(work / "key")],
    ):
        subprocess.run(command, check=True)
    hosts = []
    for number, release in enumerate(releases, 1):
        host = Host(f"host{number}", f"10.77.0.{10 + number}", trees / release, work / f"host{number}")
        host.make((work / "key.pub").read_text(encoding="ascii"))
        hosts.append(host)
    try:
        yield hosts
    finally:
        for host in hosts:
            host.end()
        subprocess.run(["ip", "link", "delete", _BRIDGE], check=True)


def _cgroups(name: str) -> list[Path]:
    """The directories of control groups for a host: one, or with version 1 one for each hierarchy that matters."""
    below = Path(os.environ["LOCALAI_HOSTS_CGROUP"], name)
    if (_CGROUPS / "cgroup.procs").exists():
        return [_CGROUPS / below]
    return [_CGROUPS / kind / below for kind in _PRIVATE_CGROUPS if (_CGROUPS / kind).is_dir()]


def _in_cgroup(name: str) -> list[str]:
    """The start of a command that runs in control groups of its own, so that the systemd there meets no other."""
    for directory in _cgroups(name):
        directory.mkdir(parents=True, exist_ok=True)
    join = "".join(f"echo $$ > {directory}/cgroup.procs; " for directory in _cgroups(name))
    return ["sh", "-c", f'{join}exec "$@"', "sh"]
