# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of a module: its options, its warnings, its result, and the only call of `fail_json`."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from .._errors import LocalAIError, MissingLibrary, OptionError
from .._fs.utf8 import os
from .._request import HostOptions
from .invocation import LocalAIModule, failure_of


@dataclass
class Run:
    """The options of a run, and its warnings and result so far. In check mode, it must not write."""

    params: t.Mapping[str, t.Any]
    check_mode: bool
    warnings: list[str] = field(default_factory=list)
    result: dict[str, t.Any] = field(default_factory=lambda: {"changed": False})


def run_module(
    spec: dict[str, t.Any],
    work: t.Callable[[Run], None],
    values_to_hide: t.Callable[[t.Mapping[str, t.Any]], set[str]] | None = None,
) -> None:
    """Run `work`, and end the process with its result, or with a failure that contains the result so far.

    Ansible hides every value inside an option with `no_log` wherever it is in the result, words like `root` too. If
    the options are valid, it hides only those that `values_to_hide` returns.
    """
    module = LocalAIModule(spec)
    if values_to_hide is not None:
        module.no_log_values = values_to_hide(t.cast("dict[str, t.Any]", module.given))
    run = Run(t.cast("dict[str, t.Any]", module.given), module.check_mode)
    failure: dict[str, t.Any] = {}
    try:
        work(run)
    except LocalAIError as e:
        if isinstance(e, MissingLibrary):
            from .respawn import respawn

            respawn()
        run.warnings += e.warnings
        failure = failure_of(e)
    for warning in dict.fromkeys(run.warnings):
        module.warn(_encodable(warning))
    if failure:
        module.fail_json(**_encodable({**run.result, **failure}))
    module.exit_json(**_encodable(run.result))


def check_paths(host: HostOptions) -> None:
    """Raise OptionError when both paths are the same directory."""
    if os.path.realpath(host.backends_path) == os.path.realpath(host.backends_system_path):
        raise OptionError(
            f"backends_path and backends_system_path are both {host.backends_path}. LocalAI never changes the system "
            "path, so set them to different directories."
        )


def _encodable(value: t.Any) -> t.Any:
    """Return `value` with escapes for characters that UTF-8 cannot encode, as in malformed names of files."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_encodable(item) for item in value]
    return value
