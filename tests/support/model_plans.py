# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A made-up models path as a value: what the planner of models makes of it, and what is there after its plan."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import Any, Mapping

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError, LocalAIError
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._localai.models.contents import Entry, Listing
from ansible_collections.localai.core.plugins.module_utils._localai.models.gallery import base_of, model_index_of
from ansible_collections.localai.core.plugins.module_utils._localai.models.installed import (
    FileState,
    InstalledModel,
    InstalledModels,
)
from ansible_collections.localai.core.plugins.module_utils._localai.models.mentions import Document, Mentions
from ansible_collections.localai.core.plugins.module_utils._localai.models.names import gallery_file_name, yaml_name
from ansible_collections.localai.core.plugins.module_utils._localai.models.record import InstalledFile, Record
from ansible_collections.localai.core.plugins.module_utils._localai.models.unused import unused_of
from ansible_collections.localai.core.plugins.module_utils._model_request import FileSpec, ModelOptions, ModelSpec
from ansible_collections.localai.core.plugins.module_utils._module.decide import decide
from ansible_collections.localai.core.plugins.module_utils._planner.models import questions as q
from ansible_collections.localai.core.plugins.module_utils._planner.models.facts import ModelFacts
from ansible_collections.localai.core.plugins.module_utils._planner.models.plan import ModelPlan, plan_models
from ansible_collections.localai.core.plugins.module_utils._planner.models.steps import (
    Download,
    Install,
    Prune,
    Remove,
    SetAttributes,
)
from ansible_collections.localai.core.plugins.module_utils._resolver.config_yaml import (
    parse_config,
    parse_typed,
    to_yaml,
)
from ansible_collections.localai.core.plugins.module_utils._resolver.model_galleries import BaseFile
from ansible_collections.localai.core.plugins.module_utils._store.layout import content_key

PATH = "/m"
_OF_ROOT, _ANY = FileAttributes("root", "root", "0644"), FileAttributes()
A, B = b"content of a", b"another content"


def sha256(data: bytes) -> str:
    """The digest of a content."""
    return hashlib.sha256(data).hexdigest()


def row(filename: str, content: bytes, digest: bool = True) -> dict[str, Any]:
    """A file of an entry; its URI tells its content."""
    uri = f"https://files.example/{content.hex()}"
    return {"filename": filename, "uri": uri, **({"sha256": sha256(content)} if digest else {})}


def entry(name: str, *files: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """An entry of the gallery."""
    model = files[0]["filename"] if files else "org/repo"
    overrides = {"backend": "llama-cpp", "parameters": {"model": model}}
    return {"name": name, "files": list(files), "overrides": overrides, **more}


def want(name: str, **more: Any) -> ModelSpec:
    """A request for an entry of the gallery."""
    return ModelSpec(name, **{"model": name, "follows_entry": "model" not in more, **more})


@dataclass
class ModelsPath:
    """The files by path, our records, attributes of all files, what servers state, and the questions so far."""

    gallery: list[dict[str, Any]] = field(default_factory=list)
    bases: dict[str, Any] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    records: dict[str, Record] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    attributes: FileAttributes = _OF_ROOT
    requested: FileAttributes = _ANY
    asked: list[Any] = field(default_factory=list)
    downloaded: dict[str, frozenset[str]] = field(default_factory=dict)

    def plan(self, *models: ModelSpec, **options: Any) -> ModelPlan:
        """Plan a task, and note what is asked."""
        self.asked.clear()
        request = ModelOptions(models, **options)
        names = None if request.exclusive else {model.name.lower() for model in models}
        facts = ModelFacts(("g",), self.scan(names), self.requested)
        return decide(lambda known: plan_models(request, known), facts, self.answer)[0]

    def run(self, *models: ModelSpec, **options: Any) -> ModelPlan:
        """Plan a task and carry it out."""
        plan = self.plan(*models, **options)
        for name, keys in plan.retained.items():
            self.downloaded[name] &= keys
        for step in (*plan.steps, *plan.remember):
            self._apply(step)
        for name in plan.retained if not options.get("download_only") else ():
            del self.downloaded[name]
        return plan

    def state(self, path: str) -> FileState | None:
        """The state of a file."""
        if path not in self.files:
            return None
        return FileState(len(self.files[path]), self.attributes)

    def scan(self, names: set[str] | None) -> InstalledModels:
        """What a scan finds."""
        found = {path[: -len(".yaml")] for path in self.files if path.endswith(".yaml") and not path.startswith(".")}
        every = sorted(found | set(self.records))
        models = {name: self._model(name) for name in every if names is None or name.lower() in names}
        return InstalledModels(PATH, models, tuple(every), downloaded=dict(self.downloaded))

    def _model(self, name: str) -> InstalledModel:
        record = self.records.get(name)
        states = {path: self.state(path) for path in (record.paths if record else ())}
        yaml, gallery_file = (self.files.get(path) for path in (yaml_name(name), gallery_file_name(name)))
        return InstalledModel(
            name,
            None if yaml is None else FileState(len(yaml), self.attributes, sha256(yaml)),
            None if gallery_file is None else FileState(len(gallery_file), self.attributes, sha256(gallery_file)),
            record,
            {path: state for path, state in states.items() if state is not None},
        )

    def answer(self, question: Any) -> Any:
        """The answer to a question of the planner."""
        self.asked.append(question)
        if isinstance(question, q.ReadIndex):
            return model_index_of(self.gallery, "g", to_yaml)
        if isinstance(question, q.ReadBase):
            base = base_of(self.bases[question.url])
            return BaseFile(base, parse_config(base.config_text))
        if isinstance(question, q.ReadConfiguration):
            return BaseFile(base_of({"config_file": "backend: whisper"}), {"backend": "whisper"})
        if isinstance(question, q.ServedFile):
            content = _content(question.address)
            return q.Served(len(content), self.versions.get(question.address.text, "1"))
        if isinstance(question, q.FileOnDisk):
            return self.state(question.path)
        if isinstance(question, q.HashFile):
            return sha256(self.files[question.path]) if question.path in self.files else ""
        if isinstance(question, q.ReadYaml):
            return _parsed(self.files[question.path])
        if isinstance(question, q.SurveyDirectory):
            documents = self._documents()
            return q.Survey(
                Mentions(documents, PATH),
                self.records,
                {document.path: document.content for document in documents},
                {path: len(data) for path, data in self.files.items()},
            )
        if isinstance(question, q.FindUnused):
            ledger = frozenset(path for record in self.records.values() for path in record.paths)
            entries = tuple(Entry(path, size=len(data)) for path, data in self.files.items())
            return tuple(unused_of(Listing(entries), Mentions(self._documents(), PATH), ledger, 1e10))
        raise LocalAIError(f"nobody answers {question}")

    def _documents(self) -> list[Document]:
        texts = {path: data for path, data in self.files.items() if path.endswith(".yaml")}
        return [Document(path, data.decode("utf-8", "replace"), _parsed(data)) for path, data in texts.items()]

    def _apply(self, step: Any) -> None:
        if isinstance(step, Install):
            self._install(step)
        elif isinstance(step, Remove):
            for path in (yaml_name(step.name), gallery_file_name(step.name), *step.paths):
                self.files.pop(path, None)
            self.records.pop(step.name, None)
            self.downloaded.pop(step.name, None)
        elif isinstance(step, Download):
            keys = (content_key(f"sha256:{file.sha256}" if file.sha256 else self._version(file)) for file in step.fetch)
            self.downloaded[step.name] = self.downloaded.get(step.name, frozenset()).union(keys)
        elif isinstance(step, Prune):
            for path in step.paths:
                del self.files[path]
        if isinstance(step, (Install, SetAttributes)):
            # All files have the same attributes here.
            self.attributes = self.requested.over(self.attributes)

    def _install(self, step: Install) -> None:
        desired, spec = step.desired, step.desired.spec
        self.files.update({file.filename: _content(file.uri) for file in step.fetch})
        written = {
            path: len(self.files[path]) for path in step.kept if path in self.files and path not in step.obsolete
        }
        for template in step.templates:
            self.files[template.filename] = template.content.encode()
            written[template.filename] = len(template.content.encode())
        if step.writes_yaml:
            self.files[yaml_name(step.name)] = to_yaml(desired.config).encode()
        if step.writes_gallery_file:
            document = to_yaml(desired.parts.definition.document, in_order=True)
            self.files[gallery_file_name(step.name)] = document.encode()
        for path in step.obsolete:
            del self.files[path]
        self.records[step.name] = Record(
            name=step.name,
            config=desired.config,
            parts=desired.parts,
            model=spec.model,
            gallery=desired.gallery,
            variant=desired.variant,
            source=spec.source,
            overrides_digest=spec.overrides,
            pinned=spec.pin is not None,
            yaml_sha256=sha256(self.files[yaml_name(step.name)]),
            gallery_sha256=sha256(self.files[gallery_file_name(step.name)]),
            files=tuple(map(self._installed, desired.files)),
            written=written,
        )

    def _version(self, file: FileSpec) -> str:
        return self.versions.get(file.uri.text, "1")

    def _installed(self, file: FileSpec) -> InstalledFile:
        data = self.files[file.filename]
        version = "" if file.sha256 else self._version(file)
        return replace(InstalledFile(file.filename, file.uri, sha256(data), len(data)), version=version)


def _content(uri: Address) -> bytes:
    return bytes.fromhex(uri.text.rpartition("/")[2])


def _parsed(data: bytes) -> Any:
    try:
        return parse_typed(data)
    except GalleryError:
        return None
