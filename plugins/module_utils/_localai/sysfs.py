# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The GPUs that the Linux kernel reports below `/sys` and `/proc`.

Follows `DetectGPUVendor` and `isNVIDIAIntegratedGPU` in LocalAI's `pkg/xsysinfo/gpu.go`. In addition, it finds GPUs
without a driver on the PCI bus, and reads the memory of AMD GPUs.
"""

from __future__ import annotations

import re
import typing as t

from .._fs.utf8 import os
from .capability import NVIDIA
from .hardware import VENDORS, Vendor

if t.TYPE_CHECKING:
    from .machine import Machine

_BUS = "/sys/bus/pci/devices"
_GB10_SOC = "jep106:0426:8901"
_NVIDIA_SOC = ("tegra", "jep106:036b")
# LocalAI tells processors with graphics from graphics cards by this ratio of GTT to VRAM.
_SHARED_MEMORY_RATIO = 8
_VENDOR_OF = {vendor.pci_id: vendor for vendor in VENDORS}
_COMPUTE_DRIVERS = {vendor.name: vendor.compute_driver for vendor in VENDORS if vendor.compute_driver}


class Device(t.NamedTuple):
    """A GPU: its vendor, its driver or an empty text, and its memory `vram` in bytes if the kernel reports it."""

    vendor: str
    driver: str
    vram: int | None = None

    @property
    def computes(self) -> bool:
        """Whether the compute driver of its vendor is bound to it."""
        return self.driver == _COMPUTE_DRIVERS.get(self.vendor)


def gpu_devices(machine: Machine) -> list[Device]:
    """Return the GPUs among graphics cards and PCI devices, and those that NVIDIA's driver reports."""
    paths: dict[str, tuple[str, str]] = {}
    for vendor, path in (*graphics_cards(machine), *_pci_devices(machine)):
        # A card is a link to the same device.
        paths.setdefault(os.path.realpath(machine.locate(path)), (vendor, path))
    devices = [Device(vendor, machine.driver(path), _vram(machine, path)) for vendor, path in paths.values()]
    if machine.entries("/proc/driver/nvidia/gpus") and NVIDIA not in {device.vendor for device in devices}:
        devices.append(Device(NVIDIA, _COMPUTE_DRIVERS[NVIDIA]))
    return devices


def graphics_cards(machine: Machine) -> t.Iterator[tuple[str, str]]:
    """Yield the vendor and the device of each graphics card."""
    for card in machine.entries("/sys/class/drm"):
        # Names such as card0-HDMI-A-1 are connectors of card0.
        if card.startswith("card") and "-" not in card:
            path = f"/sys/class/drm/{card}/device"
            vendor = _vendor(machine, path)
            if vendor is not None:
                yield vendor.name, path


def has_pci_bus(machine: Machine) -> bool:
    """Return whether GPUs are on the PCI bus. In WSL, they are devices of Windows."""
    return bool(machine.entries(_BUS)) and not os.path.exists(machine.locate("/dev/dxg"))


def nvidia_soc(machine: Machine) -> list[str]:
    """Return the files that identify this machine as an NVIDIA SoC."""
    paths = ("/sys/devices/soc0/family", "/sys/devices/soc0/soc_id")
    values = {path: (machine.read(path) or "").lower() for path in paths}
    return [path for path, value in values.items() if value.startswith(_NVIDIA_SOC) or value == _GB10_SOC]


def system_ram(machine: Machine) -> int:
    """Return the bytes of memory of this machine, 0 if unknown."""
    total = re.search(r"^MemTotal:\s*(\d+) kB", machine.read("/proc/meminfo") or "", re.MULTILINE)
    return int(total.group(1)) * 1024 if total else 0


def _pci_devices(machine: Machine) -> t.Iterator[tuple[str, str]]:
    """Yield the vendor and the device of each GPU on the PCI bus, including those without a driver."""
    for address in machine.entries(_BUS):
        path = f"{_BUS}/{address}"
        vendor = _vendor(machine, path)
        if vendor is not None and _number(machine.read(f"{path}/class"), 16) >> 16 in vendor.pci_classes:
            yield vendor.name, path


def _vendor(machine: Machine, path: str) -> Vendor | None:
    return _VENDOR_OF.get(_number(machine.read(f"{path}/vendor"), 16))


def usable_memory(vram: int, gtt: int) -> int:
    """Return the bytes of memory that an AMD GPU can use. `gtt` is the memory of the host that is mapped for the GPU.

    A processor with graphics reserves little memory for them, and lets them use much more of the host's.
    """
    return vram + gtt if 0 < vram * _SHARED_MEMORY_RATIO <= gtt else vram


def _vram(machine: Machine, path: str) -> int | None:
    """Return the bytes of memory that the kernel reports for a device; only amdgpu does."""
    vram, gtt = (_number(machine.read(f"{path}/mem_info_{kind}_total"), 10) for kind in ("vram", "gtt"))
    return usable_memory(vram, gtt) if vram > 0 else None


def _number(text: str | None, base: int) -> int:
    """Return the number in a file of the kernel; -1 if it has none."""
    try:
        return int(text or "", base)
    except ValueError:
        return -1
