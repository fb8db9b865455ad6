# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Made-up hosts: the files of their kernel, and what the tools of the vendors print there."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.localai.core.plugins.module_utils._localai.machine import Machine

GIB = 1024**3
NVIDIA_CARD = {"sys/class/drm/card0/device/vendor": "0x10de\n"}
AMD_CARD = {"sys/class/drm/card0/device/vendor": "0x1002\n"}
INTEL_CARD = {"sys/class/drm/card0/device/vendor": "0x8086\n"}
CUDA_12 = {"usr/local/cuda-12/version.json": "{}"}
CUDA_13 = {"usr/local/cuda-13/version.json": "{}"}
ORIN = {"sys/devices/soc0/family": "Tegra\n", "sys/devices/soc0/soc_id": "jep106:036b:0023\n"}
MEMORY_64_GIB = {"proc/meminfo": "MemFree:  1 kB\nMemTotal:       67108864 kB\nMemAvailable: 2 kB\n"}


def amd_memory(vram: int, gtt: int) -> dict[str, str]:
    """What the kernel tells of the memory of an AMD GPU."""
    device = "sys/class/drm/card0/device"
    return {f"{device}/mem_info_vram_total": f"{vram}\n", f"{device}/mem_info_gtt_total": f"{gtt}\n"}


def nvidia_smi(*mebibytes: str) -> dict[str, str]:
    """What `nvidia-smi` prints."""
    return {"nvidia-smi": "\n".join(f"NVIDIA GeForce RTX 4090, {size}" for size in mebibytes)}


def rocm_smi(*sizes: int) -> dict[str, str]:
    """What `rocm-smi` prints."""
    rows = "\n".join(f"card{number},{size},1024" for number, size in enumerate(sizes))
    return {"rocm-smi": f"device,VRAM Total Memory (B),VRAM Total Used Memory (B)\n{rows}"}


def rocm_smi_all(*gpus: tuple[int, int]) -> dict[str, str]:
    """What `rocm-smi --showmeminfo all --csv` prints of GPUs with so much VRAM and GTT."""
    kinds = ("VRAM", "VIS_VRAM", "GTT")
    head = ",".join(f"{kind} Total Memory (B),{kind} Total Used Memory (B)" for kind in kinds)
    rows = [f"card{number},{vram},1,{vram},1,{gtt},18661376\n" for number, (vram, gtt) in enumerate(gpus)]
    return {"rocm-smi": f"device,{head}\n{''.join(rows)}\n"}


def xpu_smi(*sizes: object) -> dict[str, str]:
    """What `xpu-smi` prints."""
    return {"xpu-smi": json.dumps({"device_list": [{"memory_physical_size_byte": size} for size in sizes]})}


def vulkaninfo(
    *heaps: tuple[int, str], kind: str = "PHYSICAL_DEVICE_TYPE_DISCRETE_GPU", twice: bool = False
) -> dict[str, str]:
    """What `vulkaninfo --text` of Vulkan-Tools 1.3 prints, as far as it matters."""
    told = [
        f"\tmemoryHeaps[{number}]:\n\t\tsize   = {size} (0x{size:x}) ({size / GIB:.2f} GiB)\n"
        f"\t\tbudget = 1 (0x1)\n\t\tflags: count = 1\n\t\t\t{flag}\n"
        for number, (size, flag) in enumerate(heaps)
    ]
    device = (
        f"VkPhysicalDeviceProperties:\n\tdeviceType        = {kind}\n\n"
        f"VkPhysicalDeviceMemoryProperties:\n=====\nmemoryHeaps: count = {len(heaps)}\n{''.join(told)}"
        "memoryTypes: count = 1\n\tmemoryTypes[0]:\n\t\theapIndex     = 0\n"
        "\t\tpropertyFlags = 0x0001: count = 1\n\t\t\tMEMORY_PROPERTY_DEVICE_LOCAL_BIT\n"
    )
    layers = "Layers: count = 1\n=====\nVK_LAYER_MESA_overlay: GPU0 or another\n\nDevice Properties:\n=====\n"
    return {"vulkaninfo": layers + "".join(f"GPU{number}:\n{device}" for number in range(1 + twice))}


def vulkaninfo_json(*heaps: dict[str, object], kind: str = "VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU") -> dict[str, str]:
    """What `vulkaninfo --json` prints."""
    device = {"deviceType": kind, "VkPhysicalDeviceMemoryProperties": {"memoryHeaps": list(heaps)}}
    return {"vulkaninfo": json.dumps({"VkPhysicalDevices": [device]})}


LOCAL, SHARED = "MEMORY_HEAP_DEVICE_LOCAL_BIT", "None"


@dataclass(frozen=True)
class Host:
    """A made-up host: `files` below its root and what its `tools` print."""

    files: dict[str, str] = field(default_factory=dict)
    tools: dict[str, str] = field(default_factory=dict)
    machine: str = "x86_64"
    system: str = "Linux"
    environ: dict[str, str] = field(default_factory=dict)

    def at(self, place: Path) -> Machine:
        """Write its files and tools below a directory."""
        for path, content in self.files.items():
            (place / "root" / path).parent.mkdir(parents=True, exist_ok=True)
            (place / "root" / path).write_text(content, encoding="utf-8")
        (place / "bin").mkdir()
        for name, output in self.tools.items():
            (place / "bin" / f"{name}.out").write_text(output, encoding="utf-8")
            tool(place / "bin" / name, f"exec /bin/cat '{place}/bin/{name}.out'")
        return Machine(str(place / "root"), str(place / "bin"), self.environ, self.system, self.machine)


def tool(path: Path, script: str) -> None:
    """Write a program."""
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
