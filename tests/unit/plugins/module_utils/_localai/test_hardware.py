# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The capability that follows from the hardware, as a table."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai.evidence import Evidence, Gpu, Unreadable
from ansible_collections.localai.core.plugins.module_utils._localai.hardware import (
    CUDA_VERSIONS,
    LEAST_VRAM,
    VENDORS,
    Hardware,
    conclude,
    priority_of,
)

ENOUGH = LEAST_VRAM + 1
NVIDIA, AMD, INTEL, VULKAN = (Gpu(vendor, "x") for vendor in ("nvidia", "amd", "intel", "vulkan"))
DEAF, DUMB, BLIND = (Unreadable(vendor, "tool", "failed") for vendor in ("nvidia", "amd", "intel"))

CONCLUSIONS = [
    # hardware -> capability, whether it is undecided, and the vendors that cannot be read
    (Hardware("amd64"), "default", False, ""),
    (Hardware("amd64", (NVIDIA,), ENOUGH), "nvidia", False, ""),
    (Hardware("amd64", (NVIDIA,), LEAST_VRAM), "default", False, ""),
    (Hardware("amd64", (NVIDIA,), ENOUGH, ("13", "12")), "nvidia-cuda-13", False, ""),
    (Hardware("amd64", (AMD, INTEL), ENOUGH, ("12",)), "amd", False, ""),
    (Hardware("amd64", (VULKAN,), ENOUGH), "vulkan", False, ""),
    (Hardware("arm64", (NVIDIA,), 0, ("12",)), "nvidia-l4t-cuda-12", False, ""),
    (Hardware("arm64", (), 0, (), (DEAF,), frozenset({"nvidia"})), "nvidia-l4t", False, ""),
    (Hardware("arm64", (), 0, (), (DEAF,)), "default", False, "nvidia"),
    # a GPU that cannot be read
    (Hardware("amd64", (NVIDIA,), 0, ("12",), (DEAF,), frozenset({"nvidia"})), "nvidia-cuda-12", True, "nvidia"),
    (Hardware("amd64", (NVIDIA,), 0, (), (DEAF,)), "default", False, "nvidia"),
    (Hardware("amd64", (AMD,), 0, (), (DUMB, BLIND), frozenset({"amd"})), "amd", True, "amd"),
    # beside one that can: only if it would decide in its place
    (Hardware("amd64", (AMD,), ENOUGH, (), (DEAF, BLIND)), "amd", False, "nvidia"),
    (Hardware("amd64", (VULKAN,), ENOUGH, (), (BLIND,)), "vulkan", False, "intel"),
]


@pytest.mark.parametrize(("hardware", "capability", "undecided", "unreadable"), CONCLUSIONS)
def test_the_capability_follows_from_the_hardware(
    hardware: Hardware, capability: str, undecided: bool, unreadable: str
) -> None:
    host = conclude(hardware)
    assert (host.name, host.undecided) == (capability, undecided)
    assert " ".join(probe.vendor for probe in host.evidence.unreadable) == unreadable
    assert host.known == (None if undecided else capability)


def test_without_a_gpu_the_evidence_says_so() -> None:
    assert conclude(Hardware("amd64")).evidence == Evidence(rule="no GPU detected")


def test_nvidia_decides_before_amd_and_amd_before_intel_and_vulkan_last() -> None:
    assert [priority_of(vendor.name) for vendor in VENDORS] == [0, 1, 2]
    assert priority_of("vulkan") == 3
    assert CUDA_VERSIONS == ("13", "12")
