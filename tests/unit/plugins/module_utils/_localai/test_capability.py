# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What follows from a capability, as tables."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai.capability import (
    CAPABILITIES,
    compatible,
    implied_platform,
    is_for,
    preferred,
)

ALL = (
    "default",
    "cpu",
    "nvidia",
    "nvidia-cuda-12",
    "nvidia-l4t",
    "amd",
    "intel",
    "vulkan",
    "metal",
    "darwin-x86",
    "own",
)
NVIDIA = ("nvidia", "nvidia-cuda-12", "nvidia-l4t")

COMPATIBLE = [
    ("cpu-llama-cpp", ALL),
    ("vulkan-llama-cpp", ALL),
    ("piper", ALL),
    ("metal-llama-cpp", ("metal", "darwin-x86")),
    ("darwin-x86-llama-cpp", ("metal", "darwin-x86")),
    ("mlx-vlm", ("metal", "darwin-x86")),
    ("MLX", ("metal", "darwin-x86")),
    # the first rule that applies
    ("darwin-cuda12-x", ("metal", "darwin-x86")),
    ("nvidia-l4t-arm64-llama-cpp", ("nvidia-l4t",)),
    ("l4t-rocm-x", ("nvidia-l4t",)),
    ("cuda12-llama-cpp", NVIDIA),
    ("CUDA13-vllm", NVIDIA),
    ("nvidia-x", NVIDIA),
    ("cuda-rocm-x", NVIDIA),
    ("rocm-vllm", ("amd",)),
    ("hipblas-x", ("amd",)),
    ("amd-x", ("amd",)),
    ("rocm-intel-x", ("amd",)),
    ("intel-sycl-f16-llama-cpp", ("intel",)),
    ("sycl-x", ("intel",)),
    ("intel-vllm", ("intel",)),
    # a name that only happens to hold such letters is judged all the same
    ("chipmunk", ("amd",)),
]


@pytest.mark.parametrize(("name", "capabilities"), COMPATIBLE)
def test_a_name_tells_for_which_hosts_a_build_is(name: str, capabilities: tuple[str, ...]) -> None:
    assert tuple(capability for capability in ALL if compatible(name, capability)) == capabilities


@pytest.mark.parametrize("name", [row[0] for row in COMPATIBLE])
def test_disable_turns_the_filter_off(name: str) -> None:
    assert compatible(name, "disable")


@pytest.mark.parametrize(
    ("name", "vendors"),
    [
        ("cuda12-x", ["nvidia"]),
        ("nvidia-l4t-arm64-x", ["nvidia"]),
        ("rocm-x", ["amd"]),
        ("intel-sycl-f16-x", ["intel"]),
        ("vulkan-x", []),
        ("cpu-x", []),
        ("metal-x", []),
        ("piper", []),
    ],
)
def test_a_build_is_for_a_vendor_if_it_runs_nowhere_else(name: str, vendors: list[str]) -> None:
    assert [vendor for vendor in ("nvidia", "amd", "intel") if is_for(name, vendor)] == vendors


def test_every_kind_of_nvidia_l4t_runs_builds_for_it() -> None:
    names = ("nvidia-l4t", "nvidia-l4t-cuda-12", "nvidia-l4t-cuda-13")
    assert [compatible("nvidia-l4t-x", name) for name in names] == [True, True, True]


BUILDS = [
    "cpu-x",
    "cuda12-x",
    "cuda13-x",
    "darwin-x86-x",
    "hip-x",
    "intel-x",
    "metal-x",
    "rocm-x",
    "sycl-x",
    "vulkan-x",
]

PREFERENCES = [
    # capability, installed builds in byte order -> who answers
    ("nvidia", BUILDS, "cuda12-x"),
    ("nvidia-cuda-13", BUILDS, "cuda12-x"),
    ("nvidia-l4t", BUILDS, "cuda12-x"),
    ("NVIDIA", BUILDS, "cuda12-x"),
    ("nvidia", ["cpu-x", "rocm-x", "vulkan-x"], "vulkan-x"),
    ("nvidia", ["cpu-x", "rocm-x"], "cpu-x"),
    ("amd", BUILDS, "rocm-x"),
    ("amd", ["cpu-x", "hip-x", "vulkan-x"], "hip-x"),
    ("amd", ["cpu-x", "vulkan-x"], "vulkan-x"),
    ("amd", ["cpu-x", "cuda12-x"], "cpu-x"),
    ("intel", BUILDS, "sycl-x"),
    ("intel", ["cpu-x", "intel-x", "vulkan-x"], "intel-x"),
    ("intel", ["cpu-x", "vulkan-x"], "cpu-x"),
    ("metal", BUILDS, "metal-x"),
    ("metal", ["cpu-x", "darwin-x86-x"], "cpu-x"),
    ("darwin-x86", BUILDS, "darwin-x86-x"),
    ("darwin-x86", ["cpu-x", "metal-x"], "cpu-x"),
    ("vulkan", BUILDS, "vulkan-x"),
    ("vulkan", ["cpu-x", "cuda12-x"], "cpu-x"),
    ("default", BUILDS, "cpu-x"),
    ("own", BUILDS, "cpu-x"),
    ("disable", BUILDS, "cpu-x"),
    # no token fits: the first one
    ("default", ["cuda12-x", "rocm-x"], "cuda12-x"),
    ("intel", ["cuda12-x", "rocm-x"], "cuda12-x"),
    ("nvidia", ["a", "b"], "a"),
    ("nvidia", ["a", "b-CUDA"], "b-CUDA"),
]


@pytest.mark.parametrize(("capability", "installed", "winner"), PREFERENCES)
def test_the_capability_decides_which_build_answers_to_an_alias(
    capability: str, installed: list[str], winner: str
) -> None:
    assert preferred(installed, capability) == winner


@pytest.mark.parametrize(
    ("capability", "platform"),
    [
        ("nvidia-l4t", ("linux", "arm64")),
        ("nvidia-l4t-cuda-12", ("linux", "arm64")),
        ("nvidia-l4t-own", ("linux", "arm64")),
        ("metal", ("darwin", "arm64")),
        ("darwin-x86", ("darwin", "amd64")),
        ("nvidia", None),
        ("default", None),
        ("own", None),
        ("", None),
    ],
)
def test_some_capabilities_imply_a_platform(capability: str, platform: tuple[str, str] | None) -> None:
    assert implied_platform(capability) == platform


def test_every_row_names_one_capability_and_a_fallback_that_is_one() -> None:
    names = [row.name for row in CAPABILITIES]
    assert len(set(names)) == len(names)
    assert {row.fallback for row in CAPABILITIES if row.fallback} <= set(names)
