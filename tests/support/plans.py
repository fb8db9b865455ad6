# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts and wishes as values: what is installed, what a small gallery has, and what a plan makes of both."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any, Mapping, Sequence, cast

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._localai.capability import HostCapability
from ansible_collections.localai.core.plugins.module_utils._localai.evidence import Evidence, Gpu
from ansible_collections.localai.core.plugins.module_utils._localai.installed import (
    Directory,
    Inspection,
    Installed,
    Kept,
    Look,
)
from ansible_collections.localai.core.plugins.module_utils._localai.listing import Row
from ansible_collections.localai.core.plugins.module_utils._localai.metadata import Metadata
from ansible_collections.localai.core.plugins.module_utils._planner.changes import Step
from ansible_collections.localai.core.plugins.module_utils._planner.diagnose import Need, must_fetch
from ansible_collections.localai.core.plugins.module_utils._planner.plan import Plan, plan
from ansible_collections.localai.core.plugins.module_utils._planner.upgrade import Target
from ansible_collections.localai.core.plugins.module_utils._request import BackendOptions

LOOK = Look("localai", "users", "0755")
DIGEST = "sha256:" + "ab" * 32
OLD_DIGEST = "sha256:" + "01" * 32
CPU_HOST = HostCapability("default", Evidence(rule="no GPU seen"))
NVIDIA_HOST = HostCapability("nvidia", Evidence(rule="GPU vendor nvidia", gpus=(Gpu("nvidia", "card0"),)))


def build(name: str, alias: str = "", **more: Any) -> Target:
    return Target(
        name, name, alias=alias, gallery_url=Address("g"), uri=Address(f"quay.io/{name}"), digest=DIGEST, **more
    )


# What the gallery says on this host, by lower-case name.
GALLERY = {
    "piper": build("piper"),
    "kokoro": build("Kokoro"),
    "archived": replace(build("archived", sha256="cd" * 32, version="1.10"), digest="sha256:" + "cd" * 32),
    "from-directory": replace(build("from-directory"), digest=None),
    "cpu-m": build("cpu-m"),
    "m": replace(build("cpu-m"), name="m", is_meta=True, key="default", meta_url=Address("g")),
    "cpu-x": build("cpu-x", "x"),
    "cuda12-x": build("cuda12-x", "x"),
    "x": replace(build("cpu-x", "x"), name="x", is_meta=True, key="default", meta_url=Address("g")),
    "poor": replace(build("cpu-m"), name="poor", is_meta=True, key="default", meta_url=Address("g"), last_resort=True),
}


def resolve(need: Need, options: BackendOptions, state: Installed) -> Target:
    """What the galleries and sources would say; what identifies the content only if that is asked for."""
    known = need.recorded
    if known is not None:
        was = known.metadata
        target = Target(known.meta or known.backend, known.backend, bool(known.meta), alias=was.alias, uri=was.uri)
        target = replace(target, gallery_url=was.gallery_url, meta_url=known.meta_url)
        return replace(target, digest=known.digest, version=was.version)
    pin = options.pin(need.subject)
    if pin is not None:
        target = Target(pin.name, pin.backend, pin.backend != pin.name, pin.capability, alias=pin.alias)
        target = replace(target, uri=pin.uri, digest=pin.digest)
    elif options.uri is not None:
        target = Target(need.subject, need.subject, alias=options.alias or "", uri=options.uri, digest=DIGEST)
    else:
        target = GALLERY[need.subject.lower()]
    digest = options.digest_of(need.subject)
    if digest is not None:
        target = replace(target, uri=Address(f"{target.uri.text}@{digest}"), digest=digest)
    if options.release is not None:
        target = replace(target, uri=Address(f"{target.uri.text}:{options.release}-{target.backend}"))
    if need.action == "compare" or must_fetch(target, need, options, state):
        return target
    return replace(target, uri=Address(""), digest=None, sha256="")


def decide(
    options: BackendOptions,
    state: Installed,
    host: HostCapability = CPU_HOST,
    walked: Mapping[str, Inspection | None] | None = None,
) -> Plan:
    """The plan for a state, with every name resolved, and every tree walked through, that it asks for."""
    planning = plan(options, state, host, LOOK)
    answer: Target | Inspection | None = None
    while True:
        try:
            need = planning.send(answer)
        except StopIteration as end:
            return cast(Plan, end.value)
        if need.action == "inspect":
            old = state.get(need.directory)
            assert old is not None
            assert old.inspection is None
            answer = (walked or {}).get(old.name, Inspection())
            state = state.inspected(old.name, answer)
        else:
            answer = resolve(need, options, state)


def carried_out(steps: Sequence[Step], state: Installed) -> Installed:
    """What is installed after these steps."""
    for step in steps:
        state = _after(step, state)
    return state


def _after(step: Step, state: Installed) -> Installed:
    old = state.get(step.backend)
    if step.kind == "prune":
        return _without_kept(state, step.backend, step.keep)
    if step.kind in ("remove", "retire"):
        state = replace(state, builds={name: build for name, build in state.builds.items() if name != step.backend})
    if step.build is not None:
        state = replace(state, builds={**state.builds, step.backend: step.build})
    if step.kind == "remove":
        return replace(_without_kept(state, step.backend, 0), directories=state.without(step.backend).directories)
    if step.kind == "retire":
        return _keep(step, old, state).without(step.backend)
    if step.kind == "metadata":
        assert old is not None
        return state.with_directory(replace(old, metadata=step.metadata))
    if step.kind == "chown":
        assert old is not None
        return state.with_directory(replace(_looking_like(step, old), inspection=None))
    if step.kind == "restore":
        back = next(each for each in _places(state) if each.place == step.place)
        left = tuple(kept for kept in state.kept if kept.place != step.place)
        state = replace(state.without(step.place), kept=left)
        new = replace(_looking_like(step, back.directory), name=step.backend)
    else:
        whole = step.kind == "fetch"
        dated = replace(step.metadata, installed_at="2026-08-21T09:15:02Z") if step.metadata else None
        new = _looking_like(step, Directory(step.backend, "directory", whole, whole, dated, step.record))
    return _keep(step, old, state).with_directory(new)


def _looking_like(step: Step, directory: Directory) -> Directory:
    return directory.looking(Look(*(str(step.after[attribute]) for attribute in ("owner", "group", "mode"))))


def _places(state: Installed) -> list[Kept]:
    """All trees that can come back, LocalAI's backups among them."""
    return [*state.kept, *(Kept("", directory.name, directory) for directory in state.directories)]


def _keep(step: Step, old: Directory | None, state: Installed) -> Installed:
    """What is kept after a tree went out of its place."""
    if not step.keep or old is None:
        return state
    numbers = [int(kept.place.rpartition("/")[2]) for kept in state.kept if kept.backend == old.name]
    latest = Kept(old.name, f".localai-core/kept/{old.name}/{max(numbers, default=0) + 1}", old)
    state = _without_kept(state, old.name, step.keep - 1)
    return replace(state, kept=(latest, *state.kept))


def _without_kept(state: Installed, backend: str, most: int) -> Installed:
    mine = [kept for kept in state.kept if kept.backend == backend]
    return replace(state, kept=tuple(kept for kept in state.kept if kept not in mine[most:]))


def want(*names: str, **options: Any) -> BackendOptions:
    return BackendOptions(names, **options)


def concrete(name: str, alias: str = "", runnable: bool = True, uri: str = "") -> Directory:
    metadata = Metadata(
        alias=alias, name=name, gallery_url=Address("g"), uri=Address(uri or f"quay.io/{name}"), digest=OLD_DIGEST
    )
    return Directory(name, "directory", runnable, runnable, metadata, owner="root", group="root", mode="0750")


def meta(name: str, target: str, directory: str = "") -> Directory:
    metadata = Metadata(meta_backend_for=target, name=name, gallery_url=Address("g"), installed_at="earlier")
    return Directory(directory or name, metadata=metadata)


def unreadable(name: str, runnable: bool = True) -> Directory:
    return Directory(name, has_run_file=runnable, runnable=runnable, problem="cannot be read: it is empty")


def installed(*directories: Directory, system: tuple[str, ...] = ()) -> Installed:
    return Installed("/b", "/s", tuple(sorted(directories, key=lambda each: os.fsencode(each.name))), system)


def short(decided: Plan) -> str:
    """A plan as C(action, action: kind backend, kind backend)."""
    actions = ", ".join(outcome.action for outcome in decided.outcomes)
    return f"{actions}: " + ", ".join(f"{step.kind} {step.backend}" for step in decided.steps)


def short_rows(rows: Mapping[str, Row]) -> dict[str, str]:
    """Rows as C(kind backend), with C(!) where the backend cannot run and C(?) where there is a problem."""
    return {
        name: f"{row.kind} {row.backend}{'' if row.runnable else ' !'}{' ?' if row.problem else ''}"
        for name, row in rows.items()
    }
