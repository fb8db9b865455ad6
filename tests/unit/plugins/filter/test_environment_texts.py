# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The environment becomes texts; null leaves a variable out."""

from __future__ import annotations

from ansible_collections.localai.core.plugins.filter.environment_texts import FilterModule, environment_texts


def test_the_texts_of_an_environment() -> None:
    variables = {"B": [1, 2], "A": None, "C": True, "L": ["x", "y"]}
    assert list(environment_texts(variables, ["L", "A"]).items()) == [("B", "[1, 2]"), ("C", "true"), ("L", "x,y")]


def test_the_filter_has_its_name() -> None:
    assert FilterModule().filters() == {"environment_texts": environment_texts}
