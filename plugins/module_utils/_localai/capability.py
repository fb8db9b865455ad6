# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host can run, concluded from what was seen of it, and which build of a backend follows from it. Pure.

The rules follow LocalAI's own (``pkg/system`` and ``pkg/xsysinfo`` of its source), because the server decides by them.
One rule is ours: where a GPU is present and its memory cannot be read, LocalAI takes the host for one without a GPU.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

DEFAULT = "default"
FILTER_OFF = "disable"
LEAST_VRAM = 4 * 1024**3
NVIDIA, AMD, INTEL = "nvidia", "amd", "intel"
# The GPUs of the first of these decide.
VENDORS = (NVIDIA, AMD, INTEL)
# The drivers with which a vendor's GPU computes; nouveau, radeon and vfio-pci are none of them.
COMPUTE_DRIVERS = {NVIDIA: "nvidia", AMD: "amdgpu"}

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
class Unreadable:
    """A C(vendor) whose GPU is present and whose memory is unknown, and the C(output) of the C(probe) that failed."""

    vendor: str
    probe: str
    output: str

    def __str__(self) -> str:
        return f"{self.vendor}: {self.probe}: {self.output}"


@dataclass(frozen=True)
class Hardware:
    """What was seen of a host.

    C(gpus) has the deciding one first. C(vram) is in bytes, as far as it could be read. C(computing) has the vendors of
    those that are C(unreadable) although their compute driver is bound to them.
    """

    architecture: str
    gpus: tuple[Gpu, ...] = ()
    vram: int = 0
    cuda: tuple[str, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    computing: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Evidence:
    """What the capability was concluded from; C(vram) is in bytes, None where it was not asked for."""

    rule: str
    forced_by: str | None = None
    gpus: tuple[Gpu, ...] = ()
    vram: int | None = None
    cuda: tuple[str, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()


@dataclass(frozen=True)
class HostCapability:
    """The capability of this host, and the evidence for it.

    Where a GPU with its compute driver cannot be read, the capability is C(undecided). C(name) is then the one that the
    host has if the memory suffices. The listing goes by it, and nothing else.
    """

    name: str
    evidence: Evidence
    undecided: bool = False

    @property
    def known(self) -> str | None:
        """The capability, or None where it is undecided."""
        return None if self.undecided else self.name

    @property
    def has_gpu(self) -> bool:
        """Whether a GPU was seen, or the capability was forced to one."""
        return bool(self.evidence.gpus) or self.name not in (*LAST_RESORTS, FILTER_OFF)

    def keeps(self, backend: str) -> bool:
        """Return whether a build is for the vendor of a GPU that cannot be read, and so stays where it is installed."""
        vendors = {each.vendor for each in self.evidence.unreadable}
        if self.undecided:
            vendors |= {gpu.vendor for gpu in self.evidence.gpus}
        return any(is_for(backend, vendor) for vendor in vendors)

    def may_run(self, backend: str) -> bool:
        """Return whether an installed build can run here, or could if the GPU were read, judged by its name."""
        return compatible(backend, self.name) or self.keeps(backend)


@dataclass(frozen=True)
class Match:
    """The entry of a capability map that a host takes."""

    key: str
    target: str

    @property
    def last_resort(self) -> bool:
        """Whether the map had nothing for the host's own hardware."""
        return self.key in LAST_RESORTS


def conclude(found: Hardware) -> HostCapability:
    """Return the capability that follows from the hardware."""
    if not found.gpus and not found.unreadable:
        return HostCapability(DEFAULT, Evidence(rule="no GPU seen"))
    seen = Evidence(rule="", gpus=found.gpus, vram=found.vram, cuda=found.cuda)
    # The others do not matter beside those that would compute.
    computing = tuple(each for each in found.unreadable if each.vendor in found.computing)
    unreadable = computing or found.unreadable
    vendor = found.gpus[0].vendor if found.gpus else unreadable[0].vendor
    suffix = f"-cuda-{found.cuda[0]}" if found.cuda and vendor == NVIDIA else ""
    if vendor == NVIDIA and found.architecture == "arm64" and (found.gpus or computing):
        return HostCapability(f"nvidia-l4t{suffix}", replace(seen, rule="NVIDIA on arm64"))
    if found.vram > LEAST_VRAM:
        rule = f"GPU vendor {vendor}" + (f" with /usr/local/cuda-{found.cuda[0]}" if suffix else "")
        return HostCapability(vendor + suffix, replace(seen, rule=rule, unreadable=_before(vendor, unreadable)))
    vendors = " and ".join(each.vendor for each in unreadable)
    if computing:
        rule = f"the memory of the {vendors} GPU could not be read, and its compute driver is in use"
        return HostCapability(vendor + suffix, replace(seen, rule=rule, unreadable=unreadable), undecided=True)
    if unreadable:
        rule = f"the memory of the {vendors} GPU could not be read, and it has no compute driver in use"
        return HostCapability(DEFAULT, replace(seen, rule=rule, unreadable=unreadable))
    rule = f"{found.vram} bytes of VRAM on {vendor} are not more than {LEAST_VRAM}"
    return HostCapability(DEFAULT, replace(seen, rule=rule))


def _before(vendor: str, unreadable: t.Iterable[Unreadable]) -> tuple[Unreadable, ...]:
    """Return those of a vendor that would decide in the place of C(vendor) if it had its driver."""
    known = VENDORS.index(vendor) if vendor in VENDORS else len(VENDORS)
    return tuple(each for each in unreadable if VENDORS.index(each.vendor) < known)


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


def is_for(name: str, vendor: str) -> bool:
    """Return whether the concrete backend C(name) runs on GPUs of this vendor and on nothing else."""
    best = "nvidia-l4t" if vendor == NVIDIA else vendor
    return compatible(name, best) and not compatible(name, DEFAULT)


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
