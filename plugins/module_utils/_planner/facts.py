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

from .._errors import LocalAIError
from .._fs.file_attributes import FileAttributes
from .._localai.capability import HostCapability
from .._localai.installed import Installed

if t.TYPE_CHECKING:
    from .._localai.catalog import Catalog
    from .questions import Question


_NOTHING, _UNKNOWN = Installed("", ""), FileAttributes()


class Unanswered(Exception):
    """A decision needs the answer to `question`, which is not among the facts yet."""

    def __init__(self, question: Question) -> None:
        super().__init__(question)
        self.question = question


@dataclass(frozen=True)
class Facts:
    """What is known: `host` is what this host can run, `scan` is what is on disk, `galleries` are their names in order.

    `requested` has the owner, group and mode that installed trees must have. `answers` holds the answer to each
    question that was asked, or the error that it ended in.
    """

    host: HostCapability
    galleries: tuple[str, ...] = ()
    scan: Installed = _NOTHING
    requested: FileAttributes = _UNKNOWN
    answers: t.Mapping[Question, t.Any] = field(default_factory=dict)

    def learn(self, answers: t.Mapping[Question, t.Any]) -> Facts:
        """Return these facts with more answers."""
        return replace(self, answers={**self.answers, **answers})

    def rescanned(self, scan: Installed, requested: FileAttributes) -> Facts:
        """Return the facts after another scan: walks through the trees before it count no longer."""
        lasting: dict[Question, t.Any] = {
            question: answer for question, answer in self.answers.items() if not question.about_a_tree
        }
        return replace(self, scan=scan, requested=requested, answers=lasting)

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
            if question.about_a_tree:
                installed = installed.inspected(question.directory, self.answer(question))
        return installed

    @functools.cached_property
    def catalog(self) -> Catalog:
        """All galleries of the task; an index that was not read yet is an open question."""
        from .._localai.catalog import Catalog
        from .questions import ReadGallery

        return Catalog(self.galleries, lambda name: self.answer(ReadGallery(name)))
