# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A policy for signatures is one that LocalAI accepts, or an error that says what is missing."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import OptionError
from ansible_collections.localai.core.plugins.module_utils._module.galleries import gallery_sources
from ansible_collections.localai.core.plugins.module_utils._module.policies import check_policy

POLICY = {"issuer": "https://issuer.example", "identity_regex": r"^https://x\.example/(heads/master|tags/.+)$"}


@pytest.mark.parametrize(
    ("policy", "says"),
    [
        ({"issuer": "x"}, "galleries: verification of g needs identity or identity_regex."),
        ({"identity": "x"}, "needs issuer or issuer_regex."),
        ({"not_before": "2026-08-05T00:00:00Z"}, "needs issuer or issuer_regex."),
        (dict.fromkeys(POLICY), "needs issuer or issuer_regex."),
        ({**POLICY, "identity_regex": "("}, "identity_regex is not a regular expression: missing )"),
        ({**POLICY, "issuer_regex": "[a"}, "issuer_regex is not a regular expression: unterminated"),
        ({**POLICY, "not_before": "2026-08-05"}, "not_before is '2026-08-05'. Write a date, a time and a time zone"),
        ({**POLICY, "not_before": "2026-08-05T00:00:00"}, "Write a date, a time and a time zone"),
        ({**POLICY, "not_before": "2026-13-05T00:00:00Z"}, "Write a date, a time and a time zone"),
        ({**POLICY, "not_before": "2026-08-05T25:00:00Z"}, "Write a date, a time and a time zone"),
        ({**POLICY, "not_before": "2026-08-05T00:00:00+25:00"}, "Write a date, a time and a time zone"),
        ({**POLICY, "not_before": "yesterday"}, "Write a date, a time and a time zone"),
    ],
)
def test_a_policy_that_localai_refuses_is_an_error(policy: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError) as caught:
        check_policy(policy, "galleries: verification of g")
    assert says in str(caught.value)
    with pytest.raises(OptionError) as of_the_option:
        gallery_sources([{"name": "g", "url": "/g.yaml", "verification": policy}])
    assert str(of_the_option.value) == str(caught.value)


@pytest.mark.parametrize(
    "pattern", [r"^https://x\.example/.*\z", r"\Qx.example\E", r"(?U)x", r"(?i)x(?-i)y", r"\pL+", "a(?i)b"]
)
def test_regular_expressions_of_localai_that_python_does_not_know_are_accepted(pattern: str) -> None:
    check_policy({**POLICY, "identity_regex": pattern}, "galleries: verification of g")
