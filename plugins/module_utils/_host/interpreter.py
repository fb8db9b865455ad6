# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Python that runs this module, and the libraries that it can import."""

from __future__ import annotations

import importlib.util
import platform
import sys
import typing as t

_LIBRARIES = ("requests", "yaml", "isal")


def interpreter() -> dict[str, t.Any]:
    """Return the path and the version of this Python, and whether it has each library. Nothing is imported."""
    return {
        "executable": sys.executable or None,
        "version": platform.python_version(),
        "libraries": {name: _has(name) for name in _LIBRARIES},
    }


def _has(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
