# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The entry of a capability map that a host uses, as tables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._localai.capability_map import Match, match

MAP = {
    "default": "cpu-x",
    "nvidia": "cuda12-x",
    "nvidia-cuda-12": "cuda12-x",
    "nvidia-cuda-13": "cuda13-x",
    "nvidia-l4t": "nvidia-l4t-arm64-x",
    "amd": "rocm-x",
}

MATCHES = [
    # the exact key
    (MAP, "default", "default"),
    (MAP, "nvidia", "nvidia"),
    (MAP, "nvidia-cuda-12", "nvidia-cuda-12"),
    (MAP, "nvidia-cuda-13", "nvidia-cuda-13"),
    (MAP, "nvidia-l4t", "nvidia-l4t"),
    (MAP, "amd", "amd"),
    ({"my-own": "x", "default": "y"}, "my-own", "my-own"),
    ({"default": "x", "cpu": "y"}, "cpu", "cpu"),
    # a step back within the vendor
    ({"nvidia": "cuda12-x", "default": "cpu-x"}, "nvidia-cuda-13", "nvidia"),
    ({"nvidia": "cuda12-x", "default": "cpu-x"}, "nvidia-cuda-12", "nvidia"),
    ({"nvidia": "cuda13-x", "default": "cpu-x"}, "nvidia-cuda-13", "nvidia"),
    ({"nvidia": "cuda13-x", "default": "cpu-x"}, "nvidia-cuda-12", "default"),
    ({"nvidia": "CUDA13-x", "default": "cpu-x"}, "nvidia-cuda-12", "default"),
    ({"nvidia": "cuda13-x", "default": "cpu-x"}, "nvidia", "nvidia"),
    ({"nvidia-l4t": "l4t-x", "default": "cpu-x"}, "nvidia-l4t-cuda-12", "nvidia-l4t"),
    ({"nvidia-l4t": "l4t-x", "default": "cpu-x"}, "nvidia-l4t-cuda-13", "default"),
    ({"nvidia-l4t": "cuda13-l4t-x", "default": "cpu-x"}, "nvidia-l4t-cuda-12", "default"),
    ({"nvidia": "cuda14-x", "default": "cpu-x"}, "nvidia-cuda-13", "default"),
    ({"nvidia": "cuda12-x", "default": "cpu-x"}, "nvidia-l4t", "default"),
    ({"nvidia": "cuda12-x", "default": "cpu-x"}, "nvidia-l4t-cuda-12", "default"),
    # then default, then cpu, then nothing
    (MAP, "intel", "default"),
    (MAP, "disable", "default"),
    ({"amd": "rocm-x", "cpu": "cpu-x"}, "intel", "cpu"),
    ({"default": "a", "cpu": "b"}, "intel", "default"),
    ({"amd": "rocm-x"}, "intel", None),
    ({"amd": "rocm-x"}, "default", None),
    ({"NVIDIA": "cuda12-x"}, "nvidia", None),
    ({"": "odd", "default": "cpu-x"}, "amd", "default"),
    ({"": "odd"}, "amd", None),
    ({}, "nvidia", None),
]


@pytest.mark.parametrize(("capabilities", "capability", "key"), MATCHES)
def test_a_map_offers_the_exact_key_or_a_step_back(
    capabilities: dict[str, str], capability: str, key: str | None
) -> None:
    assert match(capabilities, capability) == (None if key is None else Match(key, capabilities[key]))


CUDA_13_TAGS = [
    "quay.io/go-skynet/local-ai-backends:latest-nvidia-l4t-cuda-13-arm64-x",
    "oci://registry.example:5000/org/x:v1.2-cuda13",
    "registry.example:5000/x:cuda_13@sha256:" + "0" * 64,
    "ghcr.io/org/x:1.0-cu130",
    "ghcr.io/org/x:1.0-cu13",
    "ghcr.io/org/x-cuda13.1:latest",
    "ocilayout:/srv/images:CUDA-13-x",
    "https://files.example/x-cuda13.tar.gz?for=cuda12",
    "localai/x:gpu-nvidia-cuda-14",
]
OTHER_TAGS = [
    "quay.io/go-skynet/local-ai-backends:latest-gpu-nvidia-cuda-12-x",
    "quay.io/cuda13/x:latest",
    "cuda-13.example:13/x:latest",
    "ghcr.io/org/x:cu128",
    "ghcr.io/org/x:cuda12-cuda13",
    "ghcr.io/org/x:accu13",
    "ghcr.io/org/x@sha256:cuda13",
    "ghcr.io/org/x:vulkan-13",
    "https://files.example/x.tar.gz?build=cuda13",
    "/srv/x",
    "",
]


@pytest.mark.parametrize("capability", ["nvidia-cuda-12", "nvidia-l4t-cuda-12"])
@pytest.mark.parametrize("key", ["itself", "fallback", "default"])
@pytest.mark.parametrize(
    ("source", "is_for_13"), [*((tag, True) for tag in CUDA_13_TAGS), *((tag, False) for tag in OTHER_TAGS)]
)
def test_the_tag_of_an_image_says_which_cuda_it_is_for(capability: str, key: str, source: str, is_for_13: bool) -> None:
    named = {"itself": capability, "fallback": capability.replace("-cuda-12", ""), "default": "default"}[key]
    builds = {named: "x", "cpu": "cpu-x"}
    found = match(builds, capability, lambda target: [source] if target == "x" else [])
    assert found == (Match("cpu", "cpu-x") if is_for_13 else Match(named, "x"))
    # Any other host takes it.
    assert match({"nvidia": "x", "cpu": "cpu-x"}, "nvidia", lambda _target: [source]) == Match("nvidia", "x")


@pytest.mark.parametrize(
    ("name", "capability", "is_left_out"),
    [
        ("cuda13-x", "nvidia-cuda-12", True),
        ("cuda-13-x", "nvidia-cuda-12", True),
        ("cuda13.1-nvidia-l4t-arm64-x", "nvidia-l4t-cuda-12", True),
        ("x-cu130", "nvidia-cuda-12", True),
        ("cuda13-x", "nvidia-cuda-13", False),
        ("cuda14-x", "nvidia-cuda-13", True),
        ("cuda12-x", "nvidia-cuda-12", False),
        ("cuda12.8-x", "nvidia-cuda-12", False),
        ("cuda128-x", "nvidia-cuda-12", False),
        ("cuda11-x", "nvidia-cuda-12", False),
        ("cuda-x", "nvidia-cuda-12", False),
    ],
)
def test_a_build_for_a_newer_cuda_is_never_chosen(name: str, capability: str, is_left_out: bool) -> None:
    for key in (capability, "nvidia-l4t" if "l4t" in capability else "nvidia", "default"):
        found = match({key: name, "cpu": "cpu-x"}, capability)
        assert found == (Match("cpu", "cpu-x") if is_left_out else Match(key, name))
    assert (match({capability: name}, capability) is None) is is_left_out


def test_the_tags_of_all_mirrors_count() -> None:
    sources = {"x": ["quay.io/org/x:latest", "localai/x:cuda-13"]}
    assert match({"nvidia": "x"}, "nvidia-cuda-12", lambda target: sources[target]) is None


@pytest.mark.parametrize(("key", "last_resort"), [("default", True), ("cpu", True), ("nvidia", False), ("amd", False)])
def test_default_and_cpu_are_last_resorts(key: str, last_resort: bool) -> None:
    assert Match(key, "x").last_resort is last_resort


@given(
    st.dictionaries(
        st.sampled_from(["", "default", "cpu", "nvidia", "nvidia-cuda-12", "nvidia-cuda-13", "nvidia-l4t", "amd", "x"]),
        st.sampled_from(["cpu-x", "cuda12-x", "cuda13-x", "rocm-x", ""]),
    ),
    st.sampled_from(["default", "nvidia", "nvidia-cuda-12", "nvidia-cuda-13", "nvidia-l4t-cuda-12", "amd", "y"]),
)
def test_a_match_is_in_the_map_and_never_for_other_hardware(capabilities: dict[str, str], capability: str) -> None:
    found = match(capabilities, capability)
    too_new = {"nvidia-cuda-12": "cuda13-x", "nvidia-l4t-cuda-12": "cuda13-x"}.get(capability, "no such build")
    candidates = {key: target for key, target in capabilities.items() if target != too_new}
    if found is None:
        assert not {capability, "default", "cpu"} & set(candidates)
        return
    assert capabilities[found.key] == found.target
    assert found.key == capability or found.last_resort or (found.key and capability.startswith(f"{found.key}-"))
    assert found.target != too_new
    if capability in candidates:
        assert found.key == capability
