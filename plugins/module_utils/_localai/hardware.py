# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The detected hardware of a host, and the capability that follows from it. Pure.

Follows `getSystemCapabilities` in LocalAI's `pkg/system/capabilities.go`, with one difference: LocalAI treats a
host as one without a GPU if the memory of its GPU cannot be read.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .capability import AMD, CAPABILITIES, DEFAULT, INTEL, NVIDIA, HostCapability
from .evidence import Evidence, Gpu, Unreadable

LEAST_VRAM = 4 * 1024**3


class Vendor(t.NamedTuple):
    """A vendor of GPUs: its PCI ID, the PCI classes of its GPUs, the driver that computes with them, and its tools.

    The classes are display controllers and, for AMD, accelerators without a display. Intel's accelerators are not
    GPUs. `nouveau`, `radeon` and `vfio-pci` are not compute drivers.
    """

    name: str
    pci_id: int
    pci_classes: tuple[int, ...]
    compute_driver: str
    tools: tuple[str, ...]


# By priority: the GPUs of the first vendor decide.
VENDORS = (
    Vendor(NVIDIA, 0x10DE, (0x03,), "nvidia", ("nvidia-smi",)),
    Vendor(AMD, 0x1002, (0x03, 0x12), "amdgpu", ("rocm-smi",)),
    Vendor(INTEL, 0x8086, (0x03,), "", ("xpu-smi", "intel_gpu_top")),
)
# The newest one first.
CUDA_VERSIONS = tuple(sorted({row.cuda for row in CAPABILITIES if row.cuda}, key=int, reverse=True))
_PRIORITY = {vendor.name: priority for priority, vendor in enumerate(VENDORS)}


class Hardware(t.NamedTuple):
    """The detected hardware of a host.

    The first of `gpus` decides. `vram` is the memory of all readable GPUs in bytes. `computing` has the vendors whose
    GPU is unreadable although its compute driver is bound to it.
    """

    architecture: str
    gpus: tuple[Gpu, ...] = ()
    vram: int = 0
    cuda: tuple[str, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    computing: frozenset[str] = frozenset()


def conclude(hardware: Hardware) -> HostCapability:
    """Return the capability that follows from the hardware."""
    if not hardware.gpus and not hardware.unreadable:
        return HostCapability(DEFAULT, Evidence(rule="no GPU detected"))
    evidence = Evidence(rule="", gpus=hardware.gpus, vram=hardware.vram, cuda=hardware.cuda)
    # If there are GPUs with a compute driver, GPUs without one are ignored.
    computing = tuple(gpu for gpu in hardware.unreadable if gpu.vendor in hardware.computing)
    unreadable = computing or hardware.unreadable
    vendor = hardware.gpus[0].vendor if hardware.gpus else unreadable[0].vendor
    suffix = f"-cuda-{hardware.cuda[0]}" if hardware.cuda and vendor == NVIDIA else ""
    if vendor == NVIDIA and hardware.architecture == "arm64" and (hardware.gpus or computing):
        return HostCapability(f"nvidia-l4t{suffix}", replace(evidence, rule="NVIDIA on arm64"))
    if hardware.vram > LEAST_VRAM:
        rule = f"GPU vendor {vendor}" + (f" with /usr/local/cuda-{hardware.cuda[0]}" if suffix else "")
        # A GPU with a higher priority would decide if it could be read.
        higher = tuple(gpu for gpu in unreadable if priority_of(gpu.vendor) < priority_of(vendor))
        return HostCapability(vendor + suffix, replace(evidence, rule=rule, unreadable=higher))
    vendors = " and ".join(gpu.vendor for gpu in unreadable)
    if computing:
        rule = f"the memory of the {vendors} GPU could not be read, and its compute driver is in use"
        return HostCapability(vendor + suffix, replace(evidence, rule=rule, unreadable=unreadable), undecided=True)
    if unreadable:
        rule = f"the memory of the {vendors} GPU could not be read, and it has no compute driver in use"
        return HostCapability(DEFAULT, replace(evidence, rule=rule, unreadable=unreadable))
    rule = f"{hardware.vram} bytes of VRAM on {vendor} are not more than {LEAST_VRAM}"
    return HostCapability(DEFAULT, replace(evidence, rule=rule))


def priority_of(vendor: str) -> int:
    """Return the priority of a vendor of GPUs. The lowest number decides, and Vulkan devices are last."""
    return _PRIORITY.get(vendor, len(VENDORS))
