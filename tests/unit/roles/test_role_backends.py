# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role makes of the variables for backends, connections and credentials."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from ansible_collections.localai.core.plugins.module_utils._module.argspec import BACKEND

from .test_role_variables import ROLE, evaluate

MINE = {"name": "mine", "uri": "quay.io/me/mine:v1", "alias": "chat"}
LISTS: dict[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "nothing": ({}, []),
    "null": ({"localai_backends": None}, []),
    "names": ({"localai_backends": ["a", "g@b/c"]}, [{"name": "a"}, {"name": "g@b/c"}]),
    "mixed": ({"localai_backends": ["a", MINE, {"name": "b", "state": None}]}, [{"name": "a"}, MINE, {"name": "b"}]),
    "groups": (
        {"localai_backends": ["a"], "localai_backends__b": ["c"], "localai_backends__a": ["b"]},
        [{"name": "a"}, {"name": "b"}, {"name": "c"}],
    ),
    "only groups": ({"localai_backends__gpu": ["a"]}, [{"name": "a"}]),
    "a later entry replaces an earlier one": (
        {"localai_backends": ["g@A", "b"], "localai_backends__gpu": [{"name": "a", "state": "latest"}]},
        [{"name": "a", "state": "latest"}, {"name": "b"}],
    ),
    "from other variables": ({"localai_backends": ["{{ known }}"], "known": "a"}, [{"name": "a"}]),
    "wrong types": (
        {"localai_backends": ["a", 7, None, {}, {"name": 1}], "localai_backends__x": "b,c"},
        [{"name": "a"}],
    ),
}


def test_lists_of_names_and_mappings_are_merged(tmp_path: Path) -> None:
    cases = {name: variables for name, (variables, _rows) in LISTS.items()}
    assert evaluate(tmp_path, "__localai_backends", cases) == {name: rows for name, (_variables, rows) in LISTS.items()}


HINT = 'on the command line, use JSON: -e \'{"localai_backends__x": ["llama-cpp"]}\''
WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "all right": ({"localai_backends": ["a", MINE], "localai_backends__x": ["c"]}, []),
    "a group": (
        {"localai_backends__x": [{"name": "a", "alias": "b"}]},
        ["localai_backends__x, item 1 (a): alias needs uri"],
    ),
    "text in a group": (
        {"localai_backends__x": "a,b"},
        [f"localai_backends__x is text, not a list; {HINT}"],
    ),
    "text that is judged elsewhere": ({"localai_backends": "a,b"}, []),
    "the state of the role": (
        {"localai_backends": [MINE], "localai_backends_state": "absent"},
        ["localai_backends, item 1 (mine): uri cannot be used with the state absent"],
    ),
    "the pins of the role": (
        {"localai_backends": [{"name": "a", "state": "latest"}], "localai_pins": {"format": 1, "backends": []}},
        ["localai_backends, item 1 (a): localai_pins pins its build, so the state cannot be latest"],
    ),
}


def test_mistakes_in_all_variables_are_named(tmp_path: Path) -> None:
    cases = {name: variables for name, (variables, _wrong) in WRONG.items()}
    expected = {name: wrong for name, (_variables, wrong) in WRONG.items()}
    assert evaluate(tmp_path, "__localai_wrong_backends", cases) == expected


BROKEN = (
    "__localai_backends_rules | rejectattr('holds') | map(attribute='otherwise') | map('truncate', 40, true) | list"
)
EXCLUSIVE = {"localai_backends_exclusive": True}
RULES: dict[str, tuple[dict[str, Any], list[str]]] = {
    "defaults": ({}, []),
    "exclusive": ({**EXCLUSIVE, "localai_backends": ["a"]}, []),
    "exclusive with a group": ({**EXCLUSIVE, "localai_backends__x": ["a"]}, []),
    "exclusive with one that is installed": (
        {**EXCLUSIVE, "localai_backends": [{"name": "a", "state": "latest"}], "localai_backends_state": "absent"},
        [],
    ),
    "exclusive with nothing": (EXCLUSIVE, ["localai_backends_exclusive is true, a..."]),
    "exclusive with removals": (
        {**EXCLUSIVE, "localai_backends": [{"name": "a", "state": "absent"}]},
        ["localai_backends_exclusive is true, a..."],
    ),
    "exclusive and absent": (
        {**EXCLUSIVE, "localai_backends": ["a"], "localai_backends_state": "absent"},
        ["localai_backends_exclusive is true, a..."],
    ),
    "exclusive with text": ({**EXCLUSIVE, "localai_backends": "a"}, []),
    "a release": ({"localai_backends_release": "v4.9.0"}, []),
    "no release": ({"localai_backends_release": None}, []),
    "the server's release": ({"localai_backends_release": "server"}, []),
    "a wrong release": ({"localai_backends_release": "v4/9"}, ["localai_backends_release is v4/9, but..."]),
    "a release with a line break": (
        {"localai_backends_release": "v4\n"},
        ["localai_backends_release is v4\n, but ..."],
    ),
    "a release and pins": (
        {"localai_backends_release": "server", "localai_pins": {"backends": []}},
        ["localai_backends_release and localai_..."],
    ),
    "credentials": ({"localai_service_credentials": True, "localai_endpoints": [{"host": "h"}]}, []),
    "credentials without endpoints": ({"localai_service_credentials": True}, []),
}


def test_rules_about_backends(tmp_path: Path) -> None:
    cases = {name: variables for name, (variables, _broken) in RULES.items()}
    found = evaluate(tmp_path, BROKEN, cases)
    assert {name: [text[:30] for text in texts] for name, texts in found.items()} == {
        name: [text[:30] for text in broken] for name, (_variables, broken) in RULES.items()
    }


OPTIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "defaults": ({}, {}),
    "all": (
        {
            "localai_capability": "amd",
            "localai_endpoints": [{"host": "h"}],
            "localai_ca_path": "/ca",
            "localai_auth_file": "/auth",
            "localai_signatures": "warn",
            "localai_trusted_root": "/root.json",
            "localai_pins": {"format": 1},
            "localai_backends_release": "",
        },
        {
            "capability": "amd",
            "endpoints": [{"host": "h"}],
            "ca_path": "/ca",
            "auth_file": "/auth",
            "signatures": "warn",
            "trusted_root": "/root.json",
            "pins": {"format": 1},
        },
    ),
    "a release": ({"localai_backends_release": "v4.9.0"}, {"release": "v4.9.0"}),
    "the server's release": (
        {"localai_backends_release": "server", "localai_version": "v4.10.0"},
        {"release": "v4.10.0"},
    ),
}


def test_the_modules_get_only_the_options_that_are_set(tmp_path: Path) -> None:
    cases = {name: {"localai_manage_binary": False, **variables} for name, (variables, _options) in OPTIONS.items()}
    assert evaluate(tmp_path, "__localai_backend_options", cases) == {
        name: options for name, (_variables, options) in OPTIONS.items()
    }


def test_what_the_role_creates_is_pending_in_check_mode(tmp_path: Path) -> None:
    cases: dict[str, dict[str, Any]] = {
        "all": {},
        "other accounts": {"localai_manage_account": False},
        "other directories": {"localai_manage_directories": False},
    }
    assert evaluate(tmp_path, "__localai_pending", cases) == {
        "all": ["owner", "group", "backends_path"],
        "other accounts": ["backends_path"],
        "other directories": ["owner", "group"],
    }


def row(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "runnable": True, "usable": True, "run_file": f"/b/{name}/run.sh", **more}


BEFORE = {"__localai_before": {"backends": [row("a"), row("b", runnable=False), row("C", usable=False)]}}
AFTER = {"__localai_after_backends": {"backends": [row("a"), row("d")]}}
NOW: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing is known": ({}, []),
    "nothing changed": ({**BEFORE, "__localai_after_backends": {"skipped": True}}, ["a"]),
    "backends changed": ({**BEFORE, **AFTER, "__localai_after_removal": {"skipped": True}}, ["a", "d"]),
    "backends were removed": ({**BEFORE, **AFTER, "__localai_after_removal": {"backends": [row("d")]}}, ["d"]),
}


def test_the_names_that_the_server_can_use_are_those_of_the_newest_listing(tmp_path: Path) -> None:
    cases = {name: variables for name, (variables, _names) in NOW.items()}
    assert evaluate(tmp_path, "__localai_run_files", cases) == {
        name: {each: f"/b/{each}/run.sh" for each in names} for name, (_variables, names) in NOW.items()
    }


def test_exclusive_does_not_upgrade(tmp_path: Path) -> None:
    backends = ["a", {"name": "b", "state": "latest", "uri": "/x"}, {"name": "c", "state": "absent"}]
    found = evaluate(tmp_path, "__localai_backends_to_keep", {"mixed": {"localai_backends": backends}})
    expected = [{"name": "a"}, {"name": "c", "state": "absent"}, {"name": "b", "state": "present", "uri": "/x"}]
    assert found["mixed"] == expected


ENDPOINTS = [
    {"host": "quay.io", "username": "me", "password": 'a"b: #c'},
    {"host": "files.example:8443", "token": "t\\n"},
    {"host": "no-login.example", "ca_path": "/ca"},
    {"host": "empty.example", "username": None, "password": None},
]


VERSIONS = {"v4.9.0": True, "v4.10.0": False, "v4.11.0": False, "v5.0.0": False, "master": False}


def test_the_credentials_file_has_the_logins_of_the_endpoints(tmp_path: Path) -> None:
    (tmp_path / "templates").symlink_to(ROLE / "templates")
    on = {"localai_endpoints": ENDPOINTS, "localai_service_credentials": True}
    cases: dict[str, dict[str, Any]] = {
        "off": {"localai_endpoints": ENDPOINTS},
        "none": {"localai_service_credentials": True},
        **{version: {**on, "localai_version": version} for version in VERSIONS},
    }
    found = evaluate(tmp_path, "[__localai_credentials, __localai_credentials_warnings]", cases)
    assert (found["off"], found["none"]) == (["", []], ["", []])
    for version, is_too_old in VERSIONS.items():
        text, warnings = found[version]
        assert yaml.safe_load(text) == [
            {"match": "quay.io", "username": "me", "password": 'a"b: #c'},
            {"match": "files.example:8443", "bearer": "t\\n"},
        ]
        assert [f"LocalAI {version} does not read a credentials file" in text for text in warnings] == [
            True
        ] * is_too_old


def test_the_endpoints_of_the_role_have_the_options_of_the_modules() -> None:
    specs = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))
    options = specs["argument_specs"]["main"]["options"]["localai_endpoints"]["options"]

    def shape(options: dict[str, Any]) -> dict[str, Any]:
        return {
            name: (option["type"], option.get("no_log") is True, shape(option.get("options", {})))
            for name, option in options.items()
        }

    assert shape(options) == shape(BACKEND["argument_spec"]["endpoints"]["options"])
