# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The platform of images for a host."""

from __future__ import annotations

from .._localai.capability import implied_platform
from .._localai.machine import Machine
from .._oci.platform import Platform
from .._request import HostOptions


def platform_of(host: HostOptions, capability: str = "") -> Platform:
    """Return the platform of images: the option, else the platform that `capability` implies, else that of the host."""
    if host.platform:
        return Platform.parse(host.platform)
    machine = Machine()
    return Platform(*(implied_platform(capability) or (machine.system.lower(), machine.architecture)))
