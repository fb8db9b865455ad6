# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host can run, probed on made-up hosts."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai import machine as _machine
from ansible_collections.localai.core.plugins.module_utils._localai.capability import Evidence, Gpu, HostCapability
from ansible_collections.localai.core.plugins.module_utils._localai.detect import (
    FORCE_VARIABLE,
    RUN_FILE_VARIABLE,
    detect,
)
from ansible_collections.localai.core.plugins.module_utils._localai.machine import Machine

GIB = 1024**3

NVIDIA_CARD = {"sys/class/drm/card0/device/vendor": "0x10de\n"}
AMD_CARD = {"sys/class/drm/card0/device/vendor": "0x1002\n"}
INTEL_CARD = {"sys/class/drm/card0/device/vendor": "0x8086\n"}
CUDA_12 = {"usr/local/cuda-12/version.json": "{}"}
CUDA_13 = {"usr/local/cuda-13/version.json": "{}"}
ORIN = {"sys/devices/soc0/family": "Tegra\n", "sys/devices/soc0/soc_id": "jep106:036b:0023\n"}
MEMORY_64_GIB = {"proc/meminfo": "MemFree:  1 kB\nMemTotal:       67108864 kB\nMemAvailable: 2 kB\n"}


def nvidia_smi(*mebibytes: str) -> dict[str, str]:
    return {"nvidia-smi": "\n".join(f"NVIDIA GeForce RTX 4090, {size}" for size in mebibytes)}


def rocm_smi(*sizes: int) -> dict[str, str]:
    rows = "\n".join(f"card{number},{size},1024" for number, size in enumerate(sizes))
    return {"rocm-smi": f"device,VRAM Total Memory (B),VRAM Total Used Memory (B)\n{rows}"}


def xpu_smi(*sizes: object) -> dict[str, str]:
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
    device = {"deviceType": kind, "VkPhysicalDeviceMemoryProperties": {"memoryHeaps": list(heaps)}}
    return {"vulkaninfo": json.dumps({"VkPhysicalDevices": [device]})}


LOCAL, SHARED = "MEMORY_HEAP_DEVICE_LOCAL_BIT", "None"


@dataclass(frozen=True)
class Host:
    """A made-up host: C(files) below its root and what its C(tools) print."""

    files: dict[str, str] = field(default_factory=dict)
    tools: dict[str, str] = field(default_factory=dict)
    machine: str = "x86_64"
    system: str = "Linux"
    environ: dict[str, str] = field(default_factory=dict)

    def at(self, place: Path) -> Machine:
        for path, content in self.files.items():
            (place / "root" / path).parent.mkdir(parents=True, exist_ok=True)
            (place / "root" / path).write_text(content, encoding="utf-8")
        (place / "bin").mkdir()
        for name, output in self.tools.items():
            (place / "bin" / f"{name}.out").write_text(output, encoding="utf-8")
            tool(place / "bin" / name, f"exec /bin/cat '{place}/bin/{name}.out'")
        return Machine(str(place / "root"), str(place / "bin"), self.environ, self.system, self.machine)


def tool(path: Path, script: str) -> None:
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)


HOSTS = [
    ("nothing at all", Host(), "default"),
    ("a Mac of today", Host(system="Darwin", machine="arm64"), "metal"),
    ("a Mac of yesterday", Host(system="Darwin", machine="x86_64"), "darwin-x86"),
    ("a Mac, whatever its tools say", Host(tools=nvidia_smi("24564"), system="Darwin", machine="arm64"), "metal"),
    # PCI IDs, and the VRAM that the tools tell
    ("NVIDIA with 24 GiB", Host(NVIDIA_CARD, nvidia_smi("24564")), "nvidia"),
    ("NVIDIA with CUDA 12", Host({**NVIDIA_CARD, **CUDA_12}, nvidia_smi("24564")), "nvidia-cuda-12"),
    ("NVIDIA with CUDA 13", Host({**NVIDIA_CARD, **CUDA_13}, nvidia_smi("24564")), "nvidia-cuda-13"),
    (
        "NVIDIA with CUDA 12 and 13",
        Host({**NVIDIA_CARD, **CUDA_12, **CUDA_13}, nvidia_smi("24564")),
        "nvidia-cuda-13",
    ),
    ("NVIDIA with exactly 4 GiB", Host(NVIDIA_CARD, nvidia_smi("4096")), "default"),
    ("NVIDIA with 4 GiB and CUDA", Host({**NVIDIA_CARD, **CUDA_12}, nvidia_smi("4096")), "default"),
    ("NVIDIA with just more", Host(NVIDIA_CARD, nvidia_smi("4097")), "nvidia"),
    ("two small cards of NVIDIA together", Host(NVIDIA_CARD, nvidia_smi("3000", "3000")), "nvidia"),
    ("NVIDIA without its tool", Host(NVIDIA_CARD), "default"),
    ("NVIDIA with a tool that talks nonsense", Host(NVIDIA_CARD, {"nvidia-smi": "No devices were found"}), "default"),
    ("NVIDIA that does not tell its memory", Host(NVIDIA_CARD, nvidia_smi("[N/A]")), "default"),
    ("AMD with 16 GiB", Host(AMD_CARD, rocm_smi(17163091968)), "amd"),
    ("AMD with a tool that counts in MB", Host(AMD_CARD, rocm_smi(16384)), "amd"),
    ("AMD with 512 MiB", Host(AMD_CARD, rocm_smi(536870912)), "default"),
    ("AMD with a tool that talks nonsense", Host(AMD_CARD, {"rocm-smi": "device\ncard0\ncard1,?,0\n"}), "default"),
    ("AMD with CUDA lying about", Host({**AMD_CARD, **CUDA_12}, rocm_smi(17163091968)), "amd"),
    ("Intel with 16 GiB", Host(INTEL_CARD, xpu_smi("17095983104")), "intel"),
    ("Intel with a number instead of text", Host(INTEL_CARD, xpu_smi(17095983104)), "intel"),
    ("Intel that does not tell", Host(INTEL_CARD, xpu_smi("N/A", None, [])), "default"),
    ("Intel with a tool that talks nonsense", Host(INTEL_CARD, {"xpu-smi": "[1, 2"}), "default"),
    ("Intel with other JSON", Host(INTEL_CARD, {"xpu-smi": '{"device_list": [1, null]}'}), "default"),
    ("Intel with JSON that is a list", Host(INTEL_CARD, {"xpu-smi": "[]"}), "default"),
    ("Intel with JSON without the list", Host(INTEL_CARD, {"xpu-smi": '{"device_list": "none"}'}), "default"),
    (
        "the processor's graphics beside a card of NVIDIA",
        Host({**INTEL_CARD, "sys/class/drm/card1/device/vendor": "0x10de\n"}, nvidia_smi("24564")),
        "nvidia",
    ),
    (
        "the processor's graphics beside a card of AMD",
        Host({**INTEL_CARD, "sys/class/drm/card1/device/vendor": "0x1002\n"}, rocm_smi(17163091968)),
        "amd",
    ),
    ("a card of a server's console", Host({"sys/class/drm/card0/device/vendor": "0x1a03\n"}), "default"),
    ("a card without a readable ID", Host({"sys/class/drm/card0/device/vendor": "unknown\n"}), "default"),
    ("a connector, which is no card", Host({"sys/class/drm/card0-HDMI-A-1/device/vendor": "0x10de\n"}), "default"),
    ("a render node, which is no card", Host({"sys/class/drm/renderD128/device/vendor": "0x10de\n"}), "default"),
    # tools, where no PCI ID tells
    ("only nvidia-smi", Host({}, nvidia_smi("24564")), "nvidia"),
    ("only rocm-smi", Host({}, rocm_smi(17163091968)), "amd"),
    ("only xpu-smi", Host({}, xpu_smi("17095983104")), "intel"),
    ("only intel_gpu_top, which tells no memory", Host({}, {"intel_gpu_top": ""}), "default"),
    ("all tools", Host({}, {**nvidia_smi("24564"), **rocm_smi(17163091968), **xpu_smi("17095983104")}), "nvidia"),
    ("rocm-smi and xpu-smi", Host({}, {**rocm_smi(17163091968), **xpu_smi("17095983104")}), "amd"),
    # NVIDIA's boards: memory is shared, and on arm64 it does not matter
    ("Jetson Orin", Host(ORIN, machine="aarch64"), "nvidia-l4t"),
    ("Jetson Orin with CUDA 12", Host({**ORIN, **CUDA_12}, machine="aarch64"), "nvidia-l4t-cuda-12"),
    ("Jetson Thor with CUDA 13", Host({**ORIN, **CUDA_13}, machine="aarch64"), "nvidia-l4t-cuda-13"),
    (
        "a board that tells only its family",
        Host({"sys/devices/soc0/family": "Tegra\n"}, machine="aarch64"),
        "nvidia-l4t",
    ),
    ("GB10", Host({"sys/devices/soc0/soc_id": "jep106:0426:8901\n"}, machine="aarch64"), "nvidia-l4t"),
    ("a board of another maker", Host({"sys/devices/soc0/soc_id": "jep106:0426:0001\n"}, machine="aarch64"), "default"),
    ("an NVIDIA card in an arm64 server", Host(NVIDIA_CARD, machine="aarch64"), "nvidia-l4t"),
    ("an AMD card in an arm64 server", Host(AMD_CARD, rocm_smi(17163091968), machine="aarch64"), "amd"),
    ("an NVIDIA SoC that is not arm64 has the system's memory", Host({**ORIN, **MEMORY_64_GIB}), "nvidia"),
    (
        "GB10 that tells no memory has the system's",
        Host({**NVIDIA_CARD, **MEMORY_64_GIB}, {"nvidia-smi": "NVIDIA GB10, [N/A]"}),
        "nvidia",
    ),
    ("GB10 without /proc", Host(NVIDIA_CARD, {"nvidia-smi": "NVIDIA GB10, [N/A]"}), "default"),
    # Vulkan, where nothing else tells
    ("Vulkan with 8 GiB", Host({}, vulkaninfo((8 * GIB, LOCAL), (64 * GIB, SHARED))), "vulkan"),
    ("Vulkan as its early versions write", Host({}, vulkaninfo((8 * GIB, f"VK_{LOCAL}"))), "vulkan"),
    ("Vulkan with 4 GiB", Host({}, vulkaninfo((4 * GIB, LOCAL), (64 * GIB, SHARED))), "default"),
    ("Vulkan with two of 3 GiB", Host({}, vulkaninfo((3 * GIB, LOCAL), twice=True)), "vulkan"),
    ("Vulkan in software", Host({}, vulkaninfo((64 * GIB, LOCAL), kind="PHYSICAL_DEVICE_TYPE_CPU")), "default"),
    (
        "Vulkan with 8 GiB, as JSON",
        Host({}, vulkaninfo_json({"size": 8 * GIB, "flags": 1}, {"size": 64 * GIB, "flags": 0})),
        "vulkan",
    ),
    ("Vulkan with 4 GiB, as JSON", Host({}, vulkaninfo_json({"size": 4 * GIB, "flags": 1})), "default"),
    (
        "Vulkan in software, as JSON",
        Host({}, vulkaninfo_json({"size": 64 * GIB, "flags": 1}, kind="VK_PHYSICAL_DEVICE_TYPE_CPU")),
        "default",
    ),
    ("Vulkan that does not tell", Host({}, {"vulkaninfo": '{"VkPhysicalDevices": [{}]}'}), "default"),
    ("AMD whose memory only Vulkan tells", Host(AMD_CARD, vulkaninfo((8 * GIB, LOCAL))), "amd"),
]


@pytest.mark.parametrize(("host", "capability"), [row[1:] for row in HOSTS], ids=[row[0] for row in HOSTS])
def test_a_host_has_the_capability_of_its_hardware(tmp_path: Path, host: Host, capability: str) -> None:
    assert detect(host.at(tmp_path)).name == capability


FORCED = [
    # option, environment, run file, run file that the environment names -> capability, by
    (("intel", "amd", "metal", None), "intel", "option capability"),
    ((" intel\n", None, None, None), "intel", "option capability"),
    ((None, "amd", "metal", None), "amd", f"environment variable {FORCE_VARIABLE}"),
    ((None, None, " metal \n", None), "metal", "file /run/localai/capability"),
    ((None, None, "metal", "vulkan\n"), "vulkan", "file /etc/capability"),
    ((None, None, "metal", ""), "default", "file /etc/capability"),
    ((None, "", "metal", None), "metal", "file /run/localai/capability"),
    ((None, None, "one of one's own", None), "one of one's own", "file /run/localai/capability"),
    ((None, None, None, None), "nvidia", None),
]


@pytest.mark.parametrize(("said", "capability", "by"), FORCED)
def test_the_option_goes_before_the_environment_the_run_file_and_the_hardware(
    tmp_path: Path, said: tuple[str | None, ...], capability: str, by: str | None
) -> None:
    option, variable, run_file, other = said
    files, environ = {**NVIDIA_CARD}, {}
    if variable is not None:
        environ[FORCE_VARIABLE] = variable
    if run_file is not None:
        files["run/localai/capability"] = run_file
    if other is not None:
        files["etc/capability"] = other
        environ[RUN_FILE_VARIABLE] = "/etc/capability"
    found = detect(Host(files, nvidia_smi("24564"), environ=environ).at(tmp_path), option)
    assert (found.name, found.evidence.forced_by) == (capability, by)
    assert found.evidence.gpus == (() if by else (Gpu("nvidia", "/sys/class/drm/card0/device/vendor"),))


def test_a_run_file_that_is_a_directory_is_no_word_on_the_capability(tmp_path: Path) -> None:
    host = Host({**NVIDIA_CARD, "run/localai/capability/file": ""}, nvidia_smi("24564"))
    assert detect(host.at(tmp_path)).name == "nvidia"


def test_the_evidence_says_what_was_seen_and_which_rule_decided(tmp_path: Path) -> None:
    files = {**INTEL_CARD, "sys/class/drm/card1/device/vendor": "0x10de", **CUDA_12}
    evidence = detect(Host(files, nvidia_smi("24564", "24564")).at(tmp_path)).evidence
    assert evidence == Evidence(
        rule="GPU vendor nvidia with /usr/local/cuda-12",
        gpus=(
            Gpu("nvidia", "/sys/class/drm/card1/device/vendor"),
            Gpu("intel", "/sys/class/drm/card0/device/vendor"),
        ),
        vram=2 * 24564 * 1024**2,
        cuda=("12",),
    )


def test_the_evidence_for_a_host_without_a_gpu_is_that_none_was_seen(tmp_path: Path) -> None:
    found = detect(Host().at(tmp_path))
    assert found.evidence == Evidence(rule="no GPU seen")
    assert not found.has_gpu


def test_a_gpu_that_is_too_small_is_evidence_all_the_same(tmp_path: Path) -> None:
    found = detect(Host(NVIDIA_CARD, nvidia_smi("2048")).at(tmp_path))
    assert found.evidence.vram == 2048 * 1024**2
    assert str(2048 * 1024**2) in found.evidence.rule
    assert found.has_gpu


@pytest.mark.parametrize(
    ("name", "has_gpu"),
    [("default", False), ("cpu", False), ("disable", False), ("nvidia", True), ("vulkan", True), ("my-own", True)],
)
def test_a_forced_capability_stands_for_a_gpu_unless_it_is_one_of_the_processor(name: str, has_gpu: bool) -> None:
    assert HostCapability(name, Evidence(rule="forced", forced_by="option capability")).has_gpu is has_gpu


@pytest.mark.parametrize(
    "script",
    ["exec /bin/sleep 60", "/bin/sleep 20", "echo 'NVIDIA, 2456'; exit 1", "kill -9 $$", "exec /no/such/program"],
)
def test_a_tool_that_hangs_or_fails_counts_as_a_gpu_without_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    monkeypatch.setattr(_machine, "PROBE_SECONDS", 0.3)
    machine = Host().at(tmp_path)
    tool(tmp_path / "bin" / "nvidia-smi", script)
    start = time.monotonic()
    found = detect(machine)
    assert time.monotonic() - start < 15
    assert (found.name, found.undecided) == ("default", False)
    assert [each.vendor for each in found.evidence.unreadable] == ["nvidia"]
    assert found.evidence.gpus == (Gpu("nvidia", str(tmp_path / "bin" / "nvidia-smi")),)


def test_a_tool_that_cannot_be_started_tells_nothing(tmp_path: Path) -> None:
    machine = Host(NVIDIA_CARD).at(tmp_path)
    (tmp_path / "bin" / "nvidia-smi").write_bytes(b"#!/no/such/interpreter\n")
    (tmp_path / "bin" / "nvidia-smi").chmod(0o755)
    answer = machine.run("nvidia-smi")
    assert (answer.printed, answer.status) == ("", None)
    assert answer.said == "it cannot be started: No such file or directory"


def test_bytes_that_are_not_text_do_not_stop_a_probe(tmp_path: Path) -> None:
    machine = Host(NVIDIA_CARD, machine="x86_64").at(tmp_path)
    tool(tmp_path / "bin" / "nvidia-smi", "printf '\\377\\376, 24564\\n'")
    (tmp_path / "root/sys/class/drm/card0/device/vendor").write_bytes(b"0x10de\n")
    assert detect(machine).name == "nvidia"


def test_tools_are_looked_for_in_the_path_of_the_environment(tmp_path: Path) -> None:
    Host({}, nvidia_smi("24564")).at(tmp_path)
    machine = Machine(str(tmp_path / "root"), None, {"PATH": str(tmp_path / "bin")}, "Linux", "x86_64")
    assert machine.tool("nvidia-smi") == str(tmp_path / "bin" / "nvidia-smi")
    assert machine.tool("sh") is None


@pytest.mark.parametrize(
    ("machine", "architecture"),
    [
        ("x86_64", "amd64"),
        ("aarch64", "arm64"),
        ("arm64", "arm64"),
        ("armv7l", "arm"),
        ("armv6l", "arm"),
        ("i686", "386"),
        ("riscv64", "riscv64"),
    ],
)
def test_the_architecture_is_in_the_words_of_oci(machine: str, architecture: str) -> None:
    assert Machine("/", "", {}, "Linux", machine).architecture == architecture


def test_this_very_host_has_some_capability() -> None:
    assert detect(Machine()).name
    assert Machine().environ == dict(os.environ)
