# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run of `localai_backend`: options -> scan -> decide -> preflight -> apply -> result."""

from __future__ import annotations

import functools
import typing as t

from .._errors import LocalAIError
from .._localai.capability import HostCapability
from .._planner.facts import Facts
from .._planner.plan import Plan
from .._request import BackendOptions, HostOptions
from .._store.file_system import KeptAttributes, remembered
from .._store.unfinished import has_unfinished
from .argspec import BACKEND
from .decide import Decider
from .host_capability import capability_of
from .options import backend_options, host_options
from .result import result_of
from .runner import Run, check_paths, run_module
from .task import Task, task_of

if t.TYPE_CHECKING:
    from .answers import Answers

# Most runs change nothing. Code that fetches or writes, or that only some options need, is imported where it is used.


def run_backend() -> None:
    """Run the module `localai_backend`."""
    run_module(BACKEND, _run)


def _run(run: Run) -> None:
    run.result.update(backends=[], removed=[], unload=[], restart_required=False, capability=None, diff=[])
    try:
        plan = _carry_out(run)
    except LocalAIError as e:
        from .absent_sources import assume_they_come

        assume_they_come(e, run)
        return
    if plan.steps:
        from .message import message_of, sizes_of

        run.result["msg"] = message_of(run.result, run.check_mode, sizes_of(plan))
    else:
        run.result["msg"] = "Nothing to change."


def _carry_out(run: Run) -> Plan:
    """Carry out the task, and return the plan that was applied or, in check mode, would be applied."""
    host, request = host_options(run.params), backend_options(run.params)
    check_paths(host)
    capability = capability_of(host.capability)
    run.result["capability"] = capability.known
    if host.platform is not None or request.digest is not None or run.params["pins"] is not None:
        request = _with_pins(request, host, capability, run)
    probed = remembered(host.backends_path)
    task = task_of(host, request, probed or KeptAttributes(), run)
    unfinished = not run.check_mode and has_unfinished(host.backends_path)
    if run.check_mode:
        from .assumptions import missing_parent

        run.warnings += missing_parent(host.backends_path, run)
    elif unfinished:
        from .execute import clean_up

        clean_up(task)
    galleries = tuple(source.name for source in host.galleries)
    answers = functools.lru_cache(maxsize=None)(functools.partial(_answers, host, run))
    decider = Decider(Facts(capability, galleries, policies=host.policies), answers)
    plan = decider.decide(task)
    if plan.steps:
        from .execute import execute, preflight

        try:
            preflight(plan, host.backends_path, answers)
            if not run.check_mode:
                return execute(decider, task, answers, run, lambda keeps: task_of(host, request, keeps, run))
        except LocalAIError:
            run.warnings += plan.warnings
            raise
    if unfinished:
        clean_up(task, partials=True)
    run.warnings += [*_lost_attributes(task), *plan.warnings]
    if probed is None:
        from .assumptions import unknown_file_system

        run.warnings += unknown_file_system(host.backends_path, plan, run)
    run.result.update(result_of(plan, capability, {}))
    return plan


def _answers(host: HostOptions, run: Run) -> Answers:
    from .._resolver.resolver import Resolver
    from .answers import Answers
    from .platform import platform_of

    return Answers(Resolver(host, platform_of(host), run.warnings))


def _with_pins(request: BackendOptions, host: HostOptions, capability: HostCapability, run: Run) -> BackendOptions:
    """Check the platform and the digest of a task, and return the request with the rows of `pins` for this host."""
    from .pins import with_pins_of
    from .platform import platform_of

    return with_pins_of(request, host, capability, platform_of(host), run.params["pins"])


def _lost_attributes(task: Task) -> t.Iterable[str]:
    if task.keeps.owners and task.keeps.modes:
        return ()
    from .attributes import lost

    return lost(task)
