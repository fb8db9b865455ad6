# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rows of `localai_model_info`: installed models, their problems, and unused files, built key by key."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ..._address import redacted, redacted_text
from ..._errors import GalleryError, HostError
from ..._localai.models.artifacts import snapshot_path
from ..._localai.models.backends import needed_backends
from ..._localai.models.contents import Finding
from ..._localai.models.definition import files_by_name
from ..._localai.models.file_findings import WEIGHTS
from ..._localai.models.names import gallery_file_name, parents
from ..._localai.models.record import InstalledFile
from ..._localai.models.unused import Unused
from ..._model_request import Config
from ..._request import bare_name
from ..._sources.progress import in_progress
from .inventory import Inventory, ListedModel
from .result import shown

_NAMING = ("mmproj", "draft_model")
_REMOTE = ("://", "github:", "hf.co/")


class LocalFile(t.NamedTuple):
    """A file of a model. `uri`, `sha256` and `size` are as recorded; empty and 0 if they are unknown."""

    filename: str
    uri: str = ""
    sha256: str = ""
    size: int = 0


def model_row(
    model: ListedModel,
    inventory: Inventory,
    findings: t.Sequence[Finding],
    digest_of: t.Callable[[str], str] | None = None,
) -> dict[str, t.Any]:
    """Return the row of a model. `digest_of` returns the sha256 of a file; without it, no file is read."""
    record, definition, files = model.record, model.definition, files_of_model(model, inventory)
    damage = [*_damage(model, files, inventory), *_broken_snapshots(model, inventory, verify=digest_of is not None)]
    damage += _wrong_digests(files, inventory, digest_of) if digest_of else ()
    related = [finding.problem for finding in _related(model, files, findings)]
    # The finding about a file that a configuration names and that is missing says the same.
    new = [problem for problem in damage if not any(f" the file {problem.path}, " in text for text in related)]
    return {
        "name": model.name,
        "served_name": model.served_name,
        "file": model.file,
        "installed_by": _installer(model),
        "model": (bare_name(record.model) if record is not None else definition and definition.entry_name) or None,
        "gallery": (record.gallery if record is not None else "") or None,
        "variant": (record.variant if record is not None else definition and definition.resolved_variant) or None,
        "backend": next(iter(needed_backends([model.config or {}])), None),
        "config": None if model.config is None else shown(dict(model.config)),
        "files": [_file_row(file, inventory) for file in files],
        "complete": model.config is not None and not damage,
        "problems": list(map(redacted_text, [problem.sentence for problem in new] + related)),
        "pinned": record is not None and record.pinned,
        "size": sum(inventory.size_of(path) or 0 for path in _paths(model, files)),
    }


def _file_row(file: LocalFile, inventory: Inventory) -> dict[str, t.Any]:
    size = inventory.size_of(file.filename)
    return {
        "filename": file.filename,
        "uri": redacted(file.uri) or None,
        "sha256": file.sha256 or None,
        "size": size,
        "present": size is not None,
    }


def files_of_model(model: ListedModel, inventory: Inventory) -> list[LocalFile]:
    """Return the files of a model: those that its installation has recorded, or else those that its YAML file names."""
    if model.record is not None:
        return list(map(_recorded, model.record.files))
    if model.definition is not None:
        try:
            files = files_by_name(model.definition.files, model.name).values()
        except GalleryError:
            files = {file.filename: file for file in model.definition.files}.values()
        return [LocalFile(file.filename, file.uri.text, file.sha256) for file in files]
    return [LocalFile(path) for path in _named_files(model.config or {}, inventory)]


def _recorded(file: InstalledFile) -> LocalFile:
    return LocalFile(file.filename, file.uri.text, file.sha256, file.size)


def _named_files(config: Config, inventory: Inventory) -> t.Iterator[str]:
    """Yield the files that a configuration names, without those that a backend downloads."""
    parameters = config.get("parameters")
    values = [parameters.get("model") if isinstance(parameters, dict) else None, *(config.get(key) for key in _NAMING)]
    for value in dict.fromkeys(value for value in values if isinstance(value, str)):
        path = value.strip("/")
        is_remote = any(mark in value for mark in _REMOTE)
        if path and not is_remote and (path in inventory.entries or path.lower().endswith(WEIGHTS)):
            yield path


def _paths(model: ListedModel, files: t.Iterable[LocalFile]) -> t.Iterable[str]:
    """Return the paths of all that a model consists of besides its YAML files."""
    written = model.record.written if model.record is not None else ()
    templates = model.definition.templates if model.definition is not None else ()
    return dict.fromkeys(
        (
            *(file.filename for file in files),
            *written,
            *(template.filename for template in templates),
            *map(snapshot_path, model.snapshots),
        )
    )


def _installer(model: ListedModel) -> str:
    if model.record is not None:
        return "collection"
    return "localai" if model.definition is not None else "hand"


@dataclass(frozen=True)
class _Damage:
    """Something that a model lacks: its path in the models path, and a sentence about it."""

    path: str
    sentence: str


def _damage(model: ListedModel, files: t.Sequence[LocalFile], inventory: Inventory) -> t.Iterator[_Damage]:
    """Yield what is missing or incomplete of a model."""
    if model.config is None:
        what = "cannot be read as the configuration of a model" if model.file in inventory.entries else "is missing"
        yield _Damage(model.file, f"{model.file} {what}.")
    written = model.record.written if model.record is not None else {}
    recorded = {**{file.filename: file.size for file in files}, **written}
    for path, size in recorded.items():
        present = inventory.size_of(path)
        if present is None:
            yield _Damage(path, f"{path} is missing.")
        elif size and present != size:
            yield _Damage(path, f"{path} has {present} bytes, and {size} were installed.")


def _broken_snapshots(model: ListedModel, inventory: Inventory, *, verify: bool) -> t.Iterator[_Damage]:
    for key in model.snapshots:
        if not inventory.has_snapshot(key, verify=verify):
            path = snapshot_path(key)
            yield _Damage(path, f"The snapshot {path} is missing, or files of it are missing or changed.")


def _wrong_digests(
    files: t.Iterable[LocalFile], inventory: Inventory, digest_of: t.Callable[[str], str]
) -> t.Iterator[_Damage]:
    for file in files:
        if not file.sha256 or inventory.size_of(file.filename) is None:
            continue
        try:
            digest = digest_of(file.filename)
        except HostError as e:
            yield _Damage(file.filename, f"The content of {file.filename} cannot be verified. {e}")
            continue
        if digest != file.sha256:
            yield _Damage(
                file.filename,
                f"{file.filename} has the sha256 {digest or 'of no file'}, and {file.sha256} is recorded.",
            )


def _related(model: ListedModel, files: t.Sequence[LocalFile], findings: t.Sequence[Finding]) -> t.Iterator[Finding]:
    """Yield the findings about the files of a model."""
    paths = {model.file, gallery_file_name(model.name), *_paths(model, files)}
    paths.update([parent for path in paths for parent in parents(path)])
    return (finding for finding in findings if finding.path in paths)


def problem_rows(inventory: Inventory, findings: t.Sequence[Finding]) -> list[dict[str, t.Any]]:
    """Return what is wrong in the models path; the rows of what could not be listed have no path."""
    unread = [
        {"path": None, "problem": problem, "advice": "Run as a user who may read the models path, or check the path."}
        for problem in inventory.listing.problems
    ]
    return unread + [
        {"path": finding.path, "problem": redacted_text(finding.problem), "advice": finding.advice}
        for finding in findings
    ]


def unused_rows(unused: t.Sequence[Unused]) -> list[dict[str, t.Any]]:
    """Return the files that no model needs."""
    return [{"path": file.path, "size": file.size, "prunable": file.prunable, "reason": file.reason} for file in unused]


def progress_row(path: str) -> dict[str, t.Any] | None:
    """Return the current transfer of another run, from the file at `path`; None if there is none."""
    progress = in_progress(path)
    if progress is None:
        return None
    return {"model": progress["backend"], **{key: value for key, value in progress.items() if key != "backend"}}
