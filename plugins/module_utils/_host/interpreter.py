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

from .._fs.interpreters import interpreter_with

# Without these, modules run with another Python that has them.
_NEEDED = ("requests", "yaml")
_LIBRARIES = (*_NEEDED, "isal")


def interpreter() -> dict[str, t.Any]:
    """Return the path and the version of this Python, and whether it has each library. Nothing is imported.

    If it lacks one that modules need, `other` is the path of the Python that they run with instead, if there is one.
    """
    libraries = {name: _has(name) for name in _LIBRARIES}
    return {
        "executable": sys.executable or None,
        "version": platform.python_version(),
        "libraries": libraries,
        "other": None if all(libraries[name] for name in _NEEDED) else interpreter_with(_NEEDED),
    }


def _has(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
