# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of localai_bundle as Ansible checks them."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._module.argspec import CONNECTION_OPTIONS, SIGNATURE_OPTIONS
from ansible_collections.localai.core.plugins.module_utils._module.bundle.argspec import BUNDLE
from ansible_collections.localai.core.plugins.modules import localai_bundle
from ansible_collections.localai.core.tests.support.module import run_module

WRONG: dict[str, Any] = {
    "backends": {"a": 1},
    "models": {"a": 1},
    "capabilities": {"a": 1},
    "platforms": {"a": 1},
    "server_versions": {"a": 1},
    "galleries": ["text"],
    "model_galleries": ["text"],
    "pins": [1],
    "prune": "maybe",
    "lock_timeout": "long",
    "timeout": "x",
    "endpoints": "x",
    "signatures": "maybe",
    "unknown": 1,
}


@pytest.mark.parametrize("name", WRONG)
def test_a_value_of_a_wrong_type_is_refused(tmp_path: Any, name: str) -> None:
    given = {"path": str(tmp_path / "b"), "backends": ["x"], name: WRONG[name]}
    result = run_module(localai_bundle.main, given)
    assert result["failed"]
    assert name in result["msg"]
    assert not (tmp_path / "b").exists()


@pytest.mark.parametrize("name", ["backends", "models", "capabilities", "platforms", "server_versions"])
def test_a_survey_takes_the_place_of_other_options(name: str) -> None:
    result = run_module(localai_bundle.main, {"path": "/x", "survey": "/y", name: ["z"]})
    assert result["msg"] == f"parameters are mutually exclusive: survey|{name}"


def test_the_path_is_needed() -> None:
    assert "path" in run_module(localai_bundle.main, {"backends": ["x"]})["msg"]


def test_it_has_all_options_of_connections_and_signatures() -> None:
    assert {*CONNECTION_OPTIONS, *SIGNATURE_OPTIONS} <= set(BUNDLE["argument_spec"])
