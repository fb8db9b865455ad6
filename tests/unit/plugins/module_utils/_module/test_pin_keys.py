# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys of a set of pins that this version does not know are left out, and all others stay as they are."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._module.argspec import BACKEND
from ansible_collections.localai.core.plugins.module_utils._module.info_options import BACKEND_INFO
from ansible_collections.localai.core.plugins.module_utils._module.models.argspec import MODEL
from ansible_collections.localai.core.plugins.module_utils._module.pin_keys import without_unknown_keys

SPEC = BACKEND["argument_spec"]


def test_unknown_keys_of_a_set_and_of_its_rows_are_left_out() -> None:
    pins = {
        "format": 2,
        "created": "2026-11-30",
        "models": [{"name": "m"}],
        "binaries": [],
        "backends": [{"name": "a", "size": 5, "verified": {"by": "x"}, "digest": "d"}],
    }
    assert without_unknown_keys(pins, SPEC) == {"format": 2, "backends": [{"name": "a", "digest": "d"}]}
    assert set(pins) == {"format", "created", "models", "binaries", "backends"}


@pytest.mark.parametrize("value", [None, "text", True, 5, [], {}, {"backends": None}, {"backends": ["text", 5]}])
def test_other_values_stay_for_ansible_to_refuse(value: Any) -> None:
    assert without_unknown_keys(value, SPEC) == value


def test_a_module_whose_pins_have_no_keys_of_their_own_gets_them_as_they_are() -> None:
    pins = {"format": 2, "models": [{"name": "m", "unknown": 1}], "unknown": 1}
    assert without_unknown_keys(pins, MODEL["argument_spec"]) == pins
    assert without_unknown_keys(True, BACKEND_INFO["argument_spec"]) is True
    assert without_unknown_keys(pins, {}) == pins
