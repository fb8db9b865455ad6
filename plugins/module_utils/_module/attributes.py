# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The requested owner, group and mode, as far as this host, this user and the file system allow them."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._fs.file_attributes import FileAttributes
from .._store.file_system import kind_of, mode_of
from .._store.ownership import owner_of_new_trees, this_user, to_create, unknown_accounts
from .runner import Run
from .task import Task


class Owned(t.Protocol):
    """The options of a task that names an owner and a group."""

    @property
    def owner(self) -> str | None: ...
    @property
    def group(self) -> str | None: ...


def requested_owner(path: str, request: Owned, run: Run) -> FileAttributes:
    """Return the names of the requested owner and group; empty for one that is not requested.

    In check mode, one that does not exist causes a warning, because an earlier task may create it, unless the option
    `pending` states that. Raises HostError if one does not exist, or if this user may not give files to it.
    """
    unknown = unknown_accounts(request.owner, request.group) if run.check_mode else []
    if unknown:
        pending = run.params["pending"]
        run.warnings += [to_create(option, name) for option, name in unknown if option not in pending]
        return FileAttributes(request.owner or "", request.group or "")
    owner = owner_of_new_trees(path, request.owner, request.group)
    return FileAttributes(
        owner.owner if request.owner is not None else "", owner.group if request.group is not None else ""
    )


def owner_to_set(task: Task) -> FileAttributes:
    """Return the owner and the group to set on new trees; empty for one that is not set. Raises HostError."""
    owner = owner_of_new_trees(task.host.backends_path, None, None)
    return replace(task.requested.over(owner), mode="")


def of_new_trees(task: Task) -> FileAttributes:
    """Return the owner, group and mode of new trees."""
    mode = task.mode if task.keeps.modes else mode_of(task.host.backends_path)
    return FileAttributes(mode=f"{mode:04o}").over(owner_to_set(task)).over(this_user())


def lost(task: Task) -> t.Iterator[str]:
    """Yield a warning if the file system of the backends path does not store owners or modes."""
    path, keeps = task.host.backends_path, task.keeps
    if keeps.owners and keeps.modes:
        return
    attributes = " and ".join([*([] if keeps.owners else ["owners"]), *([] if keeps.modes else ["modes"])])
    options = [*([] if keeps.owners else ["owner", "group"]), *([] if keeps.modes else ["directory_mode"])]
    kind = f" ({kind_of(path)})" if kind_of(path) else ""
    yield (
        f"{path} is on a file system{kind} that does not store {attributes}. These options have no effect there: "
        f"{', '.join(options)}. Mount it with the uid, gid and umask that LocalAI needs, or choose a backends_path on "
        "another file system, such as ext4."
    )
