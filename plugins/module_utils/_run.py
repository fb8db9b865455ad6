# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a run: options -> observe -> resolve -> plan -> apply -> report.

This connects the other files.
"""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass, replace

from ansible_collections.localai.core.plugins.module_utils._capability import HostCapability
from ansible_collections.localai.core.plugins.module_utils._checks import (
    check_own,
    check_paths,
    check_space,
    check_writable,
    parents_to_come,
)
from ansible_collections.localai.core.plugins.module_utils._detect import detect
from ansible_collections.localai.core.plugins.module_utils._draft import Step
from ansible_collections.localai.core.plugins.module_utils._errors import HostError, LocalAIError
from ansible_collections.localai.core.plugins.module_utils._inspect import inspected
from ansible_collections.localai.core.plugins.module_utils._installed import Look
from ansible_collections.localai.core.plugins.module_utils._invocation import LocalAIModule, failure_of
from ansible_collections.localai.core.plugins.module_utils._looks import NOBODY_YET, Wanted
from ansible_collections.localai.core.plugins.module_utils._machine import Machine
from ansible_collections.localai.core.plugins.module_utils._observe import has_unfinished, observe
from ansible_collections.localai.core.plugins.module_utils._options import (
    HOST_SPEC,
    HostOptions,
    host_options,
)
from ansible_collections.localai.core.plugins.module_utils._owners import Ownership, ownership, unknown_owners
from ansible_collections.localai.core.plugins.module_utils._pins import with_pins
from ansible_collections.localai.core.plugins.module_utils._plan import Plan, effects
from ansible_collections.localai.core.plugins.module_utils._report import Fetched, first_steps, report
from ansible_collections.localai.core.plugins.module_utils._request import (
    BACKEND_SPEC,
    INFO_SPEC,
    BackendOptions,
    backend_options,
    info_options,
)
from ansible_collections.localai.core.plugins.module_utils._resolver import Resolver, platform_of, settled
from ansible_collections.localai.core.plugins.module_utils._unreadable import staying_builds
from ansible_collections.localai.core.plugins.module_utils._volume import mode_of, without_looks


def run_backend() -> None:
    """Carry out the module C(localai_backend)."""
    _run({**HOST_SPEC, **BACKEND_SPEC}, _backend)


def run_info() -> None:
    """Carry out the module C(localai_backend_info)."""
    _run({**HOST_SPEC, **INFO_SPEC}, _info)


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
    options = _with_looks_of(host.backends_path, options, run)
    resolver = Resolver(host, options, capability, platform)
    if run.check_mode:
        run.warnings += parents_to_come(host.backends_path)
    owner = _ownership(host, options, run)
    if not run.check_mode and has_unfinished(host.backends_path):
        _clear(host, owner)
    decided = _decide(host, options, resolver, owner)
    if decided.steps:
        _check(decided, resolver, host)
    if decided.steps and not run.check_mode:
        _write(host, options, resolver, owner, run)
    else:
        run.warnings += [*resolver.warnings, *decided.warnings]
        run.result.update(report(decided, capability, {}))


def _staying(host: HostOptions, options: BackendOptions, capability: HostCapability) -> dict[str, str]:
    """Return the builds that the names keep because a GPU cannot be read."""
    if not capability.evidence.unreadable:
        return {}
    installed = observe(host.backends_path, host.backends_system_path)
    return staying_builds(options.bare_names, installed, capability)


def _with_looks_of(path: str, options: BackendOptions, run: _Run) -> BackendOptions:
    """Return the options as far as the file system of the backends path can have trees look so, warning of the rest."""
    kind = without_looks(path)
    if not kind:
        return options
    run.warnings.append(
        f"{path} is on a file system ({kind}) that keeps no owners, modes and symlinks: all on it looks as its mount "
        "says, and owner, group and directory_mode change nothing. Mount it with the uid, gid and umask that LocalAI "
        "needs, or choose a backends_path on another one, such as ext4."
    )
    return replace(options, owner=None, group=None, directory_mode=mode_of(path))


def _clear(host: HostOptions, owner: Ownership) -> None:
    """Put right what a run left that died; not if it is at work, or if this user may not."""
    from ansible_collections.localai.core.plugins.module_utils._store import Store

    with contextlib.suppress(HostError), Store(host.backends_path, owner).lock(0):
        pass


def _ownership(host: HostOptions, options: BackendOptions, run: _Run) -> Ownership:
    """Return who will own trees; in check mode, an owner that a task before this one creates is taken on trust."""
    unknown = unknown_owners(options.owner, options.group) if run.check_mode else []
    run.warnings += unknown
    if not unknown:
        return ownership(host.backends_path, options.owner, options.group)
    known = ownership(host.backends_path, None, None)
    return Ownership(NOBODY_YET, NOBODY_YET, options.owner or known.owner, options.group or known.group)


def _wanted(options: BackendOptions, owner: Ownership) -> Wanted:
    """Return how trees that are there already have to look: as far as the task says."""
    return Wanted(
        uid=owner.uid if options.owner is not None else None,
        gid=owner.gid if options.group is not None else None,
        mode=options.directory_mode,
    )


def _decide(host: HostOptions, options: BackendOptions, resolver: Resolver, owner: Ownership) -> Plan:
    """Return what to do about what is on disk at this moment."""
    installed = observe(host.backends_path, host.backends_system_path)
    if not installed.readable:
        raise HostError(
            f"What is installed cannot be read: {'; '.join(installed.problems)}. Give the directory that LocalAI "
            "reads, and run as a user who may read it, for example with become."
        )
    wanted = _wanted(options, owner)
    return settled(
        options,
        installed,
        resolver,
        Look(owner.owner, owner.group, f"{options.mode:04o}"),
        lambda installed, name: inspected(installed, name, wanted, options.verify),
    )


def _check(decided: Plan, resolver: Resolver, host: HostOptions) -> None:
    """Find out before the first write what would be in its way."""
    check_writable(host.backends_path, [step.backend for step in decided.steps if step.before])
    check_own(host.backends_path, [step.backend for step in decided.steps if step.kind == "chown"])
    check_space(host.backends_path, resolver.packed_size(decided), lambda: resolver.unpacked_size(decided))


def _write(host: HostOptions, options: BackendOptions, resolver: Resolver, owner: Ownership, run: _Run) -> None:
    """Decide again with the lock in hand, and do it."""
    # Like all that talks to servers, what writes is loaded only by a run that has something to do.
    from ansible_collections.localai.core.plugins.module_utils._apply import take
    from ansible_collections.localai.core.plugins.module_utils._store import Store

    store = Store(host.backends_path, owner, options.mode)
    with store.lock(options.lock_timeout):
        decided = _decide(host, options, resolver, owner)
        run.warnings += [*resolver.warnings, *decided.warnings]
        wanted = _wanted(options, owner)
        _apply(decided, lambda step: take(step, store, resolver, wanted), resolver.capability, host, run)


def _apply(
    decided: Plan, taken: t.Callable[[Step], Fetched | None], capability: HostCapability, host: HostOptions, run: _Run
) -> None:
    """Take the steps of a plan by C(taken), and report as far as they came."""
    before = observe(host.backends_path, host.backends_system_path)
    fetched: dict[str, Fetched] = {}
    for count, step in enumerate(decided.steps):
        try:
            came = taken(step)
        except LocalAIError:
            after = observe(host.backends_path, host.backends_system_path)
            replaced, restart_required = effects(before, after, decided.steps[:count], capability.name)
            partial = first_steps(decided, count, replaced, restart_required)
            run.result.update(report(partial, capability, fetched))
            raise
        if came is not None:
            fetched[step.backend] = came
    run.result.update(report(decided, capability, fetched))


def _info(run: _Run) -> None:
    from ansible_collections.localai.core.plugins.module_utils._info import survey

    host, options = host_options(run.params), info_options(run.params)
    check_paths(host)
    run.result.update(survey(host, options, run.warnings))
