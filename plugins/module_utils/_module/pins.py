# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option `pins` of a task, for this host."""

from __future__ import annotations

import typing as t

from .._fs.utf8 import os
from .._localai.capability import HostCapability
from .._localai.scan import scan
from .._localai.server import rules_of
from .._oci.platform import Platform
from .._planner.pins import with_pins
from .._planner.unreadable import staying_builds
from .._request import BackendOptions, HostOptions


def with_pins_of(
    request: BackendOptions,
    host: HostOptions,
    capability: HostCapability,
    platform: Platform,
    document: t.Mapping[str, t.Any] | None,
) -> BackendOptions:
    """Return the request with the rows of `document` for this host; raises OptionError."""
    staying: dict[str, str] = {}
    if capability.evidence.unreadable:
        rules = rules_of(host.server_version, os.environ)
        installed = scan(host.backends_path, host.backends_system_path, rules=rules)
        staying = staying_builds(request.bare_names, installed, capability)
    return with_pins(request, document, capability, platform, staying)
