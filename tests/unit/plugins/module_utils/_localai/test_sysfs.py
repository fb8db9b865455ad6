# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The GPUs of made-up kernels."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai.sysfs import (
    Device,
    gpu_devices,
    graphics_cards,
    has_pci_bus,
    nvidia_soc,
    system_ram,
    usable_memory,
)
from ansible_collections.localai.core.tests.support.made_up_hosts import AMD_CARD, MEMORY_64_GIB, ORIN, Host

BUS = "sys/bus/pci/devices/0000:01:00.0"
DRM = "sys/class/drm/card0/device"

DEVICES = [
    ("no GPU", {}, []),
    ("a card", AMD_CARD, [Device("amd", "")]),
    (
        "a card with its memory",
        {**AMD_CARD, f"{DRM}/mem_info_vram_total": "17163091968\n"},
        [Device("amd", "", 17163091968)],
    ),
    (
        "a card that may also use the memory of the host",
        {**AMD_CARD, f"{DRM}/mem_info_vram_total": "25769803776\n", f"{DRM}/mem_info_gtt_total": "34359738368\n"},
        [Device("amd", "", 25769803776)],
    ),
    (
        "graphics of a processor, which use the memory of the host",
        {**AMD_CARD, f"{DRM}/mem_info_vram_total": "536870912\n", f"{DRM}/mem_info_gtt_total": "133143986176\n"},
        [Device("amd", "", 133680857088)],
    ),
    (
        "graphics without memory of their own",
        {**AMD_CARD, f"{DRM}/mem_info_vram_total": "0", f"{DRM}/mem_info_gtt_total": "9"},
        [Device("amd", "")],
    ),
    ("a card whose memory is no number", {**AMD_CARD, f"{DRM}/mem_info_vram_total": "much\n"}, [Device("amd", "")]),
    ("a display controller", {f"{BUS}/vendor": "0x10de", f"{BUS}/class": "0x030000"}, [Device("nvidia", "")]),
    ("an accelerator of AMD", {f"{BUS}/vendor": "0x1002", f"{BUS}/class": "0x120000"}, [Device("amd", "")]),
    ("an accelerator of Intel, which is no GPU", {f"{BUS}/vendor": "0x8086", f"{BUS}/class": "0x120000"}, []),
    ("a network card", {f"{BUS}/vendor": "0x8086", f"{BUS}/class": "0x020000"}, []),
    ("a GPU of another vendor", {f"{BUS}/vendor": "0x1a03", f"{BUS}/class": "0x030000"}, []),
    ("the driver of NVIDIA alone", {"proc/driver/nvidia/gpus/0/information": ""}, [Device("nvidia", "nvidia")]),
    ("a connector", {"sys/class/drm/card0-DP-1/device/vendor": "0x10de"}, []),
]


@pytest.mark.parametrize(
    ("vram", "gtt", "usable"),
    [(1, 8, 9), (1, 7, 1), (0, 64, 0), (16, 0, 16), (16, -1, 16), (512, 133120, 133632)],
)
def test_memory_of_the_host_counts_if_it_is_eight_times_the_own(vram: int, gtt: int, usable: int) -> None:
    assert usable_memory(vram, gtt) == usable


@pytest.mark.parametrize(("files", "devices"), [row[1:] for row in DEVICES], ids=[row[0] for row in DEVICES])
def test_the_kernel_shows_the_gpus(tmp_path: Path, files: dict[str, str], devices: list[Device]) -> None:
    assert gpu_devices(Host(files).at(tmp_path)) == devices


def test_a_card_and_its_pci_device_are_one_gpu(tmp_path: Path) -> None:
    machine = Host({f"{BUS}/vendor": "0x1002", f"{BUS}/class": "0x030000"}).at(tmp_path)
    (tmp_path / "root" / DRM).parent.mkdir(parents=True)
    (tmp_path / "root" / DRM).symlink_to(tmp_path / "root" / BUS)
    (tmp_path / "root" / BUS / "driver").symlink_to("../../drivers/amdgpu")
    assert list(graphics_cards(machine)) == [("amd", "/sys/class/drm/card0/device")]
    assert gpu_devices(machine) == [Device("amd", "amdgpu")]


@pytest.mark.parametrize(
    ("device", "computes"),
    [
        (Device("nvidia", "nvidia"), True),
        (Device("amd", "amdgpu"), True),
        (Device("nvidia", "nouveau"), False),
        (Device("amd", ""), False),
        (Device("intel", "i915"), False),
        (Device("intel", ""), False),
    ],
)
def test_a_gpu_computes_with_the_driver_of_its_vendor(device: Device, computes: bool) -> None:
    assert device.computes is computes


@pytest.mark.parametrize(
    ("files", "shows"),
    [({}, False), ({f"{BUS}/vendor": "0x8086"}, True), ({f"{BUS}/vendor": "0x8086", "dev/dxg": ""}, False)],
)
def test_in_wsl_no_gpu_is_on_the_bus(tmp_path: Path, files: dict[str, str], shows: bool) -> None:
    assert has_pci_bus(Host(files).at(tmp_path)) is shows


def test_a_soc_of_nvidia_has_the_memory_of_the_system(tmp_path: Path) -> None:
    machine = Host({**ORIN, **MEMORY_64_GIB}).at(tmp_path)
    assert nvidia_soc(machine) == ["/sys/devices/soc0/family", "/sys/devices/soc0/soc_id"]
    assert system_ram(machine) == 64 * 1024**3
    (tmp_path / "none").mkdir()
    other = Host().at(tmp_path / "none")
    assert (nvidia_soc(other), system_ram(other)) == ([], 0)
