# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An open question."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._planner.models.facts import ModelFacts
from ansible_collections.localai.core.plugins.module_utils._planner.models.questions import HashFile
from ansible_collections.localai.core.plugins.module_utils._planner.unanswered import Unanswered


def test_it_has_the_question():
    with pytest.raises(Unanswered) as raised:
        ModelFacts().answer(HashFile("a"))
    assert raised.value.question == HashFile("a")
