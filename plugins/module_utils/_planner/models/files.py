# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares the files of a desired model with those on the disk."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field, replace

from ..._errors import GalleryError, HostError, LocalAIError, SourceError
from ..._localai.models.archives import can_unpack, is_archive
from ..._localai.models.installed import FileState, InstalledModel
from ..._localai.models.record import InstalledFile
from ..._model_request import FileSpec, ModelOptions
from .desired import Desired
from .facts import ModelFacts
from .questions import FileOnDisk, HashFile, Served, ServedFile, Survey, SurveyDirectory

_NOT_INSTALLED = InstalledModel("")


@dataclass
class FileChanges:
    """The work for the files of one model, with the reasons; see `steps.Install`."""

    fetch: list[FileSpec] = field(default_factory=list)
    present: list[InstalledFile] = field(default_factory=list)
    unpack: list[str] = field(default_factory=list)
    replaced: set[str] = field(default_factory=set)
    reasons: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def need(self, file: FileSpec, reason: str, *, replaces: bool = False) -> None:
        """Note that a file has to be fetched."""
        self.fetch.append(file)
        self.reasons.append(reason)
        if replaces:
            self.replaced.add(file.filename)


def check_uri(name: str, file: FileSpec) -> None:
    """Raise SourceError unless a file of a model can be fetched from its URI."""
    from ..._sources.model_uri import parse_model_uri

    try:
        parse_model_uri(file.uri)
    except LocalAIError as e:
        raise SourceError(f"{name}: {file.filename} cannot be fetched from {file.uri}: {e}") from e


def compare_files(
    desired: Desired,
    installed: InstalledModel | None,
    facts: ModelFacts,
    options: ModelOptions,
    *,
    planned: t.Mapping[str, FileSpec],
) -> FileChanges:
    """Return the changes for the files of a model; `planned` are those that earlier models of the task fetch.

    Raises HostError, GalleryError, and `Unanswered` for an open question.
    """
    changes = FileChanges()
    model = installed or _NOT_INSTALLED
    packed = next((file for file in desired.files if is_archive(file.filename) and not can_unpack(file.filename)), None)
    if packed is not None:
        raise GalleryError(
            f"{desired.name}: {packed.filename} is an archive of a kind that cannot be unpacked here. Unpack it "
            "elsewhere, and list its files with files."
        )
    for file in desired.files:
        if file.filename in planned:
            changes.present.append(InstalledFile(file.filename, file.uri, file.sha256))
        else:
            _Comparison(model, facts, options, desired.spec.state == "latest", changes).compare(file)
        if is_archive(file.filename) and _must_unpack(file, model, changes):
            changes.unpack.append(file.filename)
    return changes


@dataclass(frozen=True)
class _Comparison:
    """Compares one file at a time; adds what differs to `changes`."""

    model: InstalledModel
    facts: ModelFacts
    options: ModelOptions
    latest: bool
    changes: FileChanges

    def compare(self, file: FileSpec) -> None:
        """Compare one file; raises HostError, and `Unanswered` for an open question."""
        record = self.model.record
        recorded = record.file(file.filename) if record is not None else None
        if recorded is not None:
            state = self.model.files.get(file.filename)
        else:
            state = self.facts.answer(FileOnDisk(file.filename))
        if state is None:
            self.changes.need(file, f"{file.filename} is missing" if recorded is not None else "")
            return
        if state.size < 0:
            raise HostError(
                f"{self.facts.scan.path}/{file.filename} is not a regular file, and a model needs one there. Remove "
                "it, or use another file name."
            )
        is_same = recorded is not None and _is_unchanged(recorded, state) and _same_content(file, recorded)
        known = file
        if recorded is not None and not is_same and not file.sha256 and recorded.uri == file.uri:
            # Its digest is known since it was installed. Its server may have another version by now.
            known = replace(file, sha256=recorded.sha256)
        reason = self._reason(known, state, recorded if is_same else None)
        if reason:
            self.changes.need(file, reason, replaces=True)
        else:
            self.changes.present.append(_installed(known, state, recorded if is_same else None))

    def _reason(self, file: FileSpec, state: FileState, recorded: InstalledFile | None) -> str:
        """Return why a file must be replaced; empty if it need not be. `recorded` is what this model installed."""
        if self.options.force:
            return "force is set"
        if recorded is None:
            return self._reason_of_other(file, state)
        if self.options.verify and recorded.sha256 and self.facts.answer(HashFile(file.filename)) != recorded.sha256:
            return f"the content of {file.filename} is not the one that was installed"
        if self.latest and not file.sha256:
            served: Served = self.facts.answer(ServedFile(recorded.uri))
            # A registry or a bundle states the digest. It may be the content that a web server had.
            digest = f"sha256:{recorded.sha256}" if recorded.sha256 else ""
            known = digest if served.version.startswith("sha256:") else recorded.version
            if known and served.version and served.version != known:
                return f"the server of {file.filename} has another version"
        return ""

    def _reason_of_other(self, file: FileSpec, state: FileState) -> str:
        """Return why a file that this model did not install must be replaced; empty if it is the right one."""
        if file.sha256:
            is_right = self._is_recorded(file, state) or self.facts.answer(HashFile(file.filename)) == file.sha256
            return "" if is_right else f"{file.filename} has another content"
        served: Served = self.facts.answer(ServedFile(file.uri))
        if served.size and served.size != state.size:
            return f"{file.filename} has {state.size} bytes, and its server has {served.size}"
        self.changes.warnings.append(
            f"{file.filename} was in the models path already. It is used as it is, because no sha256 is known to "
            "compare it with. Set sha256 to be sure."
        )
        return ""

    def _is_recorded(self, file: FileSpec, state: FileState) -> bool:
        """Return whether another model has installed the same content, so that it need not be read again."""
        survey: Survey = self.facts.answer(SurveyDirectory())
        others = (record.file(file.filename) for record in survey.records.values())
        return not self.options.verify and any(
            other is not None and other.sha256 == file.sha256 and _is_unchanged(other, state) for other in others
        )


def _is_unchanged(recorded: InstalledFile, state: FileState) -> bool:
    return recorded.size == state.size and recorded.mtime in (0, state.mtime)


def _same_content(file: FileSpec, recorded: InstalledFile) -> bool:
    return recorded.sha256 == file.sha256 if file.sha256 else recorded.uri == file.uri


def _installed(file: FileSpec, state: FileState, recorded: InstalledFile | None) -> InstalledFile:
    """Return a file that is there, as a record has it."""
    sha256 = file.sha256 or (recorded.sha256 if recorded is not None else "")
    version = recorded.version if recorded is not None else ""
    return InstalledFile(file.filename, file.uri, sha256, state.size, version, state.mtime)


def _must_unpack(archive: FileSpec, model: InstalledModel, changes: FileChanges) -> bool:
    """Return whether an archive has to be unpacked: not all that it holds is known to be there."""
    if any(file.filename == archive.filename for file in changes.fetch) or model.record is None:
        return True
    missing = [path for path in model.missing if path in model.record.written]
    if missing:
        changes.reasons.append(f"{missing[0]} is missing")
    recorded = model.record.file(archive.filename)
    # A run that was interrupted before it unpacked the archive has left the one that is requested, and an old record.
    return bool(missing) or recorded is None or not _same_content(archive, recorded)
