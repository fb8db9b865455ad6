# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The arguments of localai_model."""

from __future__ import annotations

from ansible_collections.localai.core.plugins.module_utils._module.argspec import CONNECTION_OPTIONS
from ansible_collections.localai.core.plugins.module_utils._module.models.argspec import (
    LOCALAI_MODELS,
    MODEL,
    MODELS_OPTIONS,
)


def test_it_has_the_options_of_the_connection_and_of_models():
    assert {*CONNECTION_OPTIONS, *MODELS_OPTIONS} <= set(MODEL["argument_spec"])


def test_a_row_has_all_that_one_name_can_have():
    row = set(MODEL["argument_spec"]["models"]["options"]) - {"name", "state"}
    assert row <= set(MODEL["argument_spec"])
    assert {("models", option) for option in row} <= {tuple(pair) for pair in MODEL["mutually_exclusive"]}


def test_the_gallery_is_the_one_of_localai_with_its_mirrors():
    assert (LOCALAI_MODELS["url"], len(LOCALAI_MODELS["mirrors"])) == ("https://index.localai.io/models", 2)
    assert MODELS_OPTIONS["galleries"]["default"] == [LOCALAI_MODELS]


def test_exclusive_options_are_options():
    names = {name for pair in MODEL["mutually_exclusive"] for name in pair}
    assert names <= set(MODEL["argument_spec"])
