# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of models that are downloaded ahead of the installation, and plans that only download."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ..._localai.models.artifacts import SNAPSHOT, partial_path
from ..._localai.models.installed import FileState
from ..._model_request import FileSpec, ModelOptions
from ..._sources.model_uri import parse_model_uri
from ..._sources.uri import PathUri
from ..._store.layout import content_key
from .desired import DesiredSnapshot
from .facts import ModelFacts
from .model import ModelChanges, Outcome
from .questions import ListTree, Served, ServedFile
from .steps import Download, Install

# What a run fetches in these cases is not what an earlier one downloaded, but what the model had before.
_OF_WHAT_WAS_THERE = ("none", "repair", "chown")


@dataclass(frozen=True)
class Downloads:
    """Downloads of a run: the steps, their outcomes, warnings, and the keys of the downloads that stay, by model."""

    steps: tuple[Download, ...]
    outcomes: tuple[Outcome, ...]
    warnings: tuple[str, ...]
    retained: t.Mapping[str, frozenset[str]]


def plan_downloads(options: ModelOptions, facts: ModelFacts, changes: t.Sequence[ModelChanges]) -> Downloads:
    """Return what has to be downloaded for complete changes; raises `Unanswered` for an open question."""
    steps: list[Download] = []
    outcomes: list[Outcome] = []
    warnings: list[str] = []
    downloaded = frozenset(key for keys in facts.scan.downloaded.values() for key in keys)
    for change in changes:
        keys = {file: key_of(file, facts) for file in change.fetched if not _is_local(file)}
        warnings += [_not_kept(change.outcome.name, file) for file, key in keys.items() if not key]
        fetch = tuple(file for file, key in keys.items() if key and key not in downloaded)
        snapshots = _snapshots(change)
        missing = tuple(snapshot for snapshot in snapshots if not _is_downloaded(snapshot, facts))
        if fetch or missing:
            steps.append(Download(change.outcome.name, fetch, missing))
        outcomes.append(_outcome(change.outcome, bool(fetch or missing), bool(any(keys.values()) or snapshots)))
    absent = (spec.name for spec in options.models if spec.state == "absent")
    outcomes += [Outcome(name, "none", "download_only removes nothing") for name in absent]
    return Downloads(tuple(steps), tuple(outcomes), tuple(warnings), retained(changes, facts))


def retained(changes: t.Iterable[ModelChanges], facts: ModelFacts) -> dict[str, frozenset[str]]:
    """Return the keys of the downloads that a run uses, by model; other downloads of these models are discarded.

    Raises `Unanswered` for an open question.
    """
    return {
        change.outcome.name: frozenset(key_of(file, facts) for file in change.fetched if not _is_local(file))
        for change in changes
        if change.outcome.name in facts.scan.downloaded and change.outcome.action not in _OF_WHAT_WAS_THERE
    }


def key_of(file: FileSpec, facts: ModelFacts) -> str:
    """Return the key under which a file is kept; empty if nothing tells its versions apart. Raises `Unanswered`."""
    if file.sha256:
        return content_key(f"sha256:{file.sha256}")
    served: Served = facts.answer(ServedFile(file.uri))
    return content_key(served.version) if served.version else ""


def _is_local(file: FileSpec) -> bool:
    return isinstance(parse_model_uri(file.uri), PathUri)


def _snapshots(change: ModelChanges) -> list[DesiredSnapshot]:
    return [snapshot for step in change.steps if isinstance(step, Install) for snapshot in step.snapshots]


def _is_downloaded(snapshot: DesiredSnapshot, facts: ModelFacts) -> bool:
    """Return whether all files of a snapshot that is not installed are there already."""
    partial = partial_path(snapshot.key)
    states: t.Mapping[str, FileState] = facts.answer(ListTree(partial))
    found = {path: state.size for path, state in states.items()}
    return all(found.get(f"{partial}/{SNAPSHOT}/{file.path}") == file.size for file in snapshot.files)


def _outcome(outcome: Outcome, has_step: bool, has_downloads: bool) -> Outcome:
    if has_step:
        return replace(outcome, action="download")
    if outcome.action == "none":
        return outcome
    addition = "everything for it is already downloaded" if has_downloads else "nothing has to be downloaded"
    return replace(outcome, action="none", reason=f"{outcome.reason}; {addition}")


def _not_kept(name: str, file: FileSpec) -> str:
    return (
        f"{name}: {file.filename} is not downloaded, because its server states neither a digest nor an ETag nor a "
        "date, so it cannot be known later whether the download is still the current file. Set sha256."
    )
