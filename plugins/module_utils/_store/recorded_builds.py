# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads `builds.json`."""

from __future__ import annotations

from .._fs.read import read_file
from .._fs.utf8 import os
from .builds import Build, parse_builds
from .layout import BUILDS, OWN_DIRECTORY

_MAX_SIZE = 1024 * 1024


def recorded_builds(path: str) -> dict[str, Build]:
    """Return the recorded builds of the directory `path` by the name of their backend; none if they cannot be read."""
    try:
        return parse_builds(read_file(os.path.join(path, OWN_DIRECTORY, BUILDS), _MAX_SIZE))
    except OSError:
        return {}
