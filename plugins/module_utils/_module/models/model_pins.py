# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes a set of pins for `localai_model`: models as they are rendered, and their files at fixed versions."""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass, replace

from ..._address import Address
from ..._errors import GalleryError, LocalAIError, OptionError
from ..._fs.file_attributes import FileAttributes
from ..._fs.utf8 import os
from ..._localai.models.definition import Definition, files_by_name
from ..._localai.models.installed import InstalledModels
from ..._localai.models.record import InstalledFile, Record
from ..._model_request import PINS_FORMAT, Config, FileSpec, ModelHost, ModelSpec
from ..._planner.failures import combined
from ..._planner.models import questions as q
from ..._planner.models.desired import Desired, desired_of
from ..._planner.models.facts import ModelFacts
from ..._planner.models.snapshots import with_snapshots
from ..._planner.unanswered import Unanswered
from ..._request import bare_name
from ..._sources.hub_endpoint import hub_endpoint
from ..decide import decide
from .answers import ModelAnswers
from .fixed_files import FixedFiles
from .info_options import ModelInfoOptions, RequestedName
from .inventory import Inventory, ListedModel
from .result import shown


@dataclass(frozen=True)
class _Pinned:
    """A model to pin. `files` have what is known of them; `redacts` tells whether secrets were left out of `config`."""

    name: str
    config: Config
    definition: Definition
    files: tuple[InstalledFile, ...]
    model: str = ""
    gallery: str = ""
    variant: str = ""
    redacts: bool = False
    warnings: tuple[str, ...] = ()


def pins_of_models(
    host: ModelHost, request: ModelInfoOptions, inventory: Inventory, answers: ModelAnswers, warnings: list[str]
) -> dict[str, t.Any]:
    """Return a value for the option `pins`, for the requested models, or else for all installed ones.

    Raises one error for all names that are neither installed nor in a gallery, and one for all models whose commits are
    unknown because the Hub cannot be queried. What cannot be pinned of an installed model causes a warning.
    """
    pinned = _Sources(host, inventory, answers).models(request.names, warnings)
    endpoint = hub_endpoint(os.environ)
    fixed = FixedFiles(answers.resolver, endpoint, (file for model in pinned for file in model.files))
    rows: list[dict[str, t.Any]] = []
    failures: list[tuple[str, LocalAIError]] = []
    for model in sorted(pinned, key=lambda model: model.name):
        try:
            rows.append(_row(model, fixed, warnings))
        except LocalAIError as e:
            failures.append((model.name, GalleryError(f"{model.name} cannot be pinned. {e}")))
    if failures:
        raise combined(failures, {})
    return {"format": PINS_FORMAT, "models": rows}


def _row(model: _Pinned, fixed: FixedFiles, warnings: list[str]) -> dict[str, t.Any]:
    """Return the row of a model; raises LocalAIError."""
    problems: list[str] = list(model.warnings)
    files = {file.filename: fixed.fix(file, problems) for file in model.files}
    if model.redacts or any(str(file.uri) != file.uri.text for file in files.values()):
        problems.append(
            "credentials and queries of addresses are left out of the pins, because they may be secret. If they are "
            "needed, add them to the pins, or set them with config."
        )
    warnings += [f"pins: {model.name}: {problem}" for problem in problems]
    return _row_with(model, files)


def pins_of_records(records: t.Iterable[Record]) -> dict[str, t.Any]:
    """Return a value for the option `pins` with which models become again what their records say.

    Models with secrets in addresses are left out, because the pins are printed.
    """
    models = [model for model in map(_of_record, records) if not model.redacts]
    return {
        "format": PINS_FORMAT,
        "models": [
            _row_with(model, {file.filename: file for file in model.files})
            for model in models
            if all(str(file.uri) == file.uri.text for file in model.files)
        ],
    }


def _row_with(model: _Pinned, files: t.Mapping[str, InstalledFile]) -> dict[str, t.Any]:
    definition = replace(model.definition, files=tuple(_printable(files, file) for file in model.definition.files))
    return {
        "name": model.name,
        "model": model.model or None,
        "gallery": model.gallery or None,
        "variant": model.variant or None,
        "config": dict(model.config),
        "definition": definition.document,
        "files": [
            {
                "filename": file.filename,
                "uri": str(file.uri),
                "sha256": file.sha256 or None,
                "size": file.size or None,
            }
            for file in files.values()
        ],
    }


def _printable(files: t.Mapping[str, InstalledFile], file: FileSpec) -> FileSpec:
    """Return a file of a definition at its fixed version, without secrets."""
    fixed = files.get(file.filename)
    if fixed is None:
        return replace(file, uri=Address(str(file.uri)))
    return FileSpec(file.filename, Address(str(fixed.uri)), fixed.sha256)


class _Sources:
    """Where the models to pin come from: records, LocalAI's own files, and galleries."""

    def __init__(self, host: ModelHost, inventory: Inventory, answers: ModelAnswers) -> None:
        self._inventory = inventory
        self._answers = answers
        nothing = InstalledModels(host.models_path)
        self._facts = ModelFacts(tuple(source.name for source in host.galleries)).rescanned(nothing, FileAttributes())

    def models(self, names: t.Sequence[RequestedName] | None, warnings: list[str]) -> list[_Pinned]:
        """Return the models of some names, or else all installed ones; raises LocalAIError."""
        if names is None:
            models = [(model, self._installed(model)) for model in self._inventory.models]
            warnings += [f"pins: {_unknown(model)}" for model, pinned in models if pinned is None]
            return [pinned for _model, pinned in models if pinned is not None]
        pinned: dict[str, _Pinned] = {}
        failures: list[tuple[str, LocalAIError]] = []
        for requested in names:
            try:
                model = self._named(requested)
            except LocalAIError as e:
                failures.append((requested.text, e))
                continue
            if pinned.setdefault(model.name.lower(), model) is not model:
                failures.append((requested.text, OptionError(f"The model {model.name} is requested twice.")))
        if failures:
            raise combined(failures, {})
        return list(pinned.values())

    def _named(self, requested: RequestedName) -> _Pinned:
        """Return an installed model, or an entry of a gallery, which a gallery in the name selects."""
        if requested.gallery:
            return self._of_gallery(requested)
        models = [model for model in self._inventory.models if model.name.lower() == requested.name.lower()]
        installed = next(filter(None, map(self._installed, models)), None)
        if installed is not None:
            return installed
        try:
            return self._of_gallery(requested)
        except GalleryError as e:
            raise GalleryError(f"{e} {_unknown(models[0])}") if models else e from None

    def _installed(self, model: ListedModel) -> _Pinned | None:
        """Return an installed model; None if nothing records what it was made of."""
        if model.record is not None:
            return _of_record(model.record)
        if model.definition is None or model.config is None:
            return None
        try:
            files = files_by_name(model.definition.files, model.name).values()
        except GalleryError:
            return None
        config = shown(dict(model.config))
        return _Pinned(
            name=model.name,
            config=config,
            definition=model.definition,
            files=tuple(
                InstalledFile(file.filename, file.uri, file.sha256, self._inventory.size_of(file.filename) or 0)
                for file in files
            ),
            model=model.definition.entry_name,
            variant=model.definition.resolved_variant,
            redacts=config != model.config,
        )

    def _of_gallery(self, requested: RequestedName) -> _Pinned:
        """Return the entry of a gallery as it would be installed; raises GalleryError."""
        spec = ModelSpec(requested.name, model=requested.text, follows_entry=True)
        desired, self._facts = decide(functools.partial(_desired, spec), self._facts, self._answer)
        return _Pinned(
            name=desired.name,
            config=desired.config,
            definition=desired.parts.definition,
            files=tuple(InstalledFile(file.filename, file.uri, file.sha256) for file in desired.files),
            model=desired.name,
            gallery=desired.gallery,
            variant=desired.variant,
            warnings=desired.warnings,
        )

    def _answer(self, question: q.Question) -> t.Any:
        # Hosts of a fleet are not told apart by what is in the models path of this one.
        return None if isinstance(question, q.FileOnDisk) else self._answers.from_servers(question)


def _desired(spec: ModelSpec, facts: ModelFacts) -> Desired | tuple[t.Any, ...]:
    """Return what a model would be, or the question whose answer that needs; raises LocalAIError."""
    try:
        return with_snapshots(desired_of(spec, None, facts, again=True), None, facts, again=True)
    except Unanswered as e:
        return (e.question,)


def _of_record(record: Record) -> _Pinned:
    """Return a model as this collection installed it.

    What a gallery says is public. Only the `config` of a task can have secrets in addresses.
    """
    if record.request is None:
        config = shown(dict(record.config))
    else:
        requested = record.request.config or {}
        config = record.parts.config(record.name, shown(dict(requested)))
        if record.snapshots:
            # Their commits were found at the installation.
            config["artifacts"] = record.config["artifacts"]
    return _Pinned(
        name=record.name,
        config=config,
        definition=record.parts.definition,
        files=record.files,
        model=bare_name(record.model),
        gallery=record.gallery,
        variant=record.variant,
        redacts=config != record.config,
    )


def _unknown(model: ListedModel) -> str:
    """Return why an installed model cannot be pinned."""
    return (
        f"{model.name} was not installed from a gallery or by localai_model, so it is not known where its files come "
        "from. It cannot be pinned. Install it with localai_model."
    )
