# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Paths that need not exist yet."""

from __future__ import annotations

from .utf8 import os


def nearest_existing(path: str, follow_symlinks: bool = True) -> str:
    """Return a path, or the nearest one above it that exists.

    Raises OSError if this user may not see it, or if it leads through a file. Without `follow_symlinks`, such a file
    and a symlink to nowhere are the result.
    """
    missing = (FileNotFoundError,) if follow_symlinks else (FileNotFoundError, NotADirectoryError)
    while True:
        try:
            os.stat(path, follow_symlinks=follow_symlinks)
        except missing:
            parent = os.path.dirname(path)
            if parent == path:
                raise
            path = parent
        else:
            return path
