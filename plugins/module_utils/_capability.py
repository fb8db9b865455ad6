# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What this host can run, why we think so, and which build of a backend follows from it.

The probing follows LocalAI's own (``pkg/system`` and ``pkg/xsysinfo`` of its source), because the server decides by
it; the decisions below it are pure functions.
"""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import signal
import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.localai.core.plugins.module_utils._file import read_file

FORCE_VARIABLE = "LOCALAI_FORCE_META_BACKEND_CAPABILITY"
RUN_FILE_VARIABLE = "LOCALAI_FORCE_META_BACKEND_CAPABILITY_RUN_FILE"
RUN_FILE = "/run/localai/capability"

DEFAULT = "default"
FILTER_OFF = "disable"
LEAST_VRAM = 4 * 1024**3
PROBE_SECONDS = 10
# Some tools leave a file where they are started.
_NOTHING_TO_WRITE = "/proc"

_PCI_VENDORS = {0x10DE: "nvidia", 0x1002: "amd", 0x8086: "intel"}
_TOOL_VENDORS = (
    ("nvidia-smi", "nvidia"),
    ("rocm-smi", "amd"),
    ("xpu-smi", "intel"),
    ("intel_gpu_top", "intel"),
)
_VENDOR_PRIORITY = ("nvidia", "amd", "intel")
_GB10_SOC = "jep106:0426:8901"
_NVIDIA_SOC = ("tegra", "jep106:036b")

_ARCHITECTURES = {
    "x86_64": "amd64",
    "aarch64": "arm64",
    "armv6l": "arm",
    "armv7l": "arm",
    "i386": "386",
    "i686": "386",
}

_FALLBACKS = {"nvidia-cuda-13": "nvidia", "nvidia-cuda-12": "nvidia", "nvidia-l4t-cuda-12": "nvidia-l4t"}
LAST_RESORTS = (DEFAULT, "cpu")

_ALIAS_TOKENS = (
    ("nvidia", ("cuda", "vulkan", "cpu")),
    ("amd", ("rocm", "hip", "vulkan", "cpu")),
    ("intel", ("sycl", "intel", "cpu")),
    ("metal", ("metal", "cpu")),
    ("darwin-x86", ("darwin-x86", "cpu")),
    ("vulkan", ("vulkan", "cpu")),
)


@dataclass(frozen=True)
class Gpu:
    """A GPU, or the trace of one: its C(vendor) and the path where it was C(seen)."""

    vendor: str
    seen: str


@dataclass(frozen=True)
class Evidence:
    """What the capability was concluded from; C(vram) is in bytes, None where it was not asked for."""

    rule: str
    forced_by: str | None = None
    gpus: tuple[Gpu, ...] = ()
    vram: int | None = None
    cuda: tuple[str, ...] = ()


@dataclass(frozen=True)
class HostCapability:
    """The capability of this host, and the evidence for it."""

    name: str
    evidence: Evidence

    @property
    def has_gpu(self) -> bool:
        """Whether a GPU was seen, or the capability was forced to one."""
        return bool(self.evidence.gpus) or self.name not in (*LAST_RESORTS, FILTER_OFF)


@dataclass(frozen=True)
class Match:
    """The entry of a capability map that a host takes."""

    key: str
    target: str

    @property
    def last_resort(self) -> bool:
        """Whether the map had nothing for the host's own hardware."""
        return self.key in LAST_RESORTS


@dataclass(frozen=True)
class Machine:
    """Where the probes look; every part can be replaced by a test."""

    root: str = "/"
    path: str | None = None
    environ: t.Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    system: str = field(default_factory=platform.system)
    machine: str = field(default_factory=platform.machine)

    @property
    def architecture(self) -> str:
        """The machine's architecture in the words of OCI."""
        return _ARCHITECTURES.get(self.machine, self.machine)

    def locate(self, path: str) -> str:
        """Return where C(path), an absolute one, stands below C(root)."""
        return os.path.join(self.root, path.lstrip("/"))

    def read(self, path: str) -> str | None:
        """Return the stripped text of a small file, or None when it cannot be read."""
        try:
            return read_file(self.locate(path), 65536).decode("utf-8", "replace").strip()
        except OSError:
            return None

    def tool(self, name: str) -> str | None:
        """Return the path of a program, or None."""
        return shutil.which(name, path=self.path if self.path is not None else self.environ.get("PATH"))

    def run(self, name: str, *arguments: str) -> str:
        """Return what a vendor's tool prints; nothing when it is missing, fails, or takes too long."""
        program = self.tool(name)
        if program is None:
            return ""
        return _output(program, *arguments).decode("utf-8", "replace")


def _output(*command: str) -> bytes:
    """Return what a program prints, nothing when it fails; one that takes too long is killed."""
    import asyncio  # which takes long itself, and most hosts have no such program

    async def output() -> bytes:
        pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        process = await asyncio.create_subprocess_exec(
            *command, stdin=nothing, stdout=pipe, stderr=nothing, start_new_session=True, cwd=_NOTHING_TO_WRITE
        )
        try:
            printed, _errors = await asyncio.wait_for(process.communicate(), PROBE_SECONDS)
        except asyncio.TimeoutError:
            # All of its session, because what it has started holds its output open.
            os.killpg(process.pid, signal.SIGKILL)
            await asyncio.wait_for(process.communicate(), 1)
            raise
        return b"" if process.returncode else printed

    try:
        return asyncio.run(output())
    except (OSError, asyncio.TimeoutError):
        return b""


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
    return _from_gpus(machine)


def match(capabilities: t.Mapping[str, str], capability: str) -> Match | None:
    """Return what a meta backend's C(capabilities) map offers a host of this capability, or None."""
    if capability in capabilities:
        return Match(capability, capabilities[capability])
    fallback = _FALLBACKS.get(capability)
    if (
        fallback is not None
        and fallback in capabilities
        and not (capability == "nvidia-cuda-12" and _is_cuda13(capabilities[fallback]))
    ):
        return Match(fallback, capabilities[fallback])
    for key in LAST_RESORTS:
        if key in capabilities:
            return Match(key, capabilities[key])
    return None


def compatible(name: str, capability: str) -> bool:
    """Return whether the concrete backend C(name) can run on a host of this capability, judged by its name."""
    if capability == FILTER_OFF:
        return True
    lowered = name.lower()
    if _has(lowered, "darwin", "mlx", "metal"):
        return capability in ("metal", "darwin-x86")
    if _has(lowered, "l4t"):
        return capability.startswith("nvidia-l4t")
    if _has(lowered, "cuda", "nvidia"):
        return capability.startswith("nvidia")
    if _has(lowered, "rocm", "hip", "amd"):
        return capability == "amd"
    if _has(lowered, "sycl", "intel"):
        return capability == "intel"
    return True


def preferred(candidates: t.Sequence[str], capability: str) -> str:
    """Return which of several backends with one alias answers to it; C(candidates) are in byte order, not empty."""
    for token in _alias_tokens(capability.lower()):
        for candidate in candidates:
            if token in candidate.lower():
                return candidate
    return candidates[0]


def _has(name: str, *tokens: str) -> bool:
    return any(token in name for token in tokens)


def _is_cuda13(target: str) -> bool:
    return "cuda13" in target.lower()


def _alias_tokens(capability: str) -> tuple[str, ...]:
    for prefix, tokens in _ALIAS_TOKENS:
        if capability.startswith(prefix):
            return tokens
    return ("cpu",)


def _forced(name: str, by: str) -> HostCapability:
    return HostCapability(name, Evidence(rule="forced", forced_by=by))


def _from_gpus(machine: Machine) -> HostCapability:
    gpus = _gpus(machine)
    if not gpus:
        return HostCapability(DEFAULT, Evidence(rule="no GPU seen"))
    vendor = gpus[0].vendor
    cuda = tuple(version for version in ("13", "12") if os.path.exists(machine.locate(f"/usr/local/cuda-{version}")))
    suffix = f"-cuda-{cuda[0]}" if cuda and vendor == "nvidia" else ""
    seen = Evidence(rule="", gpus=gpus, vram=_vram(machine), cuda=cuda)
    if vendor == "nvidia" and machine.architecture == "arm64":
        return HostCapability(f"nvidia-l4t{suffix}", replace(seen, rule="NVIDIA on arm64"))
    if (seen.vram or 0) <= LEAST_VRAM:
        rule = f"{seen.vram} bytes of VRAM on {vendor} are not more than {LEAST_VRAM}, or could not be read"
        return HostCapability(DEFAULT, replace(seen, rule=rule))
    rule = f"GPU vendor {vendor}" + (f" with /usr/local/cuda-{cuda[0]}" if suffix else "")
    return HostCapability(vendor + suffix, replace(seen, rule=rule))


def _gpus(machine: Machine) -> tuple[Gpu, ...]:
    """Return the traces of GPUs, the deciding one first; the first kind of trace that shows any counts."""
    found = _pci_gpus(machine)
    if not found:
        found = [Gpu(vendor, path) for tool, vendor in _TOOL_VENDORS for path in [machine.tool(tool)] if path]
    if not found:
        found = [Gpu("nvidia", path) for path in _nvidia_soc(machine)]
    if found:
        return tuple(sorted(found, key=lambda gpu: _VENDOR_PRIORITY.index(gpu.vendor)))
    vulkan = machine.tool("vulkaninfo")
    return (Gpu("vulkan", vulkan),) if vulkan else ()


def _pci_gpus(machine: Machine) -> list[Gpu]:
    drm = "/sys/class/drm"
    try:
        cards = sorted(os.listdir(machine.locate(drm)))
    except OSError:
        return []
    found = []
    for card in cards:
        # card0-HDMI-A-1 and its like are connectors of card0.
        if not card.startswith("card") or "-" in card:
            continue
        path = f"{drm}/{card}/device/vendor"
        try:
            vendor = _PCI_VENDORS.get(int(machine.read(path) or "", 16))
        except ValueError:
            continue
        if vendor:
            found.append(Gpu(vendor, path))
    return found


def _nvidia_soc(machine: Machine) -> list[str]:
    family, soc_id = "/sys/devices/soc0/family", "/sys/devices/soc0/soc_id"
    values = {path: (machine.read(path) or "").lower() for path in (family, soc_id)}
    return [path for path, value in values.items() if value.startswith(_NVIDIA_SOC) or value == _GB10_SOC]


def _vram(machine: Machine) -> int:
    """Return the VRAM of all GPUs in bytes as the vendors' tools tell it; what they do not tell counts as 0."""
    total = _nvidia_vram(machine) + _amd_vram(machine) + _intel_vram(machine)
    if not total and _nvidia_soc(machine):
        total = _system_ram(machine)
    return total or _vulkan_vram(machine)


def _nvidia_vram(machine: Machine) -> int:
    query = "--query-gpu=index,name,memory.total,memory.used,memory.free"
    total = 0
    for line in machine.run("nvidia-smi", query, "--format=csv,noheader,nounits").splitlines():
        columns = [column.strip() for column in line.split(",")]
        mebibytes = columns[2] if len(columns) > 2 else columns[-1]
        if re.fullmatch(r"\d+(\.\d+)?", mebibytes):
            total += int(float(mebibytes) * 1024**2)
        elif "GB10" in line.upper():
            # The GPU of this SoC shares the system's memory and so has none of its own to tell.
            total += _system_ram(machine)
    return total


def _amd_vram(machine: Machine) -> int:
    total = 0
    for line in machine.run("rocm-smi", "--showmeminfo", "vram", "--csv").splitlines()[1:]:
        columns = line.split(",")
        if len(columns) > 2 and columns[1].strip().isdecimal():
            size = int(columns[1])
            # Some versions of the tool count in MB.
            total += size if size >= 1000000 else size * 1024**2
    return total


def _intel_vram(machine: Machine) -> int:
    devices = _json_list(machine.run("xpu-smi", "discovery", "--json"), "device_list")
    return sum(_whole(device.get("memory_physical_size_byte")) for device in devices)


def _vulkan_vram(machine: Machine) -> int:
    devices = re.split(r"^GPU\d+:$", machine.run("vulkaninfo", "--text"), flags=re.MULTILINE)[1:]
    total = sum(_local_heaps(device) for device in devices if "PHYSICAL_DEVICE_TYPE_CPU" not in device)
    return total or _vulkan_vram_of_json(machine)


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
    for device in _json_list(machine.run("vulkaninfo", "--json"), "VkPhysicalDevices"):
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
