# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A module run in this process, as Ansible runs it: arguments in, JSON out."""

from __future__ import annotations

import contextlib
import io
import json
from typing import Any, Callable, Iterator
from unittest import mock

from ansible.module_utils import basic
from ansible.module_utils.common import warnings

try:
    from ansible.module_utils.testing import patch_module_args
except ImportError:  # before ansible-core 2.19

    @contextlib.contextmanager
    def patch_module_args(args: dict[str, Any] | None = None) -> Iterator[None]:
        """Let the next module take these arguments."""
        with mock.patch.object(basic, "_ANSIBLE_ARGS", json.dumps({"ANSIBLE_MODULE_ARGS": args or {}}).encode()):
            yield


def run_raw(main: Callable[[], None], arguments: dict[str, Any], check_mode: bool = False) -> str:
    """What the module writes: JSON, with the options that Ansible adds to it."""
    output = io.StringIO()
    warnings._global_warnings.clear()
    arguments = {**arguments, "_ansible_check_mode": check_mode, "_ansible_diff": True}
    code: Any = "it returned instead of ending"
    with patch_module_args(arguments), contextlib.redirect_stdout(output):
        try:
            main()
        except SystemExit as end:
            code = end.code
    assert bool(code) == json.loads(output.getvalue()).get("failed", False)
    return output.getvalue()


def run_module(main: Callable[[], None], arguments: dict[str, Any], check_mode: bool = False) -> dict[str, Any]:
    """What the module returns; `failed` is in it in any case, and `warnings` is a list of texts."""
    result: dict[str, Any] = json.loads(run_raw(main, arguments, check_mode))
    result.pop("invocation", None)
    result.setdefault("failed", False)
    result["warnings"] = [_text(warning) for warning in result.get("warnings", [])]
    return result


def _text(warning: Any) -> str:
    """A warning's text; ansible-core 2.19 and later wrap it."""
    return str(warning["event"]["msg"] if isinstance(warning, dict) else warning)
