# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's defaults are those that its argument specs state, and each variable is documented and used."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from ansible_collections.localai.core.plugins.module_utils._module.argspec import BACKEND

ROLE = Path(__file__).parents[3] / "roles" / "localai"
SPEC = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
DEFAULTS = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text())
VARS = {name for file in ROLE.glob("vars/main/*.yml") for name in yaml.safe_load(file.read_text())}


def test_defaults_are_those_of_the_argument_specs():
    assert {name: option["default"] for name, option in SPEC.items() if "default" in option} == DEFAULTS


def test_what_the_role_computes_is_no_option():
    assert [name for name in VARS if not name.startswith("__localai_")] == []


@pytest.mark.parametrize("name", sorted(SPEC))
def test_each_option_is_used_in_the_role(name):
    files = [*ROLE.glob("tasks/*.yml"), *ROLE.glob("templates/*.j2"), *ROLE.glob("vars/main/*.yml")]
    assert any(re.search(rf"\b{name}\b", file.read_text()) for file in files)


@pytest.mark.parametrize(
    "name", ["localai_api_key", "localai_api_keys", "localai_environment", "localai_secret_environment"]
)
def test_secrets_are_not_logged(name):
    assert SPEC[name]["no_log"] is True


def test_galleries_have_the_keys_of_the_modules():
    def keys(options, nested):
        return {name: keys(option[nested], nested) if nested in option else {} for name, option in options.items()}

    assert keys(SPEC["localai_galleries"]["options"], "options") == keys(
        BACKEND["argument_spec"]["galleries"]["options"], "options"
    )
