# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a run: options -> observe -> resolve -> plan -> apply -> report.

This connects the other files.
"""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass, replace

from .._errors import HostError, LocalAIError, PartlyChanged
from .._fs.file_attributes import FileAttributes
from .._localai.capability import HostCapability
from .._localai.detect import detect
from .._localai.installed import BACKEND_FILES, Installed
from .._localai.machine import Machine
from .._localai.scan import has_unfinished, scan, tree_path
from .._planner.changes import Step, facts_of
from .._planner.pins import with_pins
from .._planner.plan import Plan, effects
from .._planner.unreadable import staying_builds
from .._request import BackendOptions, HostOptions
from .._resolver.resolver import Resolver, platform_of, settled
from .._store.file_system import Keeps, kind_of, mode_of, remembered
from .._store.ownership import owner_of_new_trees, this_user, unknown_accounts
from .._store.record import Inspection
from .argspec import BACKEND_SPEC, HOST_SPEC, INFO_SPEC
from .invocation import LocalAIModule, failure_of
from .options import backend_options, host_options, info_options
from .preflight import check_own, check_paths, check_space, check_writable, parents_to_come
from .result import Fetched, first_steps, report


def run_backend() -> None:
    """Carry out the module C(localai_backend)."""
    _run({**HOST_SPEC, **BACKEND_SPEC}, _backend)


def run_info() -> None:
    """Carry out the module C(localai_backend_info)."""
    _run({**HOST_SPEC, **INFO_SPEC}, _info)


@dataclass(frozen=True)
class _Task:
    """What a run is asked for, as far as the file system of the backends path can keep it."""

    host: HostOptions
    options: BackendOptions
    owner: FileAttributes
    keeps: Keeps

    @property
    def requested(self) -> FileAttributes:
        """The attributes of trees that are there already, as far as the task requests them."""
        mode = self.options.directory_mode
        return FileAttributes(self.options.owner or "", self.options.group or "", "" if mode is None else f"{mode:04o}")

    @property
    def look(self) -> FileAttributes:
        """The attributes of new trees."""
        mode = self.options.mode if self.keeps.modes else mode_of(self.host.backends_path)
        return FileAttributes(mode=f"{mode:04o}").over(self.owner).over(this_user())

    def scan(self) -> Installed:
        """Return what is on disk at this moment."""
        return scan(self.host.backends_path, self.host.backends_system_path, self.keeps)

    def verify(self, installed: Installed, name: str, contents: bool) -> Inspection | None:
        """Walk through the tree of a backend; with `contents`, compare it with its record."""
        from .._store.verify import verify

        directory = installed.get(name)
        listed = directory is not None and directory.record is not None and directory.record.listed
        return verify(
            tree_path(installed.path, name),
            self.requested,
            BACKEND_FILES,
            keeps_modes=self.keeps.modes,
            contents=contents and listed,
        )


@dataclass
class _Run:
    """One run of a module: what it is told, whether it may write, and what it has to say so far."""

    params: t.Mapping[str, t.Any]
    check_mode: bool
    warnings: list[str]
    result: dict[str, t.Any]


def _run(spec: dict[str, t.Any], work: t.Callable[[_Run], None]) -> None:
    module = LocalAIModule(spec)
    run = _Run(t.cast("dict[str, t.Any]", module.given), module.check_mode, [], {"changed": False})
    failure: dict[str, t.Any] = {}
    try:
        work(run)
    except LocalAIError as e:
        failure = failure_of(e)
    for warning in dict.fromkeys(run.warnings):
        module.warn(_encodable(warning))
    if failure:
        module.fail_json(**_encodable({**run.result, **failure}))
    module.exit_json(**_encodable(run.result))


def _encodable(value: t.Any) -> t.Any:
    """Return C(value) with what UTF-8 cannot hold, as in names on disk that are no text, written as escapes."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {_encodable(key): _encodable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_encodable(item) for item in value]
    return value


def _backend(run: _Run) -> None:
    run.result.update(backends=[], removed=[], replaced=[], restart_required=False, capability=None, diff=[])
    host, options = host_options(run.params), backend_options(run.params)
    check_paths(host)
    capability, platform = detect(Machine(), host.capability), platform_of(host)
    run.result["capability"] = capability.known
    options = with_pins(options, run.params["pins"], capability, platform, _staying(host, options, capability))
    known = remembered(host.backends_path)
    resolver = Resolver(host, options, capability, platform)
    if run.check_mode:
        run.warnings += parents_to_come(host.backends_path)
    task = _task(host, options, known or Keeps(), run)
    if not run.check_mode and has_unfinished(host.backends_path):
        _clear(host, task.owner)
    decided = _decide(task, resolver)
    if decided.steps:
        _check(decided, resolver, host)
    if decided.steps and not run.check_mode:
        _write(host, options, task, resolver, run)
        return
    run.warnings += [*_lost(host.backends_path, task.keeps), *resolver.warnings, *decided.warnings]
    if known is None and any("mode" in step.after for step in decided.steps):
        run.warnings.append(
            f"It is not known yet whether the file system of {host.backends_path} keeps owners and modes, so owner, "
            "group and mode in this diff hold only if it does."
        )
    run.result.update(report(decided, capability, {}))


def _staying(host: HostOptions, options: BackendOptions, capability: HostCapability) -> dict[str, str]:
    """Return the builds that the names keep because a GPU cannot be read."""
    if not capability.evidence.unreadable:
        return {}
    installed = scan(host.backends_path, host.backends_system_path)
    return staying_builds(options.bare_names, installed, capability)


def _task(host: HostOptions, options: BackendOptions, keeps: Keeps, run: _Run) -> _Task:
    """Return what can be done of what the options ask for."""
    if not keeps.owners:
        options = replace(options, owner=None, group=None)
    if not keeps.modes:
        options = replace(options, directory_mode=None)
    return _Task(host, options, _ownership(host, options, run), keeps)


def _lost(path: str, keeps: Keeps) -> t.Iterator[str]:
    """Yield a warning of what the file system of C(path) does not keep, if there is any such thing."""
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


def _clear(host: HostOptions, owner: FileAttributes) -> None:
    """Put right what a run left that died; not if it is at work, or if this user may not."""
    from .._store.store import open_store

    with contextlib.suppress(HostError), open_store(host.backends_path, owner, BACKEND_FILES, 0):
        pass


def _ownership(host: HostOptions, options: BackendOptions, run: _Run) -> FileAttributes:
    """Return who will own trees; in check mode, an owner that a task before this one creates is taken on trust."""
    unknown = unknown_accounts(options.owner, options.group) if run.check_mode else []
    run.warnings += unknown
    if not unknown:
        return owner_of_new_trees(host.backends_path, options.owner, options.group)
    return FileAttributes(options.owner or "", options.group or "").over(
        owner_of_new_trees(host.backends_path, None, None)
    )


def _decide(task: _Task, resolver: Resolver) -> Plan:
    """Return what to do about what is on disk at this moment."""
    installed = task.scan()
    if not installed.readable:
        raise HostError(
            f"What is installed cannot be read: {'; '.join(installed.problems)}. Give the directory that LocalAI "
            "reads, and run as a user who may read it, for example with become."
        )
    return settled(
        task.options,
        installed,
        resolver,
        task.look,
        lambda installed, name: task.verify(installed, name, task.options.verify),
    )


def _check(decided: Plan, resolver: Resolver, host: HostOptions) -> None:
    """Find out before the first write what would be in its way."""
    check_writable(
        host.backends_path,
        [step.backend for step in decided.steps if step.before],
        [step.backend for step in decided.steps if step.keep],
    )
    check_own(host.backends_path, [step.backend for step in decided.steps if step.kind == "chown"])
    check_space(host.backends_path, resolver.packed_size(decided), lambda: resolver.unpacked_size(decided))


def _write(host: HostOptions, options: BackendOptions, task: _Task, resolver: Resolver, run: _Run) -> None:
    """Decide again with the lock in hand and with what the file system keeps, and do it."""
    # Like all that talks to servers, what writes is loaded only by a run that has something to do.
    from .._store.store import open_store
    from .apply import take

    path, timeout = host.backends_path, options.lock_timeout
    with open_store(path, task.owner, BACKEND_FILES, timeout, options.mode) as store:
        if store.keeps != task.keeps:
            task = _task(host, options, store.keeps, run)
            store.owner = task.owner
        run.warnings += _lost(host.backends_path, task.keeps)
        decided = _decide(task, resolver)
        run.warnings += [*resolver.warnings, *decided.warnings]
        _apply(decided, lambda step: take(step, store, resolver, task.requested), resolver.capability, task, run)


def _apply(
    decided: Plan,
    taken: t.Callable[[Step], Fetched | None],
    capability: HostCapability,
    task: _Task,
    run: _Run,
) -> None:
    """Take the steps of a plan by C(taken), and report as far as they came."""
    before = task.scan()
    fetched: dict[str, Fetched] = {}
    for count, step in enumerate(decided.steps):
        try:
            came = taken(step)
        except LocalAIError as e:
            after = task.scan()
            partly = _partly(step, after, task)
            replaced, restart_required = effects(before, after, [*decided.steps[:count], *partly], capability.name)
            partial = first_steps(decided, count, partly, replaced, restart_required)
            run.result.update(report(partial, capability, fetched))
            run.result["changed"] |= isinstance(e, PartlyChanged)
            raise
        if came is not None:
            fetched[step.backend] = came
    run.result.update(report(decided, capability, fetched))


def _partly(step: Step, after: Installed, task: _Task) -> tuple[Step, ...]:
    """Return a step that failed with what it did all the same; nothing if it did nothing that a diff shows."""
    facts = dict(facts_of(after, step.backend))
    if step.kind == "chown" and facts:
        with contextlib.suppress(LocalAIError):
            left = task.verify(after, step.backend, contents=False)
            facts["paths_to_change"] = left.differing if left is not None else 0
    return (replace(step, after=facts),) if facts != step.before else ()


def _info(run: _Run) -> None:
    from .backend_info import survey

    host, options = host_options(run.params), info_options(run.params)
    check_paths(host)
    run.result.update(survey(host, options, run.warnings))
