# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Facts and answers."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._localai.models.installed import InstalledModels
from ansible_collections.localai.core.plugins.module_utils._planner.models.facts import ModelFacts
from ansible_collections.localai.core.plugins.module_utils._planner.models.questions import (
    FileOnDisk,
    HashFile,
    ReadIndex,
    ServedFile,
)
from ansible_collections.localai.core.plugins.module_utils._planner.unanswered import Unanswered


def test_answers_are_learned_and_errors_are_answers_too():
    facts = ModelFacts().learn({HashFile("a"): "ab", ReadIndex("g"): GalleryError("broken")})
    assert facts.answer(HashFile("a")) == "ab"
    with pytest.raises(GalleryError, match="broken"):
        facts.answer(ReadIndex("g"))
    with pytest.raises(Unanswered):
        facts.answer(HashFile("b"))


def test_what_is_known_of_the_disk_is_forgotten_after_another_scan():
    served = ServedFile(Address("u"))
    facts = ModelFacts(("g",)).learn({HashFile("a"): "ab", FileOnDisk("a"): None, served: 1})
    scan, requested = InstalledModels("/m"), FileAttributes("root")
    again = facts.rescanned(scan, requested)
    assert (again.galleries, again.scan, again.requested, again.answers) == (("g",), scan, requested, {served: 1})


def test_a_lookup_asks_for_the_index():
    with pytest.raises(Unanswered) as raised:
        ModelFacts(("g",)).lookup.find("m")
    assert raised.value.question == ReadIndex("g")
