# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The parts of a model, and the configuration that LocalAI builds from them. Pure.

Follows `InstallModelFromGallery`, `InstallModel` and `ResolveVariant` in LocalAI's `core/gallery/models.go`.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, field, replace

from ..._errors import GalleryError
from ..._model_request import Config, FileSpec
from .gallery import Base, ModelEntry, Template
from .merge import merged

# Go writes larger numbers with an exponent, which makes them no whole ones.
_LEAST_WITH_EXPONENT = 1e6


@dataclass(frozen=True)
class Definition:
    """The content of `._gallery_NAME.yaml`, in which LocalAI records what it installed.

    The last three fields are empty for an entry without variants.
    """

    description: str = ""
    icon: str = ""
    license: str = ""
    urls: tuple[str, ...] = ()
    name: str = ""
    config_text: str = ""
    files: tuple[FileSpec, ...] = ()
    templates: tuple[Template, ...] = ()
    entry_name: str = ""
    resolved_variant: str = ""
    pinned_variant: str = ""

    @property
    def document(self) -> dict[str, t.Any]:
        """The document with LocalAI's keys, in its order; it has addresses that are not redacted."""
        variant = {
            "entry_name": self.entry_name,
            "resolved_variant": self.resolved_variant,
            "pinned_variant": self.pinned_variant,
        }
        return {
            "description": self.description,
            "icon": self.icon,
            "license": self.license,
            "urls": list(self.urls),
            "name": self.name,
            "config_file": self.config_text,
            "files": [{"filename": file.filename, "sha256": file.sha256, "uri": file.uri.text} for file in self.files],
            "prompt_templates": [{"name": template.name, "content": template.content} for template in self.templates],
            **{key: value for key, value in variant.items() if value},
        }


@dataclass(frozen=True)
class Parts:
    """The parts of a configuration before the merge: its `definition`, the `base`, and `overrides` of the entry."""

    definition: Definition
    base: Config = field(default_factory=dict)
    overrides: Config = field(default_factory=dict)

    def config(self, name: str, requested: Config) -> dict[str, t.Any]:
        """Return the configuration of the model `name`; the `requested` one is merged over that of the entry."""
        overrides = merged(self.overrides, requested)
        return t.cast("dict[str, t.Any]", _as_written(merged({**self.base, "name": name}, overrides)))


def parts_of(entry: ModelEntry, base: Base | None, base_config: Config, extra: tuple[FileSpec, ...]) -> Parts:
    """Return the parts of an entry, with its base file if it has one; `extra` are files that the task adds.

    Raises GalleryError for an entry that installs nothing.
    """
    files = (*(base.files if base else ()), *extra, *entry.files)
    definition = Definition(
        description=entry.description,
        icon=entry.icon,
        license=entry.license,
        urls=(*(base.urls if base else ()), *entry.urls),
        name=base.name if base else entry.name,
        config_text=base.config_text if base else entry.config_text,
        files=files,
        templates=base.templates if base else (),
    )
    return Parts(definition, base_config if base else entry.config, entry.overrides)


def variant_names(entry: ModelEntry) -> tuple[str, ...]:
    """Return the names that the option `variant` can have for an entry; none if it has no variants."""
    return (*entry.variants, entry.name) if entry.variants else ()


def chosen_variant(entry: ModelEntry, variant: str) -> str:
    """Return the entry to install for an entry with variants; empty for the entry itself.

    Without `variant`, it is always the entry itself: LocalAI would choose by hardware and network. Raises GalleryError
    for a variant that the entry does not have.
    """
    names = variant_names(entry)
    if not variant or (names and variant.lower() == entry.name.lower()):
        return ""
    chosen = next((name for name in names if name.lower() == variant.lower()), "")
    if not chosen:
        offer = f"its variants are {', '.join(names)}" if names else "it has no variants"
        raise GalleryError(f"{entry.name}: there is no variant {variant!r}; {offer}.")
    return chosen


def with_variant(parts: Parts, entry: ModelEntry, resolved: str, pinned: str) -> Parts:
    """Return the parts of a variant as those of the entry that it was requested as."""
    definition = replace(
        parts.definition,
        name=entry.name,
        entry_name=entry.name,
        resolved_variant=resolved,
        pinned_variant=pinned,
    )
    return replace(parts, definition=definition)


def as_entry(variant: ModelEntry, entry: ModelEntry) -> ModelEntry:
    """Return the build of a variant with what describes the entry that it was requested as."""
    return replace(
        variant,
        name=entry.name,
        description=entry.description,
        icon=entry.icon,
        license=entry.license,
        urls=entry.urls,
        tags=entry.tags,
        variants=(),
    )


def files_by_name(files: t.Iterable[FileSpec], name: str) -> dict[str, FileSpec]:
    """Return the files of a model, each once; raises GalleryError for a file that has two contents."""
    by_name: dict[str, FileSpec] = {}
    for file in files:
        other = by_name.setdefault(file.filename, file)
        if other.sha256 and file.sha256 and other.sha256 != file.sha256:
            raise GalleryError(f"{name}: its file {file.filename} is listed with two digests.")
        if file.sha256 and not other.sha256:
            by_name[file.filename] = file
    return by_name


def _as_written(value: t.Any) -> t.Any:
    """Return a value as it is after LocalAI has written and read it: 2.0 is 2 then."""
    if isinstance(value, dict):
        return {str(key): _as_written(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_written(item) for item in value]
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < _LEAST_WITH_EXPONENT
    return int(value) if is_whole else value


def unwritable(config: t.Any, where: str = "", depth: int = 2) -> str:
    """Return the key of a text that LocalAI cannot write into a YAML file and read again; empty if there is none.

    `yaml_emitter_write_block_scalar` in `emitterc.go` of gopkg.in/yaml.v3 writes a wrong indentation for a block in a
    list that begins with white space, and none for a block that begins with a tab. LocalAI rewrites the files of
    models, so it would break them.
    """
    if isinstance(config, dict):
        items = [(f"{where}.{key}".lstrip("."), value, depth + 1) for key, value in config.items()]
    elif isinstance(config, list):
        items = [(f"{where}[{number}]", value, 0) for number, value in enumerate(config)]
    else:
        return where if isinstance(config, str) and _is_broken_block(config, in_list=depth <= 1) else ""
    return next(filter(None, (unwritable(value, key, level) for key, value, level in items)), "")


def _is_broken_block(text: str, *, in_list: bool) -> bool:
    is_block = "\n" in text and not re.search(r" (?:\n|\Z)", text)
    return is_block and (text[0].isspace() if in_list else text[0] == "\t") and bool(text.strip("\n"))
