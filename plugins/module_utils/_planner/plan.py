# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes a plan from a request and facts, or returns the questions that have to be answered first.

For each name, `diagnose` returns a finding, and `install` plans the work for it. If the facts lack an answer that a
name needs, the question is added, and planning continues with the next name. So all open questions of a round are
returned together. Check mode and a real run use the same plan.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from .._address import Address
from .._errors import LocalAIError
from .._localai.capability import is_known
from .._localai.leftovers import is_temporary
from .._localai.listing import Listing, Row
from .._localai.metadata import Metadata
from .._request import BackendOptions, bare_name
from .changes import Changes
from .diagnose import diagnose
from .facts import Facts
from .findings import NotVerified, Sound
from .unanswered import Unanswered

if t.TYPE_CHECKING:
    from .questions import Artifact, Question, Questions
    from .steps import Step
    from .work import Finding


Action = t.Literal["none", "install", "repair", "replace", "restore", "upgrade", "download", "chown", "prune", "remove"]


@dataclass(frozen=True)
class Outcome:
    """The result for one name. It is valid after the first `done_after` steps of the plan.

    `capability` is empty if it is that of the host.
    """

    name: str
    backend: str | None
    action: Action
    reason: str
    capability: str | None = ""
    run_file: str | None = None
    uri: Address | None = None
    version: str | None = None
    digest: str | None = None
    done_after: int = 0


@dataclass(frozen=True)
class Plan:
    """The changes that a run makes; `steps` are in the order of execution, with removals last."""

    outcomes: tuple[Outcome, ...] = ()
    steps: tuple[Step, ...] = ()
    removed: tuple[tuple[str, str], ...] = ()
    unload: tuple[str, ...] = ()
    restart_required: bool = False
    warnings: tuple[str, ...] = ()

    def artifacts(self) -> list[Artifact]:
        """Return the artifacts to transfer."""
        from .steps import Download, Fetch

        fetched = (step for step in self.steps if isinstance(step, (Download, Fetch)))
        return [step.artifact for step in fetched if isinstance(step, Download) or not step.downloaded]


def plan(request: BackendOptions, facts: Facts) -> Plan | Questions:
    """Return the plan for a request, or the questions whose answers it needs.

    Raises OptionError for a removal that would break another backend. Raises an answer that is an error if a decision
    depends on it.
    """
    changes = Changes(request, facts, facts.installed)
    try:
        return _plan(changes, facts)
    except LocalAIError as e:
        e.warnings = (*facts.scan.problems, *changes.warnings, *_unknown_capability(changes))
        raise


def _plan(changes: Changes, facts: Facts) -> Plan | Questions:
    request = changes.request
    outcomes: list[Outcome] = []
    if request.state == "absent":
        from .removal import plan_removal

        outcomes = plan_removal(changes, request.names)
    else:
        questions = _plan_names(changes, facts, outcomes) or _signatures(changes, facts, outcomes)
        if questions:
            return questions
        if request.download_only:
            from .downloads import plan_downloads

            outcomes = plan_downloads(changes, outcomes)
        elif _may_have_surplus(changes):
            from .cleanup import clean_up

            outcomes = clean_up(changes, outcomes)
    return _complete(changes, facts, outcomes)


def _plan_names(changes: Changes, facts: Facts, outcomes: list[Outcome]) -> Questions:
    """Plan all names and add their outcomes; returns the open questions.

    Errors are raised only when no question is open, because the steps for another name may resolve them. Then the
    errors of all names are raised together.
    """
    questions: dict[Question, None] = {}
    failures: list[tuple[str, LocalAIError]] = []
    if facts.host.evidence.unreadable:
        from .unreadable import warnings_of

        changes.warnings += warnings_of(changes.request, changes.state, changes.host)
    for name in changes.request.names:
        try:
            outcomes.append(_plan_name(bare_name(name), changes, changes.request.of(bare_name(name)), facts))
        except Unanswered as e:
            questions[e.question] = None
        except LocalAIError as e:
            failures.append((name, e))
    try:
        if failures and not questions:
            from .failures import error_of

            raise error_of(failures, changes, facts, _plan_name)
        if not questions and changes.steps and len(outcomes) > 1:
            _plan_again(changes, facts, outcomes)
    except Unanswered as e:
        questions[e.question] = None
    return tuple(questions)


def _signatures(changes: Changes, facts: Facts, outcomes: t.Sequence[Outcome]) -> Questions:
    if facts.policies.mode == "ignore":
        return ()
    from .signatures import check_signatures

    return check_signatures(changes, facts, outcomes)


def _plan_again(changes: Changes, facts: Facts, outcomes: list[Outcome]) -> None:
    """Plan the names again that the steps for other names took away, for example by an alias that hides them."""
    for number, name in enumerate(changes.request.names):
        request = replace(changes.request.of(bare_name(name)), force=False)
        outcome = _plan_name(bare_name(name), changes, request, facts)
        if outcome.action != "none":
            outcomes[number] = outcome


def _plan_name(name: str, changes: Changes, request: BackendOptions, facts: Facts) -> Outcome:
    """Plan one name until it is sound: after a repair, another damaged build may answer to it."""
    outcomes: list[Outcome] = []
    done: set[Finding] = set()
    while True:
        finding = diagnose(name, request, changes.state, changes.host, facts.requested)
        if isinstance(finding, NotVerified):
            from .questions import WalkTree

            raise Unanswered(WalkTree(finding.directory))
        if isinstance(finding, Sound):
            outcomes += [] if outcomes else [_sound(name, finding, changes)]
            break
        kind = replace(finding, reason="")
        if kind in done:
            break
        from .install import carry_out
        from .work import Compare

        done.add(kind)
        outcomes.append(carry_out(name, finding, changes, facts))
        # `force` applies once. With `latest`, an installed build is still compared with its source.
        request = replace(request, state="present" if isinstance(finding, Compare) else request.state, force=False)
    main = next((outcome for outcome in outcomes if outcome.action != "none"), outcomes[0])
    return replace(main, done_after=len(changes.steps))


def _sound(name: str, finding: Sound, changes: Changes) -> Outcome:
    row = t.cast(Row, changes.listing().find(name))
    if row.kind == "system" and row.runnable:
        changes.warnings.append(f"{name}: {finding.reason}. Nothing is installed for it.")
    return Outcome(row.name, row.backend, "none", finding.reason)


def _may_have_surplus(changes: Changes) -> bool:
    """Return whether there may be anything to remove at the end of the plan."""
    request = changes.request
    return bool(
        changes.steps
        or changes.dismissed
        or changes.superseded
        or request.exclusive
        or request.absent
        or request.upgraded
        or (request.keep_previous is not None and changes.state.previous)
        or any(is_temporary(directory.name) for directory in changes.state.directories)
    )


def _complete(changes: Changes, facts: Facts, outcomes: t.Sequence[Outcome]) -> Plan:
    rows = changes.listing()
    unload: tuple[str, ...] = ()
    restart_required = False
    if changes.steps:
        from .effects import effects

        unload, restart_required = effects(facts.installed, changes.state, changes.steps, changes.host.name)
    warnings = [*facts.scan.problems, *changes.warnings, *_shadowed(changes, rows, outcomes)]
    warnings += _unknown_capability(changes)
    return Plan(
        outcomes=tuple(_with_final_state(outcome, rows, changes) for outcome in outcomes),
        steps=tuple(changes.steps),
        removed=tuple(changes.removed),
        unload=unload,
        restart_required=restart_required,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _unknown_capability(changes: Changes) -> list[str]:
    """Return a warning if the capability of this host was forced to a value that is probably a typing error."""
    if changes.host.evidence.forced_by is None or is_known(changes.host.name):
        return []
    from .unknown_capability import warnings_of

    return warnings_of(changes.facts, (changes.request.pins or {}).values())


def _with_final_state(outcome: Outcome, rows: Listing, changes: Changes) -> Outcome:
    """Complete an outcome with the state on disk after the run."""
    capability = outcome.capability or changes.host.known
    if outcome.action == "download":
        row = rows.find(outcome.name)
        return replace(outcome, capability=capability, run_file=row.run_file if row is not None else None)
    row = None if outcome.action == "remove" else rows.find(outcome.name)
    if row is None:
        return replace(outcome, capability=capability)
    directory = changes.state.get(outcome.backend or "") if row.kind != "system" else None
    metadata = directory.metadata if directory and directory.metadata else Metadata()
    return replace(
        outcome,
        name=row.name,
        capability=capability,
        run_file=row.run_file,
        uri=metadata.uri or None,
        version=metadata.version or None,
        digest=directory.digest if directory else None,
    )


def _shadowed(changes: Changes, rows: Listing, outcomes: t.Sequence[Outcome]) -> t.Iterator[str]:
    """Yield a warning for each name for which LocalAI runs another build than its own directory or meta backend."""
    changed = [changes.state.get(step.backend) for step in changes.steps]
    aliases = [directory.alias for directory in changed if directory is not None]
    for name in dict.fromkeys([*(outcome.name for outcome in outcomes), *aliases]):
        row, directory = rows.get(name), changes.state.get(name)
        if row is not None and row.kind == "system" and not row.runnable and directory is not None:
            yield (
                f"{name} is installed, but LocalAI uses the system backend {row.home} for this name, and it cannot "
                f"run: {row.problem}. Remove {row.home} from the system path."
            )
        if row is None or row.kind != "alias":
            continue
        hidden = changes.state.system_hidden_by(name)
        if hidden:
            names = ("s " if len(hidden) > 1 else " ") + ", ".join(hidden)
            yield f"the alias {name} of {row.backend} hides the system backend{names}, which LocalAI will not run."
        if directory is None:
            continue
        if directory.target and directory.target != row.backend:
            yield (
                f"{name} points to {directory.target}, but LocalAI will run {row.backend}, which has {name} as its "
                f"alias and is preferred on a host with the capability {changes.host.name}."
            )
        elif directory.runnable and directory.name != row.backend:
            yield f"the alias {name} of {row.backend} hides the backend {directory.name}, which LocalAI will not run."
