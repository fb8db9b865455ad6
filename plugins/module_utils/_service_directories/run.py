# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run of the module `localai_directory`: options -> record and scanned paths -> steps -> result."""

from __future__ import annotations

import re
import typing as t

from .._errors import HostError, OptionError
from .._fs import process
from .._fs.os_errors import DiskErrors
from .._fs.utf8 import os
from .._module.runner import Run, run_module
from .._store.ownership import numbers_of
from . import access, create, delete, record
from .access import Use
from .adopt import adopt, marked
from .create import Attributes, Creation
from .paths import PathState, names_below, scan_path
from .record import DirectoryRecord
from .reserved import refuse_reserved

_MAX_NAMES = 5
_MAX_SECONDS = 86400

DIRECTORY_SPEC: dict[str, t.Any] = {
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "directories": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": {
            "path": {"type": "path", "required": True},
            "mode": {"type": "str", "default": "0755"},
            "readable": {"type": "bool", "default": True},
            "create": {"type": "bool", "default": True},
        },
    },
    "create": {"type": "bool", "default": True},
    "keep": {"type": "list", "elements": "path", "default": []},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "readable_by": {"type": "str"},
    "writable": {"type": "list", "elements": "path", "default": []},
    "backends_path": {"type": "path"},
    "reserved": {"type": "list", "elements": "path", "default": []},
    "record": {"type": "path", "default": "/var/lib/localai-core/directories.json"},
    "adopt": {
        "type": "dict",
        "options": {
            "files": {"type": "list", "elements": "path", "required": True},
            "user": {"type": "str", "required": True},
            "home": {"type": "path", "required": True},
        },
    },
}


def run_directory() -> None:
    """Carry out the module `localai_directory`."""
    run_module({"argument_spec": DIRECTORY_SPEC}, _carry_out)


def _carry_out(run: Run) -> None:
    task = _Task(run)
    if run.params["state"] == "absent":
        run.result.update(task.absent())
        return
    run.result.update(task.present())
    # The result of the error contains what was created.
    task.check_access()


class _Task:
    """The options of one run, and the record on the disk."""

    def __init__(self, run: Run) -> None:
        self._params = run.params
        self._check_mode = run.check_mode
        self._warnings = run.warnings
        self._paths = [_path(row["path"]) for row in self._params["directories"]]
        self._to_change: list[str] = []
        refuse_reserved(self._paths, [_path(path) for path in self._params["reserved"]])
        self._file = _path(self._params["record"])
        saved = record.read(self._file)
        self._record = self._adopted() if saved is None else saved
        self._adopts = saved is None and bool(self._record.entries)

    def present(self) -> dict[str, t.Any]:
        """Create missing directories, and return the result of the module."""
        rows = dict(zip(self._paths, self._params["directories"]))
        requested = {path: self._attributes(row["mode"]) for path, row in rows.items()}
        states = {path: self._scan(path) for path in requested}
        for path, row in rows.items():
            if not (self._params["create"] and row["create"]):
                del requested[path]
        missing = [path for path, state in states.items() if path not in requested and state.kind == "missing"]
        if missing and not self._check_mode:
            raise HostError(f"{', '.join(missing)}: there is no such directory. Create or mount it first.")
        steps = create.plan(requested, states, self._record)
        created = [step.path for step in steps if step.creates]
        foreign = [path for path in requested if path not in created and not self._record.has(states[path])]
        if self._check_mode:
            self._to_change = [*missing, *(step.path for step in steps)]
        elif requested:
            self._save_adopted()
            for step in steps:
                self._record = create.apply(step, self._record, self._save)
        return {
            "changed": bool(steps or (requested and self._adopts)),
            "created": created,
            "foreign": foreign,
            "diff": _diff(steps),
        }

    def check_access(self) -> None:
        """Raise HostError if the user of the service cannot use its directories.

        Check mode cannot tell that of directories that a run would create or change, nor of those in them.
        """
        user = self._params["readable_by"]
        if user is None:
            return
        account = access.account_of(user)
        if account is None and not self._check_mode:
            raise HostError(f"readable_by: this host has no user {user!r}. Create it first.")
        uses = [
            use for use in self._uses() if not any(names_below(use.path, path) is not None for path in self._to_change)
        ]
        if account is None or not uses:
            return
        if not access.can_become(account):
            self._warnings.append(f"readable_by: only root can test what {user} can read. Run with become.")
            return
        problem = access.message(user, access.denied(account, uses))
        if problem:
            raise HostError(problem)

    def _uses(self) -> list[Use]:
        writable = [_path(path) for path in self._params["writable"]]
        unknown = [path for path in writable if path not in self._paths]
        if unknown:
            raise OptionError(f"writable: {', '.join(unknown)} must also be in directories.")
        backends = _path(self._params["backends_path"]) if self._params["backends_path"] else ""
        return [
            Use(path, reads=row["readable"], writes=path in writable, backends=path == backends)
            for path, row in zip(self._paths, self._params["directories"])
        ]

    def absent(self) -> dict[str, t.Any]:
        """Delete directories that the role created, and return the result of the module."""
        keep = delete.existing(_path(path) for path in self._params["keep"])
        targets = {path: delete.scan(path) for path in self._paths}
        deletions = delete.plan(self._paths, keep, targets, self._record)
        deleted, left = delete.predict(deletions)
        for path, content in left.items():
            some = ", ".join(content[:_MAX_NAMES])
            self._warnings.append(f"{path} stays, because the role may not have created {some}.")
        emptied = [deletion.path for deletion in deletions if deletion.keep]
        remaining = [entry.path for entry in self._record.entries if entry.path not in deleted or entry.path in emptied]
        result = {
            "changed": bool(deleted),
            "deleted": deleted,
            "left": sorted(left),
            "recorded": [path for path in remaining if self._scan(path).kind != "missing"],
            "diff": {
                "before": {path: {"state": "directory"} for path in deleted},
                "after": {path: {"state": "emptied" if path in emptied else "absent"} for path in deleted},
            },
        }
        if not self._check_mode:
            self._save_adopted()
            for deletion in deletions:
                gone = delete.apply(deletion, self._record, _execute)
                if not (gone or deletion.keep or deletion.only_if_empty):
                    raise HostError(f"{deletion.path}: something was written there while it was deleted. Run again.")
            self._forget(deleted)
            result["recorded"] = [entry.path for entry in self._record.entries]
        return result

    def _forget(self, deleted: t.Sequence[str]) -> None:
        """Delete missing directories from the record, and remove parents that were created for deleted ones."""
        before = self._record
        for entry in sorted(self._record.entries, key=lambda entry: -entry.path.count("/")):
            state = self._scan(entry.path)
            holds = any(path.startswith(f"{entry.path}/") for path in deleted)
            is_free = holds and entry.only_if_empty and self._record.has(state) and delete.remove_empty(entry.path)
            if state.kind == "missing" or is_free:
                self._record = self._record.without(entry.path)
        if not self._record.entries:
            record.remove(self._file)
        elif self._record != before:
            self._save(self._record)

    def _adopted(self) -> DirectoryRecord:
        traces = self._params["adopt"]
        if traces is None:
            return DirectoryRecord()
        return adopt([_path(file) for file in traces["files"]], traces["user"], _path(traces["home"]))

    def _save(self, changed: DirectoryRecord) -> None:
        with DiskErrors("", self._file):
            record.write(self._file, changed)

    def _save_adopted(self) -> None:
        if self._adopts:
            self._record = marked(self._record)
            self._save(self._record)

    def _scan(self, path: str) -> PathState:
        with DiskErrors("", path):
            return scan_path(path)

    def _attributes(self, mode: str) -> Attributes:
        if not re.fullmatch("[0-7]{3,4}", mode):
            raise OptionError(f"mode: {mode!r} is not an octal mode such as 0755. Write it in quotes.")
        return Attributes(*numbers_of(self._params["owner"], self._params["group"]), int(mode, 8))


def _execute(command: list[str], directory: str) -> tuple[int, str]:
    """Run a program, which may take as long as a large tree needs; returns its exit status and its errors."""
    output = process.run(command, _MAX_SECONDS, directory)
    return output.status, output.stderr.decode("utf-8", "replace")


def _path(path: str) -> str:
    if not path.startswith("/") or "\0" in path or ".." in path.split("/"):
        raise OptionError(f"{path!r} is not an absolute path without '..'.")
    return os.path.normpath(re.sub("^/+", "/", path))


def _diff(steps: t.Sequence[Creation]) -> dict[str, t.Any]:
    absent = {"state": "absent"}
    before = {step.path: absent if step.creates else _shown(step.state) for step in steps}
    return {"before": before, "after": {step.path: _shown(step.attributes) for step in steps}}


def _shown(directory: PathState | Attributes) -> dict[str, t.Any]:
    mode = f"{directory.mode:04o}"
    return {"state": "directory", "owner": directory.uid, "group": directory.gid, "mode": mode}
