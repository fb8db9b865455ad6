# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The content of the role's records and of LocalAI's own documents, without secrets."""

from __future__ import annotations

import math
import re
import typing as t

from .._address import redacted_text
from .._fs.utf8 import os
from .environment_file import variables_of
from .small_files import SmallFile, json_object, read_small_file

_CAPABILITY = "LOCALAI_FORCE_META_BACKEND_CAPABILITY"
_SECRET = re.compile("key|token|secret|passw|credential", re.IGNORECASE)
_MAX_VALUE = 1000


def record(path: str) -> dict[str, t.Any]:
    """Return a record of the role, empty if there is none or it cannot be read."""
    content = read_small_file(path).content
    return (json_object(content) if content is not None else None) or {}


def told_capability(environment_file: str) -> str | None:
    """Return the capability in the environment file of the service: empty if there is none, None if it is unknown."""
    file = read_small_file(environment_file)
    if file.exists is False:
        return ""
    if file.content is None:
        return None
    return variables_of(file.content.decode("utf-8", "replace")).get(_CAPABILITY, "")


def runtime_settings(config_path: str) -> dict[str, t.Any]:
    """Return the settings that LocalAI's web page saved: whether they are a JSON object, its keys, harmless values.

    Values that are lists, objects or long texts are left out, and those that can be secret.
    """
    file = read_small_file(os.path.join(config_path, "runtime_settings.json"))
    settings = _object(file)
    return {
        "exists": file.exists,
        "valid": _validity(file, settings),
        "names": sorted(settings or {}),
        "settings": {key: _shown(value) for key, value in sorted((settings or {}).items()) if _is_harmless(key, value)},
    }


def external_backends(config_path: str) -> dict[str, t.Any]:
    """Return the names in the file with which a running LocalAI learns backends."""
    file = read_small_file(os.path.join(config_path, "external_backends.json"))
    backends = _object(file)
    if backends is not None and not all(isinstance(path, str) for path in backends.values()):
        backends = None
    return {"exists": file.exists, "valid": _validity(file, backends), "names": sorted(backends or {})}


def _object(file: SmallFile) -> dict[str, t.Any] | None:
    return None if file.content is None else json_object(file.content)


def _validity(file: SmallFile, document: dict[str, t.Any] | None) -> bool | None:
    return None if file.content is None else document is not None


def _is_harmless(key: str, value: t.Any) -> bool:
    if isinstance(value, str):
        is_short = len(value) <= _MAX_VALUE
    else:
        is_short = value is None or isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
    return is_short and not _SECRET.search(key)


def _shown(value: t.Any) -> t.Any:
    return redacted_text(value) if isinstance(value, str) else value
