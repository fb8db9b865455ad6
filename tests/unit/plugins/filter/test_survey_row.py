# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that reduces what a host wants."""

from __future__ import annotations

from ansible_collections.localai.core.plugins.filter.survey_row import FilterModule


def test_the_filter_reduces_the_wishes_of_a_host() -> None:
    survey_row = FilterModule().filters()["survey_row"]
    wanted = {
        "capability": "cpu",
        "platform": "linux/amd64",
        "server_version": None,
        "backends": [{"name": "whisper", "state": "present"}],
        "backends_state": "present",
        "models": [],
    }
    assert survey_row(wanted)["target"]["backends"] == [{"name": "whisper"}]
