# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of `localai_model` and the constraints between them, as the arguments of AnsibleModule."""

from __future__ import annotations

import typing as t

from ..argspec import BACKENDS_OPTIONS, CLIENT_KEY, CONNECTION_OPTIONS, LOCALAI_GALLERY, SIGNATURE_OPTIONS, Options

LOCALAI_MODELS = {
    "name": "localai",
    "url": "https://index.localai.io/models",
    "mirrors": [
        "github:mudler/LocalAI/gallery/index.yaml@master",
        "oci://quay.io/go-skynet/local-ai-backends:gallery-models",
    ],
    "artifact_verification": LOCALAI_GALLERY["artifact_verification"],
}
# Together with the options of the connection, those of the action group `localai_models`.
MODELS_OPTIONS: Options = {
    "models_path": {"type": "path", "default": "/var/lib/local-ai/models"},
    "galleries": {**BACKENDS_OPTIONS["galleries"], "default": [LOCALAI_MODELS]},
}
_STATES = ["present", "latest", "absent"]
_SOURCE: Options = {
    "model": {"type": "str"},
    "variant": {"type": "str"},
    "config": {"type": "dict"},
    "files": {
        "type": "list",
        "elements": "dict",
        "options": {
            "filename": {"type": "str", "required": True},
            "uri": {"type": "str", "required": True},
            "sha256": {"type": "str"},
        },
    },
    "uri": {"type": "str"},
    "revision": {"type": "str"},
}
_MODEL_OPTIONS: Options = {
    "name": {"type": "list", "elements": "str"},
    "models": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": _STATES},
            **_SOURCE,
        },
        "mutually_exclusive": [("uri", "model"), ("uri", "variant")],
        "required_by": {"revision": ("uri",)},
    },
    "state": {"type": "str", "choices": _STATES, "default": "present"},
    **_SOURCE,
    "pins": {"type": "dict"},
    "exclusive": {"type": "bool", "default": False},
    "prune": {"type": "bool", "default": False},
    "verify": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": False},
    "download_only": {"type": "bool", "default": False},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "mode": {"type": "raw"},
    "directory_mode": {"type": "raw"},
    "lock_timeout": {"type": "int", "default": 60},
    "pending": {"type": "list", "elements": "str", "choices": ["owner", "group", "models_path"], "default": []},
}
_OF_ONE_NAME = tuple(_SOURCE)

MODEL: dict[str, t.Any] = {
    "argument_spec": {**CONNECTION_OPTIONS, **MODELS_OPTIONS, **SIGNATURE_OPTIONS, **_MODEL_OPTIONS},
    "mutually_exclusive": [
        ("name", "models"),
        ("uri", "model"),
        ("uri", "variant"),
        *(("models", option) for option in _OF_ONE_NAME),
        *(("pins", option) for option in ("model", "variant", "uri", "files")),
    ],
    "required_by": {**CLIENT_KEY["required_by"], "revision": ("uri",)},
}
