# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Python that runs this module, and the libraries that it can import."""

from __future__ import annotations

import importlib.util
import platform
import re
import sys
import typing as t

from .._fs.interpreters import DISTRIBUTION_PYTHONS, interpreter_with
from .._fs.read import read_file
from .._fs.utf8 import os

# Without these, modules run with another Python that has them.
_NEEDED = ("requests", "yaml")
# What decompresses faster, or at all: zstd is decompressed by Python's own `_zstd` from 3.14 on, or by zstandard.
_DECOMPRESSORS = {"isal": ("isal",), "zstd": ("_zstd", "zstandard")}
# What verifies signatures, from this version on.
_VERIFIER, _OLDEST_VERIFIER = "cryptography", 38
_MOST_BYTES = 64 * 1024


def interpreter() -> dict[str, t.Any]:
    """Return the path and the version of this Python, and whether it has each library. Nothing is imported.

    If it lacks one that modules need, `other` is the path of the Python that they run with instead, if there is one.
    """
    needed = {name: _has(name) for name in _NEEDED}
    return {
        "executable": sys.executable or None,
        "version": platform.python_version(),
        "of_distribution": _is_of_distribution(),
        "libraries": {
            **needed,
            **{name: any(map(_has, names)) for name, names in _DECOMPRESSORS.items()},
            _VERIFIER: _verifies(),
        },
        "other": None if all(needed.values()) else interpreter_with(_NEEDED),
    }


def _is_of_distribution() -> bool:
    """Return whether the distribution packages libraries for this Python: its default one, and no environment."""
    here = os.path.realpath(sys.executable or "")
    return sys.prefix == sys.base_prefix and here in map(os.path.realpath, DISTRIBUTION_PYTHONS)


def _verifies() -> bool:
    """Return whether the library is new enough. Its version stands in a file of its own in all its releases."""
    try:
        spec = importlib.util.find_spec(_VERIFIER)
        path = os.path.join(os.path.dirname((spec and spec.origin) or ""), "__about__.py")
        version = re.search(rb'^__version__ = "(\d+)', read_file(path, _MOST_BYTES), re.MULTILINE)
    except (ImportError, OSError, ValueError):
        return False
    return version is not None and int(version.group(1)) >= _OLDEST_VERIFIER


def _has(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False
