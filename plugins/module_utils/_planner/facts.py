# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The facts that a plan is based on, with the answers to the planner's questions.

An answer can be an error. It is raised where the answer is used, so an error that no decision depends on is ignored.
"""

from __future__ import annotations

import functools
import typing as t
from dataclasses import dataclass, field, replace

from .._errors import LocalAIError
from .._fs.file_attributes import FileAttributes
from .._localai.capability import HostCapability
from .._localai.installed import Installed
from .._request import Policies
from .unanswered import Unanswered

if t.TYPE_CHECKING:
    from .._localai.catalog import Catalog
    from .questions import Question


_NOTHING, _UNKNOWN = Installed("", ""), FileAttributes()


@dataclass(frozen=True)
class Facts:
    """The facts: the capability of the host, the names of the galleries in order, the scan of the disk, and answers.

    `requested` has the owner, group and mode that installed trees must have. `answers` has the answer to each question
    so far, or the error that prevented an answer. `policies` are those for signatures.
    """

    host: HostCapability
    galleries: tuple[str, ...] = ()
    scan: Installed = _NOTHING
    requested: FileAttributes = _UNKNOWN
    answers: t.Mapping[Question, t.Any] = field(default_factory=dict)
    policies: Policies = field(default_factory=Policies)

    def learn(self, answers: t.Mapping[Question, t.Any]) -> Facts:
        """Return these facts with more answers."""
        return replace(self, answers={**self.answers, **answers})

    def rescanned(self, scan: Installed, requested: FileAttributes) -> Facts:
        """Return the facts after another scan, without the results of earlier walks through trees."""
        remaining: dict[Question, t.Any] = {
            question: answer for question, answer in self.answers.items() if not question.about_a_tree
        }
        return replace(self, scan=scan, requested=requested, answers=remaining)

    def answer(self, question: Question) -> t.Any:
        """Return the answer to a question. Raises `Unanswered`, or the answer itself if that is an error."""
        if question not in self.answers:
            raise Unanswered(question)
        answer = self.answers[question]
        if isinstance(answer, LocalAIError):
            raise answer
        return answer

    @functools.cached_property
    def installed(self) -> Installed:
        """The scan, with the results of the walks through trees."""
        installed = self.scan
        for question in self.answers:
            if question.about_a_tree:
                installed = installed.inspected(question.directory, self.answer(question))
        return installed

    @functools.cached_property
    def catalog(self) -> Catalog:
        """All galleries of the task. The use of an index that was not read yet raises `Unanswered`."""
        from .._localai.catalog import Catalog
        from .questions import ReadGallery

        return Catalog(self.galleries, lambda name: self.answer(ReadGallery(name)))
