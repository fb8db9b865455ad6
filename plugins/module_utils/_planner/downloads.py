# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds that are downloaded ahead of their installation: which one a target needs, and plans that only download."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from .._address import Address
from .._localai.installed import Directory, DownloadedBuild, Installed
from .._sources.uri import PathUri, digest_in, uri_of
from .._store.layout import DOWNLOADED, OWN_DIRECTORY, content_key
from .._store.record import Record
from .changes import Changes
from .plan import Outcome
from .questions import Artifact
from .steps import Download, Fetch, state_of


@dataclass(frozen=True)
class DownloadedArtifact:
    """An artifact that is known from its download, so that no source has to be asked; see `questions.Artifact`."""

    uri: Address
    mirrors: tuple[Address, ...]
    digest: str
    platform_digest: str
    sha256: str
    size: int = 0

    @property
    def identity(self) -> str:
        """A text that distinguishes its content from other content."""
        return self.platform_digest or self.digest


def downloaded_artifact(
    backend: str, origins: tuple[Address, ...], sha256: str, installed: Installed
) -> DownloadedArtifact | None:
    """Return the artifact of origins that are pinned to the digest of a downloaded build; None for all others."""
    build = installed.downloaded.get(backend)
    digest = f"sha256:{sha256}" if sha256 else digest_in(origins[0])
    if build is None or not build.directory.has_digest(digest):
        return None
    record = build.directory.record or Record()
    return DownloadedArtifact(origins[0], origins[1:], digest, record.platform_digest, record.sha256)


def download_of(backend: str, artifact: Artifact, installed: Installed) -> DownloadedBuild | None:
    """Return the downloaded build of a backend if it is what an artifact would deliver."""
    build = installed.downloaded.get(backend)
    is_same = build is not None and bool(artifact.identity) and build.key == content_key(artifact.identity)
    return build if is_same else None


def plan_downloads(changes: Changes, outcomes: t.Sequence[Outcome]) -> list[Outcome]:
    """Keep nothing of a complete plan but the downloads of what it would fetch. Returns the outcomes of that."""
    fetched = {step.backend: step for step in changes.steps if isinstance(step, Fetch)}
    changes.state = changes.facts.installed
    changes.steps.clear()
    for step in fetched.values():
        if not step.downloaded and step.artifact.identity:
            _download(changes, step)
    result = [_outcome(outcome, fetched.get(outcome.backend or ""), changes) for outcome in outcomes]
    return [*result, *(Outcome(name, None, "none", "download_only removes nothing") for name in changes.request.absent)]


def _download(changes: Changes, step: Fetch) -> None:
    backend, key = step.backend, content_key(step.artifact.identity)
    build = Directory(key, has_run_file=True, runnable=True, metadata=step.metadata, record=step.record)
    before = state_of(changes.state, backend)
    path = f"{OWN_DIRECTORY}/{DOWNLOADED}/{backend}/{key}"
    changes.state = changes.state.with_downloaded(backend, DownloadedBuild(path, key, build))
    after = state_of(changes.state, backend)
    changes.steps.append(Download(backend, before, after, step.artifact, step.metadata, step.record))


def _outcome(outcome: Outcome, step: Fetch | None, changes: Changes) -> Outcome:
    done_after = len(changes.steps)
    if step is None:
        reason = outcome.reason if outcome.action == "none" else f"{outcome.reason}; nothing has to be downloaded"
        return replace(outcome, action="none", reason=reason, done_after=done_after)
    if step.downloaded:
        reason = f"{outcome.reason}; {step.backend} is already downloaded"
        return replace(outcome, action="none", reason=reason, done_after=done_after)
    if not step.artifact.identity:
        reason = f"{outcome.reason}; {_not_kept(step, changes)}"
        return replace(outcome, action="none", reason=reason, done_after=done_after)
    count = next(number for number, planned in enumerate(changes.steps, 1) if planned.backend == step.backend)
    return replace(
        outcome,
        action="download",
        uri=step.metadata.uri,
        version=step.metadata.version or None,
        digest=Directory("", metadata=step.metadata, record=step.record).digest,
        done_after=count,
    )


def _not_kept(step: Fetch, changes: Changes) -> str:
    """Return why a build cannot be downloaded ahead; a build that is fetched from a server causes a warning."""
    if isinstance(uri_of(step.artifact.uri), PathUri):
        return f"its source {step.artifact.uri} is on this host"
    changes.warnings.append(
        f"{step.backend} is not downloaded: its source states neither a digest nor an ETag nor a date, so it cannot be "
        "known later whether the download is still the current build. Set sha256 in the gallery, or pin the build."
    )
    return "its source states nothing that tells its versions apart"
