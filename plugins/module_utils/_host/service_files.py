# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run of the module `localai_service_files`: options -> declaration and what is there -> steps -> result."""

from __future__ import annotations

import typing as t

from .._errors import HostError
from .._module.runner import Run, run_module
from .declaration import Declaration, File, GeneratedFile, declaration, unknown_accounts
from .file_changes import apply
from .file_diff import diff
from .file_steps import CreateDirectory, GenerateFile, Remove, Step, WriteFile, plan
from .fingerprint import fingerprint
from .path_entry import PathEntry, directory_at, entry_at


def _rows(mode: str, **options: t.Any) -> dict[str, t.Any]:
    suboptions = {
        "path": {"type": "path", "required": True},
        **options,
        "owner": {"type": "str", "default": "root"},
        "group": {"type": "str", "default": "root"},
        "mode": {"type": "str", "default": mode},
    }
    return {"type": "list", "elements": "dict", "default": [], "options": suboptions}


SERVICE_FILES_SPEC: dict[str, t.Any] = {
    "directories": _rows("0755"),
    "files": _rows("0644", content={"type": "str", "required": True}),
    "secrets": {**_rows("0600", content={"type": "str", "required": True, "no_log": True}), "no_log": True},
    "generated": _rows("0600", template={"type": "str", "required": True}),
    "absent": {"type": "list", "elements": "path", "default": []},
}


def run_service_files() -> None:
    """Carry out the module `localai_service_files`."""
    run_module({"argument_spec": SERVICE_FILES_SPEC}, _carry_out, _values_to_hide)


def _values_to_hide(params: t.Mapping[str, t.Any]) -> set[str]:
    """Return the contents of secrets: their paths and owners are in the result, and may be in other options too.

    A content is also hidden without its comments. Comments alone are no secret, and other files can have the same ones.
    """
    hidden = set()
    for content in (row["content"] for row in params["secrets"]):
        values = [line for line in content.splitlines(keepends=True) if _has_value(line)]
        if values:
            hidden |= {content, "".join(values)}
    return hidden


def _has_value(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith(("#", ";"))


def _carry_out(run: Run) -> None:
    declared = declaration(run.params)
    unknown = unknown_accounts(declared)
    if unknown and not run.check_mode:
        raise HostError(f"This host does not have the {', the '.join(unknown)}. Create them first.")
    entries = _scan(declared)
    steps = plan(declared, entries)
    generated: dict[str, bytes] = {}
    if not run.check_mode:
        for step in steps:
            content = apply(step)
            run.result["changed"] = True
            if content is not None:
                generated[step.path] = content
    run.result.update(
        changed=bool(steps),
        files={file.path: _fingerprint(file, entries[file.path], steps, generated) for file in declared.files},
        written=[step.path for step in steps if isinstance(step, (CreateDirectory, WriteFile, GenerateFile))],
        removed=[step.path for step in steps if isinstance(step, Remove)],
        diff=diff(steps),
        msg=_message(steps, run.check_mode),
    )


def _scan(declared: Declaration) -> dict[str, PathEntry]:
    entries = {directory.path: directory_at(directory.path) for directory in declared.directories}
    others = [*(file.path for file in declared.files), *declared.absent]
    return {**entries, **{path: entry_at(path) for path in others}}


def _fingerprint(
    file: File | GeneratedFile, entry: PathEntry, steps: t.Sequence[Step], generated: t.Mapping[str, bytes]
) -> str | None:
    """Return the fingerprint of the file after the run, None if its token is still to be generated."""
    if isinstance(file, File):
        return fingerprint(file.content)
    is_to_come = any(isinstance(step, GenerateFile) and step.path == file.path for step in steps)
    content = generated.get(file.path) if is_to_come else entry.content
    return None if content is None else fingerprint(content)


def _message(steps: t.Sequence[Step], check_mode: bool) -> str:
    if not steps:
        return "Nothing to change."
    would = "Would change" if check_mode else "Changed"
    return f"{would} {', '.join(dict.fromkeys(step.path for step in steps))}."
