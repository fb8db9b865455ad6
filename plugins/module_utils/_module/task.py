# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A task of `localai_backend`, without the attributes that the file system of the backends path does not store."""

from __future__ import annotations

from dataclasses import dataclass, replace

from .._errors import HostError
from .._fs.file_attributes import FileAttributes
from .._fs.utf8 import os
from .._localai.installed import Installed
from .._localai.scan import scan
from .._localai.server import rules_of
from .._request import BackendOptions, HostOptions
from .._store.file_system import KeptAttributes
from .runner import Run


@dataclass(frozen=True)
class Task:
    """A task: its options, and `requested`, the owner, group and mode that installed trees must have.

    `keeps` has the attributes that the file system stores. `mode` is the mode of the top directory of new trees, if the
    file system stores modes.
    """

    host: HostOptions
    request: BackendOptions
    keeps: KeptAttributes
    requested: FileAttributes
    mode: int

    def scan(self) -> Installed:
        """Return the current state of the disk; raises HostError if it cannot be read."""
        host = self.host
        rules = rules_of(host.server_version, os.environ)
        installed = scan(host.backends_path, host.backends_system_path, self.keeps, rules=rules)
        if not installed.readable:
            raise HostError(
                f"The installed backends cannot be read: {'; '.join(installed.problems)}. Set backends_path to the "
                "directory that LocalAI reads, and run as a user who may read it, for example with become."
            )
        return installed


def task_of(host: HostOptions, request: BackendOptions, keeps: KeptAttributes, run: Run) -> Task:
    """Return the task, without the owner, group and mode that the file system does not store."""
    new_mode = request.mode
    if not keeps.owners:
        request = replace(request, owner=None, group=None)
    if not keeps.modes:
        request = replace(request, directory_mode=None)
    mode = "" if request.directory_mode is None else f"{request.directory_mode:04o}"
    requested = FileAttributes(mode=mode)
    if request.owner is not None or request.group is not None:
        from .attributes import requested_owner

        requested = requested.over(requested_owner(host.backends_path, request, run))
    return Task(host, request, keeps, requested, new_mode)
