# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The program that waits for the nodes of GPUs before the service starts, on made-up hosts."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from pathlib import Path

import pytest

from ansible_collections.localai.core.tests.support.playbook import COLLECTION

PROGRAM = COLLECTION / "roles" / "localai" / "files" / "wait-for-gpu-devices"
DISPLAY, COMPUTE, NETWORK = "0x030000", "0x120000", "0x020000"


def card(root: Path, kind: str, driver: str = "", render: str = "", module: str = "") -> Path:
    """Show a PCI device, its driver, its render node, and the module that its alias belongs to."""
    devices = root / "sys/bus/pci/devices"
    device = devices / f"0000:0{len(list(devices.glob('*')))}:00.0"
    device.mkdir(parents=True)
    (device / "class").write_text(f"{kind}\n", encoding="ascii")
    (device / "modalias").write_text(f"pci:{module}\n", encoding="ascii")
    if driver:
        bind(device, driver, render)
    return device


def bind(device: Path, driver: str, render: str = "") -> None:
    """Bind a driver to a device."""
    if render:
        (device / "drm" / render).mkdir(parents=True)
    (device / "driver").symlink_to(f"../../../bus/pci/drivers/{driver}")


def node(root: Path, path: str) -> None:
    """Make something that passes for a device node."""
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).touch()


def wait(root: Path, seconds: int = 1) -> str:
    """Run the program; a modprobe that knows the aliases of `card` goes before the real one."""
    programs = root / "bin"
    programs.mkdir(exist_ok=True)
    modprobe = programs / "modprobe"
    modprobe.write_text(
        '#!/bin/sh\nfor alias; do :; done\n[ "$alias" = pci: ] || echo "${alias#pci:}"\n', encoding="ascii"
    )
    modprobe.chmod(0o755)
    done = subprocess.run(
        ["sh", str(PROGRAM), str(seconds), str(root)],
        env={"PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def missing(*devices: str) -> str:
    """What it prints when the time is over."""
    return f"After 1 seconds, these devices are missing: {' '.join(devices)}\n"


def test_a_host_without_a_gpu_is_not_waited_for(tmp_path: Path) -> None:
    assert wait(tmp_path) == ""
    card(tmp_path, NETWORK, module="amdgpu")
    assert wait(tmp_path) == ""


@pytest.mark.parametrize("driver", ["nouveau", "ast", "vfio-pci", "mgag200"])
def test_a_card_for_display_or_for_a_guest_is_not_waited_for(tmp_path: Path, driver: str) -> None:
    card(tmp_path, DISPLAY, driver)
    assert wait(tmp_path) == ""


def test_a_card_without_a_driver_on_this_host_is_not_waited_for(tmp_path: Path) -> None:
    card(tmp_path, DISPLAY)
    card(tmp_path, DISPLAY, module="nouveau")
    assert wait(tmp_path) == ""


@pytest.mark.parametrize("module", ["nvidia", "amdgpu", "i915", "xe"])
def test_a_driver_that_is_still_to_load_is_named(tmp_path: Path, module: str) -> None:
    card(tmp_path, COMPUTE if module == "amdgpu" else DISPLAY, module=module)
    assert wait(tmp_path) == missing(f"0000:00:00.0: {module}")


def test_nodes_that_are_there_are_enough(tmp_path: Path) -> None:
    card(tmp_path, DISPLAY, "nvidia")
    card(tmp_path, DISPLAY, "amdgpu", "renderD128")
    card(tmp_path, DISPLAY, "i915", "renderD129")
    (tmp_path / "sys/class/kfd/kfd").mkdir(parents=True)
    assert wait(tmp_path) == missing("/dev/dri/renderD128", "/dev/dri/renderD129", "/dev/kfd", "/dev/nvidiactl")
    for path in "dev/nvidiactl", "dev/kfd", "dev/dri/renderD128", "dev/dri/renderD129":
        node(tmp_path, path)
    assert wait(tmp_path) == ""


def test_a_card_without_a_render_node_is_done_once_its_driver_is(tmp_path: Path) -> None:
    device = card(tmp_path, DISPLAY, "xe")
    assert wait(tmp_path) == missing("0000:00:00.0: xe")
    (device / "drm" / "card0").mkdir(parents=True)
    assert wait(tmp_path) == ""


def test_it_ends_as_soon_as_the_last_node_is_there(tmp_path: Path) -> None:
    device = card(tmp_path, COMPUTE, module="amdgpu")
    later = threading.Timer(1.2, lambda: (bind(device, "amdgpu", "renderD128"), node(tmp_path, "dev/dri/renderD128")))
    later.start()
    began = time.monotonic()
    assert wait(tmp_path, 20) == ""
    assert 1 < time.monotonic() - began < 10
    later.join()
