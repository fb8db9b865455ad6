# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances of one host share nothing by accident, and lose nothing by the removal of another."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.filter.instance_conflicts import FilterModule, instance_conflicts

UNIT = "localai-b.service"
HOME = "/var/lib/local-ai"
PATHS = {
    "localai_home": f"{HOME}-b",
    "localai_backends_path": f"{HOME}-b/backends",
    "localai_data_path": f"{HOME}-b/data",
    "localai_config_path": f"{HOME}-b/configuration",
    "localai_models_path": f"{HOME}-b/models",
}


def other(**values: Any) -> dict[str, Any]:
    """The only instance of a host until now, with the defaults of the role."""
    paths = {f"{name}_path": f"{HOME}/{name}" for name in ("backends", "models", "data")}
    defaults = {"unit": "localai.service", "user": "localai", "group": "localai", "address": "127.0.0.1:8080"}
    return {**defaults, "home": HOME, **paths, "config_path": f"{HOME}/configuration", **values}


def test_the_defaults_share_nothing() -> None:
    assert (
        instance_conflicts([other()], UNIT, PATHS, models_path=PATHS["localai_models_path"], address="127.0.0.1:8081")
        == []
    )


def test_an_instance_is_not_compared_with_itself() -> None:
    assert instance_conflicts([other(unit=UNIT)], UNIT, {"localai_home": HOME}, address="127.0.0.1:8080") == []


@pytest.mark.parametrize(
    ("option", "path", "used"),
    [
        ("localai_home", HOME, HOME),
        ("localai_home", f"{HOME}/b", HOME),
        ("localai_home", "/var/lib", HOME),
        ("localai_backends_path", f"{HOME}/backends/", HOME),
        ("localai_backends_path", "/srv//backends", "/srv/backends"),
        ("localai_models_path", "/srv/models", "/srv/models"),
    ],
)
def test_a_path_of_another_instance(option: str, path: str, used: str) -> None:
    row = other(backends_path="/srv/backends", models_path="/srv/models")
    expected = [f"{option} is {path}, and localai.service uses {used}"]
    assert instance_conflicts([row], UNIT, {**PATHS, option: path}) == expected


def test_models_are_shared_on_purpose() -> None:
    reads = {name: path for name, path in PATHS.items() if name != "localai_models_path"}
    assert instance_conflicts([other()], UNIT, reads, models_path=f"{HOME}/models") == []
    manages = {"localai_home": HOME, "localai_backends_path": f"{HOME}/backends"}
    reader = other(unit=UNIT, home=f"{HOME}-b", backends_path=f"{HOME}-b/backends", data_path=None, config_path=None)
    assert instance_conflicts([reader], "localai.service", manages, models_path=f"{HOME}/models") == []


@pytest.mark.parametrize(
    ("address", "theirs", "conflicts"),
    [
        ("127.0.0.1:8080", "127.0.0.1:8080", True),
        (":8080", "127.0.0.1:8080", True),
        ("[::1]:8080", "0.0.0.0:8080", True),
        ("Localhost:8080", "127.0.0.1:8080", True),
        ("127.0.0.2:8080", "127.0.0.1:8080", False),
        ("127.0.0.1:8081", "127.0.0.1:8080", False),
        ("127.0.0.1:8080", None, False),
    ],
)
def test_a_port_of_another_instance(address: str, theirs: str | None, conflicts: bool) -> None:
    expected = [f"localai_address is {address}, and localai.service listens on {theirs}"] if conflicts else []
    assert instance_conflicts([other(address=theirs)], UNIT, {}, address=address) == expected


def test_a_removal_takes_nothing_from_others() -> None:
    row = other(unit=UNIT, home="/srv/b", backends_path=f"{HOME}/backends/b", models_path="/srv/models", user="ai")
    removed = {"localai_home": HOME, "localai_models_path": "/srv/models"}
    conflicts = instance_conflicts(
        [row], "localai.service", removed, models_path="/srv/models", account=["ai", "localai"], removal=True
    )
    assert conflicts == [
        f"localai_home is {HOME}, and {UNIT} uses {HOME}/backends/b",
        f"localai_models_path is /srv/models, and {UNIT} uses /srv/models",
        f"{UNIT} runs as ai",
        f"{UNIT} runs as localai",
    ]


def test_a_directory_in_one_of_another_instance_can_be_removed() -> None:
    assert instance_conflicts([other()], UNIT, {"localai_home": f"{HOME}/b"}, removal=True) == []


def test_ansible_finds_the_filter() -> None:
    assert FilterModule().filters() == {"instance_conflicts": instance_conflicts}
