# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The facts that a plan for models is based on, with the answers to the planner's questions."""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass, field, replace

from ..._errors import LocalAIError
from ..._fs.file_attributes import FileAttributes
from ..._localai.lookup import Lookup
from ..._localai.models.gallery import ModelEntry
from ..._localai.models.installed import InstalledModels
from ..unanswered import Unanswered
from .questions import Question, ReadIndex

_NOTHING, _UNKNOWN = InstalledModels(""), FileAttributes()


@dataclass(frozen=True)
class ModelFacts:
    """The names of the galleries in order, the scan of the disk, and the answers so far, of which some are errors.

    `requested` and `directories` have the owner, group and mode that files and directories must have; empty ones stay
    as they are.
    """

    galleries: tuple[str, ...] = ()
    scan: InstalledModels = _NOTHING
    requested: FileAttributes = _UNKNOWN
    directories: FileAttributes = _UNKNOWN
    answers: t.Mapping[Question, t.Any] = field(default_factory=dict)

    def learn(self, answers: t.Mapping[Question, t.Any]) -> ModelFacts:
        """Return these facts with more answers."""
        return replace(self, answers={**self.answers, **answers})

    def rescanned(
        self, scan: InstalledModels, requested: FileAttributes, directories: FileAttributes = _UNKNOWN
    ) -> ModelFacts:
        """Return the facts after another scan, without what earlier answers say of the disk."""
        remaining: dict[Question, t.Any] = {
            question: answer for question, answer in self.answers.items() if not question.about_the_disk
        }
        return replace(self, scan=scan, requested=requested, directories=directories, answers=remaining)

    def answer(self, question: Question) -> t.Any:
        """Return the answer to a question. Raises `Unanswered`, or the answer itself if that is an error."""
        if question not in self.answers:
            raise Unanswered(question)
        answer = self.answers[question]
        if isinstance(answer, LocalAIError):
            raise answer
        return answer

    @functools.cached_property
    def lookup(self) -> Lookup[ModelEntry]:
        """All galleries of the task. The use of an index that was not read yet raises `Unanswered`."""
        return Lookup(self.galleries, lambda name: self.answer(ReadIndex(name)))
