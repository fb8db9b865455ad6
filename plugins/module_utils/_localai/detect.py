# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is seen of a host: its GPUs, their drivers, and their memory.

The probing follows LocalAI's own (``pkg/system`` and ``pkg/xsysinfo`` of its source). Beyond that, it reads memory from
the kernel first, looks for tools in more directories, and looks at the PCI bus for GPUs that lost their driver.
"""

from __future__ import annotations

import json
import os
import re
import typing as t
from dataclasses import dataclass

from .capability import (
    AMD,
    COMPUTE_DRIVERS,
    DEFAULT,
    INTEL,
    NVIDIA,
    VENDORS,
    Evidence,
    Gpu,
    Hardware,
    HostCapability,
    Unreadable,
    conclude,
)
from .machine import Answer, Machine

FORCE_VARIABLE = "LOCALAI_FORCE_META_BACKEND_CAPABILITY"
RUN_FILE_VARIABLE = "LOCALAI_FORCE_META_BACKEND_CAPABILITY_RUN_FILE"
RUN_FILE = "/run/localai/capability"

# With this exit status, nvidia-smi warns of a damaged infoROM, and has printed all rows.
_INFOROM_DAMAGED = 14

_PCI_VENDORS = {0x10DE: NVIDIA, 0x1002: AMD, 0x8086: INTEL}
# Display controllers and, of AMD, accelerators without a display. Those of Intel are no GPUs.
_PCI_CLASSES = {NVIDIA: (0x03,), AMD: (0x03, 0x12), INTEL: (0x03,)}
_TOOL_VENDORS = (
    ("nvidia-smi", NVIDIA),
    ("rocm-smi", AMD),
    ("xpu-smi", INTEL),
    ("intel_gpu_top", INTEL),
)
_GB10_SOC = "jep106:0426:8901"
_NVIDIA_SOC = ("tegra", "jep106:036b")


@dataclass(frozen=True)
class _Device:
    """A GPU that the kernel shows: its C(vendor), its C(driver), if any, and its C(vram) in bytes if that is told."""

    vendor: str
    driver: str
    vram: int | None = None


@dataclass(frozen=True)
class _Memory:
    """The bytes of memory of one vendor's GPUs; where these are not all, the C(probe) and what it said instead."""

    size: int
    probe: str = ""
    said: str = ""


def detect(machine: Machine, forced: str | None = None) -> HostCapability:
    """Return what this host can run: an option, else the environment, else the run file, else its hardware."""
    if forced:
        return _forced(forced.strip(), "option capability")
    variable = machine.environ.get(FORCE_VARIABLE)
    if variable:
        return _forced(variable, f"environment variable {FORCE_VARIABLE}")
    run_file = machine.environ.get(RUN_FILE_VARIABLE) or RUN_FILE
    content = machine.read(run_file)
    if content is not None:
        return _forced(content or DEFAULT, f"file {run_file}")
    if machine.system == "Darwin":
        name = "metal" if machine.architecture == "arm64" else "darwin-x86"
        return HostCapability(name, Evidence(rule=f"macOS on {machine.architecture}"))
    return conclude(_hardware(machine))


def _forced(name: str, by: str) -> HostCapability:
    return HostCapability(name, Evidence(rule="forced", forced_by=by))


def _hardware(machine: Machine) -> Hardware:
    """Return what is seen of the GPUs of a host."""
    gpus, devices = _gpus(machine), _devices(machine)
    if not gpus and not devices:
        return Hardware(machine.architecture)
    memories = {
        vendor: read(machine, [device for device in devices if device.vendor == vendor])
        for vendor, read in ((NVIDIA, _nvidia_memory), (AMD, _amd_memory), (INTEL, _intel_memory))
    }
    vram = sum(memory.size for memory in memories.values()) or _vulkan_vram(machine)
    present = {device.vendor for device in devices}
    if not _bus_tells(machine):
        present |= {gpu.vendor for gpu in gpus}
    return Hardware(
        machine.architecture,
        gpus,
        vram,
        tuple(version for version in ("13", "12") if os.path.exists(machine.locate(f"/usr/local/cuda-{version}"))),
        tuple(
            Unreadable(vendor, memory.probe, memory.said)
            for vendor, memory in memories.items()
            if memory.said and vendor in present
        ),
        frozenset(
            device.vendor
            for device in devices
            if device.vram is None and device.driver == COMPUTE_DRIVERS.get(device.vendor)
        ),
    )


def _gpus(machine: Machine) -> tuple[Gpu, ...]:
    """Return the traces of GPUs, the deciding one first; the first kind of trace that shows any counts."""
    found = [Gpu(vendor, f"{device}/vendor") for vendor, device in _cards(machine)]
    if not found:
        found = [Gpu(vendor, path) for tool, vendor in _TOOL_VENDORS for path in [machine.tool(tool)] if path]
    if not found:
        found = [Gpu("nvidia", path) for path in _nvidia_soc(machine)]
    if found:
        return tuple(sorted(found, key=lambda gpu: VENDORS.index(gpu.vendor)))
    vulkan = machine.tool("vulkaninfo")
    return (Gpu("vulkan", vulkan),) if vulkan else ()


def _devices(machine: Machine) -> list[_Device]:
    """Return the GPUs that the kernel shows as graphics cards, on the PCI bus, or as those of NVIDIA's driver."""
    paths: dict[str, tuple[str, str]] = {}
    for vendor, path in (*_cards(machine), *_on_the_bus(machine)):
        # A card is a link to the same device.
        paths.setdefault(os.path.realpath(machine.locate(path)), (vendor, path))
    found = [_Device(vendor, machine.driver(path), _told_vram(machine, path)) for vendor, path in paths.values()]
    if machine.entries("/proc/driver/nvidia/gpus") and NVIDIA not in {device.vendor for device in found}:
        found.append(_Device(NVIDIA, COMPUTE_DRIVERS[NVIDIA]))
    return found


def _cards(machine: Machine) -> t.Iterator[tuple[str, str]]:
    """Yield the vendor and the device of each graphics card."""
    for card in machine.entries("/sys/class/drm"):
        # card0-HDMI-A-1 and its like are connectors of card0.
        if card.startswith("card") and "-" not in card:
            path = f"/sys/class/drm/{card}/device"
            vendor = _PCI_VENDORS.get(_number(machine.read(f"{path}/vendor"), 16))
            if vendor:
                yield vendor, path


def _on_the_bus(machine: Machine) -> t.Iterator[tuple[str, str]]:
    """Yield the vendor and the device of each GPU on the PCI bus; one without a driver is no graphics card."""
    for address in machine.entries("/sys/bus/pci/devices"):
        path = f"/sys/bus/pci/devices/{address}"
        vendor = _PCI_VENDORS.get(_number(machine.read(f"{path}/vendor"), 16))
        if vendor and _number(machine.read(f"{path}/class"), 16) >> 16 in _PCI_CLASSES[vendor]:
            yield vendor, path


def _bus_tells(machine: Machine) -> bool:
    """Return whether a GPU would be seen on the PCI bus; in WSL it is a device of Windows."""
    return bool(machine.entries("/sys/bus/pci/devices")) and not os.path.exists(machine.locate("/dev/dxg"))


def _told_vram(machine: Machine, path: str) -> int | None:
    """Return the bytes of memory that the kernel tells of a device, None when it does not; only amdgpu does."""
    size = _number(machine.read(f"{path}/mem_info_vram_total"), 10)
    return size if size > 0 else None


def _number(text: str | None, base: int) -> int:
    """Return the number that a file of the kernel holds, -1 when it holds none."""
    try:
        return int(text or "", base)
    except ValueError:
        return -1


def _nvidia_soc(machine: Machine) -> list[str]:
    family, soc_id = "/sys/devices/soc0/family", "/sys/devices/soc0/soc_id"
    values = {path: (machine.read(path) or "").lower() for path in (family, soc_id)}
    return [path for path, value in values.items() if value.startswith(_NVIDIA_SOC) or value == _GB10_SOC]


def _nvidia_memory(machine: Machine, devices: t.Sequence[_Device]) -> _Memory:
    """Return the memory that nvidia-smi tells; rows count whatever its exit status is.

    It knows of no GPUs but those of NVIDIA's driver, and should have a row for each of these.
    """
    query = "--query-gpu=index,name,memory.total,memory.used,memory.free"
    answer = machine.run("nvidia-smi", query, "--format=csv,noheader,nounits")
    sizes, whole = [], answer.status in (0, _INFOROM_DAMAGED)
    for line in answer.printed.splitlines():
        columns = [column.strip() for column in line.split(",")]
        mebibytes = columns[2] if len(columns) > 2 else columns[-1]
        if re.fullmatch(r"\d+(\.\d+)?", mebibytes):
            sizes.append(int(float(mebibytes) * 1024**2))
        elif "GB10" in line.upper():
            # The GPU of this SoC shares the system's memory and so has none of its own to tell.
            sizes.append(_system_ram(machine))
        elif line.strip() and not line.upper().startswith("WARNING"):
            whole = False
    if not sum(sizes) and _nvidia_soc(machine):
        sizes, whole = [_system_ram(machine)], True
    size, computing = sum(sizes), [device for device in devices if device.driver == COMPUTE_DRIVERS[NVIDIA]]
    whole = whole and len(sizes) >= len(computing)
    return _Memory(size) if size and whole else _Memory(size, "nvidia-smi", answer.said)


def _amd_memory(machine: Machine, devices: t.Sequence[_Device]) -> _Memory:
    """Return the memory that the kernel tells, else rocm-smi; the one that knows more GPUs counts."""
    sizes = [device.vram for device in devices if device.vram is not None]
    if sizes and len(sizes) == len(devices):
        return _Memory(sum(sizes))
    answer = machine.run("rocm-smi", "--showmeminfo", "vram", "--csv")
    rows = []
    for line in answer.printed.splitlines()[1:]:
        columns = line.split(",")
        size = int(columns[1]) if len(columns) > 2 and columns[1].strip().isdecimal() else 0
        if size:
            # Some versions of the tool count in MB.
            rows.append(size if size >= 1000000 else size * 1024**2)
    told = max(sizes, rows, key=len)
    whole = len(told) >= max(1, len(devices))
    return _Memory(sum(told)) if whole else _Memory(sum(told), "rocm-smi", answer.said)


def _intel_memory(machine: Machine, _devices: t.Sequence[_Device]) -> _Memory:
    """Return the memory that xpu-smi tells; one with the processor's graphics tells none."""
    answer = machine.run("xpu-smi", "discovery", "--json")
    devices = _json_list(answer.printed, "device_list")
    size = sum(_whole(device.get("memory_physical_size_byte")) for device in devices)
    return _Memory(size) if size else _Memory(0, "xpu-smi", answer.said)


def _vulkan_vram(machine: Machine) -> int:
    answer = machine.run("vulkaninfo", "--text")
    devices = re.split(r"^GPU\d+:$", _printed(answer), flags=re.MULTILINE)[1:]
    total = sum(_local_heaps(device) for device in devices if "PHYSICAL_DEVICE_TYPE_CPU" not in device)
    # What hung once would hang again.
    return total or (0 if answer.status is None else _vulkan_vram_of_json(machine))


def _printed(answer: Answer) -> str:
    """Return what a tool printed that did not fail."""
    return "" if answer.status else answer.printed


def _local_heaps(device: str) -> int:
    """Return the size in bytes of all heaps that are local to a device.

    C(vulkaninfo) prints C(size = 8589934592 (0x200000000) (8.00 GiB)) below C(memoryHeaps[0]:), and among its C(flags:)
    a line C(MEMORY_HEAP_DEVICE_LOCAL_BIT).
    """
    heaps = device.partition("memoryHeaps:")[2].partition("memoryTypes:")[0].split("memoryHeaps[")[1:]
    sizes = (re.search(r"\bsize\s*=\s*(\d{1,20})\b", heap) for heap in heaps if "HEAP_DEVICE_LOCAL_BIT" in heap)
    return sum(int(size.group(1)) for size in sizes if size)


def _vulkan_vram_of_json(machine: Machine) -> int:
    """Return the same from the JSON in which other versions of LocalAI look for it."""
    total = 0
    for device in _json_list(_printed(machine.run("vulkaninfo", "--json")), "VkPhysicalDevices"):
        properties = device.get("VkPhysicalDeviceMemoryProperties")
        heaps = properties.get("memoryHeaps") if isinstance(properties, dict) else None
        if device.get("deviceType") == "VK_PHYSICAL_DEVICE_TYPE_CPU" or not isinstance(heaps, list):
            continue
        # Flag 1 marks a heap that is local to the device.
        local = (heap for heap in heaps if isinstance(heap, dict) and _whole(heap.get("flags")) & 1)
        total += sum(_whole(heap.get("size")) for heap in local)
    return total


def _system_ram(machine: Machine) -> int:
    found = re.search(r"^MemTotal:\s*(\d+) kB", machine.read("/proc/meminfo") or "", re.MULTILINE)
    return int(found.group(1)) * 1024 if found else 0


def _json_list(text: str, key: str) -> list[dict[str, t.Any]]:
    """Return the objects of the list C(key) that a tool printed as JSON; none when it printed anything else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return []
    rows = value.get(key) if isinstance(value, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _whole(value: t.Any) -> int:
    """Return a number that a tool printed, as a number or as text; 0 for anything else."""
    try:
        return max(0, int(value))
    except (TypeError, ValueError, OverflowError):
        return 0
