# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of `localai_bundle`, as the arguments of AnsibleModule."""

from __future__ import annotations

import typing as t

from ..argspec import CLIENT_KEY, CONNECTION_OPTIONS, SIGNATURE_OPTIONS, Options

RELEASES = "https://github.com/mudler/LocalAI/releases/download"
_BUNDLE_OPTIONS: Options = {
    "path": {"type": "path", "required": True},
    "survey": {"type": "raw"},
    "backends": {"type": "list", "elements": "raw"},
    "models": {"type": "list", "elements": "raw"},
    "capabilities": {"type": "list", "elements": "str"},
    "platforms": {"type": "list", "elements": "str"},
    "server_versions": {"type": "list", "elements": "str"},
    "release_url": {"type": "str", "default": RELEASES},
    # Checked with the rows of a survey, as the galleries of the other modules.
    "galleries": {"type": "list", "elements": "dict"},
    "model_galleries": {"type": "list", "elements": "dict"},
    "pins": {"type": "dict"},
    "collection": {"type": "path"},
    "known": {"type": "raw"},
    "prune": {"type": "bool", "default": False},
    "lock_timeout": {"type": "int", "default": 60},
}

BUNDLE: dict[str, t.Any] = {
    "argument_spec": {**CONNECTION_OPTIONS, **SIGNATURE_OPTIONS, **_BUNDLE_OPTIONS},
    "mutually_exclusive": [
        ("survey", option) for option in ("backends", "models", "capabilities", "platforms", "server_versions")
    ],
    "required_by": CLIENT_KEY["required_by"],
}
