# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A second Python process, for what has to be seen from outside or to begin afresh."""

from __future__ import annotations

import os
import sys


def environment() -> dict[str, str]:
    """The environment in which it finds the collection where this process does; ansible-test sets no PYTHONPATH."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
