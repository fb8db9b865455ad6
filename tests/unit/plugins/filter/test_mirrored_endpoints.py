# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that adds a mirror to endpoints."""

from __future__ import annotations

from ansible_collections.localai.core.plugins.filter.mirrored_endpoints import FilterModule


def test_the_filter_adds_the_mirror_of_each_host() -> None:
    mirrored_endpoints = FilterModule().filters()["mirrored_endpoints"]
    assert mirrored_endpoints([], {"files": "https://m.example"}, ["github.com"]) == [
        {"host": "github.com", "mirrors": [{"url": "https://m.example/github.com"}]}
    ]
