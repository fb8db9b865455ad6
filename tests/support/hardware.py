# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hardware that the modules see when they run in this process: made-up files of the kernel, made-up tools."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai import machine as _machine

PCI_IDS = {"nvidia": "0x10de", "amd": "0x1002", "intel": "0x8086", "aspeed": "0x1a03"}


class Hardware:
    """A machine without any GPU at first; all that the modules read of the kernel is below `root`."""

    def __init__(self, top: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let the modules see it in place of this machine."""
        self.root = top / "root"
        self.tools = top / "bin"
        self.root.mkdir(parents=True)
        self.tools.mkdir()
        self._monkeypatch = monkeypatch
        root = str(self.root)
        monkeypatch.setattr(
            _machine.Machine, "locate", lambda _machine, path: os.path.join(root, path.lstrip("/")), raising=True
        )
        monkeypatch.setenv("PATH", str(self.tools))

    def write(self, path: str, text: str) -> None:
        """Write a file of the kernel."""
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="ascii")

    def device(self, path: str, vendor: str, driver: str = "", **files: str) -> None:
        """Show a device of a vendor to which a driver is bound, and what else its directory has."""
        shutil.rmtree(self.root / path, ignore_errors=True)
        for name, text in {"vendor": PCI_IDS[vendor], **files}.items():
            self.write(f"{path}/{name}", f"{text}\n")
        if driver:
            (self.root / path / "driver").symlink_to(f"../../../bus/pci/drivers/{driver}")

    def card(self, vendor: str, driver: str = "", number: int = 0, **files: str) -> None:
        """Show a graphics card."""
        self.device(f"sys/class/drm/card{number}/device", vendor, driver, **files)

    def on_the_bus(self, vendor: str, driver: str = "", pci_class: str = "0x030200", address: str = "01") -> None:
        """Show a device on the PCI bus that is no graphics card."""
        self.device(f"sys/bus/pci/devices/0000:{address}:00.0", vendor, driver, **{"class": pci_class})

    def tool(self, name: str, script: str, directory: str = "") -> None:
        """Put a vendor's tool in PATH, or in a directory of the machine."""
        place = self.root / directory.lstrip("/") if directory else self.tools
        place.mkdir(parents=True, exist_ok=True)
        (place / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        (place / name).chmod(0o755)

    def nvidia_smi(self, mebibytes: str = "24564") -> None:
        """Let nvidia-smi tell of one GPU."""
        self.tool("nvidia-smi", f"echo '0, NVIDIA GeForce RTX 4090, {mebibytes}, 1, 2'")

    def without_tool(self, name: str) -> None:
        """Remove a tool from PATH."""
        (self.tools / name).unlink(missing_ok=True)

    def gone(self) -> None:
        """Take all GPUs out."""
        shutil.rmtree(self.root / "sys", ignore_errors=True)

    def patience(self, seconds: float) -> None:
        """Let a tool have no more time than this."""
        self._monkeypatch.setattr(_machine, "PROBE_SECONDS", seconds)
