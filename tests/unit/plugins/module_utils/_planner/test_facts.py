# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts grow by answers; an error among them counts only where it is used."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError, HostError
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._planner.facts import Facts
from ansible_collections.localai.core.plugins.module_utils._planner.questions import (
    NewTreeAttributes,
    ReadGallery,
    WalkTree,
)
from ansible_collections.localai.core.plugins.module_utils._planner.unanswered import Unanswered
from ansible_collections.localai.core.plugins.module_utils._store.record import Inspection
from ansible_collections.localai.core.tests.support.plans import CPU_HOST, GALLERY, answer, concrete, installed

ATTRIBUTES = FileAttributes("localai", "localai", "0755")
FACTS = Facts(CPU_HOST, ("g",), installed(concrete("piper"), concrete("cpu-m")))


def test_a_question_without_an_answer_is_named() -> None:
    with pytest.raises(Unanswered) as unanswered:
        FACTS.answer(NewTreeAttributes())
    assert unanswered.value.question == NewTreeAttributes()


def test_answers_are_added_and_the_facts_before_stay_as_they_were() -> None:
    learned = FACTS.learn({NewTreeAttributes(): ATTRIBUTES}).learn({WalkTree("piper"): Inspection()})
    assert learned.answer(NewTreeAttributes()) == ATTRIBUTES
    assert learned.answer(WalkTree("piper")) == Inspection()
    assert FACTS.answers == {}


def test_an_error_is_raised_only_where_its_answer_is_used() -> None:
    learned = FACTS.learn({ReadGallery("g"): GalleryError("no gallery"), NewTreeAttributes(): ATTRIBUTES})
    assert learned.answer(NewTreeAttributes()) == ATTRIBUTES
    assert learned.installed == FACTS.scan
    with pytest.raises(GalleryError, match="no gallery"):
        learned.answer(ReadGallery("g"))
    with pytest.raises(GalleryError, match="no gallery"):
        learned.catalog.find("piper")


def test_what_is_installed_has_what_the_walks_showed() -> None:
    damaged = Inspection("not as it was installed: lib is missing", 3)
    learned = FACTS.learn({WalkTree("piper"): damaged, WalkTree("cpu-m"): None})
    assert [(directory.name, directory.inspection) for directory in learned.installed.directories] == [
        ("piper", damaged)
    ]
    assert [directory.name for directory in learned.scan.directories] == ["cpu-m", "piper"]


def test_a_walk_that_failed_is_an_error_for_what_is_installed() -> None:
    with pytest.raises(HostError, match="cannot be read"):
        assert not FACTS.learn({WalkTree("piper"): HostError("cannot be read")}).installed


def test_another_scan_forgets_walks_and_nothing_else() -> None:
    index = answer(ReadGallery("g"))
    learned = FACTS.learn({WalkTree("piper"): Inspection("damaged"), ReadGallery("g"): index})
    again = learned.rescanned(installed(concrete("piper")), ATTRIBUTES)
    assert again.answers == {ReadGallery("g"): index}
    assert (again.scan, again.requested) == (installed(concrete("piper")), ATTRIBUTES)
    assert again.installed.directories[0].inspection is None
    assert (again.host, again.galleries) == (CPU_HOST, ("g",))


def test_a_gallery_that_was_not_read_is_an_open_question() -> None:
    with pytest.raises(Unanswered) as unanswered:
        FACTS.catalog.find("piper")
    assert unanswered.value.question == ReadGallery("g")
    assert FACTS.learn({ReadGallery("g"): answer(ReadGallery("g"))}).catalog.entries() == GALLERY
