# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values become texts of environment variables, and the dates of YAML and texts of a vault are no exception."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.plugin_utils._values import environment_text, is_text, plain


class Vaulted:
    """Text of a vault, as ansible-core 2.18 has it."""

    __ENCRYPTED__ = True

    def __str__(self) -> str:
        return "secret"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (0.5, "0.5"),
        ("", ""),
        ("True", "True"),
        (Vaulted(), "secret"),
        ([], "[]"),
        (["a", {"b": Vaulted()}], '["a", {"b": "secret"}]'),
        ({"a": [True, None, 1]}, '{"a": [true, null, 1]}'),
        (dt.date(2026, 8, 5), "2026-08-05"),
        ({"at": dt.datetime(2026, 8, 5, 1, tzinfo=dt.timezone.utc)}, '{"at": "2026-08-05T01:00:00+00:00"}'),
    ],
)
def test_the_text_of_a_value(value: Any, text: str) -> None:
    assert environment_text(value) == text


def test_a_list_with_a_separator() -> None:
    assert environment_text(["a", 1, True], ",") == "a,1,true"
    assert environment_text("a,b", ",") == "a,b"


def test_what_is_text() -> None:
    assert is_text("a")
    assert is_text(Vaulted())
    assert not any(map(is_text, (1, None, ["a"], {"a": "b"}, b"a")))


def test_plain_values_have_the_types_of_python() -> None:
    assert plain({1: (Vaulted(), {2})}) == {"1": ["secret", [2]]}
