# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of a plan: one class for each kind of change, with everything that is needed to apply it.

`before` and `after` are the states of the backend for the diff. `keep` is the number of previous versions to keep.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._address import Address
from .._localai.installed import Installed
from .._localai.metadata import Metadata
from .._store.builds import Build
from .._store.record import Record
from .questions import Artifact

State = t.Mapping[str, t.Union[str, int, Address, None]]


@dataclass(frozen=True)
class Step:
    """One change of the directory `backend` in the backends path."""

    backend: str
    before: State
    after: State


@dataclass(frozen=True)
class Fetch(Step):
    """Install a build from its source.

    `metadata` lacks only the time of the installation, and `record` the size and the number of entries of the tree.
    `downloaded` is the path of the tree, relative to the backends path, if an earlier run has downloaded it. If another
    build is downloaded, that is discarded, unless the step `spares_download`.
    """

    artifact: Artifact
    metadata: Metadata
    record: Record
    build: Build
    keep: int
    downloaded: str = ""
    spares_download: bool = False


@dataclass(frozen=True)
class Download(Step):
    """Fetch a build without installing it. A downloaded build that the backend has is discarded."""

    artifact: Artifact
    metadata: Metadata
    record: Record


@dataclass(frozen=True)
class Restore(Step):
    """Restore the tree at `path`, relative to the backends path: a previous version, or a backup of LocalAI."""

    path: str
    build: Build
    keep: int


@dataclass(frozen=True)
class WriteMeta(Step):
    """Write a meta backend."""

    metadata: Metadata
    keep: int


@dataclass(frozen=True)
class SetAlias(Step):
    """Change the alias in the metadata of an installed build."""

    metadata: Metadata


@dataclass(frozen=True)
class RecordSigner(Step):
    """Record who signed an installed build; `record` is the one that it has then."""

    record: Record


@dataclass(frozen=True)
class SetAttributes(Step):
    """Set the requested owner, group and mode of a tree."""


@dataclass(frozen=True)
class Retire(Step):
    """Remove a build; it becomes a previous version if `keep` is not 0."""

    keep: int


@dataclass(frozen=True)
class Remove(Step):
    """Remove a backend and its previous versions."""


@dataclass(frozen=True)
class Prune(Step):
    """Remove all but the latest `keep` previous versions of a backend."""

    keep: int


def discards_download(step: Step) -> bool:
    """Return whether a step discards the downloaded build of its backend before it fetches another."""
    return isinstance(step, Download) or (isinstance(step, Fetch) and not step.downloaded and not step.spares_download)


def keeps_previous(step: Step) -> bool:
    """Return whether a step keeps the replaced directory as a previous version."""
    return isinstance(step, (Fetch, Restore, WriteMeta, Retire)) and step.keep > 0


def state_of(installed: Installed, name: str) -> State:
    """Return the state of a backend for the diff; empty if it has no directory, previous version or download.

    A damaged one has a `problem`, so that a repair is visible in the diff.
    """
    directory, count = installed.get(name), len(installed.previous_of(name))
    downloaded = installed.downloaded.get(name)
    waiting: dict[str, str | int | Address | None] = {"previous": count} if count else {}
    if downloaded is not None:
        waiting["downloaded"] = downloaded.directory.digest or downloaded.key
    if directory is None:
        return waiting
    metadata = directory.metadata or Metadata()
    runs = directory.has_run_file or directory.target
    damage = installed.damage(directory)
    return {
        "backend": directory.target or directory.name,
        "alias": directory.alias or None,
        "uri": metadata.uri or None,
        "digest": directory.digest,
        "version": metadata.version or None,
        "owner": directory.attributes.owner,
        "group": directory.attributes.group,
        "mode": directory.attributes.mode,
        "run_file": installed.run_file(directory.target or directory.name) if runs else None,
        **({"signed_by": directory.record.signer.identity} if directory.record and directory.record.signer else {}),
        **({"problem": damage} if damage else {}),
        **waiting,
    }
