# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options + installed backends + answers of galleries and registries -> the steps of a run. Pure.

C(assess) decides for each name whether anything has to be done. C(plan) yields the needs that it cannot decide from the
disk alone, and returns the steps with their state before and after. Check mode and a run use the same plan.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from .._address import Address
from .._fs.file_attributes import FileAttributes
from .._localai.capability import HostCapability
from .._localai.installed import Directory, Installed, Kept
from .._localai.listing import Listing, server_mapping
from .._localai.metadata import Metadata
from .._request import BackendOptions, bare_name
from .._store.record import Inspection
from .changes import Draft, Step
from .cleanup import clean_up, prune
from .diagnose import Need, assess, must_fetch
from .removal import Removal, removal
from .unreadable import warnings_of
from .upgrade import Target, difference


@dataclass(frozen=True)
class Outcome:
    """The result for one name, which holds as soon as the first C(done_after) steps of the plan are done."""

    name: str
    backend: str | None
    action: str
    capability: str | None
    reason: str
    run_file: str | None = None
    uri: Address | None = None
    version: str | None = None
    digest: str | None = None
    done_after: int = 0


@dataclass(frozen=True)
class Plan:
    """The changes that a run makes; C(steps) are in the order of execution, with removals last."""

    outcomes: tuple[Outcome, ...] = ()
    steps: tuple[Step, ...] = ()
    removed: tuple[tuple[str, str], ...] = ()
    replaced: tuple[str, ...] = ()
    restart_required: bool = False
    warnings: tuple[str, ...] = ()


Walked = t.Optional[Inspection]
Answer = t.Union[Target, Walked]
Planning = t.Generator[Need, Answer, Plan]


def plan(options: BackendOptions, installed: Installed, capability: HostCapability, look: FileAttributes) -> Planning:
    """Yield the needs that the disk alone does not decide, and return the plan; C(look) is that of new trees.

    The answer to a need C(inspect) is the Inspection of its directory, or None if that is gone. The answer to any other
    need is the Target of its subject. The same need may be yielded again. Raises OptionError for a removal that would
    break another backend.
    """
    draft = Draft(options, installed, look, capability)
    outcomes: list[Outcome] = []
    if options.state == "absent":
        outcomes = _plan_absent(draft)
    else:
        draft.warnings += warnings_of(options, installed, capability)
        for name in options.names:
            met = []
            for need in _needs(name, draft):
                answer = (yield need) if need.action == "inspect" or need.subject else None
                if need.action == "inspect":
                    draft.note(need.directory, t.cast("Inspection | None", answer))
                else:
                    met.append(_meet(bare_name(name), need, draft, t.cast("Target | None", answer)))
            telling = next((outcome for outcome in met if outcome.action != "none"), met[0])
            outcomes.append(replace(telling, done_after=len(draft.steps)))
        names = {name.lower() for outcome in outcomes for name in (outcome.name, outcome.backend or "") if name}
        clean_up(draft, names)
        outcomes = _pruned(draft, outcomes, names)
    rows = draft.rows()
    replaced, restart_required = effects(installed, draft.state, draft.steps, capability.name)
    return Plan(
        outcomes=tuple(_concluded(outcome, rows, draft) for outcome in outcomes),
        steps=tuple(draft.steps),
        removed=tuple(draft.removed),
        replaced=replaced,
        restart_required=restart_required,
        warnings=tuple(dict.fromkeys([*installed.problems, *draft.warnings, *_shadow_warnings(draft, rows, outcomes)])),
    )


def effects(
    before: Installed, after: Installed, steps: t.Sequence[Step], capability: str
) -> tuple[tuple[str, ...], bool]:
    """Return the names whose tree was replaced under the same run file, and whether LocalAI needs a restart."""
    swapped = {step.backend for step in steps if step.kind in ("fetch", "restore")}
    changed = {directory.name for directory in before.directories if directory.has_run_file} & swapped
    old, new = Listing(before, capability), Listing(after, capability)
    replaced = sorted(
        name
        for name in old
        if name in new and new[name].backend in changed and old[name].run_file == new[name].run_file
    )
    return tuple(replaced), server_mapping(before, capability) != server_mapping(after, capability)


def _needs(name: str, draft: Draft) -> t.Iterator[Need]:
    """Yield the needs of a name until it can run: a repair may reveal another damaged build that answers to it."""
    options = draft.options
    met: set[tuple[str, ...]] = set()
    while True:
        need = assess(name, options, draft.state, draft.capability, draft.wanted_look)
        key = (need.action, need.subject, need.directory, need.kept.place if need.kept else "")
        if met and (need.action == "none" or key in met):
            return
        yield need
        if need.action == "inspect":
            continue
        met.add(key)
        # `force` applies once. An installed build is still compared with its source for `latest`.
        state = "present" if need.action == "compare" else options.state
        options = replace(options, state=state, force=False)


def _meet(bare: str, need: Need, draft: Draft, target: Target | None) -> Outcome:
    if need.action == "none":
        row = draft.rows().find(bare)
        if row is not None and row.kind == "system":
            draft.warnings.append(f"{bare}: {need.reason}. Nothing is installed for it.")
        return Outcome(row.name if row else bare, row.backend if row else bare, "none", "", need.reason)
    if need.kept is not None:
        return _restore(bare, need, need.kept, draft)
    if need.meta:
        return _point(need, draft)
    if target is None:
        directory = t.cast(Directory, draft.state.get(need.directory))
        if need.action == "dismiss":
            draft.dismiss(directory.name, need.reason)
            return Outcome(bare, None, "none", "", need.reason)
        if need.action == "chown":
            draft.chown(directory)
        else:
            pin = draft.options.pin(bare)
            draft.rewrite(directory, pin.alias if pin else draft.options.alias or "")
        return Outcome(_spelled(bare, draft), directory.target or directory.name, need.action, "", need.reason)
    return _install(bare, need, target, draft)


def _point(need: Need, draft: Draft) -> Outcome:
    """Write the meta backend for which a build was installed."""
    build = draft.state.get(need.directory)
    metadata = build.metadata if build and build.metadata else Metadata()
    draft.write_meta(need.meta, _meta_of(need.directory, need.meta, metadata.gallery_url, metadata.version))
    return Outcome(need.meta, need.directory, need.action, "", need.reason)


def _meta_of(backend: str, name: str, gallery_url: Address, version: str) -> Metadata:
    return Metadata(meta_backend_for=backend, name=name, gallery_url=gallery_url, version=version)


def _restore(bare: str, need: Need, kept: Kept, draft: Draft) -> Outcome:
    """Restore a previous version, and let the requested meta backend point to it."""
    known = need.recorded
    draft.restore(kept, fixed=known.fixed if known is not None else need.action == "restore")
    own, pinned = draft.state.find(bare), draft.options.pin(bare) is not None
    answers = _runs(bare, kept.backend, draft) and not (pinned and own is None)
    if need.action == "restore" and kept.backend.lower() != bare.lower() and not answers:
        metadata = kept.directory.metadata or Metadata()
        url = own.metadata.gallery_url if own and own.metadata else metadata.gallery_url
        name = own.name if own else bare
        draft.write_meta(name, _meta_of(kept.backend, name, url, metadata.version))
    return Outcome(_spelled(bare, draft), kept.backend, need.action, "", need.reason)


def _install(bare: str, need: Need, target: Target, draft: Draft) -> Outcome:
    """Install the target of a name if it is missing or, for a comparison, if it is another build."""
    steps, reason = len(draft.steps), need.reason
    stale = _stale(bare, target, draft.state)
    found = draft.state.get(target.backend)
    points = target.is_meta and not (need.action == "compare" and _runs(bare, target.backend, draft))
    # An alias that answers to the name is no meta backend that a later run would have to complete.
    meta = target.name if points or (target.is_meta and draft.state.find(bare) is not None) else ""
    if found is not None and found.alias.lower() == bare.lower() != target.alias.lower():
        # The name depends on this alias, so the repair keeps it, even if the gallery has dropped it.
        target = replace(target, alias=found.alias)
    twin = draft.state.get(target.name) if stale and not target.is_meta and need.action != "compare" else None
    if twin is not None and not draft.state.damage(twin) and not draft.options.force:
        reason += f"; {twin.name}, as the gallery spells it, is there already"
    elif must_fetch(target, need, draft.options, draft.state):
        reason = _why_fetched(bare, need, target, draft)
        _fetch(bare, need, target, draft, meta)
    elif need.action == "compare":
        reason = _compare(t.cast(Directory, found), target, draft, meta) or reason
    else:
        reason += f"; {target.backend} is there already"
    if points:
        build = draft.state.get(target.backend)
        version = build.metadata.version if build and build.metadata else ""
        draft.write_meta(target.name, _meta_of(target.backend, target.name, target.meta_url, version))
    if stale:
        draft.stale[stale] = target.backend if target.is_meta else ""
    if target.last_resort and draft.capability.has_gpu:
        where = "its gallery" if draft.options.pins is None else "the set of pins"
        draft.warnings.append(
            f"{target.name}: nothing in {where} is built for this host ({draft.capability.name}: "
            f"{draft.capability.evidence.rule}), so {target.backend} is taken, by the key {target.key!r}."
        )
    asked = target.name if target.name.lower() == bare.lower() else bare
    action = need.action
    if action == "compare":
        action = "upgrade" if len(draft.steps) > steps or stale else "none"
    return Outcome(asked, target.backend, action, target.key, reason)


def _fetch(bare: str, need: Need, target: Target, draft: Draft, meta: str) -> None:
    """Install a build, and record whether a task chose exactly this one."""
    is_chosen = draft.options.pins is not None or draft.options.digest_of(bare) is not None
    known = None if target.lost else need.recorded
    draft.fetch(target, meta, known, fixed=is_chosen or bool(known and known.fixed))
    if target.lost:
        draft.warnings.append(f"{target.backend}: {need.reason}, and {_instead(target.lost)}.")


def _instead(lost: str) -> str:
    return f"its recorded build {lost} is gone from its source, so it becomes what the source has now"


def _why_fetched(bare: str, need: Need, target: Target, draft: Draft) -> str:
    if need.action != "compare":
        return f"{need.reason}; {_instead(target.lost)}" if target.lost else need.reason
    row = draft.rows().find(bare)
    return f"{target.backend} is right for it now, and {row.backend if row else 'nothing'} is installed"


def _compare(found: Directory, target: Target, draft: Draft, meta: str) -> str:
    """Install a newer build, or set the alias that the gallery has now; returns the reason, if anything differs."""
    differs = difference(target, found)
    if differs.unknown:
        draft.warnings.append(
            f"{target.backend}: its source does not state what it has, neither by a digest nor by a version or a "
            "sha256, so it stays as it is. Use force to install it again."
        )
        return ""
    if differs.reason:
        draft.fetch(target, meta)
        return differs.reason
    if target.alias != found.alias:
        draft.rewrite(found, target.alias)
        return f"its alias is {found.alias or 'not set'}, and the gallery has {target.alias or 'none'}"
    return ""


def _runs(bare: str, backend: str, draft: Draft) -> bool:
    """Return whether a name already runs C(backend), through its meta backend if it has one."""
    own, row, build = draft.state.find(bare), draft.rows().find(bare), draft.state.get(backend)
    if own is None:
        return row is not None and row.backend == backend
    versions = [each.metadata.version for each in (own, build) if each and each.metadata]
    return own.target == backend and len(set(versions)) <= 1


def _stale(bare: str, target: Target, installed: Installed) -> str:
    """Return the directory that has this name but is not the one from the gallery, and so has to be removed."""
    for directory in installed.called(bare):
        spelled = directory.name.lower() == bare.lower() == target.name.lower()
        meta = directory.metadata if directory.target and directory.target != target.backend else None
        elsewhere = meta is not None and meta.name.lower() == bare.lower() == target.name.lower()
        if directory.name != target.name and (spelled or elsewhere):
            return directory.name
    return ""


def _pruned(draft: Draft, outcomes: list[Outcome], names: t.AbstractSet[str]) -> list[Outcome]:
    """Remove the previous versions that exceed C(keep_previous), and say so where nothing else was done."""
    surplus = prune(draft, names)
    return [
        replace(
            outcome,
            action="prune",
            reason=f"{outcome.reason}; {surplus[outcome.backend]} of its previous versions are more than keep_previous",
            done_after=len(draft.steps),
        )
        if outcome.action == "none" and outcome.backend in surplus
        else outcome
        for outcome in outcomes
    ]


def _plan_absent(draft: Draft) -> list[Outcome]:
    names = draft.options.bare_names
    # LocalAI names a meta as it was asked for, its gallery included.
    spelled = {bare_name(name): name for name in draft.options.names if "@" in name and draft.state.find(name)}
    found = removal([*names, *spelled.values()], draft.state)
    answering = (name if name in found.answers else spelled.get(name, name) for name in names)
    outcomes = [_absent_outcome(name, found, draft) for name in answering]
    for backend, why in found.reasons.items():
        draft.remove(backend)
        if backend not in found.named:
            draft.removed.append((backend, why))
    return [replace(outcome, done_after=len(draft.steps)) for outcome in outcomes]


def _absent_outcome(name: str, found: Removal, draft: Draft) -> Outcome:
    if name in found.answers:
        directory = draft.state.get(found.answers[name])
        backend = directory.target or directory.name if directory else found.answers[name]
        return Outcome(name, backend, "remove", "", found.reasons[found.answers[name]])
    row = draft.rows().find(name)
    if row is not None and row.kind == "system":
        reason = "a system backend answers to it, which only the system's packager removes"
        draft.warnings.append(f"{name}: {reason}. Nothing is removed.")
        return Outcome(row.name, row.backend, "none", "", reason)
    return Outcome(name, None, "none", "", "it is not installed")


def _shadow_warnings(draft: Draft, rows: Listing, outcomes: t.Sequence[Outcome]) -> t.Iterator[str]:
    """Warn of names that run another build than their own directory or their meta backend says."""
    aliases = [step.metadata.alias for step in draft.steps if step.metadata]
    for name in dict.fromkeys([*(outcome.name for outcome in outcomes), *aliases]):
        row, own = rows.get(name), draft.state.get(name)
        if row is None or row.kind != "alias":
            continue
        if own is None:
            if name in draft.state.system:
                yield f"the alias {name} of {row.backend} hides the system backend {name}, which LocalAI will not run."
        elif own.target and own.target != row.backend:
            yield (
                f"{name} stands for {own.target}, but LocalAI will run {row.backend}: that has {name} as its alias and "
                f"comes first on a host of capability {draft.capability.name}."
            )
        elif own.runnable and own.name != row.backend:
            yield f"the alias {name} of {row.backend} hides the backend {own.name}, which LocalAI will not run."


def _spelled(bare: str, draft: Draft) -> str:
    own = draft.state.find(bare)
    return own.name if own is not None else bare


def _concluded(outcome: Outcome, rows: Listing, draft: Draft) -> Outcome:
    """Complete an outcome with the state on disk after the run."""
    capability = outcome.capability or draft.capability.known
    row = None if outcome.action == "remove" else rows.find(outcome.name)
    if row is None:
        return replace(outcome, capability=capability)
    directory = draft.state.get(outcome.backend or "") if row.kind != "system" else None
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
