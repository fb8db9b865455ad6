# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The desired state of a requested model: its files and its configuration."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ..._address import Address
from ..._errors import GalleryError, LocalAIError
from ..._localai.models.definition import (
    Definition,
    Parts,
    as_entry,
    chosen_variant,
    files_by_name,
    parts_of,
    unwritable,
    with_variant,
)
from ..._localai.models.gallery import ModelEntry, check_remote, files_of
from ..._localai.models.installed import InstalledModel
from ..._localai.models.record import definition_of
from ..._model_request import Config, FileSpec, ModelPin, ModelSpec
from .facts import ModelFacts
from .questions import BaseFile, HubFile, ReadBase, ReadConfiguration

if t.TYPE_CHECKING:
    from ..._localai.models.artifacts import Spec


@dataclass(frozen=True)
class DesiredSnapshot:
    """A snapshot of a repository: its key, its commit, and its `entry` in the configuration.

    `files` are those to fetch; none if they are not known yet, or there already.
    """

    spec: Spec
    key: str
    commit: str
    entry: t.Mapping[str, t.Any]
    files: tuple[HubFile, ...] = ()


@dataclass(frozen=True)
class Desired:
    """A model as it must be. `files` are its files, each once; `variant` is the entry whose build it is."""

    name: str
    spec: ModelSpec
    parts: Parts
    config: Config
    files: tuple[FileSpec, ...] = ()
    gallery: str = ""
    variant: str = ""
    snapshots: tuple[DesiredSnapshot, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def served_name(self) -> str:
        """The name under which a server knows the model."""
        return str(self.config.get("name") or self.name)

    @property
    def backend(self) -> str:
        """The backend that runs it, empty for none."""
        backend = self.config.get("backend")
        return backend if isinstance(backend, str) else ""


def desired_of(spec: ModelSpec, installed: InstalledModel | None, facts: ModelFacts, *, again: bool) -> Desired:
    """Return what a model must be. What was resolved once stays so, unless it is resolved `again`.

    Raises LocalAIError, and `Unanswered` for an open question.
    """
    record = installed.record if installed is not None else None
    if spec.pin is not None:
        desired = _pinned(spec, spec.pin)
    elif record is not None and record.source == spec.source and not again:
        desired = _desired(spec, record.name, record.parts, record.gallery, record.variant)
    else:
        desired = _resolved(spec, facts)
    if record is None or record.config != desired.config:
        # What is recorded was checked when it was installed.
        _check(desired)
    return desired


def _pinned(spec: ModelSpec, pin: ModelPin) -> Desired:
    name = {key: value for key, value in pin.config.items() if key == "name"}
    parts = Parts(definition_of(pin.definition), pin.config, name)
    return Desired(spec.name, spec, parts, parts.config(spec.name, spec.config or {}), pin.files, "", pin.variant)


def _resolved(spec: ModelSpec, facts: ModelFacts) -> Desired:
    if spec.model:
        return _of_gallery(spec, facts)
    if spec.uri is None:
        return _desired(spec, spec.name, Parts(Definition(name=spec.name, files=spec.files)))
    return _of_uri(spec, spec.uri, facts)


def _of_uri(spec: ModelSpec, uri: Address, facts: ModelFacts) -> Desired:
    from .importer import configuration_at, imported, is_configuration, weights_of

    if is_configuration(uri):
        base: BaseFile = facts.answer(ReadConfiguration(configuration_at(uri, spec.revision)))
        entry = ModelEntry(spec.name, icon=base.base.icon, description=base.base.description, license=base.base.license)
        return _desired(spec, spec.name, parts_of(entry, base.base, base.config, spec.files))
    weights = weights_of(uri, spec.revision)
    parts = Parts(Definition(name=spec.name, files=(weights, *spec.files)), imported(spec, weights))
    return _desired(spec, spec.name, parts)


def _of_gallery(spec: ModelSpec, facts: ModelFacts) -> Desired:
    entry = facts.lookup.find(spec.model)
    variant = chosen_variant(entry, spec.variant)
    payload = entry
    if entry.variants:
        payload = as_entry(_build(entry, variant, facts) if variant else entry, entry)
    base: BaseFile | None = None
    if payload.url:
        origin = facts.lookup.find(variant) if variant else entry
        try:
            base = facts.answer(ReadBase(origin.gallery, payload.url))
        except LocalAIError as e:
            raise GalleryError(f"{entry.name}: {e}") from e
    parts = parts_of(payload, base.base if base else None, base.config if base else {}, spec.files)
    if entry.variants:
        parts = with_variant(parts, entry, variant or entry.name, spec.variant or entry.name)
    name = entry.name if spec.follows_entry else spec.name
    return _desired(spec, name, parts, entry.gallery, variant)


def _build(entry: ModelEntry, variant: str, facts: ModelFacts) -> ModelEntry:
    build = facts.lookup.find(variant)
    if build.variants:
        raise GalleryError(f"{entry.name}: its variant {variant} has variants itself, which LocalAI refuses.")
    return build


def _desired(spec: ModelSpec, name: str, parts: Parts, gallery: str = "", variant: str = "") -> Desired:
    config = parts.config(name, spec.config or {})
    # The server fetches these itself otherwise, when it starts or reads its configurations again.
    files = tuple(files_by_name((*parts.definition.files, *_download_files(config, name, spec)), name).values())
    return Desired(name, spec, parts, config, files, gallery, variant)


def _download_files(config: Config, name: str, spec: ModelSpec) -> tuple[FileSpec, ...]:
    """Return the files that a configuration lists; none if LocalAI refuses it.

    Raises GalleryError for a file on this host that somebody else's configuration lists.
    """
    rows = config.get("download_files")
    if not rows:
        return ()
    from ..._localai.models.config_check import problem_of

    files = () if problem_of(config) else files_of(rows, name)
    if spec.model or spec.uri is not None:
        check_remote(files, name)
    return files


def _check(desired: Desired) -> None:
    """Raise GalleryError for a configuration that LocalAI refuses."""
    from ..._localai.models.config_check import problem_of

    if set(desired.config) <= {"name"}:
        raise GalleryError(
            f"{desired.name}: it has no configuration, so LocalAI would not list it. Add one with config, such as "
            "{backend: llama-cpp, parameters: {model: …}}."
        )
    problem = problem_of(desired.config)
    if problem:
        raise GalleryError(f"{desired.name}: LocalAI refuses its configuration: {problem}")
    key = unwritable(desired.config)
    if key:
        raise GalleryError(
            f"{desired.name}: {key} is text of several lines that begins with white space. LocalAI cannot write that "
            "into a file and read it again. Set another text with config."
        )
