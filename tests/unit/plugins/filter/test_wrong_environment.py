# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What LocalAI does not accept in its environment is found, by the types that the role knows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.localai.core.plugins.filter.wrong_environment import FilterModule, wrong_environment

FILE = Path(__file__).parents[4] / "roles" / "localai" / "vars" / "main" / "environment_types.yml"
VARIABLES = yaml.safe_load(FILE.read_text(encoding="utf-8"))
TYPES, CHOICES = VARIABLES["__localai_environment_types"], VARIABLES["__localai_environment_choices"]


def wrong(name: str, value: Any) -> list[str]:
    return wrong_environment({name: value}, TYPES, CHOICES)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOCALAI_DEBUG", True),
        ("LOCALAI_DEBUG", "YES"),
        ("DEBUG", 0),
        ("LOCALAI_THREADS", 4),
        ("THREADS", "0x10"),
        ("LOCALAI_UPLOAD_LIMIT", "-1"),
        ("LOCALAI_MAX_ACTIVE_BACKENDS", 0),
        ("MAX_ACTIVE_BACKENDS", "12"),
        ("LOCALAI_MEMORY_RECLAIMER_THRESHOLD", 0.9),
        ("LOCALAI_MEMORY_RECLAIMER_THRESHOLD", "1e-1"),
        ("LOCALAI_WATCHDOG_IDLE_TIMEOUT", "1h30m"),
        ("LOCALAI_CONFIG_DIR_POLL_INTERVAL", "0"),
        ("LOCALAI_OPEN_RESPONSES_STORE_TTL", ""),
        ("LOCALAI_WATCHDOG_INTERVAL", "500ms"),
        ("LOCALAI_LOG_LEVEL", "trace"),
        ("LOCALAI_THREADS", None),
        ("LOCALAI_GALLERIES", ""),
        ("OTHER", "on"),
        ("OTHER", {"a": "b\nc"}),
    ],
)
def test_accepted(name: str, value: Any) -> None:
    assert wrong(name, value) == []


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("LOCALAI_DEBUG", "on", "LOCALAI_DEBUG is wrong, but must be true or false"),
        ("LOCALAI_DEBUG", "t", "LOCALAI_DEBUG is wrong, but must be true or false"),
        ("P2P", "", "P2P is empty, but must be true or false"),
        ("LOCALAI_THREADS", "", "LOCALAI_THREADS is empty, but must be a whole number"),
        ("LOCALAI_MAX_ACTIVE_BACKENDS", -1, "LOCALAI_MAX_ACTIVE_BACKENDS is wrong, but must be a whole number from 0"),
        ("MAX_ACTIVE_BACKENDS", "many", "MAX_ACTIVE_BACKENDS is wrong, but must be a whole number from 0"),
        ("MAX_ACTIVE_BACKENDS", "", "MAX_ACTIVE_BACKENDS is empty, but must be a whole number from 0"),
        ("LOCALAI_CONTEXT_SIZE", 4096.5, "LOCALAI_CONTEXT_SIZE is wrong, but must be a whole number"),
        ("LOCALAI_CONTEXT_SIZE", "4k", "LOCALAI_CONTEXT_SIZE is wrong, but must be a whole number"),
        ("GPU_RECLAIMER_THRESHOLD", "90%", "GPU_RECLAIMER_THRESHOLD is wrong, but must be a number"),
        ("WATCHDOG_BUSY_TIMEOUT", 300, "WATCHDOG_BUSY_TIMEOUT is wrong, but must be a duration such as 15m or 1h30m"),
        ("LOCALAI_LOG_LEVEL", "loud", "LOCALAI_LOG_LEVEL is wrong, but must be one of error, warn, info, debug, trace"),
        ("LOCALAI_LOG_FORMAT", "", "LOCALAI_LOG_FORMAT is empty, but must be one of default, text, json"),
        ("A", "b\nc", "A has more than one line"),
        ("A B", "c", "'A B' is not the name of an environment variable"),
        ("1A", None, "'1A' is not the name of an environment variable"),
    ],
)  # fmt: skip
def test_refused(name: str, value: Any, text: str) -> None:
    assert wrong(name, value) == [text]


def test_all_are_found_and_no_value_is_shown() -> None:
    found = wrong_environment({"LOCALAI_THREADS": "s3cret", "LOCALAI_DEBUG": "s3cret", "OK": 1}, TYPES)
    assert [text.split()[0] for text in found] == ["LOCALAI_DEBUG", "LOCALAI_THREADS"]
    assert "s3cret" not in "".join(found)


def test_each_variable_has_one_type() -> None:
    names = [name for names in TYPES.values() for name in names] + list(CHOICES)
    assert len(names) == len(set(names)) > 100
    assert set(names).isdisjoint(VARIABLES["__localai_environment_lists"])


def test_the_filter_has_its_name() -> None:
    assert FilterModule().filters() == {"wrong_environment": wrong_environment}
