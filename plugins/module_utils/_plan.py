# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wanted + what is installed + what the gallery and the registry say -> what to do. Pure.

C(assess) says for each name whether anything is to be done; only what it does not settle has to be resolved. C(plan)
then returns the actions with before and after, and the same plan is printed by check mode, shown as diff and carried
out.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ansible_collections.localai.core.plugins.module_utils._capability import HostCapability
from ansible_collections.localai.core.plugins.module_utils._installed import (
    Directory,
    Installed,
    Row,
    find_row,
    listing,
    server_mapping,
)
from ansible_collections.localai.core.plugins.module_utils._metadata import Metadata, Record
from ansible_collections.localai.core.plugins.module_utils._options import BackendOptions, bare_name
from ansible_collections.localai.core.plugins.module_utils._removal import Removal, removal


@dataclass(frozen=True)
class Target:
    """What a name resolves to: the concrete C(backend) and where it comes from.

    C(name) is the gallery's spelling. For a meta, C(key) is the capability that decided. What identifies the content is
    empty where nothing has to be fetched.
    """

    name: str
    backend: str
    is_meta: bool = False
    key: str = ""
    last_resort: bool = False
    alias: str = ""
    gallery_url: str = ""
    version: str = ""
    uri: str = ""
    digest: str | None = None
    platform_digest: str = ""
    sha256: str = ""


@dataclass(frozen=True)
class Look:
    """How a new tree will look: its owner, group and mode as the diff shows them."""

    owner: str
    group: str
    mode: str


@dataclass(frozen=True)
class Need:
    """What C(assess) finds for one name; C(subject) is what must be resolved, empty when nothing is to be fetched."""

    action: str
    reason: str
    subject: str = ""


@dataclass(frozen=True)
class Step:
    """One change of the backends path: C(kind) is C(fetch), C(meta), C(metadata) or C(remove).

    C(metadata) is what will stand in metadata.json, without the time, C(record) what in our own file beside it.
    """

    kind: str
    backend: str
    before: t.Mapping[str, str | None]
    after: t.Mapping[str, str | None]
    metadata: Metadata | None = None
    record: Record | None = None


@dataclass(frozen=True)
class Outcome:
    """What the module returns for one name; true once the first C(done_after) steps of the plan are taken."""

    name: str
    backend: str | None
    action: str
    capability: str
    reason: str
    run_file: str | None = None
    uri: str | None = None
    version: str | None = None
    digest: str | None = None
    done_after: int = 0


@dataclass(frozen=True)
class Plan:
    """All that a run is going to do; C(steps) in the order in which they are taken, removals last.

    Where C(unresolved) is not empty, it is only the subject of a need that C(targets) lacked, and no plan yet.
    """

    outcomes: tuple[Outcome, ...] = ()
    steps: tuple[Step, ...] = ()
    removed: tuple[tuple[str, str], ...] = ()
    replaced: tuple[str, ...] = ()
    restart_required: bool = False
    warnings: tuple[str, ...] = ()
    unresolved: str = ""


@dataclass
class _Draft:
    """The plan while it is made: the backends path as it would be after the steps so far."""

    options: BackendOptions
    state: Installed
    look: Look
    capability: HostCapability
    steps: list[Step] = field(default_factory=list)
    misspelled: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def rows(self) -> dict[str, Row]:
        return listing(self.state, self.capability.name)


def assess(name: str, options: BackendOptions, installed: Installed, capability: str) -> Need:
    """Return what C(state=present) has to do for one name, as far as the disk alone tells."""
    bare = bare_name(name)
    own = installed.find(bare)
    damage = installed.damage(own) if own is not None else ""
    if own is not None and own.kind != "directory":
        return Need("install", f"in its place stands {damage}", bare)
    if options.uri is not None:
        return _assess_pinned(bare, own, damage, options)
    if damage:
        return Need("repair", damage, bare)
    row = find_row(bare, listing(installed, capability))
    if row is None:
        return Need("install", "it is not installed", bare)
    if options.force:
        return Need("install" if row.kind == "system" else "replace", "force is set", bare)
    if row.kind == "system":
        return Need("none", "a system backend answers to it, which only the system's packager changes")
    if row.problem:
        return Need("repair", row.problem, row.backend)
    return Need("none", f"it is installed, as {row.backend}" if row.backend != bare else "it is installed")


def plan(
    options: BackendOptions,
    installed: Installed,
    capability: HostCapability,
    targets: t.Mapping[str, Target],
    look: Look,
) -> Plan:
    """Return what to do; C(targets) has what the C(subject) of each need resolved to.

    Raises OptionError for a removal that would break another backend.
    """
    draft = _Draft(options, installed, look, capability)
    if options.state == "absent":
        outcomes, removed = _plan_absent(draft)
    else:
        outcomes, removed = [], []
        for name in options.names:
            met = []
            for need in _needs(name, draft):
                if need.subject and need.subject not in targets:
                    return Plan(unresolved=need.subject)
                met.append(_plan_present(bare_name(name), need, draft, targets))
            outcomes.append(replace(met[0], done_after=len(draft.steps)))
        for misspelled in draft.misspelled:
            _remove(misspelled, draft)
    before, after = (server_mapping(state, capability.name) for state in (installed, draft.state))
    fetched = {step.backend for step in draft.steps if step.kind == "fetch" and step.before}
    rows = draft.rows()
    return Plan(
        outcomes=tuple(_concluded(outcome, rows, draft) for outcome in outcomes),
        steps=tuple(draft.steps),
        removed=tuple(removed),
        replaced=tuple(
            sorted(name for name, row in rows.items() if row.backend in fetched and before.get(name) == row.run_file)
        ),
        restart_required=before != after,
        warnings=tuple(dict.fromkeys([*installed.problems, *draft.warnings, *_shadow_warnings(draft, rows, outcomes)])),
    )


def must_fetch(backend: str, for_meta: bool, options: BackendOptions, installed: Installed) -> bool:
    """Return whether a build has to be fetched; a meta is content with a sound one that is there already."""
    present = installed.get(backend)
    if present is None or options.force or not for_meta:
        return True
    return present.kind != "directory" or bool(present.target or installed.damage(present))


def _assess_pinned(name: str, own: Directory | None, damage: str, options: BackendOptions) -> Need:
    if own is None:
        return Need("install", "it is not installed", name)
    if damage and not own.target:
        return Need("repair", damage, own.name)
    recorded = own.metadata.uri if own.metadata and not own.target else ""
    if not same_uri(recorded, options.uri or ""):
        return Need("replace", f"it was installed from {recorded or 'an unknown source'}", own.name)
    if options.force:
        return Need("replace", "force is set", own.name)
    if options.alias is not None and own.alias != options.alias:
        return Need("replace", f"its alias is {own.alias or 'not set'}")
    return Need("none", "it is installed from there")


def same_uri(one: str, other: str) -> bool:
    """Return whether two URIs of images, archives or directories are the same but for how they are written."""
    return _plain_uri(one) == _plain_uri(other)


def _plain_uri(uri: str) -> str:
    plain = uri[len("oci://") :] if uri.startswith("oci://") else uri
    return plain.rstrip("/") if plain.startswith("/") else plain


def _needs(name: str, draft: _Draft) -> t.Iterator[Need]:
    """Yield what a name needs until it can run: behind one damage may be another build that answers to it."""
    need = assess(name, draft.options, draft.state, draft.capability.name)
    met: set[str] = set()
    while not met or (need.action != "none" and need.subject not in met):
        yield need
        met.add(need.subject)
        need = assess(name, replace(draft.options, force=False), draft.state, draft.capability.name)


def _plan_present(bare: str, need: Need, draft: _Draft, targets: t.Mapping[str, Target]) -> Outcome:
    if need.action == "none":
        row = find_row(bare, draft.rows())
        if row is not None and row.kind == "system":
            draft.warnings.append(f"{bare}: {need.reason}. Nothing is installed for it.")
        return Outcome(row.name if row else bare, row.backend if row else bare, "none", "", need.reason)
    if not need.subject:
        own = t.cast(Directory, draft.state.find(bare))
        metadata = replace(own.metadata or Metadata(), alias=draft.options.alias or "")
        _take(draft, "metadata", replace(own, metadata=metadata))
        return Outcome(own.name, own.name, need.action, "", need.reason)
    target = targets[need.subject]
    reason = need.reason
    misspelled = _misspelled(bare, target, draft.state)
    found = draft.state.get(target.backend)
    if found is not None and found.alias.lower() == bare.lower() != target.alias.lower():
        # It is repaired as what answers to this name, whatever its gallery says by now.
        target = replace(target, alias=found.alias)
    twin = draft.state.get(target.name) if misspelled and not target.is_meta else None
    if twin is not None and not draft.state.damage(twin) and not draft.options.force:
        reason += f"; {twin.name}, as the gallery spells it, is there already"
    elif must_fetch(target.backend, target.is_meta, draft.options, draft.state):
        _fetch(target, draft)
    else:
        reason += f"; {target.backend} is there already"
    if target.is_meta:
        _write_meta(target, draft)
    if misspelled and misspelled not in draft.misspelled:
        draft.misspelled.append(misspelled)
    if target.last_resort and draft.capability.has_gpu:
        draft.warnings.append(
            f"{target.name}: nothing in its gallery is built for this host ({draft.capability.name}: "
            f"{draft.capability.evidence.rule}), so {target.backend} is taken, by the key {target.key!r}."
        )
    asked = target.name if target.name.lower() == bare.lower() else bare
    return Outcome(asked, target.backend, need.action, target.key, reason)


def _misspelled(bare: str, target: Target, installed: Installed) -> str:
    """Return the damaged directory of this name that is not spelled as the gallery does, so that it has to go."""
    own = installed.find(bare)
    return own.name if own is not None and own.name != target.name and own.name.lower() == target.name.lower() else ""


def _plan_absent(draft: _Draft) -> tuple[list[Outcome], list[tuple[str, str]]]:
    names = [bare_name(name) for name in draft.options.names]
    found = removal(names, draft.state)
    outcomes = [_absent_outcome(name, found, draft) for name in names]
    for backend in found.reasons:
        _remove(backend, draft)
    along = [(backend, why) for backend, why in found.reasons.items() if backend not in found.named]
    return [replace(outcome, done_after=len(draft.steps)) for outcome in outcomes], along


def _absent_outcome(name: str, found: Removal, draft: _Draft) -> Outcome:
    if name in found.answers:
        directory = t.cast(Directory, draft.state.get(found.answers[name]))
        backend = directory.target or directory.name
        return Outcome(name, backend, "remove", "", found.reasons[directory.name])
    row = find_row(name, draft.rows())
    if row is not None and row.kind == "system":
        reason = "a system backend answers to it, which only the system's packager removes"
        draft.warnings.append(f"{name}: {reason}. Nothing is removed.")
        return Outcome(row.name, row.backend, "none", "", reason)
    return Outcome(name, None, "none", "", "it is not installed")


def _shadow_warnings(draft: _Draft, rows: t.Mapping[str, Row], outcomes: t.Sequence[Outcome]) -> t.Iterator[str]:
    """Warn of names that run something else than their own directory or their meta says."""
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


def _concluded(outcome: Outcome, rows: t.Mapping[str, Row], draft: _Draft) -> Outcome:
    """Add what will be on disk to an outcome."""
    capability = outcome.capability or draft.capability.name
    row = None if outcome.action == "remove" else find_row(outcome.name, rows)
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


def _fetch(target: Target, draft: _Draft) -> None:
    if any(step.kind == "fetch" and step.backend == target.backend for step in draft.steps):
        return
    old = draft.state.get(target.backend)
    metadata = Metadata(
        alias=target.alias,
        name=target.backend,
        gallery_url=target.gallery_url,
        version=target.version,
        uri=target.uri,
        digest="" if target.sha256 else target.digest or "",
    )
    record = Record(
        requested=any(bare_name(name).lower() == target.backend.lower() for name in draft.options.names)
        or bool(old and old.record and old.record.requested),
        platform_digest=target.platform_digest,
        sha256=target.sha256,
    )
    new = _new_directory(target.backend, draft.look, metadata, record, runnable=True)
    _take(draft, "fetch", new)


def _write_meta(target: Target, draft: _Draft) -> None:
    metadata = Metadata(
        meta_backend_for=target.backend,
        name=target.name,
        gallery_url=target.gallery_url,
        version=target.version,
    )
    old = draft.state.get(target.name)
    recorded = old.metadata if old is not None and old.kind == "directory" else None
    if recorded is not None and replace(recorded, installed_at="") == metadata:
        return
    _take(draft, "meta", _new_directory(target.name, draft.look, metadata, None, runnable=False))


def _remove(name: str, draft: _Draft) -> None:
    draft.steps.append(Step("remove", name, _facts(draft.state.get(name), draft.state), {}))
    draft.state = draft.state.without(name)


def _take(draft: _Draft, kind: str, new: Directory) -> None:
    before = _facts(draft.state.get(new.name), draft.state)
    draft.state = draft.state.with_directory(new)
    after = _facts(new, draft.state)
    draft.steps.append(Step(kind, new.name, before, after, new.metadata, new.record))


def _new_directory(name: str, look: Look, metadata: Metadata, record: Record | None, runnable: bool) -> Directory:
    return Directory(
        name,
        has_run_file=runnable,
        runnable=runnable,
        metadata=metadata,
        record=record,
        owner=look.owner,
        group=look.group,
        mode=look.mode,
    )


def _facts(directory: Directory | None, state: Installed) -> dict[str, str | None]:
    """Return what the diff shows of a directory; nothing for one that is not there."""
    if directory is None:
        return {}
    metadata = directory.metadata or Metadata()
    return {
        "backend": directory.target or directory.name,
        "alias": directory.alias or None,
        "uri": metadata.uri or None,
        "digest": directory.digest,
        "version": metadata.version or None,
        "owner": directory.owner,
        "group": directory.group,
        "mode": directory.mode,
        "run_file": state.run_file(directory.target or directory.name)
        if directory.has_run_file or directory.target
        else None,
    }
