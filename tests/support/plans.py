# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts and wishes as values: what is installed, what a small gallery has, and what a plan makes of both."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass, replace
from typing import Any, Mapping, Sequence

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._localai.capability import HostCapability
from ansible_collections.localai.core.plugins.module_utils._localai.evidence import Evidence, Gpu
from ansible_collections.localai.core.plugins.module_utils._localai.gallery import Entry, Index
from ansible_collections.localai.core.plugins.module_utils._localai.installed import (
    Directory,
    DownloadedBuild,
    Installed,
    PreviousVersion,
)
from ansible_collections.localai.core.plugins.module_utils._localai.listing import Row
from ansible_collections.localai.core.plugins.module_utils._localai.metadata import Metadata
from ansible_collections.localai.core.plugins.module_utils._module.decide import decide as decide_by
from ansible_collections.localai.core.plugins.module_utils._planner.facts import Facts
from ansible_collections.localai.core.plugins.module_utils._planner.plan import Plan
from ansible_collections.localai.core.plugins.module_utils._planner.plan import plan as plan_of
from ansible_collections.localai.core.plugins.module_utils._planner.questions import (
    FindSigner,
    NewTreeAttributes,
    Question,
    ReadGallery,
    ServedDigest,
    WalkTree,
)
from ansible_collections.localai.core.plugins.module_utils._planner.steps import (
    Download,
    Fetch,
    Prune,
    Remove,
    Restore,
    Retire,
    SetAlias,
    SetAttributes,
    Step,
    WriteMeta,
)
from ansible_collections.localai.core.plugins.module_utils._request import BackendOptions
from ansible_collections.localai.core.plugins.module_utils._store.layout import content_key
from ansible_collections.localai.core.plugins.module_utils._store.record import Inspection

LOOK = FileAttributes("localai", "users", "0755")
DIGEST = "sha256:" + "ab" * 32
OLD_DIGEST = "sha256:" + "01" * 32
CPU_HOST = HostCapability("default", Evidence(rule="no GPU detected"))
NVIDIA_HOST = HostCapability("nvidia", Evidence(rule="GPU vendor nvidia", gpus=(Gpu("nvidia", "card0"),)))


def entry(name: str, alias: str = "", **more: Any) -> Entry:
    return Entry(name, "g", Address("g"), **{"uri": Address(f"quay.io/{name}"), "alias": alias, **more})


def meta_entry(name: str, **capabilities: str) -> Entry:
    return Entry(name, "g", Address("g"), capabilities=capabilities)


GALLERY = [
    entry("piper"),
    entry("Kokoro", "kokoro"),
    entry("archived", uri=Address("https://example.com/archived.tar"), sha256="cd" * 32, version="1.10"),
    entry("from-directory", uri=Address("/srv/from-directory")),
    entry("cpu-m"),
    meta_entry("m", default="cpu-m", nvidia="cpu-m"),
    entry("cpu-x", "x"),
    entry("cuda12-x", "x"),
    meta_entry("x", default="cpu-x", nvidia="cpu-x"),
    meta_entry("poor", default="cpu-m"),
]


@dataclass(frozen=True)
class Delivered:
    """What a source would deliver."""

    uri: Address
    digest: str | None
    sha256: str = ""
    platform_digest: str = ""
    size: int = 0
    mirrors: tuple[Address, ...] = ()

    @property
    def identity(self) -> str:
        return self.platform_digest or self.digest or ""


def answer(question: Question, walked: Mapping[str, Inspection | None] | None = None, tagged: bool = False) -> Any:
    """What the gallery, the sources and the disk would say; in a `tagged` gallery, images are latest ones."""
    if isinstance(question, ReadGallery):
        rows = [_tagged(row) for row in GALLERY] if tagged else GALLERY
        return Index("g", {row.name.lower(): row for row in rows}, {})
    if isinstance(question, WalkTree):
        return (walked or {}).get(question.directory, Inspection())
    if isinstance(question, NewTreeAttributes):
        return LOOK
    if isinstance(question, FindSigner):
        raise TypeError(question)
    uri = question.origins[0]
    digest = uri.text.partition("@")[2] or (None if uri.text.startswith("/") else DIGEST)
    if isinstance(question, ServedDigest):
        return digest
    sha256 = question.sha256
    return Delivered(uri, f"sha256:{sha256}" if sha256 else digest, sha256)


def decide(
    options: BackendOptions,
    state: Installed,
    host: HostCapability = CPU_HOST,
    walked: Mapping[str, Inspection | None] | None = None,
) -> Plan:
    """The plan for a state, with every question answered that it asks."""
    requested = FileAttributes(
        LOOK.owner if options.owner is not None else "",
        LOOK.group if options.group is not None else "",
        LOOK.mode if options.directory_mode is not None else "",
    )
    facts = Facts(host, ("g",), state, requested)
    tagged = options.release is not None
    return decide_by(functools.partial(plan_of, options), facts, lambda question: answer(question, walked, tagged))[0]


def _tagged(row: Entry) -> Entry:
    return replace(row, uri=Address(f"{row.uri.text}:latest-{row.name}")) if row.uri else row


def carried_out(steps: Sequence[Step], state: Installed) -> Installed:
    """What is installed after these steps."""
    for step in steps:
        state = _after(step, state)
    return state


def _after(step: Step, state: Installed) -> Installed:
    if isinstance(step, Download):
        return _downloaded(step, state)
    if isinstance(step, (Remove, Retire)) or (isinstance(step, Fetch) and not step.spares_download):
        state = state.with_downloaded(step.backend, None)
    return _changed(step, state)


def _changed(step: Step, state: Installed) -> Installed:
    old = state.get(step.backend)
    if isinstance(step, Prune):
        return _without_kept(state, step.backend, step.keep)
    if isinstance(step, (Remove, Retire)):
        state = replace(state, builds={name: build for name, build in state.builds.items() if name != step.backend})
    if isinstance(step, (Fetch, Restore)):
        state = replace(state, builds={**state.builds, step.backend: step.build})
    if isinstance(step, Remove):
        return replace(_without_kept(state, step.backend, 0), directories=state.without(step.backend).directories)
    if isinstance(step, Retire):
        return _keep(step.keep, old, state).without(step.backend)
    if isinstance(step, SetAlias):
        assert old is not None
        return state.with_directory(replace(old, metadata=step.metadata))
    if isinstance(step, SetAttributes):
        assert old is not None
        return state.with_directory(replace(_looking_like(step, old), inspection=None))
    if isinstance(step, Restore):
        back = next(each for each in _places(state) if each.path == step.path)
        left = tuple(kept for kept in state.previous if kept.path != step.path)
        state = replace(state.without(step.path), previous=left)
        new = replace(_looking_like(step, back.directory), name=step.backend)
        return _keep(step.keep, old, state).with_directory(new)
    assert isinstance(step, (Fetch, WriteMeta))
    whole, record = isinstance(step, Fetch), step.record if isinstance(step, Fetch) else None
    dated = replace(step.metadata, installed_at="2026-08-21T09:15:02Z")
    new = _looking_like(step, Directory(step.backend, "directory", whole, whole, dated, record))
    return _keep(step.keep, old, state).with_directory(new)


def _downloaded(step: Download, state: Installed) -> Installed:
    key = content_key(step.artifact.identity)
    tree = Directory(key, "directory", True, True, step.metadata, step.record, attributes=LOOK)
    path = f".localai-core/downloaded/{step.backend}/{key}"
    return state.with_downloaded(step.backend, DownloadedBuild(path, key, tree))


def _looking_like(step: Step, directory: Directory) -> Directory:
    return directory.with_attributes(
        FileAttributes(*(str(step.after[attribute]) for attribute in ("owner", "group", "mode")))
    )


def _places(state: Installed) -> list[PreviousVersion]:
    """All trees that can come back, LocalAI's backups among them."""
    return [*state.previous, *(PreviousVersion("", directory.name, directory) for directory in state.directories)]


def _keep(most: int, old: Directory | None, state: Installed) -> Installed:
    """What is kept after a tree went out of its place."""
    if not most or old is None:
        return state
    numbers = [int(kept.path.rpartition("/")[2]) for kept in state.previous if kept.backend == old.name]
    latest = PreviousVersion(old.name, f".localai-core/kept/{old.name}/{max(numbers, default=0) + 1}", old)
    state = _without_kept(state, old.name, most - 1)
    return replace(state, previous=(latest, *state.previous))


def _without_kept(state: Installed, backend: str, most: int) -> Installed:
    mine = [kept for kept in state.previous if kept.backend == backend]
    return replace(state, previous=tuple(kept for kept in state.previous if kept not in mine[most:]))


def want(*names: str, **options: Any) -> BackendOptions:
    return BackendOptions(names, **options)


def concrete(name: str, alias: str = "", runnable: bool = True, uri: str = "") -> Directory:
    metadata = Metadata(
        alias=alias, name=name, gallery_url=Address("g"), uri=Address(uri or f"quay.io/{name}"), digest=OLD_DIGEST
    )
    return Directory(name, "directory", runnable, runnable, metadata, attributes=FileAttributes("root", "root", "0750"))


def meta(name: str, target: str, directory: str = "") -> Directory:
    metadata = Metadata(meta_backend_for=target, name=name, gallery_url=Address("g"), installed_at="earlier")
    return Directory(directory or name, metadata=metadata)


def unreadable(name: str, runnable: bool = True) -> Directory:
    return Directory(name, has_run_file=runnable, runnable=runnable, problem="cannot be read: it is empty")


def installed(*directories: Directory, system: Sequence[str | Directory] = ()) -> Installed:
    packaged = [
        replace(each, is_system=True)
        if isinstance(each, Directory)
        else Directory(each, has_run_file=True, runnable=True, is_system=True)
        for each in system
    ]
    return Installed("/b", "/s", _in_order(directories), _in_order(packaged))


def _in_order(directories: Sequence[Directory]) -> tuple[Directory, ...]:
    return tuple(sorted(directories, key=lambda each: os.fsencode(each.name)))


KINDS = {
    Download: "download",
    Fetch: "fetch",
    Restore: "restore",
    WriteMeta: "meta",
    SetAlias: "metadata",
    SetAttributes: "chown",
    Retire: "retire",
    Remove: "remove",
    Prune: "prune",
}


def short(decided: Plan) -> str:
    """A plan as C(action, action: kind backend, kind backend)."""
    actions = ", ".join(outcome.action for outcome in decided.outcomes)
    return f"{actions}: " + ", ".join(f"{KINDS[type(step)]} {step.backend}" for step in decided.steps)


def short_rows(rows: Mapping[str, Row]) -> dict[str, str]:
    """Rows as C(kind backend), with C(!) where the backend cannot run and C(?) where there is a problem."""
    return {
        name: f"{row.kind} {row.backend}{'' if row.runnable else ' !'}{' ?' if row.problem else ''}"
        for name, row in rows.items()
    }
