# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The capability of this host: that of the task, else the detected one."""

from __future__ import annotations

from .._localai.capability import HostCapability, forced


def capability_of(option: str | None) -> HostCapability:
    """Return the capability that the option `capability` has, or the one of this host if that is None."""
    if option is not None:
        return forced(option.strip(), "option capability")
    from .._localai.detect import detect
    from .._localai.machine import Machine

    return detect(Machine())
