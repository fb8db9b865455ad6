# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steps: what counts as a change."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai.models.definition import Definition, Parts
from ansible_collections.localai.core.plugins.module_utils._localai.models.gallery import Template
from ansible_collections.localai.core.plugins.module_utils._model_request import ModelSpec
from ansible_collections.localai.core.plugins.module_utils._planner.models.desired import Desired
from ansible_collections.localai.core.plugins.module_utils._planner.models.steps import Install

MODEL = Desired("m", ModelSpec("m"), Parts(Definition()), {"backend": "x"})


@pytest.mark.parametrize(
    "changes",
    [
        {"fetch": ("file",)},
        {"unpack": ("v.tar",)},
        {"templates": (Template("t", ""),)},
        {"writes_yaml": True},
        {"writes_gallery_file": True},
        {"obsolete": ("a",)},
    ],
)
def test_all_but_a_record_is_a_change(changes):
    assert Install(MODEL, **changes).is_change
    assert not Install(MODEL, kept={"a": 1}, old={"x": 1}).is_change
    assert Install(MODEL).name == "m"
