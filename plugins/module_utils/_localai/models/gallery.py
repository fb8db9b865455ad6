# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The entries of a gallery of models, and the base files that they name. Pure.

Follows `GalleryModel` in LocalAI's `core/gallery/models_types.go`, `Metadata` in `metadata_type.go` and
`ModelConfig` in `models.go`.
"""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, field

from ..._address import Address
from ..._errors import GalleryError, OptionError
from ..._model_request import Config, FileSpec
from ..gallery import Index, indexed, sha256_digits, text_in, texts_in
from .names import model_name
from .scalars import Budget, typed

# Directories in the models path that files of a model must not reach.
_RESERVED = (".localai-core", ".artifacts")
_MOST_FILES = 10_000
_ON_HOST = ("/", "file:", "ocifile:", "ocilayout:")
_MOST_LEVELS, _LONGEST_PATH, _LONGEST_NAME = 100, 2000, 240


@dataclass(frozen=True)
class Template:
    """A prompt template, which becomes the file `name` with the suffix `.tmpl`."""

    name: str
    content: str

    @property
    def filename(self) -> str:
        return f"{self.name}.tmpl"


@dataclass(frozen=True)
class Base:
    """A base file: what the entries of many models have in common. `config_text` is its configuration as YAML text."""

    name: str = ""
    urls: tuple[str, ...] = ()
    description: str = ""
    license: str = ""
    icon: str = ""
    config_text: str = ""
    files: tuple[FileSpec, ...] = ()
    templates: tuple[Template, ...] = ()


@dataclass(frozen=True)
class ModelEntry:
    """One model of a gallery. `url` is the location of its base file, empty for none.

    Without a base file, `config` takes its place, and `config_text` is that as YAML text.
    `variants` are the names of entries with other builds of the same model.
    """

    name: str
    gallery: str = ""
    url: str = ""
    urls: tuple[str, ...] = ()
    description: str = ""
    license: str = ""
    icon: str = ""
    tags: tuple[str, ...] = ()
    size: str = ""
    files: tuple[FileSpec, ...] = ()
    config: Config = field(default_factory=dict)
    config_text: str = ""
    overrides: Config = field(default_factory=dict)
    variants: tuple[str, ...] = ()
    # Entries of models have no aliases; lookups ask for them.
    alias: t.ClassVar[str] = ""


def model_index_of(rows: t.Any, gallery: str, to_text: t.Callable[[Config], str]) -> Index[ModelEntry]:
    """Return the index in a parsed document; raises GalleryError if it is not a list of entries.

    `to_text` returns a configuration as YAML text.
    """
    budget = Budget()
    return indexed(rows, gallery, lambda row: _entry(row, gallery, to_text, budget), "models")


def _entry(row: t.Mapping[str, t.Any], gallery: str, to_text: t.Callable[[Config], str], budget: Budget) -> ModelEntry:
    config = _mapping(row, "config_file", budget)
    name = model_name(text_in(row, "name"), "name")
    return ModelEntry(
        name=name,
        gallery=gallery,
        url=text_in(row, "url").strip(),
        urls=texts_in(row, "urls"),
        description=text_in(row, "description"),
        license=text_in(row, "license"),
        icon=text_in(row, "icon"),
        tags=texts_in(row, "tags"),
        size=text_in(row, "size"),
        files=files_of(row.get("files"), name),
        config=config,
        config_text=to_text(config) if config else "",
        overrides=_mapping(row, "overrides", budget),
        variants=tuple(text_in(variant, "model") for variant in _rows(row.get("variants"), "variants")),
    )


def base_of(document: t.Any) -> Base:
    """Return the base file in a parsed document; raises GalleryError."""
    if not isinstance(document, dict):
        raise GalleryError("it is not a mapping, so it is no base file of a model")
    return Base(
        name=text_in(document, "name"),
        urls=texts_in(document, "urls"),
        description=text_in(document, "description"),
        license=text_in(document, "license"),
        icon=text_in(document, "icon"),
        config_text=text_in(document, "config_file"),
        files=files_of(document.get("files"), "the base file"),
        templates=tuple(
            Template(_path(text_in(row, "name"), "a prompt template"), text_in(row, "content"))
            for row in _rows(document.get("prompt_templates"), "prompt_templates")
        ),
    )


def files_of(rows: t.Any, where: str) -> tuple[FileSpec, ...]:
    """Return the files in a list of mappings; raises GalleryError for a path that leads out of the models path."""
    return tuple(_file(row, where) for row in _rows(rows, f"the files of {where}"))


def _file(row: t.Mapping[str, t.Any], where: str) -> FileSpec:
    filename = _path(text_in(row, "filename"), where)
    uri = text_in(row, "uri").strip()
    if not uri:
        raise GalleryError(f"{where}: its file {filename} has no uri")
    return FileSpec(filename, Address(uri), file_digest(text_in(row, "sha256"), f"{where}: the sha256 of {filename}"))


def is_on_host(uri: Address) -> bool:
    """Return whether a URI names something on this host."""
    return uri.text.lower().startswith(_ON_HOST)


def check_remote(files: t.Iterable[FileSpec], where: str) -> None:
    """Raise GalleryError for a file on this host that a server names: this run may read more than others may see."""
    local = next((file for file in files if is_on_host(file.uri)), None)
    if local is not None:
        raise GalleryError(
            f"{where}: its file {local.filename} is at a path of this host ({local.uri}), which only a gallery on this "
            "host can name"
        )


def file_digest(text: str, where: str) -> str:
    """Return the digits of an optional SHA-256; raises GalleryError."""
    try:
        return sha256_digits(text.strip(), where) if text.strip() else ""
    except OptionError as e:
        raise GalleryError(str(e).rstrip(".")) from None


def _path(name: str, where: str) -> str:
    problem = path_problem(name)
    if problem:
        raise GalleryError(f"{where}: the file {name!r} {problem}")
    return name


def path_problem(name: str) -> str:
    """Return why a file of a model cannot have this path in the models path; empty if it can."""
    parts = name.split("/")
    if not name or not name.isprintable() or "\\" in name:
        return "has no name that a file can have"
    if any(part in ("", ".", "..") for part in parts):
        return "is not a plain path below the models path"
    if len(name) > _LONGEST_PATH or len(parts) > _MOST_LEVELS or any(_length(part) > _LONGEST_NAME for part in parts):
        return "has a name that is too long or too deep"
    # Some file systems do not distinguish case.
    if parts[0].lower() in _RESERVED:
        return "has a name that is reserved"
    # A directory of that name would be a configuration that LocalAI cannot read.
    if parts[0].lower().endswith((".yaml", ".yml")):
        return "would be the configuration of another model"
    return ""


def _length(name: str) -> int:
    return len(name.encode("utf-8"))


def _rows(value: t.Any, what: str) -> list[t.Mapping[str, t.Any]]:
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value) or len(value) > _MOST_FILES:
        raise GalleryError(f"{what} are not a list of mappings")
    return value


def _mapping(row: t.Mapping[str, t.Any], key: str, budget: Budget) -> Config:
    value = row.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise GalleryError(f"its {key} is not a mapping")
    return t.cast(Config, typed(value, budget))
