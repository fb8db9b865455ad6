# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Environment files are read as systemd reads what the role writes."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._host.environment_file import variables_of


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("", {}),
        ('A="1"\nB_2=two  \n', {"A": "1", "B_2": "two"}),
        ("A=1\nA=2\n", {"A": "2"}),
        ("# A=1\n; B=2\n", {}),
        ('A="a\\"b\\$\\\\c"', {"A": 'a"b$\\c'}),
        ("A=\n", {"A": ""}),
        ("1A=x\nA B=x\n", {}),
    ],
)
def test_read(text: str, variables: dict[str, str]) -> None:
    assert variables_of(text) == variables
