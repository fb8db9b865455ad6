# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of `localai_model_info` become values."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import NameRefused, OptionError
from ansible_collections.localai.core.plugins.module_utils._module.models.info_options import (
    MODEL_INFO,
    ModelInfoOptions,
    RequestedName,
    model_info_options,
)


def info(**params: Any) -> ModelInfoOptions:
    options = MODEL_INFO["argument_spec"]
    return model_info_options({**{name: option.get("default") for name, option in options.items()}, **params})


def test_the_options_become_values() -> None:
    assert info() == ModelInfoOptions()
    assert info(name=[" a ", "G@b/c", "a"]).names == (RequestedName("", "a"), RequestedName("G", "b__c"))
    assert info(available=True, upgrades=True, pins=True, verify=True, service_user=" u ") == ModelInfoOptions(
        available=True, upgrades=True, pins=True, verify=True, service_user="u"
    )


def test_names_are_compared_without_case_and_galleries_only_with_entries() -> None:
    request = info(name=["Qwen3", "G@Other"])
    assert request.wants("qwen3")
    assert request.wants("x", "QWEN3")
    assert request.wants("other")
    assert not request.wants("qwen")
    assert request.wants_entry("qwen3", "any")
    assert request.wants_entry("OTHER", "g")
    assert not request.wants_entry("other", "h")
    assert info().wants("anything")
    assert info().wants_entry("anything", "any")


def test_the_text_of_a_name_is_what_a_look_up_takes() -> None:
    assert [name.text for name in info(name=["g@a", "b"]).names or ()] == ["g@a", "b"]


def test_all_names_that_cannot_be_names_are_reported_together() -> None:
    with pytest.raises(NameRefused, match=r"starts with a dot.*is an address"):
        info(name=["../x", "hf://x/y"])


def test_an_empty_user_is_an_error() -> None:
    with pytest.raises(OptionError, match="service_user is empty"):
        info(service_user=" ")
