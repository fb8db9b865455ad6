# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The questions of the planner, and the types of their answers."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._address import Address
from .._request import Verification


@dataclass(frozen=True)
class ReadGallery:
    """What is the index of the gallery `name`? The answer is an `Index`."""

    about_a_tree: t.ClassVar[t.Literal[False]] = False
    name: str


@dataclass(frozen=True)
class FindArtifact:
    """What would a source deliver now? The answer is an `Artifact`. `sha256` is the required checksum of an archive."""

    about_a_tree: t.ClassVar[t.Literal[False]] = False
    origins: tuple[Address, ...]
    sha256: str = ""


@dataclass(frozen=True)
class ServedDigest:
    """Which digest does an image have at its source now? The answer is the digest."""

    about_a_tree: t.ClassVar[t.Literal[False]] = False
    origins: tuple[Address, ...]


@dataclass(frozen=True)
class NewTreeAttributes:
    """Which owner, group and mode do new trees get? The answer is `FileAttributes`."""

    about_a_tree: t.ClassVar[t.Literal[False]] = False


@dataclass(frozen=True)
class WalkTree:
    """Is an installed tree unchanged? The answer is an `Inspection`, or None if the tree does not exist any more."""

    about_a_tree: t.ClassVar[t.Literal[True]] = True
    directory: str


@dataclass(frozen=True)
class FindSigner:
    """Who signed an image, if one of the policies is satisfied? The answer is a `Signer`.

    `digests` are those of the index and of the image, of which one has to be signed.
    """

    about_a_tree: t.ClassVar[t.Literal[False]] = False
    origins: tuple[Address, ...]
    digests: tuple[str, ...]
    policies: tuple[Verification, ...]


Question = t.Union[ReadGallery, FindArtifact, ServedDigest, NewTreeAttributes, WalkTree, FindSigner]
Questions = t.Tuple[Question, ...]


class Artifact(t.Protocol):
    """The content that a source delivers, as far as the planner needs it. `size` is in bytes, 0 if unknown.

    `identity` tells the content from others, also without a digest; it is empty if nothing does.
    """

    @property
    def uri(self) -> Address: ...
    @property
    def mirrors(self) -> tuple[Address, ...]: ...
    @property
    def digest(self) -> str | None: ...
    @property
    def platform_digest(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def size(self) -> int: ...
    @property
    def identity(self) -> str: ...
