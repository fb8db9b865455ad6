# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host can run, probed on made-up hosts."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai import gpu_tools, machine
from ansible_collections.localai.core.plugins.module_utils._localai.capability import HostCapability
from ansible_collections.localai.core.plugins.module_utils._localai.detect import (
    CAPABILITY_FILE_VARIABLE,
    FORCE_VARIABLE,
    detect,
)
from ansible_collections.localai.core.plugins.module_utils._localai.evidence import Evidence, Gpu
from ansible_collections.localai.core.plugins.module_utils._localai.machine import Machine
from ansible_collections.localai.core.tests.support.made_up_hosts import (
    AMD_CARD,
    CUDA_12,
    CUDA_13,
    GIB,
    INTEL_CARD,
    LOCAL,
    MEMORY_64_GIB,
    NVIDIA_CARD,
    ORIN,
    SHARED,
    Host,
    amd_memory,
    nvidia_smi,
    rocm_smi,
    rocm_smi_all,
    tool,
    vulkaninfo,
    xpu_smi,
)

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
    ("NVIDIA that does not tell its memory", Host(NVIDIA_CARD, nvidia_smi("[N/A]")), "default"),
    ("AMD with 16 GiB", Host(AMD_CARD, rocm_smi(17163091968)), "amd"),
    ("AMD with 512 MiB", Host(AMD_CARD, rocm_smi(536870912)), "default"),
    ("Strix Halo, by rocm-smi", Host(AMD_CARD, rocm_smi_all((536870912, 133143986176))), "amd"),
    ("Strix Halo, by the kernel", Host({**AMD_CARD, **amd_memory(536870912, 133143986176)}), "amd"),
    (
        "Strix Halo, and a rocm-smi that tells VRAM only",
        Host({**AMD_CARD, **amd_memory(536870912, 133143986176)}, rocm_smi(536870912)),
        "amd",
    ),
    ("graphics of a processor with 64 MiB and 4 GiB", Host({**AMD_CARD, **amd_memory(64 << 20, 4 << 30)}), "amd"),
    ("graphics of a processor with little memory", Host({**AMD_CARD, **amd_memory(256 << 20, 3 << 30)}), "default"),
    ("a card with 4 GiB and as much of the host", Host({**AMD_CARD, **amd_memory(4 << 30, 31 << 30)}), "default"),
    ("a card with 4 GiB, by rocm-smi", Host(AMD_CARD, rocm_smi_all((4 << 30, 31 << 30))), "default"),
    ("AMD with CUDA lying about", Host({**AMD_CARD, **CUDA_12}, rocm_smi(17163091968)), "amd"),
    ("Intel with 16 GiB", Host(INTEL_CARD, xpu_smi("17095983104")), "intel"),
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
    ("Vulkan with 4 GiB", Host({}, vulkaninfo((4 * GIB, LOCAL), (64 * GIB, SHARED))), "default"),
    ("AMD whose memory only Vulkan tells", Host(AMD_CARD, vulkaninfo((8 * GIB, LOCAL))), "amd"),
]


@pytest.mark.parametrize(("host", "capability"), [row[1:] for row in HOSTS], ids=[row[0] for row in HOSTS])
def test_a_host_has_the_capability_of_its_hardware(tmp_path: Path, host: Host, capability: str) -> None:
    assert detect(host.at(tmp_path)).name == capability


FORCED = [
    # environment, run file, run file that the environment names -> capability, by
    (("amd", "metal", None), "amd", f"environment variable {FORCE_VARIABLE}"),
    ((None, " metal \n", None), "metal", "file /run/localai/capability"),
    ((None, "metal", "vulkan\n"), "vulkan", "file /etc/capability"),
    ((None, "metal", ""), "default", "file /etc/capability"),
    (("", "metal", None), "metal", "file /run/localai/capability"),
    ((None, "one of one's own", None), "one of one's own", "file /run/localai/capability"),
    ((None, None, None), "nvidia", None),
]


@pytest.mark.parametrize(("said", "capability", "by"), FORCED)
def test_the_environment_goes_before_the_run_file_and_the_hardware(
    tmp_path: Path, said: tuple[str | None, ...], capability: str, by: str | None
) -> None:
    variable, run_file, other = said
    files, environ = {**NVIDIA_CARD}, {}
    if variable is not None:
        environ[FORCE_VARIABLE] = variable
    if run_file is not None:
        files["run/localai/capability"] = run_file
    if other is not None:
        files["etc/capability"] = other
        environ[CAPABILITY_FILE_VARIABLE] = "/etc/capability"
    detected = detect(Host(files, nvidia_smi("24564"), environ=environ).at(tmp_path))
    assert (detected.name, detected.evidence.forced_by) == (capability, by)
    assert detected.evidence.gpus == (() if by else (Gpu("nvidia", "/sys/class/drm/card0/device/vendor"),))


def test_a_capability_file_that_is_a_directory_does_not_count(tmp_path: Path) -> None:
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
    detected = detect(Host().at(tmp_path))
    assert detected.evidence == Evidence(rule="no GPU detected")
    assert not detected.has_gpu


def test_a_gpu_that_is_too_small_is_evidence_all_the_same(tmp_path: Path) -> None:
    detected = detect(Host(NVIDIA_CARD, nvidia_smi("2048")).at(tmp_path))
    assert detected.evidence.vram == 2048 * 1024**2
    assert str(2048 * 1024**2) in detected.evidence.rule
    assert detected.has_gpu


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
    monkeypatch.setattr(machine, "PROBE_SECONDS", 0.3)
    host = Host().at(tmp_path)
    tool(tmp_path / "bin" / "nvidia-smi", script)
    start = time.monotonic()
    detected = detect(host)
    assert time.monotonic() - start < 15
    assert (detected.name, detected.undecided) == ("default", False)
    assert [probe.vendor for probe in detected.evidence.unreadable] == ["nvidia"]
    assert detected.evidence.gpus == (Gpu("nvidia", str(tmp_path / "bin" / "nvidia-smi")),)


def test_bytes_that_are_not_text_do_not_stop_a_probe(tmp_path: Path) -> None:
    machine = Host(NVIDIA_CARD, machine="x86_64").at(tmp_path)
    tool(tmp_path / "bin" / "nvidia-smi", "printf '\\377\\376, 24564\\n'")
    (tmp_path / "root/sys/class/drm/card0/device/vendor").write_bytes(b"0x10de\n")
    assert detect(machine).name == "nvidia"


def test_this_very_host_has_some_capability() -> None:
    assert detect(Machine()).name
    assert Machine().environ == dict(os.environ)


def test_a_host_without_a_gpu_does_not_load_the_parsing_of_tools(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, gpu_tools.__name__, None)
    assert detect(Host().at(tmp_path)).name == "default"
