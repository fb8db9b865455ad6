# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a run: options -> observe -> resolve -> plan -> apply -> report.

This connects the other files and is the only one that knows AnsibleModule.
"""

from __future__ import annotations

import os
import typing as t
from dataclasses import dataclass

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from ansible_collections.localai.core.plugins.module_utils._apply import take
from ansible_collections.localai.core.plugins.module_utils._capability import Machine, detect
from ansible_collections.localai.core.plugins.module_utils._checks import check_space, check_writable
from ansible_collections.localai.core.plugins.module_utils._errors import (
    HostError,
    LocalAIError,
    MissingLibrary,
    OptionError,
)
from ansible_collections.localai.core.plugins.module_utils._info import survey
from ansible_collections.localai.core.plugins.module_utils._installed import observe, server_mapping
from ansible_collections.localai.core.plugins.module_utils._options import (
    BACKEND_SPEC,
    HOST_SPEC,
    INFO_SPEC,
    BackendOptions,
    HostOptions,
    backend_options,
    bare_name,
    host_options,
    info_options,
)
from ansible_collections.localai.core.plugins.module_utils._owners import ownership, unknown_owners
from ansible_collections.localai.core.plugins.module_utils._plan import Look, Plan, Target, plan
from ansible_collections.localai.core.plugins.module_utils._report import Fetched, first_steps, report
from ansible_collections.localai.core.plugins.module_utils._resolver import Resolver
from ansible_collections.localai.core.plugins.module_utils._store import Store


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
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    run = _Run(module.params, module.check_mode, [], {"changed": False})
    failure: dict[str, t.Any] = {}
    try:
        work(run)
    except MissingLibrary as e:
        failure = {"msg": missing_required_lib(e.library), "exception": e.traceback}
    except LocalAIError as e:
        failure = {"msg": str(e)}
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
    _check_paths(host)
    capability = detect(Machine(), host.capability)
    run.result["capability"] = capability.name
    resolver = Resolver(host, options, capability)
    look = _look(host, options, run)
    decided = _decide(host, options, resolver, look)
    if decided.steps:
        check_writable(host.backends_path, [step.backend for step in decided.steps if step.before])
        check_space(host.backends_path, resolver.packed_size(decided), lambda: resolver.unpacked_size(decided))
    if decided.steps and not run.check_mode:
        owner = ownership(host.backends_path, options.owner, options.group)
        store = Store(host.backends_path, owner, options.directory_mode)
        with store.lock(options.lock_timeout):
            decided = _decide(host, options, resolver, look)
            run.warnings += [*resolver.galleries.warnings, *decided.warnings]
            _apply(decided, store, resolver, host, run)
    else:
        run.warnings += [*resolver.galleries.warnings, *decided.warnings]
        run.result.update(report(decided, capability, {}))


def _check_paths(host: HostOptions) -> None:
    if os.path.realpath(host.backends_path) == os.path.realpath(host.backends_system_path):
        raise OptionError(
            f"backends_path and backends_system_path are both {host.backends_path}. LocalAI never changes what is in "
            "the system path, so give them different directories."
        )


def _decide(host: HostOptions, options: BackendOptions, resolver: Resolver, look: Look) -> Plan:
    """Return what to do about what is on disk at this moment."""
    installed = observe(host.backends_path, host.backends_system_path)
    if not installed.readable:
        raise HostError(
            f"What is installed cannot be read: {'; '.join(installed.problems)}. Give the directory that LocalAI "
            "reads, and run as a user who may read it, for example with become."
        )
    asked = {bare_name(name): name for name in reversed(options.names)}
    targets: dict[str, Target] = {}
    while True:
        decided = plan(options, installed, resolver.capability, targets, look)
        if not decided.unresolved:
            return decided
        subject = decided.unresolved
        targets[subject] = resolver.target(asked.get(subject, subject), installed)


def _look(host: HostOptions, options: BackendOptions, run: _Run) -> Look:
    """Return who will own new trees; in check mode, an owner that a task before this one creates is taken on trust."""
    unknown = unknown_owners(options.owner, options.group) if run.check_mode else []
    run.warnings += unknown
    known = ownership(host.backends_path, None if unknown else options.owner, None if unknown else options.group)
    return Look(
        owner=options.owner or known.owner if unknown else known.owner,
        group=options.group or known.group if unknown else known.group,
        mode=f"{options.directory_mode:04o}",
    )


def _apply(decided: Plan, store: Store, resolver: Resolver, host: HostOptions, run: _Run) -> None:
    """Take the steps of a plan, and report as far as they came."""
    before = server_mapping(observe(host.backends_path, host.backends_system_path), resolver.capability.name)
    fetched: dict[str, Fetched] = {}
    for count, step in enumerate(decided.steps):
        try:
            came = take(step, store, resolver)
        except LocalAIError:
            after = server_mapping(observe(host.backends_path, host.backends_system_path), resolver.capability.name)
            partial = first_steps(decided, count, restart_required=before != after)
            run.result.update(report(partial, resolver.capability, fetched))
            raise
        if came is not None:
            fetched[step.backend] = came
    run.result.update(report(decided, resolver.capability, fetched))


def _info(run: _Run) -> None:
    host, options = host_options(run.params), info_options(run.params)
    _check_paths(host)
    run.result.update(survey(host, options, run.warnings))
