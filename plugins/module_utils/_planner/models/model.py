# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans the changes of one model."""

from __future__ import annotations

import hashlib
import typing as t
from dataclasses import dataclass, replace

from ..._errors import HostError
from ..._fs.file_attributes import FileAttributes
from ..._localai.models.archives import is_archive
from ..._localai.models.gallery import Template
from ..._localai.models.installed import FileState, InstalledModel
from ..._localai.models.names import gallery_file_name, matches_itself, yaml_name
from ..._localai.models.record import InstalledFile
from ..._model_request import Config, FileSpec, ModelOptions
from .desired import Desired, DesiredSnapshot
from .facts import ModelFacts
from .files import FileChanges, check_uri, compare_files
from .questions import FileOnDisk, HashFile, ReadYaml
from .removal import Needed, installed_paths, obsolete_paths
from .shared import check_others, check_templates
from .steps import Install, SetAttributes, Step

Action = t.Literal["none", "install", "repair", "replace", "upgrade", "download", "chown", "remove"]


@dataclass(frozen=True)
class Outcome:
    """The result for one model; `files` has the size of each file that is installed.

    It is `recorded` if our record says already what is installed.
    """

    name: str
    action: Action
    reason: str
    model: str = ""
    variant: str = ""
    backend: str = ""
    config: Config | None = None
    files: tuple[InstalledFile, ...] = ()
    recorded: bool = False


@dataclass(frozen=True)
class ModelChanges:
    """The changes of one model: its steps, or the record to `remember` if nothing else changes.

    `needed` are the paths that it needs. `stale` are the names of its processes that would answer with old content. If
    it `outlasts` a reload, a server goes on with something old until it is restarted.
    """

    outcome: Outcome
    steps: tuple[Step, ...] = ()
    remember: Install | None = None
    needed: frozenset[str] = frozenset()
    stale: tuple[str, ...] = ()
    outlasts: bool = False
    warnings: tuple[str, ...] = ()

    @property
    def fetched(self) -> t.Iterator[FileSpec]:
        """The files that it fetches."""
        for step in self.steps:
            if isinstance(step, Install):
                yield from step.fetch


class Planned:
    """The fetches of earlier models of a task: the `files` by path, and those that are `replaced`.

    `task` has the names of all models of the task, and `mentioned` is what their configurations mention.
    """

    def __init__(self, task: t.AbstractSet[str], mentioned: Needed) -> None:
        self.task = task
        self.mentioned = mentioned
        self.files: dict[str, FileSpec] = {}
        self.replaced: set[str] = set()

    def add(self, changes: ModelChanges) -> None:
        """Note what a model fetches."""
        self.files.update({file.filename: file for file in changes.fetched})
        for step in changes.steps:
            if isinstance(step, Install):
                self.replaced.update(step.replaced)


def plan_model(
    model: Desired, installed: InstalledModel | None, facts: ModelFacts, options: ModelOptions, planned: Planned
) -> ModelChanges:
    """Return the changes for a model; files that are `planned` are not fetched once more.

    Raises LocalAIError, and `Unanswered` for an open question.
    """
    present = installed or InstalledModel(model.name)
    check_no_directory(present, facts)
    files = compare_files(model, installed, facts, options, planned=planned.files)
    documents = _Documents(model, present, facts)
    templates = _templates(model, present, facts)
    step = Install(
        desired=model,
        fetch=tuple(files.fetch),
        present=tuple(files.present),
        kept=_kept(model, present, templates),
        unpack=tuple(files.unpack),
        templates=templates,
        snapshots=_missing_snapshots(model, facts, options),
        writes_yaml=not documents.yaml_is_same,
        writes_gallery_file=not documents.gallery_file_is_same,
        replaced=frozenset(files.replaced),
        old=documents.old,
    )
    for file in step.fetch:
        check_uri(model.name, file)
    if step.fetch or step.writes_yaml:
        check_others(model, model.files, step.replaced, planned.task, facts)
    if templates:
        check_templates(model, templates, planned.task, facts)
    needed = _needed(model, step)
    obsolete, left = _obsolete(model, present, step, planned.mentioned.and_paths(needed), facts)
    step = replace(step, obsolete=obsolete, left=left)
    attributes = _attributes(step, present, facts)
    action, reason = _action(present, step, attributes, list(filter(None, files.reasons)), documents)
    steps: list[Step] = [step] if step.is_change else []
    steps += [attributes] if attributes is not None else []
    replaced = step.replaced or planned.replaced.intersection(file.filename for file in model.files)
    is_stale = present.yaml is not None and bool(step.writes_yaml or replaced or step.templates)
    names = _names(model, documents.old)
    remember = step if not step.is_change and _forgotten(step, present, needed) else None
    return ModelChanges(
        Outcome(
            model.name,
            action,
            reason,
            model.spec.model,
            model.variant,
            model.backend,
            model.config,
            _rows(model, files),
            recorded=not step.is_change and remember is None,
        ),
        steps=tuple(steps),
        remember=remember,
        needed=needed,
        stale=names if is_stale else (),
        # A server keeps a name that no file has any more, and prompt templates that it has read once.
        outlasts=is_stale and bool(len(names) > 1 or step.templates),
        warnings=(*model.warnings, *files.warnings, *_warnings(model)),
    )


def check_no_directory(model: InstalledModel, facts: ModelFacts) -> None:
    """Raise HostError if a directory has the name of one of the YAML files of a model."""
    states = {yaml_name(model.name): model.yaml, gallery_file_name(model.name): model.gallery_file}
    path = next((path for path, state in states.items() if state is not None and state.is_directory), "")
    if path:
        raise HostError(
            f"{facts.scan.path}/{path} is a directory, and the configuration of a model has to be there. Move or "
            "remove it."
        )


class _Documents:
    """Whether the YAML files of a model say what they should, and the configuration that it has."""

    def __init__(self, model: Desired, present: InstalledModel, facts: ModelFacts) -> None:
        record = present.record
        self.drifted = False
        self.old: Config | None = None
        self.yaml_is_same = False
        if present.yaml is not None and record is not None and present.yaml.sha256 == record.yaml_sha256:
            self.old = record.config
            self.yaml_is_same = record.config == model.config
        elif present.yaml is not None and present.yaml.size >= 0:
            content = facts.answer(ReadYaml(yaml_name(model.name)))
            self.old = content if isinstance(content, dict) else {}
            self.yaml_is_same = content == model.config
            self.drifted = record is not None and not self.yaml_is_same
        self.gallery_file_is_same = _gallery_file_is_same(model, present, facts)


def _gallery_file_is_same(model: Desired, present: InstalledModel, facts: ModelFacts) -> bool:
    record, file = present.record, present.gallery_file
    # LocalAI fails where one of its files is a symlink, so it is replaced.
    if file is None or file.size < 0:
        return False
    if record is not None and file.sha256 == record.gallery_sha256:
        return record.parts.definition == model.parts.definition
    return bool(facts.answer(ReadYaml(gallery_file_name(model.name))) == model.parts.definition.document)


def _templates(model: Desired, present: InstalledModel, facts: ModelFacts) -> tuple[Template, ...]:
    """Return the prompt templates to write; raises `Unanswered` for an open question."""
    templates, record = model.parts.definition.templates, present.record
    if record is None or record.parts.definition.templates != templates:
        return tuple(template for template in templates if not _is_written(template, facts))
    missing = set(present.missing)
    return tuple(template for template in templates if template.filename in missing)


def _is_written(template: Template, facts: ModelFacts) -> bool:
    state: FileState | None = facts.answer(FileOnDisk(template.filename))
    content = template.content.encode("utf-8")
    if state is None or state.size != len(content):
        return False
    return bool(facts.answer(HashFile(template.filename)) == hashlib.sha256(content).hexdigest())


def _kept(model: Desired, present: InstalledModel, written: t.Collection[Template]) -> dict[str, int]:
    """Return what was written for the model earlier, and may still be there; `written` are templates that are not."""
    kept = dict(present.record.written) if present.record is not None else {}
    for template in model.parts.definition.templates:
        if template not in written:
            kept.setdefault(template.filename, len(template.content.encode("utf-8")))
    return kept


def _missing_snapshots(model: Desired, facts: ModelFacts, options: ModelOptions) -> tuple[DesiredSnapshot, ...]:
    if not model.snapshots:
        return ()
    from .snapshots import to_fetch

    return to_fetch(model, facts, verify=options.verify)


def _snapshot_paths(keys: t.Sequence[str]) -> list[str]:
    """Return the directories of snapshots."""
    if not keys:
        return []
    from ..._localai.models.artifacts import snapshot_path

    return list(map(snapshot_path, keys))


def _needed(model: Desired, step: Install) -> frozenset[str]:
    """Return the paths that a model needs: its files, its templates, and what its archives held."""
    archived = step.kept if step.unpack or _has_archives(model) else {}
    templates = (template.filename for template in model.parts.definition.templates)
    snapshots = _snapshot_paths([snapshot.key for snapshot in model.snapshots])
    return frozenset((*(file.filename for file in model.files), *templates, *archived, *snapshots))


def _has_archives(model: Desired) -> bool:
    return any(is_archive(file.filename) for file in model.files)


def _obsolete(
    model: Desired, present: InstalledModel, step: Install, needed: Needed, facts: ModelFacts
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if present.record is not None:
        snapshots = _snapshot_paths(present.record.snapshots)
        before = dict.fromkeys((*present.record.paths, *snapshots, *present.record.obsolete))
        return obsolete_paths(model.name, before, needed, facts)
    if present.yaml is None or not step.is_change:
        return (), ()
    return obsolete_paths(model.name, installed_paths(model.name, facts), needed, facts)


def _attributes(step: Install, present: InstalledModel, facts: ModelFacts) -> SetAttributes | None:
    """Return the step that sets the requested owner, group and mode; None if nothing is requested, or all is so."""
    if facts.requested == facts.directories == FileAttributes():
        return None
    from .attributes import attributes_step

    return attributes_step(step, present, facts)


def _action(
    present: InstalledModel,
    step: Install,
    attributes: SetAttributes | None,
    reasons: list[str],
    documents: _Documents,
) -> tuple[Action, str]:
    """Return what the change of a model is called, and why it is made; `reasons` are those of its files."""
    record, spec = present.record, step.desired.spec
    if not step.is_change:
        if attributes is None:
            return "none", "it is installed as requested"
        return "chown", f"{len(attributes.after)} of its files and directories have another owner, group or mode"
    if present.yaml is None and record is None:
        return "install", "it is not installed"
    if record is None:
        reasons += [] if documents.yaml_is_same else ["its configuration differs"]
        return "replace", _joined("it was installed in another way", reasons)
    if record.source != spec.source or record.overrides_digest != spec.overrides:
        return "replace", _joined("the request differs from the one that it was installed for", reasons)
    if record.parts != step.desired.parts:
        return "upgrade", _joined("its gallery or its source has another version", reasons)
    if present.yaml is None:
        reasons.insert(0, f"{yaml_name(step.name)} is missing")
    elif documents.drifted:
        reasons.insert(0, f"{yaml_name(step.name)} was changed after the installation")
    return "repair", "; ".join(list(dict.fromkeys(reasons))[:2]) or "some of its files were missing or changed"


def _joined(reason: str, others: t.Sequence[str]) -> str:
    return "; ".join((reason, *others[:1]))


def _forgotten(step: Install, present: InstalledModel, needed: t.Collection[str]) -> bool:
    """Return whether our record does not say what is installed, although that is as requested."""
    record, spec = present.record, step.desired.spec
    if record is None or present.yaml is None or present.gallery_file is None:
        return True
    if record.obsolete or any(path not in present.files and path not in needed for path in record.written):
        return True
    recorded = (record.source, record.overrides_digest, record.yaml_sha256, record.gallery_sha256, record.files)
    hashes = (present.yaml.sha256, present.gallery_file.sha256)
    return recorded != (spec.source, spec.overrides, *hashes, step.present)


def _names(model: Desired, old: Config | None) -> tuple[str, ...]:
    """Return the names under which a server knows a model, and knew it."""
    former = (old or {}).get("name")
    return tuple(dict.fromkeys((former if isinstance(former, str) and former else model.name, model.served_name)))


def _rows(model: Desired, files: FileChanges) -> tuple[InstalledFile, ...]:
    present = {file.filename: file for file in files.present}
    return tuple(
        present.get(file.filename, InstalledFile(file.filename, file.uri, file.sha256)) for file in model.files
    )


def _warnings(model: Desired) -> t.Iterator[str]:
    if model.spec.config:
        from ..._localai.models.config_check import warnings_of

        # What a gallery has wrong, nobody can correct here.
        for warning in warnings_of(model.spec.config):
            yield f"{model.name}: {warning}"
    if model.served_name != model.name:
        yield (
            f"{model.name}: its configuration has the name {model.served_name!r}, so LocalAI serves it under that name "
            f"once it has read all files, and a first request for {model.name!r} fails. To serve it as {model.name!r}, "
            f"set config to {{name: {model.name}}}."
        )
    if not matches_itself(model.served_name):
        yield (
            f"{model.name}: LocalAI reads a requested name as a regular expression, and {model.served_name!r} does not "
            "match itself, so requests do not find the model. Choose another name."
        )
