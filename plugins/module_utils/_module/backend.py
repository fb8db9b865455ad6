# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run of `localai_backend`: options -> scan -> decide -> preflight -> apply -> result."""

from __future__ import annotations

import contextlib
import functools
import os
import typing as t
from dataclasses import dataclass, replace

from .._errors import HostError
from .._fs.file_attributes import FileAttributes
from .._localai.capability import HostCapability
from .._localai.detect import detect
from .._localai.installed import BACKEND_FILES, Installed
from .._localai.machine import Machine
from .._localai.scan import has_unfinished, scan, tree_path
from .._planner.facts import Facts
from .._planner.plan import Plan
from .._planner.questions import Question, WalkTree
from .._request import BackendOptions, HostOptions
from .._store.file_system import Keeps, kind_of, mode_of, remembered
from .._store.ownership import owner_of_new_trees, this_user, unknown_accounts
from .._store.record import Inspection
from .argspec import BACKEND
from .decide import decide
from .message import message_of
from .options import backend_options, host_options
from .platform import platform_of
from .result import result_of
from .runner import Run, check_paths, run_module

if t.TYPE_CHECKING:
    from .._resolver.resolver import Resolver


def run_backend() -> None:
    """Carry out the module `localai_backend`."""
    run_module(BACKEND, _run)


@dataclass(frozen=True)
class Task:
    """What a run is asked for, as far as the file system of the backends path can keep it."""

    host: HostOptions
    request: BackendOptions
    owner: FileAttributes
    keeps: Keeps

    @property
    def requested(self) -> FileAttributes:
        """The attributes that installed trees must have: only what the task says."""
        mode = self.request.directory_mode
        return FileAttributes(self.request.owner or "", self.request.group or "", "" if mode is None else f"{mode:04o}")

    @property
    def new_trees(self) -> FileAttributes:
        """The owner, group and mode that new trees get."""
        mode = self.request.mode if self.keeps.modes else mode_of(self.host.backends_path)
        return FileAttributes(mode=f"{mode:04o}").over(self.owner).over(this_user())

    def scan(self) -> Installed:
        """Return what is on disk at this moment; raises HostError if it cannot be read."""
        installed = scan(self.host.backends_path, self.host.backends_system_path, self.keeps)
        if not installed.readable:
            raise HostError(
                f"What is installed cannot be read: {'; '.join(installed.problems)}. Set backends_path to the "
                "directory that LocalAI reads, and run as a user who may read it, for example with become."
            )
        return installed


class Decider:
    """Plans a task, as often as the disk changes; answers of galleries and sources stay."""

    def __init__(self, facts: Facts, resolver: t.Callable[[], Resolver]) -> None:
        self._facts = facts
        self._resolver = resolver
        self._planned: tuple[Task, Installed, Plan] | None = None

    @property
    def capability(self) -> HostCapability:
        """The capability that the plan is for."""
        return self._facts.host

    @property
    def scan(self) -> Installed:
        """What was on disk when the plan was made."""
        return self._facts.scan

    def decide(self, task: Task) -> Plan:
        """Return the plan for what is on disk at this moment."""
        installed = task.scan()
        if self._planned is None or self._planned[:2] != (task, installed):
            facts = self._facts.rescanned(installed, task.new_trees)
            plan, self._facts = decide(task.request, facts, functools.partial(self._answer, task, installed))
            self._planned = (task, installed, plan)
        return self._planned[2]

    def _answer(self, task: Task, installed: Installed, question: Question) -> t.Any:
        if isinstance(question, WalkTree):
            return walk(task, installed, question.directory, contents=task.request.verify)
        return self._resolver().answer(question)


def walk(task: Task, installed: Installed, name: str, *, contents: bool) -> Inspection | None:
    """Return what a walk through an installed tree shows, None if the tree is gone.

    With `contents`, the tree is compared with what was installed, if that is recorded.
    """
    from .._store.verify import verify

    directory = installed.get(name)
    is_listed = directory is not None and directory.record is not None and directory.record.listed
    path, keeps_modes = tree_path(installed.path, name), task.keeps.modes
    return verify(path, task.requested, BACKEND_FILES, keeps_modes=keeps_modes, contents=contents and is_listed)


def _run(run: Run) -> None:
    _carry_out(run)
    run.result["msg"] = message_of(run.result, run.check_mode)


def _carry_out(run: Run) -> None:
    run.result.update(backends=[], removed=[], unload=[], restart_required=False, capability=None, diff=[])
    host, request = host_options(run.params), backend_options(run.params)
    check_paths(host)
    capability, platform = detect(Machine(), host.capability), platform_of(host)
    run.result["capability"] = capability.known
    if request.digest is not None or run.params["pins"] is not None:
        request = _pinned(request, host, capability, run)
    known = remembered(host.backends_path)
    task = _task(host, request, known or Keeps(), run)

    @functools.lru_cache(maxsize=None)
    def resolver() -> Resolver:
        # A run without changes needs no network, and loading it takes as long as the rest of such a run.
        from .._resolver.resolver import Resolver

        return Resolver(host, platform, run.warnings)

    if run.check_mode:
        run.warnings += _missing_parent(host.backends_path)
    elif has_unfinished(host.backends_path):
        _clear(task)
    galleries = tuple(source.name for source in host.galleries)
    decider = Decider(Facts(capability, galleries), resolver)
    plan = decider.decide(task)
    if plan.steps:
        # Like all that talks to servers, what writes is loaded only by a run that has something to do.
        from .execute import execute, preflight

        preflight(plan, host.backends_path, resolver)
        if not run.check_mode:
            execute(decider, task, resolver, run, lambda keeps: _task(host, request, keeps, run))
            return
    run.warnings += [*lost_attributes(task), *plan.warnings]
    if known is None and any("mode" in step.after for step in plan.steps):
        run.warnings.append(
            f"It is not known yet whether the file system of {host.backends_path} keeps owners and modes, so owner, "
            "group and mode in this diff hold only if it does."
        )
    run.result.update(result_of(plan, capability, {}))


def lost_attributes(task: Task) -> t.Iterator[str]:
    """Yield a warning about the attributes that the file system of the backends path does not keep, if any."""
    path, keeps = task.host.backends_path, task.keeps
    if keeps.owners and keeps.modes:
        return
    what = " and ".join([*([] if keeps.owners else ["owners"]), *([] if keeps.modes else ["modes"])])
    given = [*([] if keeps.owners else ["owner", "group"]), *([] if keeps.modes else ["directory_mode"])]
    kind = f" ({kind_of(path)})" if kind_of(path) else ""
    yield (
        f"{path} is on a file system{kind} that does not keep {what}. These options have no effect there: "
        f"{', '.join(given)}. Mount it with the uid, gid and umask that LocalAI needs, or choose a backends_path on "
        "another one, such as ext4."
    )


def _pinned(request: BackendOptions, host: HostOptions, capability: HostCapability, run: Run) -> BackendOptions:
    """Return the request with the rows of `pins` that count on this host."""
    from .._planner.pins import with_pins
    from .._planner.unreadable import staying_builds

    staying: dict[str, str] = {}
    if capability.evidence.unreadable:
        installed = scan(host.backends_path, host.backends_system_path)
        staying = staying_builds(request.bare_names, installed, capability)
    return with_pins(request, run.params["pins"], capability, platform_of(host), staying)


def _task(host: HostOptions, request: BackendOptions, keeps: Keeps, run: Run) -> Task:
    """Drop the owner, group and mode of a request if the file system cannot keep them."""
    if not keeps.owners:
        request = replace(request, owner=None, group=None)
    if not keeps.modes:
        request = replace(request, directory_mode=None)
    return Task(host, request, _owner(host, request, run), keeps)


def _owner(host: HostOptions, request: BackendOptions, run: Run) -> FileAttributes:
    """Return who will own new trees; check mode assumes that an unknown owner is created by a task before this one."""
    unknown = unknown_accounts(request.owner, request.group) if run.check_mode else []
    run.warnings += unknown
    if not unknown:
        return owner_of_new_trees(host.backends_path, request.owner, request.group)
    requested = FileAttributes(request.owner or "", request.group or "")
    return requested.over(owner_of_new_trees(host.backends_path, None, None))


def _missing_parent(path: str) -> list[str]:
    """Return a warning when not even the parent of `path` exists: a task before this one may create it."""
    parent = os.path.dirname(os.path.normpath(path))
    return [] if os.path.isdir(parent) else [f"backends_path: {parent} does not exist yet. It will be created."]


def _clear(task: Task) -> None:
    """Clean up after an interrupted run, unless one is still active or this user lacks permission."""
    from .._store.store import open_store

    with contextlib.suppress(HostError), open_store(task.host.backends_path, task.owner, BACKEND_FILES, timeout=0):
        pass
