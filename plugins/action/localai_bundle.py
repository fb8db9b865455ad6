# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells the module `localai_bundle` where the collection is that runs: a module is sent to its host without that."""

from __future__ import annotations

import typing as t
from pathlib import Path

from ansible.plugins.action import ActionBase

_COLLECTION = Path(__file__).resolve().parents[2]


class ActionModule(ActionBase):  # type: ignore[misc]
    """Sets `collection` for a task on the controller, if this collection was installed from an artifact."""

    _supports_async = True
    _supports_check_mode = True

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> dict[str, t.Any]:
        """Run the module."""
        result: dict[str, t.Any] = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        is_installed = (_COLLECTION / "MANIFEST.json").is_file() and (_COLLECTION / "FILES.json").is_file()
        if "collection" not in arguments and self._connection.transport == "local" and is_installed:
            arguments["collection"] = str(_COLLECTION)
        result.update(
            self._execute_module(module_args=arguments, task_vars=task_vars, wrap_async=bool(self._task.async_val))
        )
        return result
