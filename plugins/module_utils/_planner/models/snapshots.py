# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The snapshots of repositories that a configuration names, or that LocalAI infers from it.

Follows `InstallModel` and `bindPrimaryArtifact` in LocalAI's `core/gallery/models.go` and `model_artifacts.go`: only a
model without files has snapshots. One that is only inferred is left out if the Hub does not answer.
"""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ..._errors import GalleryError, LocalAIError
from ..._localai.models.artifacts import Resolved, Spec, cache_key, inferred, resolved, specs_of
from ..._localai.models.installed import InstalledModel
from ..._localai.models.names import yaml_name
from ..._model_request import Config
from .desired import Desired, DesiredSnapshot
from .facts import ModelFacts
from .questions import FileOnDisk, FindSnapshot, ReadManifest, ReadYaml, Snapshot


def with_snapshots(desired: Desired, installed: InstalledModel | None, facts: ModelFacts, *, again: bool) -> Desired:
    """Return a desired model without files with its snapshots, and what they were resolved to in its configuration.

    What was resolved once, by us or by LocalAI, stays so unless it is resolved `again`. Raises LocalAIError, and
    `Unanswered`.
    """
    try:
        specs = specs_of(desired.config)
        guess = None if specs else inferred(desired.config)
    except GalleryError as e:
        raise GalleryError(f"{desired.name}: LocalAI refuses its configuration: {e}") from e
    if guess is not None:
        if _is_local(desired.config, facts):
            return desired
        specs = (guess,)
    known = {} if again or installed is None else _known(installed, facts)
    try:
        snapshots = tuple(_snapshot(spec, known, facts, required=guess is None) for spec in specs)
    except LocalAIError as e:
        if guess is None:
            raise GalleryError(f"{desired.name}: {e}") from e
        return replace(desired, warnings=(*desired.warnings, _not_fetched(desired.name, guess, e)))
    if not snapshots:
        return desired
    config = {**desired.config, "artifacts": [snapshot.entry for snapshot in snapshots]}
    return replace(desired, config=config, snapshots=snapshots)


def to_fetch(desired: Desired, facts: ModelFacts, *, verify: bool) -> tuple[DesiredSnapshot, ...]:
    """Return the snapshots that are not complete on the disk; raises `Unanswered` for an open question."""
    missing = []
    for snapshot in desired.snapshots:
        if facts.answer(ReadManifest(snapshot.key, verify)) is None:
            commit = snapshot.commit
            listing: Snapshot = facts.answer(FindSnapshot(snapshot.spec, commit, required=True))
            missing.append(replace(snapshot, files=tuple(listing.files)))
    return tuple(missing)


def _snapshot(spec: Spec, known: t.Mapping[Spec, Resolved], facts: ModelFacts, *, required: bool) -> DesiredSnapshot:
    bare = replace(spec, resolved=None)
    resolution = spec.resolved or known.get(bare)
    if resolution is not None and resolution.cache_key:
        paths = (resolution.primary_file,) if resolution.primary_file else ()
        entry = resolved(bare, resolution.endpoint, resolution.revision, paths)
        key = cache_key(bare, resolution.endpoint, resolution.revision)
        return DesiredSnapshot(bare, key, resolution.revision, entry)
    revision = resolution.revision if resolution is not None else spec.revision
    listing: Snapshot = facts.answer(FindSnapshot(bare, revision, required=required))
    # The server that was asked can be a mirror; the key has the one that LocalAI would ask here.
    endpoint = listing.endpoint.text
    entry = resolved(bare, endpoint, listing.commit, [file.path for file in listing.files])
    return DesiredSnapshot(bare, cache_key(bare, endpoint, listing.commit), listing.commit, entry, tuple(listing.files))


def _known(installed: InstalledModel, facts: ModelFacts) -> dict[Spec, Resolved]:
    """Return what the snapshots of a model were resolved to, as its YAML file and our record have it.

    A server that resolves a repository itself writes that into the YAML file. Raises `Unanswered`.
    """
    record, yaml = installed.record, installed.yaml
    known: dict[Spec, Resolved] = {}
    if yaml is not None and yaml.size >= 0 and (record is None or yaml.sha256 != record.yaml_sha256):
        known.update(_resolved_in(facts.answer(ReadYaml(yaml_name(installed.name)))))
    if record is not None:
        known.update(_resolved_in(record.config))
    return known


def _resolved_in(config: t.Any) -> dict[Spec, Resolved]:
    try:
        specs = specs_of(config) if isinstance(config, dict) else ()
    except GalleryError:
        return {}
    return {replace(spec, resolved=None): spec.resolved for spec in specs if spec.resolved is not None}


def _is_local(config: Config, facts: ModelFacts) -> bool:
    """Return whether the models path has what `parameters.model` names, so that it is no repository."""
    parameters = config.get("parameters")
    name = str(parameters.get("model") or "").strip() if isinstance(parameters, dict) else ""
    is_path = bool(name) and "://" not in name and ".." not in name.split("/") and not name.startswith("/")
    return is_path and facts.answer(FileOnDisk(name)) is not None


def _not_fetched(name: str, spec: Spec, error: LocalAIError) -> str:
    return (
        f"{name}: the server will download {spec.repo} itself when it loads the model, because that could not be "
        f"looked up now. {error}"
    )
