# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directives that systemd does not accept, or that would break the role, are found."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.filter.wrong_unit_overrides import FilterModule, wrong_unit_overrides


def test_accepted() -> None:
    overrides = {
        "Unit": {"After": ["a.service", "b.service"], "X-Own": "x", "User": "not reserved here"},
        "Service": {
            "MemoryMax": "64G",
            "Nice": 5,
            "PrivateTmp": False,
            "Environment": ["A=1"],
            "DeviceAllow": "",
            "ExecStartPre": None,
        },
        "Install": {},
    }
    assert wrong_unit_overrides(overrides, {"User": "use x"}) == []


@pytest.mark.parametrize(
    ("directives", "text"),
    [
        ({"User": "me"}, "Service.User belongs to the role (use localai_user)"),
        ({"memoryMax": 1}, "Service.memoryMax is not the name of a directive, such as MemoryMax"),
        ({"Memory Max": 1}, "Service.Memory Max is not the name of a directive, such as MemoryMax"),
        ({"Nice": {"a": 1}}, "Service.Nice is not text, a number, a boolean or a list of them"),
        ({"Nice": [["a"]]}, "Service.Nice is not text, a number, a boolean or a list of them"),
        ({"Nice": "1\nUser=root"}, "Service.Nice has more than one line, or ends with a backslash"),
        ({"Nice": ["1", "2\\"]}, "Service.Nice has more than one line, or ends with a backslash"),
    ],
)
def test_refused_directives(directives: dict[str, Any], text: str) -> None:
    assert wrong_unit_overrides({"Service": directives}, {"User": "use localai_user"}) == [text]


def test_refused_sections() -> None:
    assert wrong_unit_overrides({"service": {}, "Unit": "After=x"}) == [
        "service is not one of the sections Unit, Service, Install",
        "Unit is not a mapping of directives",
    ]


def test_the_filter_has_its_name() -> None:
    assert FilterModule().filters() == {"wrong_unit_overrides": wrong_unit_overrides}
