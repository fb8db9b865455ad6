# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of the info module become values."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import NameRefused, OptionError
from ansible_collections.localai.core.plugins.module_utils._module.info_options import (
    BACKEND_INFO,
    InfoOptions,
    info_options,
)


def info(**params: Any) -> InfoOptions:
    options = BACKEND_INFO["argument_spec"]
    return info_options({**{name: option.get("default") for name, option in options.items()}, **params})


def test_names_are_listed_with_and_without_their_galleries() -> None:
    assert InfoOptions(("G@Piper", "x")).wanted == {"g@piper", "piper", "x"}
    assert InfoOptions().wanted is None


def test_the_options_of_the_info_module_become_values() -> None:
    assert info() == InfoOptions()
    assert info(name=["a", "g@b/c"]).names == ("a", "g@b__c")
    assert info(name=["g@b/c"]).spellings == {"b__c": "b/c", "g@b__c": "g@b/c"}
    with pytest.raises(NameRefused):
        info(name=["hf://x"])


def test_a_release_of_the_info_module_is_for_pins() -> None:
    assert info(name=["a"], pins=True, release="v9").release == "v9"
    with pytest.raises(OptionError, match="release selects the builds to pin"):
        info(name=["a"], release="v9")
    with pytest.raises(OptionError, match="cannot be the beginning of a tag"):
        info(name=["a"], pins=True, release="v9/x")


def test_capabilities_to_pin_are_for_pins() -> None:
    assert info(pins=True, pin_capabilities=["amd"]).pin_capabilities == ("amd",)
    with pytest.raises(OptionError, match="pin_capabilities selects the hosts to pin builds for"):
        info(pin_capabilities=["amd"])
