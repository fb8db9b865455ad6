# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The conditions that need action."""

from __future__ import annotations

import yaml

from ansible_collections.localai.core.plugins.plugin_utils._report.conditions import CONDITIONS, NAMES
from ansible_collections.localai.core.tests.support.playbook import COLLECTION


def test_the_role_and_its_documentation_know_all_conditions() -> None:
    role = COLLECTION / "roles" / "localai"
    names = yaml.safe_load((role / "vars" / "main" / "report.yml").read_text(encoding="utf-8"))
    assert names["__localai_report_conditions"] == list(NAMES)
    options = (role / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    assert [name for name in NAMES if f"V({name})" not in options] == []


def test_each_condition_has_a_title_and_says_what_to_do() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert all(condition.title and condition.advice.endswith(".") for condition in CONDITIONS)
