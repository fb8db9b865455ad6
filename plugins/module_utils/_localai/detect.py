# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Detection of the capability of a host.

Follows LocalAI's `pkg/system/capabilities.go` and `DetectGPUVendor` in `pkg/xsysinfo/gpu.go`. In addition, it
reads memory from the kernel first, and searches more directories for the vendors' tools.
"""

from __future__ import annotations

from .._fs.utf8 import os
from .capability import DEFAULT, NVIDIA, HostCapability, forced
from .evidence import Evidence, Gpu
from .hardware import CUDA_VERSIONS, VENDORS, Hardware, conclude, priority_of
from .machine import Machine
from .sysfs import gpu_devices, graphics_cards, has_pci_bus, nvidia_soc

FORCE_VARIABLE = "LOCALAI_FORCE_META_BACKEND_CAPABILITY"
CAPABILITY_FILE_VARIABLE = "LOCALAI_FORCE_META_BACKEND_CAPABILITY_RUN_FILE"
CAPABILITY_FILE = "/run/localai/capability"


def detect(machine: Machine) -> HostCapability:
    """Return the capability of a host: from the environment, the file, or its hardware, in this order."""
    variable = machine.environ.get(FORCE_VARIABLE)
    if variable:
        return forced(variable, f"environment variable {FORCE_VARIABLE}")
    file = machine.environ.get(CAPABILITY_FILE_VARIABLE) or CAPABILITY_FILE
    content = machine.read(file)
    if content is not None:
        return forced(content or DEFAULT, f"file {file}")
    if machine.system == "Darwin":
        name = "metal" if machine.architecture == "arm64" else "darwin-x86"
        return HostCapability(name, Evidence(rule=f"macOS on {machine.architecture}"))
    return conclude(_hardware(machine))


def _hardware(machine: Machine) -> Hardware:
    gpus, devices = _gpus(machine), gpu_devices(machine)
    if not gpus and not devices:
        return Hardware(machine.architecture)
    # Most hosts have no GPU and need no tools.
    from .gpu_tools import total_memory

    present = {device.vendor for device in devices}
    if not has_pci_bus(machine):
        present |= {gpu.vendor for gpu in gpus}
    total, unreadable = total_memory(machine, devices, present)
    return Hardware(
        machine.architecture,
        gpus,
        total,
        tuple(version for version in CUDA_VERSIONS if os.path.exists(machine.locate(f"/usr/local/cuda-{version}"))),
        tuple(unreadable),
        frozenset(device.vendor for device in devices if device.computes and device.vram is None),
    )


def _gpus(machine: Machine) -> tuple[Gpu, ...]:
    """Return the evidence of GPUs by priority: from graphics cards, else tools, else the SoC, else Vulkan."""
    gpus = [Gpu(vendor, f"{device}/vendor") for vendor, device in graphics_cards(machine)]
    if not gpus:
        tools = [(vendor.name, machine.tool(tool)) for vendor in VENDORS for tool in vendor.tools]
        gpus = [Gpu(vendor, path) for vendor, path in tools if path]
    if not gpus:
        gpus = [Gpu(NVIDIA, path) for path in nvidia_soc(machine)]
    if gpus:
        return tuple(sorted(gpus, key=lambda gpu: priority_of(gpu.vendor)))
    vulkan = machine.tool("vulkaninfo")
    return (Gpu("vulkan", vulkan),) if vulkan else ()
