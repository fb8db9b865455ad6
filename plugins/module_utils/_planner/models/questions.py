# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The questions of the planner of models, and the types of their answers."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ..._address import Address
from ..._model_request import Config

if t.TYPE_CHECKING:
    from ..._localai.models.artifacts import Spec
    from ..._localai.models.mentions import Mentions
    from ..._localai.models.record import Record


@dataclass(frozen=True)
class ReadIndex:
    """What is the index of the gallery `name`? The answer is an `Index`."""

    about_the_disk: t.ClassVar[bool] = False
    name: str


@dataclass(frozen=True)
class ReadBase:
    """What is in the base file at the `url` of an entry of a gallery? The answer is a `BaseFile`."""

    about_the_disk: t.ClassVar[bool] = False
    gallery: str
    url: str


@dataclass(frozen=True)
class ReadConfiguration:
    """What is in the configuration file at an address? The answer is a `BaseFile`."""

    about_the_disk: t.ClassVar[bool] = False
    address: Address


@dataclass(frozen=True)
class ServedFile:
    """What does the server of a file state of it? The answer is a `Served`."""

    about_the_disk: t.ClassVar[bool] = False
    address: Address


@dataclass(frozen=True)
class FindSnapshot:
    """Which files does a repository have at a revision? The answer is a `Snapshot`.

    If it is not `required`, nobody waits long for the answer.
    """

    about_the_disk: t.ClassVar[bool] = False
    spec: Spec
    revision: str
    required: bool


@dataclass(frozen=True)
class ReadManifest:
    """Is the snapshot with a key complete? The answer is the sizes of its files by path, None if it is not.

    With `verify`, the digests of its files are compared.
    """

    about_the_disk: t.ClassVar[bool] = True
    key: str
    verify: bool = False


@dataclass(frozen=True)
class FileOnDisk:
    """What is at a path in the models path? The answer is a `FileState`, None for nothing."""

    about_the_disk: t.ClassVar[bool] = True
    path: str


@dataclass(frozen=True)
class ListTree:
    """What is in a directory of the models path? The answer has the `FileState` of it and of all in it, by path."""

    about_the_disk: t.ClassVar[bool] = True
    path: str


@dataclass(frozen=True)
class HashFile:
    """Which sha256 does a file in the models path have? The answer is its digits, empty if it is gone."""

    about_the_disk: t.ClassVar[bool] = True
    path: str


@dataclass(frozen=True)
class ReadYaml:
    """What is in a YAML file of the models path? The answer is its content, None if it cannot be read."""

    about_the_disk: t.ClassVar[bool] = True
    path: str


@dataclass(frozen=True)
class SurveyDirectory:
    """What do the YAML files and the records of the models path say? The answer is a `Survey`."""

    about_the_disk: t.ClassVar[bool] = True


@dataclass(frozen=True)
class FindUnused:
    """Which files did LocalAI or this collection leave that no model needs? The answer is a tuple of `Unused`."""

    about_the_disk: t.ClassVar[bool] = True


Question = t.Union[
    ReadIndex,
    ReadBase,
    ReadConfiguration,
    ServedFile,
    FindSnapshot,
    ReadManifest,
    FileOnDisk,
    ListTree,
    HashFile,
    ReadYaml,
    SurveyDirectory,
    FindUnused,
]


class BaseFile(t.Protocol):
    """A base file, and what its configuration means."""

    @property
    def base(self) -> t.Any: ...
    @property
    def config(self) -> Config: ...


class HubFile(t.Protocol):
    """A file of a snapshot; its sha256 is empty if only the hash of git is known, `blob_oid`."""

    @property
    def path(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    @property
    def blob_oid(self) -> str: ...
    @property
    def xet_hash(self) -> str: ...
    @property
    def url(self) -> Address: ...


class Snapshot(t.Protocol):
    """The files of a repository at a commit, and the server that has them."""

    @property
    def endpoint(self) -> Address: ...
    @property
    def commit(self) -> str: ...
    @property
    def files(self) -> t.Sequence[HubFile]: ...


class Served(t.NamedTuple):
    """The statements of a server about a file: its size in bytes, 0 if unknown, and its version, empty if unknown."""

    size: int
    version: str


class Survey(t.NamedTuple):
    """What the YAML files of a directory mention, our records by name, and the `documents` that could be parsed.

    `sizes` has the bytes of all files of the directory, and of snapshots. Documents and sizes are by path.
    """

    mentions: Mentions
    records: t.Mapping[str, Record]
    documents: t.Mapping[str, t.Any]
    sizes: t.Mapping[str, int]
