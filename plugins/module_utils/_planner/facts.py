# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The facts that a plan is made of, and the questions that it asks for more of them.

An answer may be an error: it is raised where the answer is used, so an error that nothing depends on does no harm.
"""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass, field, replace

from .._address import Address
from .._errors import LocalAIError
from .._fs.file_attributes import FileAttributes
from .._localai.capability import HostCapability
from .._localai.installed import Installed
from .._store.record import Inspection

if t.TYPE_CHECKING:
    from .._localai.catalog import Catalog


@dataclass(frozen=True)
class ReadGallery:
    """What is the index of the gallery `name`? The answer is an `Index`."""

    name: str


@dataclass(frozen=True)
class FindArtifact:
    """What would a source deliver now? The answer is an `Artifact`; `sha256` is what an archive must have."""

    origins: tuple[Address, ...]
    sha256: str = ""


@dataclass(frozen=True)
class ServedDigest:
    """Which digest does an image have at its source now? The answer is the digest."""

    origins: tuple[Address, ...]


@dataclass(frozen=True)
class WalkTree:
    """Is an installed tree as it was installed? The answer is an `Inspection`, or None if the tree is gone."""

    directory: str


_NOTHING, _UNKNOWN = Installed("", ""), FileAttributes()

Question = t.Union[ReadGallery, FindArtifact, ServedDigest, WalkTree]
Questions = t.Tuple[Question, ...]


class Artifact(t.Protocol):
    """What a source delivers, as far as a plan has to know it; `size` is in bytes, 0 if it is not known."""

    @property
    def uri(self) -> Address: ...
    @property
    def digest(self) -> str | None: ...
    @property
    def platform_digest(self) -> str: ...
    @property
    def sha256(self) -> str: ...
    @property
    def size(self) -> int: ...


class Unanswered(Exception):
    """A decision needs the answer to `question`, which is not among the facts yet."""

    def __init__(self, question: Question) -> None:
        super().__init__(question)
        self.question = question


@dataclass(frozen=True)
class Facts:
    """What is known: `host` is what this host can run, `scan` is what is on disk, `galleries` are their names in order.

    `new_trees` has the owner, group and mode that new trees get. `answers` holds the answer to each question that was
    asked, or the error that it ended in.
    """

    host: HostCapability
    galleries: tuple[str, ...] = ()
    scan: Installed = _NOTHING
    new_trees: FileAttributes = _UNKNOWN
    answers: t.Mapping[Question, t.Any] = field(default_factory=dict)

    def learn(self, answers: t.Mapping[Question, t.Any]) -> Facts:
        """Return these facts with more answers."""
        return replace(self, answers={**self.answers, **answers})

    def rescanned(self, scan: Installed, new_trees: FileAttributes) -> Facts:
        """Return the facts after another scan: walks through the trees before it count no longer."""
        is_walk = (isinstance(question, WalkTree) for question in self.answers)
        kept = dict(item for item, walk in zip(self.answers.items(), is_walk) if not walk)
        return replace(self, scan=scan, new_trees=new_trees, answers=kept)

    def answer(self, question: Question) -> t.Any:
        """Return the answer; raises the error that it is, or `Unanswered`."""
        if question not in self.answers:
            raise Unanswered(question)
        answer = self.answers[question]
        if isinstance(answer, LocalAIError):
            raise answer
        return answer

    @functools.cached_property
    def installed(self) -> Installed:
        """What is on disk, with what walks through the trees showed."""
        installed = self.scan
        for question in self.answers:
            if isinstance(question, WalkTree):
                installed = installed.inspected(question.directory, t.cast("Inspection | None", self.answer(question)))
        return installed

    @functools.cached_property
    def catalog(self) -> Catalog:
        """All galleries of the task; an index that was not read yet is an open question."""
        from .._localai.catalog import Catalog

        return Catalog(self.galleries, lambda name: self.answer(ReadGallery(name)))
