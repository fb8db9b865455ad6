# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of `localai_bundle`, as the arguments of AnsibleModule."""

from __future__ import annotations

import typing as t

from ..argspec import BACKENDS_OPTIONS, CLIENT_KEY, CONNECTION_OPTIONS, SIGNATURE_OPTIONS, Options
from ..models.argspec import MODELS_OPTIONS

RELEASES = "https://github.com/mudler/LocalAI/releases/download"
_BUNDLE_OPTIONS: Options = {
    "path": {"type": "path", "required": True},
    "survey": {"type": "raw"},
    "backends": {"type": "list", "elements": "raw", "default": []},
    "models": {"type": "list", "elements": "raw", "default": []},
    "capabilities": {"type": "list", "elements": "str", "default": []},
    "platforms": {"type": "list", "elements": "str", "default": []},
    "server_versions": {"type": "list", "elements": "str", "default": []},
    "release_url": {"type": "str", "default": RELEASES},
    "galleries": BACKENDS_OPTIONS["galleries"],
    "model_galleries": MODELS_OPTIONS["galleries"],
    "pins": {"type": "dict"},
    "collection": {"type": "path"},
    "known": {"type": "raw"},
    "prune": {"type": "bool", "default": False},
    "lock_timeout": {"type": "int", "default": 60},
}

BUNDLE: dict[str, t.Any] = {
    "argument_spec": {**CONNECTION_OPTIONS, **SIGNATURE_OPTIONS, **_BUNDLE_OPTIONS},
    "mutually_exclusive": [("survey", option) for option in ("capabilities", "platforms")],
    "required_by": CLIENT_KEY["required_by"],
}
