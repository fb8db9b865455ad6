# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role makes of the variables for models, and of what the module says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .test_role_variables import evaluate

Cases = dict[str, tuple[dict[str, Any], Any]]
MINE = {"name": "mine", "uri": "hf://me/mine/mine.gguf"}
OLD = {"name": "old", "state": "absent"}


def check(tmp_path: Path, expression: str, cases: Cases) -> None:
    """See that an expression is what each case says."""
    found = evaluate(tmp_path, expression, {name: variables for name, (variables, _expected) in cases.items()})
    assert found == {name: expected for name, (_variables, expected) in cases.items()}


def test_lists_of_names_and_mappings_are_merged_in_order_and_braces_stay(tmp_path: Path) -> None:
    template = {"name": "b", "config": {"template": {"chat": "{% raw %}{{.Input}}{% endraw %}"}}}
    cases: Cases = {
        "nothing": ({}, [[], []]),
        "mixed": ({"localai_models": ["a", MINE, OLD]}, [[{"name": "a"}, MINE], [OLD]]),
        "groups": (
            {"localai_models": ["a"], "localai_models__z": ["g@A", "c"], "localai_models__b": ["b"]},
            [[{"name": "g@A"}, {"name": "b"}, {"name": "c"}], []],
        ),
        "absent": (
            {"localai_models": ["a", {"name": "b", "state": "latest"}], "localai_models_state": "absent"},
            [[{"name": "b", "state": "latest"}], [{"name": "a"}]],
        ),
        "braces": (
            {"localai_models": [template]},
            [[{"name": "b", "config": {"template": {"chat": "{{.Input}}"}}}], []],
        ),
    }
    check(tmp_path, "[__localai_models_to_install, __localai_models_to_remove]", cases)


def test_removals_upgrade_nothing(tmp_path: Path) -> None:
    models = [{"name": "a", "state": "latest"}, MINE, OLD]
    kept = [{"name": "a", "state": "present"}, {**MINE, "state": "present"}, OLD]
    check(tmp_path, "__localai_models_to_keep", {"mixed": ({"localai_models": models}, kept)})


PINS = {"format": 2, "backends": [{"name": "b"}], "models": [{"name": "m"}]}


def test_pins_are_for_what_they_have(tmp_path: Path) -> None:
    only_models = {"format": 2, "models": [{"name": "m"}]}
    only_backends = {"format": 1, "backends": []}
    cases: Cases = {
        "none": ({}, [{}, {}]),
        "both": ({"localai_pins": PINS}, [PINS, PINS]),
        "models": ({"localai_pins": only_models}, [{}, only_models]),
        "backends": ({"localai_pins": only_backends}, [only_backends, {}]),
        "no models": ({"localai_pins": {**PINS, "models": []}}, [{**PINS, "models": []}, {}]),
    }
    check(tmp_path, "[__localai_pins_of_backends, __localai_pins_of_models]", cases)


def test_the_module_gets_only_the_options_that_are_set(tmp_path: Path) -> None:
    gallery = {"name": "g", "url": "/g.yaml"}
    cases: Cases = {
        "defaults": ({}, {}),
        "all": (
            {
                "localai_models_galleries": [gallery],
                "localai_galleries": [{"name": "of backends", "url": "/b.yaml"}],
                "localai_pins": PINS,
                "localai_endpoints": [{"host": "h"}],
                "localai_ca_path": "/ca",
            },
            {"galleries": [gallery], "pins": PINS, "endpoints": [{"host": "h"}], "ca_path": "/ca"},
        ),
        "of the playbooks": (
            {"localai_module_defaults": {"retries": 3, "capability": "cpu", "ca_path": "/x"}, "localai_ca_path": "/ca"},
            {"retries": 3, "ca_path": "/ca"},
        ),
    }
    check(tmp_path, "__localai_model_options", cases)


def row(name: str, kind: str = "concrete", **more: Any) -> dict[str, Any]:
    """A backend of the host."""
    return {"name": name, "kind": kind, "runnable": True, "usable": True, "run_file": f"/b/{name}/run.sh", **more}


PLAN: dict[str, Any] = {"__localai_models_plan": {"backends": ["llama-cpp", "piper"], "models": []}}


def test_the_needed_backends_are_those_that_the_host_has_from_nowhere_else(tmp_path: Path) -> None:
    cases: Cases = {
        "nothing is known": ({}, []),
        "needed": (PLAN, [{"name": "llama-cpp", "state": "present"}, {"name": "piper", "state": "present"}]),
        "not wanted": ({**PLAN, "localai_models_backends": False}, []),
        "upgraded with the others": (
            {**PLAN, "localai_backends_state": "latest", "localai_backends": [{"name": "piper", "state": "present"}]},
            [{"name": "llama-cpp", "state": "latest"}, {"name": "piper", "state": "present"}],
        ),
        "pinned": (
            {**PLAN, "localai_backends_state": "latest", "localai_pins": PINS},
            [{"name": "llama-cpp", "state": "present"}, {"name": "piper", "state": "present"}],
        ),
        "of the system": (
            {**PLAN, "__localai_before": {"backends": [row("piper", "system"), row("llama-cpp")]}},
            [{"name": "llama-cpp", "state": "present"}],
        ),
        "an alias of a removed one": (
            {
                **PLAN,
                "localai_backends": [{"name": "mine", "uri": "/x", "alias": "piper"}],
                "localai_backends__x": [{"name": "mine", "state": "absent"}],
            },
            [
                {"name": "llama-cpp", "state": "present"},
                {"name": "piper", "state": "present"},
                {"name": "mine", "state": "absent"},
            ],
        ),
        "an alias": (
            {**PLAN, "localai_backends": [{"name": "mine", "uri": "/x", "alias": "llama-cpp"}]},
            [{"name": "piper", "state": "present"}, {"name": "mine", "uri": "/x", "alias": "llama-cpp"}],
        ),
        "elsewhere": (
            {
                **PLAN,
                "localai_environment": {"LOCALAI_EXTERNAL_GRPC_BACKENDS": "llama-cpp:10.0.0.1:50051,x:/y"},
                "__localai_host": {"external_backends": {"names": ["piper"]}},
            },
            [],
        ),
        "models of others": (
            {
                "localai_manage_models": False,
                "localai_models": ["g@A/b"],
                "__localai_shared_models": {
                    "models": [{"name": "a__b", "backend": "whisper"}, {"name": "strange", "backend": "../x"}]
                },
            },
            [{"name": "whisper", "state": "present"}],
        ),
    }
    check(tmp_path, "__localai_backends", cases)


def test_backends_of_models_that_stay_are_in_use(tmp_path: Path) -> None:
    disk = [{"name": "a", "backend": "x"}, {"name": "b", "backend": "y"}, {"name": "c", "backend": None}]
    disk += [{"name": "d", "backend": "not-installed"}, {"name": "e", "backend": "s"}]
    before = {"__localai_before": {"backends": [row("x"), row("y"), row("s", "system")]}}
    removal = {"removed": [{"path": "b.yaml", "model": "b"}, {"path": "a.gguf", "model": "a"}]}
    cases: Cases = {
        "all": ({**before, "__localai_models_on_disk": {"models": disk}}, [{"name": "x", "state": "present"}, "y"]),
        "but the removed ones": (
            {**before, "__localai_models_on_disk": {"models": disk}, "__localai_models_removal": removal},
            [{"name": "x", "state": "present"}],
        ),
        "declared ones are as they are declared": (
            {
                **before,
                "__localai_models_on_disk": {"models": disk},
                "localai_backends": [{"name": "x", "uri": "/x"}, "z"],
            },
            [{"name": "x", "uri": "/x"}, "y", {"name": "z"}],
        ),
    }
    expected = {
        name: (variables, [{"name": item, "state": "present"} if isinstance(item, str) else item for item in rows])
        for name, (variables, rows) in cases.items()
    }
    check(tmp_path, "__localai_backends_to_keep", expected)


def test_a_backend_cannot_be_removed_while_a_model_needs_it(tmp_path: Path) -> None:
    cases: Cases = {
        "stays": (PLAN, []),
        "removed": ({**PLAN, "localai_backends": [{"name": "g@Piper", "state": "absent"}]}, ["piper"]),
        "all removed": ({**PLAN, "localai_backends": ["piper"], "localai_backends_state": "absent"}, ["piper"]),
        "not needed": (
            {**PLAN, "localai_backends": [{"name": "piper", "state": "absent"}], "localai_models_backends": False},
            [],
        ),
    }
    check(tmp_path, "__localai_backends_needed_and_absent", cases)


def test_what_the_server_must_be_told_outlives_a_play_that_died(tmp_path: Path) -> None:
    before = {"format": 1, "reload": True, "unload": ["a"], "previous": [{"name": "a", "config": {"n": 1}}]}
    plan = {
        "models": [],
        "reload_required": False,
        "restart_required": True,
        "unload": ["a", "b"],
        "previous": {"format": 2, "models": [{"name": "a", "config": {"n": 2}}, {"name": "b", "config": {}}]},
    }
    nothing = {"format": 1, "reload": False, "restart": False, "unload": [], "previous": []}
    cases: Cases = {
        "nothing": ({}, nothing),
        "of the last run": ({"__localai_host": {"models": before}}, {**before, "restart": False}),
        "another format": ({"__localai_host": {"models": {**before, "format": 2}}}, nothing),
        "both": (
            {"__localai_host": {"models": before}, "__localai_models_result": plan},
            {
                "format": 1,
                "reload": True,
                "restart": True,
                "unload": ["a", "b"],
                "previous": [{"name": "a", "config": {"n": 1}}, {"name": "b", "config": {}}],
            },
        ),
        "only planned": ({"__localai_models_plan": plan}, nothing),
        "weights were replaced meanwhile": (
            {
                "__localai_host": {"models": before},
                "__localai_models_result": {"models": [{"name": "a", "action": "upgrade"}], "previous": {}},
            },
            {**before, "restart": False, "previous": []},
        ),
        "models of others": (
            {
                "localai_manage_models": False,
                "__localai_started": {"shared_models": {"gone": "x", "a": "y"}},
                "__localai_shared_models": {"models": [{"name": "a", "served_name": "a"}]},
            },
            {**nothing, "reload": True, "restart": True, "unload": ["a"]},
        ),
    }
    check(tmp_path, "__localai_models_due", cases)


BROKEN = "__localai_models_rules | rejectattr('holds') | map(attribute='otherwise') | map('truncate', 40, true) | list"


def test_rules_about_models(tmp_path: Path) -> None:
    exclusive = {"localai_models_exclusive": True}
    tested = {"localai_smoke_test": {"model": "tiny"}}
    removed = "localai_smoke_test needs the model ti..."
    cases: Cases = {
        "defaults": ({}, []),
        "wrong": ({"localai_models__x": [{"name": "a", "revision": "v1"}]}, ["The declared models are not valid: ..."]),
        "exclusive": ({**exclusive, "localai_models": ["a"]}, []),
        "exclusive with nothing": (
            {**exclusive, "localai_models": [OLD]},
            ["localai_models_exclusive is true, and..."],
        ),
        "of others": ({"localai_manage_models": False, "localai_models": ["a"]}, []),
        "removals of others": (
            {"localai_manage_models": False, "localai_models": [OLD]},
            ["localai_manage_models is false, so th..."],
        ),
        "no pins": ({"localai_pins": {"format": 2}}, ["localai_pins has neither backends nor..."]),
        "a test": (tested, []),
        "a test of a declared model": ({**tested, **exclusive, "localai_models": ["g@tiny"]}, []),
        "a test in another case": ({**tested, **exclusive, "localai_models": ["Tiny"]}, []),
        "a test of a removed model in another case": (
            {**tested, "localai_models": [{"name": "TINY", "state": "absent"}]},
            [removed],
        ),
        "no pins at all": ({"localai_pins": {}}, []),
        "a test of its other name": (
            {**tested, **exclusive, "localai_models": [{"name": "a", "config": {"name": "tiny"}}]},
            [],
        ),
        "a test of a removed model": ({**tested, "localai_models": [{"name": "tiny", "state": "absent"}]}, [removed]),
        "a test of an undeclared model": ({**tested, **exclusive, "localai_models": ["a"]}, [removed]),
    }
    found = evaluate(tmp_path, BROKEN, {name: variables for name, (variables, _broken) in cases.items()})
    assert {name: [text[:30] for text in texts] for name, texts in found.items()} == {
        name: [text[:30] for text in broken] for name, (_variables, broken) in cases.items()
    }
