# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Pythons of this host, and whether they have libraries that the present one lacks."""

from __future__ import annotations

import glob
import sys
import typing as t

from .process import run
from .utf8 import os

# The Pythons for which distributions package libraries, the most likely ones first.
DISTRIBUTION_PYTHONS = ("/usr/bin/python3", "/usr/libexec/platform-python")
_OTHER_INTERPRETERS = "/usr/bin/python3.[0-9]*"
_PROBE = "import sys; assert sys.version_info >= (3, 8); import "
_SECONDS = 30


def interpreter_with(libraries: t.Sequence[str]) -> str | None:
    """Return a Python of this host, other than the present one, that has all `libraries`; None if there is none."""
    candidates = [*DISTRIBUTION_PYTHONS, *sorted(glob.glob(_OTHER_INTERPRETERS), key=_version, reverse=True)]
    return next((path for path in candidates if path != sys.executable and _has(path, libraries)), None)


def _has(path: str, libraries: t.Sequence[str]) -> bool:
    if not os.access(path, os.X_OK):
        return False
    try:
        return run([path, "-c", _PROBE + ", ".join(libraries)], _SECONDS, "/").status == 0
    except (OSError, TimeoutError):
        return False


def _version(path: str) -> list[int]:
    """Return the numbers at the end of a path such as `/usr/bin/python3.12`; none for other programs."""
    numbers = path.rpartition("python")[2].split(".")
    return [int(number) for number in numbers] if all(number.isdecimal() for number in numbers) else []
