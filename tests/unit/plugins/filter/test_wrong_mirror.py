# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that finds what is wrong with localai_mirror."""

from __future__ import annotations

from ansible_collections.localai.core.plugins.filter.wrong_mirror import FilterModule


def test_the_filter_returns_what_is_wrong() -> None:
    wrong_mirror = FilterModule().filters()["wrong_mirror"]
    assert wrong_mirror({"files": "https://m.example"}) == []
    assert wrong_mirror({"files": "m.example"}) == [
        "files must be the URL of a web server, such as https://mirror.example.com:8090"
    ]
