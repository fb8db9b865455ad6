# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stand-in's view of LocalAI's credentials file: a wrong one keeps the server from starting (since v4.10)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

_SECRETS = ("username", "password", "bearer", "header")
_KNOWN = {"match", *(f"{name}{suffix}" for name in _SECRETS for suffix in ("", "_env", "_file"))}


def damage(path: Path) -> str:
    """Why the server would not start with this file; empty if it would, or if there is no such file."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"{path}: {error.strerror}"
    unknown = sorted(set(_keys(text)) - _KNOWN)
    return f"{path}: unknown key {unknown[0]}" if unknown else ""


def _keys(text: str) -> list[str]:
    """The keys of all entries, in JSON or in YAML in block style: the hosts need no library for YAML for it."""
    try:
        entries: Any = json.loads(text)
    except ValueError:
        return re.findall(r"^[ -]*[\"']?([A-Za-z_]+)[\"']?:(?= |$)", text, re.MULTILINE)
    return [key for entry in entries for key in entry]
