# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The platform of images is that of the task, of the capability, or of this host."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError
from ansible_collections.localai.core.plugins.module_utils._localai.machine import Machine
from ansible_collections.localai.core.plugins.module_utils._module import platform
from ansible_collections.localai.core.plugins.module_utils._module.platform import platform_of
from ansible_collections.localai.core.plugins.module_utils._request import HostOptions

HOST = HostOptions("/b", "/s")


def test_the_option_decides_before_the_capability_and_this_host() -> None:
    assert str(platform_of(replace(HOST, platform="linux/arm64"), "metal")) == "linux/arm64"


def test_a_capability_of_one_platform_implies_it() -> None:
    assert str(platform_of(HOST, "metal")) == "darwin/arm64"
    assert str(platform_of(HOST, "nvidia-l4t")) == "linux/arm64"
    assert platform_of(HOST, "nvidia") == platform_of(HOST)


@pytest.mark.parametrize(("machine", "expected"), [("x86_64", "linux/amd64"), ("aarch64", "linux/arm64")])
def test_without_both_it_is_that_of_this_host(monkeypatch: pytest.MonkeyPatch, machine: str, expected: str) -> None:
    monkeypatch.setattr(platform, "Machine", lambda: Machine(system="Linux", machine=machine))
    assert str(platform_of(HOST)) == expected


def test_a_platform_of_another_form_is_an_error() -> None:
    with pytest.raises(LocalAIError, match="'amd64' is not of the form"):
        platform_of(replace(HOST, platform="amd64"))
