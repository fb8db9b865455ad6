# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a task about models, as frozen values. The argument specifications are in `_module.models.argspec`."""

from __future__ import annotations

import hashlib
import json
import typing as t
from dataclasses import dataclass, field

from ._address import Address
from ._request import Connection, GallerySource, SignatureOptions, State

Config = t.Mapping[str, t.Any]
# The longest name of a model in bytes: `._gallery_NAME.yaml` is the longest file name that is made of it.
MOST_NAME_BYTES = 240


@dataclass(frozen=True)
class FileSpec:
    """A file of a model: its path in the models path, its URI, and its sha256, which is empty if none is given."""

    filename: str
    uri: Address
    sha256: str = ""


# The format of sets of pins.
PINS_FORMAT = 2


@dataclass(frozen=True)
class ModelPin:
    """One row of the option `pins`: a model as it was rendered, and its files at fixed versions.

    `definition` is the content of `._gallery_NAME.yaml`.
    """

    name: str
    config: Config
    definition: Config
    files: tuple[FileSpec, ...] = ()
    model: str = ""
    variant: str = ""


@dataclass(frozen=True)
class ModelSpec:
    """One requested model.

    `name` is its name on the host. `model` is the entry of a gallery, with its gallery if one is given; it is empty for
    a model of one's own, with a `uri` or only a `config`. With `follows_entry`, the host's name is spelled as in the
    gallery.
    """

    name: str
    state: State = "present"
    model: str = ""
    follows_entry: bool = False
    variant: str = ""
    config: Config | None = None
    files: tuple[FileSpec, ...] = ()
    uri: Address | None = None
    revision: str = ""
    pin: ModelPin | None = None

    @property
    def source(self) -> str:
        """A hash of what the model is made of; not of the `config` that is merged over it."""
        uri = "" if self.uri is None else self.uri.text
        files = [[file.filename, file.uri.text, file.sha256] for file in self.files]
        pin = None if self.pin is None else [self.pin.config, self.pin.definition, self.pin.model, self.pin.variant]
        return digest_of([self.model, self.variant, uri, self.revision, files, pin])

    @property
    def overrides(self) -> str:
        """A hash of the `config`."""
        return digest_of(self.config or {})


@dataclass(frozen=True)
class ModelOptions:
    """The options of `localai_model`. The modes are numbers, or None if the option is not set."""

    models: tuple[ModelSpec, ...]
    owner: str | None = None
    group: str | None = None
    mode: int | None = None
    directory_mode: int | None = None
    lock_timeout: int = 60
    exclusive: bool = False
    prune: bool = False
    verify: bool = False
    force: bool = False
    download_only: bool = False


@dataclass(frozen=True)
class ModelHost:
    """The options that both modules have."""

    models_path: str
    galleries: tuple[GallerySource, ...] = ()
    connection: Connection = field(default_factory=Connection)
    signatures: SignatureOptions = field(default_factory=SignatureOptions)


def digest_of(value: t.Any) -> str:
    """Return a hash of a value that JSON can have; the order of keys does not matter."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()
