# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module again with another Python of this host, if that has the libraries that this one lacks.

ansible-core may choose a newer Python than that of the distribution, whose packages it does not see, or run modules in
a virtual environment.
"""

from __future__ import annotations

import glob
import sys

from ansible.module_utils import basic
from ansible.module_utils.common.respawn import has_respawned, respawn_module

from .._fs.process import run
from .._fs.utf8 import os

# The Pythons for which distributions package libraries, the most likely ones first.
_INTERPRETERS = ("/usr/bin/python3", "/usr/libexec/platform-python")
_OTHER_INTERPRETERS = "/usr/bin/python3.[0-9]*"
_PROBE = "import sys; assert sys.version_info >= (3, 8); import requests, yaml"
_SECONDS = 30
# Ansible writes the code and the options to a pipe before the other Python reads it. More would block it for ever.
_MOST_BYTES = 48 * 1024


def respawn() -> None:
    """Run this module with an interpreter that has requests and PyYAML, and end; returns if there is none.

    It must be called before the module has changed anything.
    """
    interpreter = interpreter_with_libraries() if _can_respawn() else None
    if interpreter is not None:
        respawn_module(interpreter)


def interpreter_with_libraries() -> str | None:
    """Return a Python of this host, other than the present one, that has requests and PyYAML; None if there is none."""
    candidates = [*_INTERPRETERS, *sorted(glob.glob(_OTHER_INTERPRETERS), key=_version, reverse=True)]
    return next((path for path in candidates if path != sys.executable and _has_libraries(path)), None)


def _can_respawn() -> bool:
    """Return whether Ansible started this process as a module, and its options are few enough."""
    if has_respawned() or not hasattr(sys.modules["__main__"], "_module_fqn"):
        return False
    options = getattr(basic, "_ANSIBLE_ARGS", None)
    return options is not None and len(repr(options)) <= _MOST_BYTES


def _has_libraries(path: str) -> bool:
    if not os.access(path, os.X_OK):
        return False
    try:
        return run([path, "-c", _PROBE], _SECONDS, "/").status == 0
    except (OSError, TimeoutError):
        return False


def _version(path: str) -> list[int]:
    """Return the numbers at the end of a path such as `/usr/bin/python3.12`; none for other programs."""
    numbers = path.rpartition("python")[2].split(".")
    return [int(number) for number in numbers] if all(number.isdecimal() for number in numbers) else []
