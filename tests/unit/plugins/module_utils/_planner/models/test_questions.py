# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Questions are values: equal ones are asked once, and those about the disk are forgotten after another scan."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._planner.models import questions as q

ABOUT_THE_DISK = {"FileOnDisk", "HashFile", "ReadYaml", "SurveyDirectory", "FindUnused", "ReadManifest", "ListTree"}


@pytest.mark.parametrize("kind", t.get_args(q.Question))
def test_each_question_tells_whether_it_is_about_the_disk(kind):
    assert kind.about_the_disk == (kind.__name__ in ABOUT_THE_DISK)


def test_equal_questions_are_one():
    assert len({q.ServedFile(Address("u")), q.ServedFile(Address("u")), q.HashFile("u"), q.ReadYaml("u")}) == 3
