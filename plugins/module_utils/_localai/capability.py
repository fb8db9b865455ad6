# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The capabilities of hosts, and which builds run on each. Pure.

Follows LocalAI's `pkg/system/capabilities.go`. A new capability is a row of `CAPABILITIES`.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from .evidence import Evidence

DEFAULT = "default"
FILTER_OFF = "disable"
LAST_RESORTS = (DEFAULT, "cpu")
NVIDIA, AMD, INTEL = "nvidia", "amd", "intel"


class Capability(t.NamedTuple):
    """A capability that hosts have.

    `vendor` is the vendor of its GPUs, and `cuda` the version of CUDA; a build for a newer one is never used.
    `fallback` is the key of a capability map to use if the map has no key for this capability. `platform` is the
    operating system and the architecture of all its hosts, if these are the same. Of several builds with one alias, the
    one with the first of `alias_tokens` in its name is preferred.
    """

    name: str
    vendor: str = ""
    cuda: str = ""
    fallback: str = ""
    platform: tuple[str, str] | None = None
    alias_tokens: tuple[str, ...] = ("cpu",)


_CUDA = ("cuda", "vulkan", "cpu")
_L4T = ("linux", "arm64")
CAPABILITIES = (
    Capability("nvidia-l4t-cuda-13", NVIDIA, cuda="13", platform=_L4T, alias_tokens=_CUDA),
    # LocalAI has no fallback here, and installs the build for CPUs.
    Capability("nvidia-l4t-cuda-12", NVIDIA, cuda="12", fallback="nvidia-l4t", platform=_L4T, alias_tokens=_CUDA),
    Capability("nvidia-l4t", NVIDIA, platform=_L4T, alias_tokens=_CUDA),
    Capability("nvidia-cuda-13", NVIDIA, cuda="13", fallback="nvidia", alias_tokens=_CUDA),
    Capability("nvidia-cuda-12", NVIDIA, cuda="12", fallback="nvidia", alias_tokens=_CUDA),
    Capability("nvidia", NVIDIA, alias_tokens=_CUDA),
    Capability("amd", AMD, alias_tokens=("rocm", "hip", "vulkan", "cpu")),
    Capability("intel", INTEL, alias_tokens=("sycl", "intel", "cpu")),
    Capability("vulkan", alias_tokens=("vulkan", "cpu")),
    Capability("metal", platform=("darwin", "arm64"), alias_tokens=("metal", "cpu")),
    Capability("darwin-x86", platform=("darwin", "amd64"), alias_tokens=("darwin-x86", "cpu")),
    Capability("cpu"),
    Capability(DEFAULT),
)

# The tokens in the name of a build that needs special hardware, and the capabilities that have this hardware, as a
# regular expression. The first row with a token of the name decides.
_REQUIREMENTS = (
    (("darwin", "mlx", "metal"), "metal|darwin-x86"),
    (("l4t",), "nvidia-l4t.*"),
    (("cuda", "nvidia"), "nvidia.*"),
    (("rocm", "hip", "amd"), "amd"),
    (("sycl", "intel"), "intel"),
)


@dataclass(frozen=True)
class HostCapability:
    """The capability of this host, and the evidence for it.

    It is `undecided` if a GPU with its compute driver cannot be read. Then `name` is the capability that the host has
    if its GPU has enough memory. Results contain `known` instead.
    """

    name: str
    evidence: Evidence
    undecided: bool = False

    @property
    def known(self) -> str | None:
        """The capability, or None if it is undecided."""
        return None if self.undecided else self.name

    @property
    def has_gpu(self) -> bool:
        """Whether a GPU was detected, or the capability was forced to one."""
        return bool(self.evidence.gpus) or self.name not in (*LAST_RESORTS, FILTER_OFF)

    def keeps(self, backend: str) -> bool:
        """Return whether a build is for the vendor of an unreadable GPU. If it is installed, it is not replaced."""
        vendors = {gpu.vendor for gpu in self.evidence.unreadable}
        if self.undecided:
            vendors |= {gpu.vendor for gpu in self.evidence.gpus}
        return any(is_for(backend, vendor) for vendor in vendors)

    def may_run(self, backend: str) -> bool:
        """Return whether an installed build runs on this host, or might if the GPU could be read."""
        return compatible(backend, self.name) or self.keeps(backend)


def forced(name: str, by: str) -> HostCapability:
    """Return the capability of a host whose hardware does not count; `by` is what forces it."""
    return HostCapability(name, Evidence(rule="forced", forced_by=by))


def compatible(name: str, capability: str) -> bool:
    """Return whether a concrete backend runs on a host of this capability, judged by the name of the backend."""
    lowered = name.lower()
    for tokens, capabilities in _REQUIREMENTS:
        if any(token in lowered for token in tokens):
            return capability == FILTER_OFF or bool(re.fullmatch(capabilities, capability, re.DOTALL))
    return True


def is_known(capability: str) -> bool:
    """Return whether LocalAI itself knows a capability. A forced capability may be any text."""
    return capability == FILTER_OFF or any(row.name == capability for row in CAPABILITIES)


def is_for(name: str, vendor: str) -> bool:
    """Return whether a concrete backend runs only on GPUs of this vendor."""
    return not compatible(name, DEFAULT) and any(
        compatible(name, row.name) for row in CAPABILITIES if row.vendor == vendor
    )


def preferred(candidates: t.Sequence[str], capability: str) -> str:
    """Return which of several backends with the same alias answers to it.

    `candidates` are sorted by byte order and not empty.
    """
    for token in _family(capability.lower()).alias_tokens:
        for candidate in candidates:
            if token in candidate.lower():
                return candidate
    return candidates[0]


def implied_platform(capability: str) -> tuple[str, str] | None:
    """Return the operating system and the architecture of all hosts with a capability; None if they differ."""
    return _family(capability).platform


def _family(capability: str) -> Capability:
    """Return the row with the longest name that a capability begins with."""
    rows = (row for row in CAPABILITIES if capability.startswith(row.name))
    return max(rows, key=lambda row: len(row.name), default=CAPABILITIES[-1])
