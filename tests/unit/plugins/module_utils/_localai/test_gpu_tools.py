# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The memory of GPUs by what the tools of their vendors print, and whether a tool told that of all GPUs."""

from __future__ import annotations

from pathlib import Path
from typing import Callable

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai.gpu_tools import (
    Memory,
    amd_memory,
    intel_memory,
    nvidia_memory,
    total_memory,
    vulkan_memory,
)
from ansible_collections.localai.core.plugins.module_utils._localai.sysfs import Device
from ansible_collections.localai.core.tests.support.made_up_hosts import (
    GIB,
    LOCAL,
    SHARED,
    Host,
    nvidia_smi,
    rocm_smi,
    rocm_smi_all,
    tool,
    vulkaninfo,
    vulkaninfo_json,
    xpu_smi,
)

MIB = 1024**2
NVIDIA, AMD = Device("nvidia", "nvidia"), Device("amd", "amdgpu")

# A Strix Halo: 512 MiB are reserved for its graphics, and it may map 124 GiB.
STRIX_VRAM, STRIX_GTT = 536870912, 133143986176
STRIX = STRIX_VRAM + STRIX_GTT
LOW_POWER = "WARNING: AMD GPU device(s) is/are in a low-power state. Check power control/runtime_status\n\n"
# Older versions put the columns in another order, with other capitals, or have numbers in megabytes.
OLD_NAMES = "device,gtt Total Memory (B),vram Total Used Memory (B),vram Total Memory (B)\ncard0, 4096, 1, 512\n"
NO_GTT = "device,VRAM Total Memory (B),GTT Total Memory (B)\ncard0,536870912,N/A\n"

MEMORIES = [
    # what reads it, what the tool prints, the devices that the kernel shows -> bytes, whether that is all
    (nvidia_memory, nvidia_smi("24564", "24564"), [NVIDIA, NVIDIA], 2 * 24564 * MIB, True),
    (nvidia_memory, nvidia_smi("24564"), [NVIDIA, NVIDIA], 24564 * MIB, False),
    (nvidia_memory, nvidia_smi("24564"), [NVIDIA, Device("nvidia", "nouveau")], 24564 * MIB, True),
    (nvidia_memory, nvidia_smi("[N/A]"), [NVIDIA], 0, False),
    (nvidia_memory, {"nvidia-smi": "No devices were found"}, [NVIDIA], 0, False),
    (nvidia_memory, {"nvidia-smi": "WARNING: infoROM is corrupted\n0, L4, 23034, 1, 23033\n"}, [], 23034 * MIB, True),
    (nvidia_memory, {}, [NVIDIA], 0, False),
    (amd_memory, rocm_smi(17163091968), [AMD], 17163091968, True),
    (amd_memory, rocm_smi(16384), [AMD], 16384 * MIB, True),
    (amd_memory, rocm_smi(17163091968), [AMD, AMD], 17163091968, False),
    (amd_memory, {"rocm-smi": "device\ncard0\ncard1,?,0\n"}, [AMD], 0, False),
    (amd_memory, rocm_smi_all((STRIX_VRAM, STRIX_GTT)), [AMD], STRIX_VRAM + STRIX_GTT, True),
    (amd_memory, rocm_smi_all((24 * GIB, 32 * GIB)), [AMD], 24 * GIB, True),
    (amd_memory, rocm_smi_all((8 * GIB, 64 * GIB)), [AMD], 72 * GIB, True),
    (amd_memory, rocm_smi_all((8 * GIB, 64 * GIB - 1)), [AMD], 8 * GIB, True),
    (amd_memory, rocm_smi_all((24 * GIB, 32 * GIB), (STRIX_VRAM, STRIX_GTT)), [AMD, AMD], 24 * GIB + STRIX, True),
    (amd_memory, rocm_smi_all((0, 64 * GIB)), [AMD], 0, False),
    (amd_memory, {"rocm-smi": LOW_POWER + rocm_smi_all((512 * MIB, 4 * GIB))["rocm-smi"]}, [AMD], 4608 * MIB, True),
    (amd_memory, {"rocm-smi": OLD_NAMES}, [AMD], 4608 * MIB, True),
    (amd_memory, {"rocm-smi": "device,total,used\ncard0,17163091968,1\n"}, [AMD], 17163091968, True),
    (amd_memory, {"rocm-smi": "device,total\ncard0,17163091968\n"}, [AMD], 0, False),
    (amd_memory, {"rocm-smi": ""}, [AMD], 0, False),
    (amd_memory, {"rocm-smi": NO_GTT}, [AMD], 512 * MIB, True),
    (amd_memory, {}, [Device("amd", "amdgpu", 8 * GIB)], 8 * GIB, True),
    (amd_memory, {}, [Device("amd", "amdgpu", 8 * GIB), AMD], 8 * GIB, False),
    (intel_memory, xpu_smi("17095983104"), [], 17095983104, True),
    (intel_memory, xpu_smi(17095983104), [], 17095983104, True),
    (intel_memory, xpu_smi("N/A", None, []), [], 0, False),
    (intel_memory, {"xpu-smi": "[1, 2"}, [], 0, False),
    (intel_memory, {"xpu-smi": '{"device_list": [1, null]}'}, [], 0, False),
    (intel_memory, {"xpu-smi": "[]"}, [], 0, False),
    (intel_memory, {"xpu-smi": '{"device_list": "none"}'}, [], 0, False),
]


@pytest.mark.parametrize(("read", "tools", "devices", "expected"), [(*row[:3], row[3:]) for row in MEMORIES])
def test_a_tool_tells_the_memory_of_all_gpus_or_it_failed(
    tmp_path: Path,
    read: Callable[..., Memory],
    tools: dict[str, str],
    devices: list[Device],
    expected: tuple[int, bool],
) -> None:
    memory = read(Host({}, tools).at(tmp_path), devices)
    assert (memory.size, memory.unreadable is None) == expected


def test_a_rocm_smi_that_does_not_know_all_is_asked_for_vram(tmp_path: Path) -> None:
    machine = Host().at(tmp_path)
    rows = "device,VRAM Total Memory (B),VRAM Total Used Memory (B)\nGPU[0],17179869184,2147483648"
    script = f"case $2 in vram) echo '{rows}';; *) echo 'usage: rocm-smi' >&2; exit 2;; esac"
    tool(tmp_path / "bin/rocm-smi", script)
    assert amd_memory(machine, [AMD]) == Memory(16 * GIB)


def test_a_rocm_smi_that_hangs_is_started_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ansible_collections.localai.core.plugins.module_utils._localai.machine.PROBE_SECONDS", 0.2)
    machine = Host().at(tmp_path)
    tool(tmp_path / "bin/rocm-smi", f"echo >> '{tmp_path}/started'; exec /bin/sleep 60")
    memory = amd_memory(machine, [AMD])
    assert memory.unreadable is not None
    assert "stopped after" in memory.unreadable.output
    assert (tmp_path / "started").read_text(encoding="ascii") == "\n"


VULKAN = [
    (vulkaninfo((8 * GIB, LOCAL), (64 * GIB, SHARED)), 8 * GIB),
    (vulkaninfo((8 * GIB, f"VK_{LOCAL}")), 8 * GIB),
    (vulkaninfo((3 * GIB, LOCAL), twice=True), 6 * GIB),
    (vulkaninfo((64 * GIB, LOCAL), kind="PHYSICAL_DEVICE_TYPE_CPU"), 0),
    (vulkaninfo_json({"size": 8 * GIB, "flags": 1}, {"size": 64 * GIB, "flags": 0}), 8 * GIB),
    (vulkaninfo_json({"size": 64 * GIB, "flags": 1}, kind="VK_PHYSICAL_DEVICE_TYPE_CPU"), 0),
    ({"vulkaninfo": '{"VkPhysicalDevices": [{}]}'}, 0),
    ({}, 0),
]


@pytest.mark.parametrize(("tools", "size"), VULKAN)
def test_vulkan_tells_the_memory_that_is_local_to_gpus(tmp_path: Path, tools: dict[str, str], size: int) -> None:
    assert vulkan_memory(Host({}, tools).at(tmp_path)) == size


def test_vulkan_counts_only_if_no_vendor_tells_any_memory(tmp_path: Path) -> None:
    tools = {**nvidia_smi("24564"), **vulkaninfo((8 * GIB, LOCAL))}
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    total, unreadable = total_memory(Host({}, tools).at(tmp_path / "one"), [NVIDIA], {"nvidia", "amd"})
    assert (total, [failed.vendor for failed in unreadable]) == (24564 * MIB, ["amd"])
    assert total_memory(Host({}, vulkaninfo((8 * GIB, LOCAL))).at(tmp_path / "two"), [], set())[0] == 8 * GIB


@pytest.mark.parametrize(
    ("status", "is_there"), [(0, False), (6, False), (9, False), (14, True), (15, True), (18, True), (255, False)]
)
def test_some_exit_statuses_of_nvidia_smi_say_that_there_is_a_gpu(tmp_path: Path, status: int, is_there: bool) -> None:
    machine = Host().at(tmp_path)
    tool(tmp_path / "bin/nvidia-smi", f"echo failed; exit {status}")
    assert nvidia_memory(machine, []).is_there is is_there
    assert [failed.vendor for failed in total_memory(machine, [], set())[1]] == (["nvidia"] if is_there else [])
