# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the memory of GPUs with the tools of their vendors.

Follows LocalAI's `pkg/xsysinfo/gpu.go`. In addition, it detects whether the memory of all GPUs could be read.
"""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass, replace

from .capability import AMD, INTEL, NVIDIA
from .evidence import Unreadable
from .sysfs import nvidia_soc, system_ram, usable_memory

if t.TYPE_CHECKING:
    from .machine import Answer, Machine
    from .sysfs import Device

# nvidia-smi warns of a damaged infoROM with this exit status, after it has printed all rows.
_INFOROM_DAMAGED = 14
# With these exit statuses, nvidia-smi says that there is a GPU: power cables, interrupts, infoROM, off the bus, and a
# driver in the kernel that is of another version than the library.
_GPU_IS_THERE = (8, 10, _INFOROM_DAMAGED, 15, 18)
_ROCM_VRAM, _ROCM_GTT = "vram total memory (b)", "gtt total memory (b)"


@dataclass(frozen=True)
class Memory:
    """The memory of one vendor's GPUs in bytes, and the failed probe if it is incomplete.

    `is_there`: whether the tool said that there is a GPU, even if it could not read it.
    """

    size: int
    unreadable: Unreadable | None = None
    is_there: bool = False


def total_memory(
    machine: Machine, devices: t.Sequence[Device], present: t.AbstractSet[str]
) -> tuple[int, list[Unreadable]]:
    """Return the bytes of memory of all GPUs, and the probes that failed although a GPU is there.

    `present` has the vendors of GPUs that are there, whatever their tools say.
    """
    memories = {
        vendor: read(machine, [device for device in devices if device.vendor == vendor])
        for vendor, read in ((NVIDIA, nvidia_memory), (AMD, amd_memory), (INTEL, intel_memory))
    }
    total = sum(memory.size for memory in memories.values()) or vulkan_memory(machine)
    return total, [
        memory.unreadable
        for vendor, memory in memories.items()
        if memory.unreadable and (vendor in present or memory.is_there)
    ]


def nvidia_memory(machine: Machine, devices: t.Sequence[Device]) -> Memory:
    """Return the memory that `nvidia-smi` prints. Its rows are used even if its exit status is not 0.

    It prints one row for each GPU with NVIDIA's driver.
    """
    query = "--query-gpu=index,name,memory.total,memory.used,memory.free"
    answer = machine.run("nvidia-smi", query, "--format=csv,noheader,nounits")
    sizes, complete = [], answer.status in (0, _INFOROM_DAMAGED)
    for line in answer.printed.splitlines():
        columns = [column.strip() for column in line.split(",")]
        mebibytes = columns[2] if len(columns) > 2 else columns[-1]
        if re.fullmatch(r"\d+(\.\d+)?", mebibytes):
            sizes.append(int(float(mebibytes) * 1024**2))
        elif "GB10" in line.upper():
            # The GPU of this SoC shares the memory of the system and reports none of its own.
            sizes.append(system_ram(machine))
        elif line.strip() and not line.upper().startswith("WARNING"):
            complete = False
    if not sum(sizes) and nvidia_soc(machine):
        sizes, complete = [system_ram(machine)], True
    size = sum(sizes)
    complete = complete and size > 0 and len(sizes) >= sum(device.computes for device in devices)
    return replace(_memory(size, complete, NVIDIA, "nvidia-smi", answer), is_there=answer.status in _GPU_IS_THERE)


def amd_memory(machine: Machine, devices: t.Sequence[Device]) -> Memory:
    """Return the memory that the kernel or `rocm-smi` reports, whichever knows more GPUs."""
    sizes = [device.vram for device in devices if device.vram is not None]
    if sizes and len(sizes) == len(devices):
        return Memory(sum(sizes))
    answer = machine.run("rocm-smi", "--showmeminfo", "all", "--csv")
    rows = _rocm_rows(answer.printed)
    # A tool that is missing or timed out would be so again.
    if not rows and answer.status is not None:
        answer = machine.run("rocm-smi", "--showmeminfo", "vram", "--csv")
        rows = _rocm_rows(answer.printed)
    sizes = max(sizes, rows, key=len)
    return _memory(sum(sizes), len(sizes) >= max(1, len(devices)), AMD, "rocm-smi", answer)


def _rocm_rows(printed: str) -> list[int]:
    """Return the bytes of memory of each GPU in the table that `rocm-smi --csv` prints.

    Its first line names the columns, for example `device,VRAM Total Memory (B),…,GTT Total Memory (B),…`. If it has no
    such name, VRAM is in the second of at least three columns, as in LocalAI. Warnings may be printed before it.
    """
    lines = [[column.strip() for column in line.lower().split(",")] for line in printed.splitlines()]
    first = next((number for number, line in enumerate(lines) if line[0] == "device" or _ROCM_VRAM in line), 0)
    names = lines[first] if lines else []
    columns = [names.index(name) if name in names else default for name, default in ((_ROCM_VRAM, 1), (_ROCM_GTT, -1))]
    rows = (usable_memory(*(_rocm_bytes(line, column) for column in columns)) for line in lines[first + 1 :])
    return [size for size in rows if size]


def _rocm_bytes(line: list[str], column: int) -> int:
    """Return the bytes in a column, 0 if there is no number. Some versions of the tool print megabytes."""
    text = line[column] if 0 <= column < len(line) > 2 else ""
    size = int(text) if text.isdecimal() else 0
    return size if size >= 1000000 else size * 1024**2


def intel_memory(machine: Machine, _devices: t.Sequence[Device]) -> Memory:
    """Return the memory that `xpu-smi` prints. It prints none for integrated graphics."""
    answer = machine.run("xpu-smi", "discovery", "--json")
    devices = _json_list(answer.printed, "device_list")
    size = sum(_whole(device.get("memory_physical_size_byte")) for device in devices)
    return _memory(size, size > 0, INTEL, "xpu-smi", answer)


def _memory(size: int, complete: bool, vendor: str, probe: str, answer: Answer) -> Memory:
    return Memory(size, None if complete or not answer.summary else Unreadable(vendor, probe, answer.summary))


def vulkan_memory(machine: Machine) -> int:
    """Return the bytes of memory of all GPUs that Vulkan knows, 0 if unknown."""
    answer = machine.run("vulkaninfo", "--text")
    devices = re.split(r"^GPU\d+:$", _printed(answer), flags=re.MULTILINE)[1:]
    total = sum(_local_heaps(device) for device in devices if "PHYSICAL_DEVICE_TYPE_CPU" not in device)
    # A tool that timed out once would time out again.
    return total or (0 if answer.status is None else _vulkan_memory_of_json(machine))


def _printed(answer: Answer) -> str:
    """Return the output of a tool; empty if it failed."""
    return "" if answer.status else answer.printed


def _local_heaps(device: str) -> int:
    """Return the size in bytes of all heaps that are local to a device.

    `vulkaninfo` prints `size = 8589934592 (0x200000000) (8.00 GiB)` below `memoryHeaps[0]:`, and among its `flags:` a
    line `MEMORY_HEAP_DEVICE_LOCAL_BIT`.
    """
    heaps = device.partition("memoryHeaps:")[2].partition("memoryTypes:")[0].split("memoryHeaps[")[1:]
    sizes = (re.search(r"\bsize\s*=\s*(\d{1,20})\b", heap) for heap in heaps if "HEAP_DEVICE_LOCAL_BIT" in heap)
    return sum(int(size.group(1)) for size in sizes if size)


def _vulkan_memory_of_json(machine: Machine) -> int:
    """Return the bytes of memory from the JSON output, which other versions of LocalAI read."""
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


def _json_list(text: str, key: str) -> list[dict[str, t.Any]]:
    """Return the objects of a list in JSON that a tool printed; none if it printed anything else."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return []
    rows = document.get(key) if isinstance(document, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _whole(value: t.Any) -> int:
    """Return a number that a tool printed as a number or as text; 0 for anything else."""
    try:
        return max(0, int(value))
    except (TypeError, ValueError, OverflowError):
        return 0
