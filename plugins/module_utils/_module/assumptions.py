# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The assumptions of a prediction, because earlier tasks of the play do not run in check mode."""

from __future__ import annotations

import typing as t

from .._fs.utf8 import os
from .._planner.plan import Plan
from .runner import Run


def missing_parent(path: str, run: Run) -> t.Iterator[str]:
    """Yield a warning if the parent of `path` does not exist, unless the option `pending` states that it will."""
    parent = os.path.dirname(os.path.normpath(path))
    if not os.path.isdir(parent) and not _is_pending(path, run):
        yield f"backends_path: {parent} does not exist yet. It will be created."


def unknown_file_system(path: str, plan: Plan, run: Run) -> t.Iterator[str]:
    """Yield a warning if the diff of a plan depends on a file system that was not probed yet."""
    if any("mode" in step.after for step in plan.steps) and not _is_pending(path, run):
        yield (
            f"It is not known yet whether the file system of {path} stores owners and modes. Owner, group and mode in "
            "this diff are correct only if it does."
        )


def _is_pending(path: str, run: Run) -> bool:
    return "backends_path" in run.params["pending"] and not os.path.isdir(path)
