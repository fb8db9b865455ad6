# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of `localai_backend` and the constraints between them, as the arguments of AnsibleModule.

Those of `localai_backend_info` that are not the same are in `info_options`.
"""

from __future__ import annotations

import typing as t

Options = t.Dict[str, t.Dict[str, t.Any]]

CLIENT_KEY = {"required_by": {"client_key": ("client_cert",)}}
LOCALAI_GALLERY = {
    "name": "localai",
    "url": "https://index.localai.io/backends",
    "mirrors": [
        "github:mudler/LocalAI/backend/index.yaml@master",
        "oci://quay.io/go-skynet/local-ai-backends:gallery-backends",
    ],
    "artifact_verification": {
        "issuer": "https://token.actions.githubusercontent.com",
        "identity": "https://github.com/mudler/LocalAI/.github/workflows/gallery_publish.yml@refs/heads/master",
    },
}
# A policy for signatures, with LocalAI's own keys.
_VERIFICATION: Options = {
    "issuer": {"type": "str"},
    "issuer_regex": {"type": "str"},
    "identity": {"type": "str"},
    "identity_regex": {"type": "str"},
    "source_repository": {"type": "str"},
    "not_before": {"type": "str"},
}
# The options of the action group `localai`: every module that connects to servers accepts all of them.
CONNECTION_OPTIONS: Options = {
    "endpoints": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "host": {"type": "str", "required": True},
            "username": {"type": "str"},
            "password": {"type": "str", "no_log": True},
            "token": {"type": "str", "no_log": True},
            "ca_path": {"type": "path"},
            "client_cert": {"type": "path"},
            "client_key": {"type": "path", "no_log": False},
            "validate_certs": {"type": "bool"},
            "plain_http": {"type": "bool"},
            "mirrors": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {"url": {"type": "str", "required": True}, "resolve": {"type": "bool", "default": False}},
            },
        },
        "mutually_exclusive": [("token", "username"), ("token", "password")],
        "required_together": [("username", "password")],
        **CLIENT_KEY,
    },
    "ca_path": {"type": "path"},
    "client_cert": {"type": "path"},
    "client_key": {"type": "path", "no_log": False},
    "validate_certs": {"type": "bool", "default": True},
    "use_proxy": {"type": "bool", "default": True},
    "auth_file": {"type": "path"},
    "timeout": {"type": "int", "default": 30},
    "retries": {"type": "int", "default": 5},
    "connections": {"type": "int", "default": 8},
    "rate_limit": {"type": "str"},
    "bundle": {"type": "str"},
}
# Of all modules that read galleries.
SIGNATURE_OPTIONS: Options = {
    "signatures": {"type": "str", "choices": ["ignore", "warn", "enforce"], "default": "ignore"},
    "trusted_root": {"type": "raw"},
    "legacy_signatures": {"type": "bool", "default": False},
}
# Together with those above, the options of the action group `localai_backends`.
BACKENDS_OPTIONS: Options = {
    "backends_path": {"type": "path", "default": "/var/lib/local-ai/backends"},
    "backends_system_path": {"type": "path", "default": "/usr/share/localai/backends"},
    "galleries": {
        "type": "list",
        "elements": "dict",
        "default": [LOCALAI_GALLERY],
        "options": {
            "name": {"type": "str", "required": True},
            "url": {"type": "str", "required": True},
            "mirrors": {"type": "list", "elements": "str", "default": []},
            "sha256": {"type": "str"},
            "verification": {"type": "dict", "options": _VERIFICATION},
            "artifact_verification": {"type": "dict", "options": _VERIFICATION},
        },
    },
    "capability": {"type": "str"},
    "platform": {"type": "str"},
    "server_version": {"type": "str"},
}
_BACKEND_OPTIONS: Options = {
    "name": {"type": "list", "elements": "str"},
    "backends": {
        "type": "list",
        "elements": "dict",
        "options": {
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "latest", "absent"]},
            "uri": {"type": "str"},
            "alias": {"type": "str"},
            "release": {"type": "str"},
            "digest": {"type": "str"},
        },
        "mutually_exclusive": [("uri", "release"), ("digest", "release")],
        "required_by": {"alias": ("uri",)},
    },
    "state": {"type": "str", "choices": ["present", "latest", "absent"], "default": "present"},
    "uri": {"type": "str"},
    "alias": {"type": "str"},
    "release": {"type": "str"},
    "digest": {"type": "str"},
    "pins": {
        "type": "dict",
        "options": {
            "format": {"type": "int", "required": True},
            "backends": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "capability": {"type": "str", "required": True},
                    "platform": {"type": "str", "required": True},
                    "backend": {"type": "str", "required": True},
                    "alias": {"type": "str"},
                    "uri": {"type": "str", "required": True},
                    "digest": {"type": "str", "required": True},
                    "gallery": {"type": "str"},
                    "signer": {
                        "type": "dict",
                        "options": {
                            "identity": {"type": "str", "required": True},
                            "issuer": {"type": "str", "required": True},
                            "source_repository": {"type": "str", "required": True},
                            "time": {"type": "str", "required": True},
                            "digest": {"type": "str", "required": True},
                            "log": {"type": "str", "required": True},
                            "log_index": {"type": "int", "required": True},
                            "trusted_root": {"type": "str", "required": True},
                        },
                    },
                },
            },
        },
    },
    "exclusive": {"type": "bool", "default": False},
    "keep_previous": {"type": "int"},
    "verify": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": False},
    "download_only": {"type": "bool", "default": False},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "directory_mode": {"type": "raw"},
    "lock_timeout": {"type": "int", "default": 60},
    "pending": {"type": "list", "elements": "str", "choices": ["owner", "group", "backends_path"], "default": []},
}
_NOT_WITH_BACKENDS = [("name", "backends"), ("backends", "uri"), ("backends", "digest")]

BACKEND: dict[str, t.Any] = {
    "argument_spec": {**CONNECTION_OPTIONS, **BACKENDS_OPTIONS, **SIGNATURE_OPTIONS, **_BACKEND_OPTIONS},
    # For uri with digest, see `options`: that error says where to write the digest.
    "mutually_exclusive": [("uri", "release", "pins"), ("digest", "release", "pins"), *_NOT_WITH_BACKENDS],
    "required_one_of": [("name", "backends")],
    "required_by": {**CLIENT_KEY["required_by"], "alias": ("uri",)},
}
