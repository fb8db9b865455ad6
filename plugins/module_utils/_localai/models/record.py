# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our own record of an installed model: what was requested, what was written, and what a later run compares. Pure.

It is a file of its own for each model, in our directory of the models path. A run that changes nothing compares the
hashes in it, and reads no YAML.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass, field

from ..._address import Address
from ..._errors import GalleryError
from ..._model_request import Config, FileSpec, ModelSpec
from .definition import Definition, Parts
from .gallery import base_of, path_problem
from .scalars import is_too_deep

FORMAT = 1
# No model has this name.
LEFT = ".left"


@dataclass(frozen=True)
class InstalledFile:
    """One file of a model, as it was installed; `size` is in bytes.

    `version` tells its version at a server that states no digest. Digest and version are empty if they are unknown.
    `mtime` is that of the file on the disk, in nanoseconds since 1970, and 0 if it is unknown.
    """

    filename: str
    uri: Address
    sha256: str = ""
    size: int = 0
    version: str = ""
    mtime: int = 0

    @property
    def spec(self) -> FileSpec:
        """The installed content."""
        return FileSpec(self.filename, self.uri, self.sha256)


@dataclass(frozen=True)
class Record:
    """The record of one model.

    `source` and `overrides_digest` are hashes of what the task requested. `yaml_sha256` and `gallery_sha256` are those
    of the two files that were written. `written` has the sizes of the prompt templates and of what was unpacked from
    archives, by path. `snapshots` are the keys of the Hub's snapshots. `request` is what the task requested, without
    its pin; None if it is not recorded. `obsolete` are the paths that the model does not need any more, and that a run
    was about to remove.
    """

    name: str
    config: Config
    parts: Parts
    model: str = ""
    gallery: str = ""
    variant: str = ""
    source: str = ""
    overrides_digest: str = ""
    pinned: bool = False
    yaml_sha256: str = ""
    gallery_sha256: str = ""
    files: tuple[InstalledFile, ...] = ()
    written: t.Mapping[str, int] = field(default_factory=dict)
    snapshots: tuple[str, ...] = ()
    request: ModelSpec | None = None
    obsolete: tuple[str, ...] = ()

    @property
    def paths(self) -> dict[str, int]:
        """The sizes of all that the model consists of besides its YAML files, by path."""
        return {**{file.filename: file.size for file in self.files}, **self.written}

    def file(self, filename: str) -> InstalledFile | None:
        """Return the file with this path."""
        return next((file for file in self.files if file.filename == filename), None)

    def to_json(self) -> bytes:
        """Return the content of the record's file."""
        document = {
            "format": FORMAT,
            **{key: getattr(self, key) for key in _TEXTS},
            "pinned": self.pinned,
            "config": self.config,
            "definition": self.parts.definition.document,
            "base": self.parts.base,
            "overrides": self.parts.overrides,
            "files": [
                {
                    "filename": file.filename,
                    "uri": file.uri.text,
                    "sha256": file.sha256,
                    "size": file.size,
                    "version": file.version,
                    "mtime": file.mtime,
                }
                for file in self.files
            ],
            "written": dict(self.written),
            "snapshots": list(self.snapshots),
            "request": None if self.request is None else _document_of(self.request),
            "obsolete": list(self.obsolete),
        }
        return (json.dumps(document, separators=(",", ":")) + "\n").encode("ascii")


_TEXTS = ("name", "model", "gallery", "variant", "source", "overrides_digest", "yaml_sha256", "gallery_sha256")


def parse_record(data: bytes) -> Record | None:
    """Return the record in a file; None if there is none of use, since its directory may be anybody's."""
    try:
        document = json.loads(data.decode("utf-8"))
        # All that uses a configuration follows its levels.
        if document["format"] != FORMAT or is_too_deep(document):
            return None
        record = Record(
            **{key: _checked(document[key], str) for key in _TEXTS},
            pinned=_checked(document["pinned"], bool),
            config=_checked(document["config"], dict),
            parts=Parts(
                definition_of(document["definition"]),
                _checked(document["base"], dict),
                _checked(document["overrides"], dict),
            ),
            files=tuple(map(_file, _checked(document["files"], list))),
            written={_path(path): _checked(size, int) for path, size in document["written"].items()},
            snapshots=tuple(_checked(key, str) for key in document["snapshots"]),
            request=_request(document),
            obsolete=tuple(map(_removable, _checked(document.get("obsolete", []), list))),
        )
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, GalleryError):
        return None
    return record


def left_json(paths: t.Iterable[str]) -> bytes:
    """Return the content of the list of files that removed models left, because others needed them."""
    document = {"format": FORMAT, "paths": sorted(paths)}
    return (json.dumps(document, separators=(",", ":")) + "\n").encode("ascii")


def parse_left(data: bytes) -> frozenset[str]:
    """Return the paths in that list; none if it cannot be read."""
    try:
        document = json.loads(data.decode("utf-8"))
        paths = document["paths"] if document["format"] == FORMAT else ()
        return frozenset(path for path in paths if isinstance(path, str))
    except (ValueError, LookupError, TypeError, RecursionError):
        return frozenset()


def definition_of(document: t.Mapping[str, t.Any]) -> Definition:
    """Return the definition in a parsed `._gallery_NAME.yaml`; raises GalleryError."""
    base = base_of(document)
    texts = {key: str(document.get(key) or "") for key in ("entry_name", "resolved_variant", "pinned_variant")}
    return Definition(
        description=base.description,
        icon=base.icon,
        license=base.license,
        urls=base.urls,
        name=base.name,
        config_text=base.config_text,
        files=base.files,
        templates=base.templates,
        **texts,
    )


def _document_of(request: ModelSpec) -> dict[str, t.Any]:
    """Return what a record has of a request besides the names of the model."""
    return {
        "variant": request.variant,
        "config": request.config,
        "uri": None if request.uri is None else request.uri.text,
        "revision": request.revision,
        "files": [{"filename": file.filename, "uri": file.uri.text, "sha256": file.sha256} for file in request.files],
    }


def _request(document: t.Mapping[str, t.Any]) -> ModelSpec | None:
    request = document.get("request")
    if request is None:
        return None
    config, uri = request["config"], request["uri"]
    return ModelSpec(
        name=_checked(document["name"], str),
        model=_checked(document["model"], str),
        variant=_checked(request["variant"], str),
        config=None if config is None else _checked(config, dict),
        files=tuple(
            FileSpec(_path(row["filename"]), Address(_checked(row["uri"], str)), _checked(row["sha256"], str))
            for row in _checked(request["files"], list)
        ),
        uri=None if uri is None else Address(_checked(uri, str)),
        revision=_checked(request["revision"], str),
    )


def _file(row: t.Mapping[str, t.Any]) -> InstalledFile:
    return InstalledFile(
        _path(row["filename"]),
        Address(_checked(row["uri"], str)),
        _checked(row["sha256"], str),
        _checked(row["size"], int),
        _checked(row["version"], str),
        _checked(row["mtime"], int),
    )


def _path(path: t.Any) -> str:
    if path_problem(_checked(path, str)):
        raise ValueError(path)
    return t.cast(str, path)


def _removable(path: t.Any) -> str:
    """Return the path of a file or of a snapshot."""
    from .artifacts import snapshot_path

    is_snapshot = _checked(path, str) == snapshot_path(path.rpartition("/")[2])
    return t.cast(str, path) if is_snapshot else _path(path)


def _checked(value: t.Any, kind: type) -> t.Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(value)
    return value
