# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option `capability` goes before everything that is detected."""

from __future__ import annotations

import sys

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai import detect
from ansible_collections.localai.core.plugins.module_utils._localai.capability import FILTER_OFF
from ansible_collections.localai.core.plugins.module_utils._module.host_capability import capability_of


@pytest.mark.parametrize("option", ["intel", " intel\n"])
def test_the_option_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch, option: str) -> None:
    monkeypatch.setenv(detect.FORCE_VARIABLE, "amd")
    capability = capability_of(option)
    assert (capability.name, capability.evidence.forced_by) == ("intel", "option capability")


def test_with_the_option_nothing_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, detect.__name__, None)
    assert capability_of(FILTER_OFF).known == FILTER_OFF


def test_without_the_option_it_is_detected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(detect.FORCE_VARIABLE, "amd")
    capability = capability_of(None)
    assert capability.evidence.forced_by == f"environment variable {detect.FORCE_VARIABLE}"
