# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Misspelled variables of the role are found, and variables of others are not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from ansible_collections.localai.core.plugins.filter.wrong_variables import FilterModule, distance, wrong_variables

ROLE = Path(__file__).parents[4] / "roles" / "localai"
NAMES = yaml.safe_load((ROLE / "vars" / "main" / "names.yml").read_text(encoding="utf-8"))
SPEC = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]["main"]
KNOWN = NAMES["__localai_options"] + NAMES["__localai_other_names"]


def wrong(*names: str, known: tuple[str, ...] = ()) -> list[str]:
    """Return what the role says of some names."""
    return wrong_variables(names, [*KNOWN, *known], NAMES["__localai_mistakes"])


def test_the_filter_has_its_name() -> None:
    assert FilterModule().filters() == {"wrong_variables": wrong_variables}


def test_the_names_of_the_options_are_those_of_the_argument_specs() -> None:
    assert NAMES["__localai_options"] == list(SPEC["options"])


def test_no_mistake_is_a_known_name_and_each_one_names_a_known_one_or_says_why_not() -> None:
    assert set(NAMES["__localai_mistakes"]).isdisjoint(KNOWN)
    for name, advice in NAMES["__localai_mistakes"].items():
        mentioned = [word.strip(",;:") for word in advice.split() if word.startswith("localai_")]
        bases = [word.partition("__")[0] for word in mentioned]
        assert [base for base in bases if base not in SPEC["options"] and base not in KNOWN] == [], name
        assert mentioned or advice.startswith(("the ", "create ")), name


@pytest.mark.parametrize("name", [*SPEC["options"], "localai_batch", "localai_progress_wait", "localai_backends__gpu"])
def test_known_names_are_right(name: str) -> None:
    assert wrong(name) == []


@pytest.mark.parametrize(
    ("name", "right"),
    [
        ("localai_addres", "localai_address"),
        ("localai_adress", "localai_address"),
        ("localai_enviroment", "localai_environment"),
        ("localai_bakends", "localai_backends"),
        ("localai_backends_stat", "localai_backends_state"),
        ("localai_verison", "localai_version"),
        ("localai_galeries", "localai_galleries"),
        ("localai_path_models", "localai_models_path"),
        ("localai_HOME", "localai_home"),
        ("localai_hmoe", "localai_home"),
        ("localai_gropu", "localai_group"),
        ("localai_unit_override", "localai_unit_overrides"),
        ("localai_pin", "localai_pins"),
        ("localai_enviroment__amd", "localai_environment__amd"),
        ("localai_backend__gpu", "localai_backends__gpu"),
        ("localai_allow_insecure_public_binding", ""),
        ("localai_manage_backend", "localai_manage_backends"),
    ],
)
def test_typing_errors(name: str, right: str) -> None:
    assert wrong(name) == ([f"{name} (did you mean {right}?)"] if right else [])


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("localai_port", "use localai_address"),
        ("localai_host", "use localai_address"),
        ("localai_listen", "use localai_address"),
        ("localai_model", "use localai_models"),
        ("localai_preload_models", "use localai_models"),
        ("localai_models_dir", "use localai_models_path"),
        ("localai_model_path", "use localai_models_path"),
        ("localai_backend", "use localai_backends"),
        ("localai_key", "use localai_api_key"),
        ("localai_env", "use localai_environment"),
        ("localai_gpu", "localai_capability overrides it"),
        ("localai_log_level", "use localai_environment: {LOCALAI_LOG_LEVEL: …}"),
        ("localai_galleries__extra", "only localai_backends__*, localai_environment__*"),
    ],
)
def test_typical_mistakes(name: str, part: str) -> None:
    (text,) = wrong(name)
    assert text.startswith(f"{name} (")
    assert part in text


@pytest.mark.parametrize(
    "name",
    [
        "localai_result",
        "localai_facts",
        "localai_pins_file",
        "localai_version_before",
        "localai_expected_build",
        "localai_stat",
        "localai_users",
        "localai_versions",
        "localai_binary_result",
        "localai_backup_path",
        "localai_nginx_port",
        "localai_vault_password",
        "localai_x",
        "localai_",
        "localai",
        "local_ai_port",
    ],
)
def test_names_of_others_are_accepted(name: str) -> None:
    assert wrong(name) == []


def test_known_variables_of_the_user() -> None:
    assert wrong("localai_port", "localai_addres", known=("localai_port", "localai_add*")) == []


def test_all_wrong_names_come_in_their_order_and_once() -> None:
    found = wrong_variables(["localai_hoome", "localai_adress", "localai_hoome"], ["localai_address", "localai_home"])
    assert found == ["localai_adress (did you mean localai_address?)", "localai_hoome (did you mean localai_home?)"]


@pytest.mark.parametrize(
    ("one", "other", "errors"),
    [
        ("", "", 0),
        ("a", "", 1),
        ("", "ab", 2),
        ("abc", "abc", 0),
        ("abc", "acb", 1),
        ("abcd", "badc", 2),
        ("a", "b", 1),
    ],
)
def test_distance(one: str, other: str, errors: int) -> None:
    assert {distance(*pair) for pair in ((one, other), (other, one))} == {errors}
