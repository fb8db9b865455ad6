# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the module again with another Python of this host, if that has the libraries that this one lacks.

ansible-core may choose a newer Python than that of the distribution, whose packages it does not see, or run modules in
a virtual environment.
"""

from __future__ import annotations

import sys

from ansible.module_utils import basic
from ansible.module_utils.common.respawn import has_respawned, respawn_module

from .._fs.interpreters import interpreter_with

LIBRARIES = ("requests", "yaml")
# Ansible writes the code and the options to a pipe before the other Python reads it. More would block it for ever.
_MOST_BYTES = 48 * 1024


def respawn() -> None:
    """Run this module with an interpreter that has requests and PyYAML, and end; returns if there is none.

    It must be called before the module has changed anything.
    """
    interpreter = interpreter_with(LIBRARIES) if _can_respawn() else None
    if interpreter is not None:
        respawn_module(interpreter)


def _can_respawn() -> bool:
    """Return whether Ansible started this process as a module, and its options are few enough."""
    if has_respawned() or not hasattr(sys.modules["__main__"], "_module_fqn"):
        return False
    options = getattr(basic, "_ANSIBLE_ARGS", None)
    return options is not None and len(repr(options)) <= _MOST_BYTES
