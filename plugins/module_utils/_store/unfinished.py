# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether a run left something in a directory that we own parts of."""

from __future__ import annotations

from .._fs.utf8 import os
from .layout import OWN_DIRECTORY, PARTIAL, PROGRESS, REPLACED, STAGING


def has_unfinished(path: str) -> bool:
    """Return whether a run is active in the directory, was interrupted, or left what the next one can continue."""
    own_directory = os.path.join(path, OWN_DIRECTORY)
    directories = (os.path.join(own_directory, name) for name in (STAGING, REPLACED, PARTIAL))
    return os.path.lexists(os.path.join(own_directory, PROGRESS)) or any(map(_has_entries, directories))


def _has_entries(path: str) -> bool:
    try:
        return bool(os.listdir(path))
    except OSError:
        return False
