# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The constraints between options are known to Ansible."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.localai.core.plugins.module_utils._module.argspec import (
    BACKEND,
    BACKENDS_OPTIONS,
    CONNECTION_OPTIONS,
)
from ansible_collections.localai.core.plugins.module_utils._module.info_options import BACKEND_INFO

DIGEST = "sha256:" + "ab" * 32
PINS = {"format": 1, "backends": []}
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"uri": "/x", "release": "v1"}, "mutually exclusive"),
    ({"uri": "/x", "pins": PINS}, "mutually exclusive"),
    ({"release": "v1", "digest": DIGEST}, "mutually exclusive"),
    ({"release": "v1", "pins": PINS}, "mutually exclusive"),
    ({"digest": DIGEST, "pins": PINS}, "mutually exclusive"),
    ({"alias": "x"}, "required by 'alias': uri"),
    ({"name": ["a"], "backends": [{"name": "a"}]}, "mutually exclusive: name|backends"),
    ({"backends": [{"name": "a"}], "uri": "/x"}, "mutually exclusive"),
    ({"backends": [{"name": "a"}], "digest": DIGEST}, "mutually exclusive"),
    ({"backends": [{"name": "a", "alias": "b"}]}, "required by 'alias': uri"),
    ({"backends": [{"name": "a", "uri": "/x", "release": "v1"}]}, "mutually exclusive"),
    ({"backends": [{"uri": "/x"}]}, "missing required arguments: name"),
    ({}, "one of the following is required: name, backends"),
    ({"client_key": "/k"}, "required by 'client_key': client_cert"),
    ({"endpoints": [{"host": "h", "client_key": "/k"}]}, "required by 'client_key': client_cert"),
    ({"endpoints": [{"host": "h", "username": "u"}]}, "required together"),
    ({"endpoints": [{"host": "h", "token": "t", "username": "u", "password": "p"}]}, "mutually exclusive"),
]


@pytest.mark.parametrize(("options", "message"), REFUSED)
def test_options_that_contradict_each_other_are_refused_by_ansible(options: dict[str, Any], message: str) -> None:
    given = options if not options or "backends" in options else {"name": ["a"], **options}
    errors = ArgumentSpecValidator(**copy.deepcopy(BACKEND)).validate(given).error_messages
    assert message in " ".join(errors)


@pytest.mark.parametrize("options", [{"uri": "/x", "alias": "b"}, {"client_key": "/k", "client_cert": "/c"}])
def test_options_that_belong_together_are_accepted(options: dict[str, Any]) -> None:
    assert ArgumentSpecValidator(**copy.deepcopy(BACKEND)).validate({"name": ["a"], **options}).error_messages == []


def test_the_modules_share_their_options_and_their_constraints() -> None:
    assert set(CONNECTION_OPTIONS).isdisjoint(BACKENDS_OPTIONS)
    for spec in (BACKEND, BACKEND_INFO):
        assert {**CONNECTION_OPTIONS, **BACKENDS_OPTIONS}.items() <= spec["argument_spec"].items()
        errors = (
            ArgumentSpecValidator(**copy.deepcopy(spec)).validate({"name": ["a"], "client_key": "/k"}).error_messages
        )
        assert "client_cert" in " ".join(errors)
