# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The command line of QEMU for an image, and whether KVM works here."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

# As Debian calls the architectures.
_PROGRAMS = {"amd64": "qemu-system-x86_64", "arm64": "qemu-system-aarch64"}
_KERNEL_NAMES = {"amd64": "x86_64", "arm64": "aarch64"}
_BOARDS = {"amd64": "q35", "arm64": "virt"}
# For emulation: EL 9 needs x86-64-v2; the newest Arm processors spend their time on emulated pointer authentication.
_EMULATED = {"amd64": "max", "arm64": "cortex-a72"}
# The last line of the firmware's log, when there is no disk. Emulated, it comes after 0.5 s.
_FIRMWARE_ENDS = "No bootable device"
_PROBE_TIMEOUT = 15.0
# A second disk with settings for cloud-init, made by cloud_image.sh.
_SEED = "seed.iso"


@dataclass(frozen=True)
class Image:
    """A machine's disk, and with a Debian image its kernel and initrd, as the scripts of this directory write them."""

    directory: Path
    architecture: str

    @property
    def key(self) -> Path:
        """The private key of its user."""
        return self.directory / "key"

    @property
    def uses_cloud_init(self) -> bool:
        """Whether its user is created while it boots."""
        return (self.directory / _SEED).exists()

    def write_overlay(self, disk: Path) -> None:
        """Make a disk that starts with the content of this image, which stays as it is."""
        raw = self.directory / "disk.raw"
        backing, kind = (raw, "raw") if raw.exists() else (self.directory / "disk.qcow2", "qcow2")
        create = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", kind, "-b", str(backing), str(disk)]
        subprocess.run(create, check=True)

    def command(self, disk: Path, console: Path, port: int, accelerator: str) -> list[str]:
        """QEMU with a disk, its console in a file, and its sshd at a port of this machine's loopback address.

        The guest reaches all addresses of the namespace that QEMU runs in. What it wrote and synced is in the disk's
        file when QEMU is killed; the rest is lost, as when the power fails.
        """
        drive = f"file={disk},format=qcow2,if=virtio,cache=writeback"
        command = [
            *_machine(self.architecture, accelerator),
            *("-smp", "2", "-m", "2048", "-display", "none", "-monitor", "none", "-serial", f"file:{console}"),
            *("-drive", drive, "-device", "virtio-rng-pci"),
            *("-netdev", f"user,id=net,hostfwd=tcp:127.0.0.1:{port}-:22"),
            *("-device", "virtio-net-pci,netdev=net,romfile="),
        ]
        if self.uses_cloud_init:
            command += ["-drive", f"file={self.directory / _SEED},format=raw,if=virtio,readonly=on"]
        if (self.directory / "vmlinuz").exists():
            tty = (self.directory / "console").read_text(encoding="ascii").strip()
            arguments = f"root=/dev/vda rw console={tty} quiet security=selinux selinux=1 enforcing=1 audit=1"
            command += ["-kernel", str(self.directory / "vmlinuz"), "-initrd", str(self.directory / "initrd")]
            command += ["-append", arguments]
        return command


def accelerator(architecture: str, wanted: str = "") -> str:
    """Return `kvm` where it runs a machine of this architecture, else `tcg`; what is wanted is not probed.

    There are hosts with /dev/kvm on which QEMU aborts, or on which the guest hangs.
    """
    if wanted:
        return wanted
    if os.uname().machine != _KERNEL_NAMES[architecture] or not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    return "kvm" if _runs_firmware(architecture) else "tcg"


def _machine(architecture: str, accelerator: str) -> list[str]:
    processor = "host" if accelerator == "kvm" else _EMULATED[architecture]
    kind = "tcg,thread=multi" if accelerator == "tcg" else accelerator
    board = ["-machine", _BOARDS[architecture], "-cpu", processor, "-accel", kind]
    return [_PROGRAMS[architecture], "-nodefaults", "-no-user-config", *board]


def _runs_firmware(architecture: str) -> bool:
    """Whether KVM runs SeaBIOS to its end. The firmware of other boards keeps no such log."""
    if architecture != "amd64":
        return False
    with tempfile.TemporaryDirectory() as directory:
        log = Path(directory, "firmware.log")
        log.touch()
        device = ["-chardev", f"file,id=log,path={log}", "-device", "isa-debugcon,iobase=0x402,chardev=log"]
        command = [*_machine(architecture, "kvm"), "-display", "none", *device]
        quiet = subprocess.DEVNULL
        with subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet) as process:
            end = time.monotonic() + _PROBE_TIMEOUT
            while time.monotonic() < end and process.poll() is None:
                if _FIRMWARE_ENDS in log.read_text(encoding="utf-8", errors="replace"):
                    break
                time.sleep(0.1)
            process.kill()
        return _FIRMWARE_ENDS in log.read_text(encoding="utf-8", errors="replace")
