# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documentation says what the argument specs say, knows every key that the modules return, and has examples and
playbooks that the modules and the role take."""

from __future__ import annotations

import ast
import copy
import re
from pathlib import Path
from typing import Any, Iterable, Mapping

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.localai.core.plugins.module_utils._errors import OptionError
from ansible_collections.localai.core.plugins.module_utils._host.host_info import HOST_INFO_SPEC
from ansible_collections.localai.core.plugins.module_utils._host.service_files import SERVICE_FILES_SPEC
from ansible_collections.localai.core.plugins.module_utils._module.argspec import (
    BACKEND,
    BACKENDS_OPTIONS,
    CONNECTION_OPTIONS,
    SIGNATURE_OPTIONS,
)
from ansible_collections.localai.core.plugins.module_utils._module.bundle.argspec import BUNDLE
from ansible_collections.localai.core.plugins.module_utils._module.info_options import BACKEND_INFO, info_options
from ansible_collections.localai.core.plugins.module_utils._module.models.argspec import MODEL, MODELS_OPTIONS
from ansible_collections.localai.core.plugins.module_utils._module.models.info_options import (
    MODEL_INFO,
    model_info_options,
)
from ansible_collections.localai.core.plugins.module_utils._module.models.options import model_host, model_options
from ansible_collections.localai.core.plugins.module_utils._module.options import backend_options, host_options
from ansible_collections.localai.core.plugins.module_utils._server.info import SERVER_INFO_SPEC
from ansible_collections.localai.core.plugins.module_utils._server.update import SERVER_SPEC
from ansible_collections.localai.core.plugins.module_utils._service_directories.run import DIRECTORY_SPEC

COLLECTION = Path(__file__).resolve().parents[3]
PLUGINS = COLLECTION / "plugins"
PLAYBOOKS = sorted([*COLLECTION.glob("docs/examples/*.yml"), *COLLECTION.glob("playbooks/*.yml")])
MODULES = {
    "localai_backend": BACKEND,
    "localai_backend_info": BACKEND_INFO,
    "localai_model": MODEL,
    "localai_model_info": MODEL_INFO,
}
# What the options of a module are made into.
VALUES = {
    "localai_backend": (host_options, backend_options),
    "localai_backend_info": (host_options, info_options),
    "localai_model": (model_host, model_options),
    "localai_model_info": (model_host, model_info_options),
}
# Modules without galleries of one kind, or without connections to other servers.
OTHER_MODULES = {
    "localai_bundle": BUNDLE["argument_spec"],
    "localai_directory": DIRECTORY_SPEC,
    "localai_host_info": HOST_INFO_SPEC,
    "localai_server": SERVER_SPEC,
    "localai_server_info": SERVER_INFO_SPEC,
    "localai_service_files": SERVICE_FILES_SPEC,
}
FRAGMENTS = {
    "connection": CONNECTION_OPTIONS,
    "backends": BACKENDS_OPTIONS,
    "models": MODELS_OPTIONS,
    "signatures": SIGNATURE_OPTIONS,
}
FRAGMENTS_OF = {
    name: ("connection", "models" if name.startswith("localai_model") else "backends", "signatures") for name in MODULES
}
GROUPS = yaml.safe_load((COLLECTION / "meta" / "runtime.yml").read_text(encoding="utf-8"))["action_groups"]
RESULTS = ("_module/result", "_module/backend_info", "_module/available", "_planner/pins")
MODEL_RESULTS = tuple(
    f"_module/models/{name}" for name in ("info", "info_rows", "available", "upgrades", "model_pins", "result")
)


class Loader(yaml.SafeLoader):
    """Reads what Ansible does not take for a template as text."""


Loader.add_constructor("!unsafe", Loader.construct_yaml_str)


def block(path: str, name: str) -> Any:
    """Return the YAML that a file assigns to a constant, on its top or in a class."""
    for node in ast.walk(ast.parse((PLUGINS / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == name:
            return yaml.load(ast.literal_eval(node.value), Loader)
    raise LookupError(name)


def documented_options(module: str) -> dict[str, Any]:
    """Return the options of a module together with those of its fragments."""
    fragments = [block(f"doc_fragments/{name}.py", "DOCUMENTATION") for name in FRAGMENTS_OF[module]]
    documented = [*fragments, block(f"modules/{module}.py", "DOCUMENTATION")]
    return {name: option for source in documented for name, option in source.get("options", {}).items()}


def promised(option: Mapping[str, Any], nested: str) -> dict[str, Any]:
    """Return what an argument spec and its documentation have to agree on."""
    return {
        "type": option.get("type", "str"),
        "elements": option.get("elements"),
        "required": option.get("required", False),
        "default": option.get("default"),
        "choices": option.get("choices"),
        "options": {name: promised(inner, nested) for name, inner in (option.get(nested) or {}).items()},
    }


@pytest.mark.parametrize("module", sorted(MODULES))
def test_the_options_are_documented_as_they_are_specified(module: str) -> None:
    spec = MODULES[module]["argument_spec"]
    documented = documented_options(module)
    assert {name: promised(option, "suboptions") for name, option in documented.items()} == {
        name: promised(option, "options") for name, option in spec.items()
    }


@pytest.mark.parametrize("module", sorted(OTHER_MODULES))
def test_a_module_without_connections_is_documented_as_it_is_specified(module: str) -> None:
    spec = OTHER_MODULES[module]
    documentation = block(f"modules/{module}.py", "DOCUMENTATION")
    documented = dict(documentation["options"])
    for fragment in documentation.get("extends_documentation_fragment", []):
        documented.update(block(f"doc_fragments/{fragment.rpartition('.')[2]}.py", "DOCUMENTATION")["options"])
    returned = block(f"modules/{module}.py", "RETURN")
    assert {name: promised(option, "suboptions") for name, option in documented.items()} == {
        name: promised(option, "options") for name, option in spec.items()
    }
    everything = {**documented, **returned}
    assert [place for name in everything for place in without_description(everything[name], name)] == []
    for name, sample, contains in samples(returned):
        assert set(sample) == set(contains), name
    given = [
        {name: value for name, value in (task[action] or {}).items() if not str(value).startswith("{{")}
        for task in block(f"modules/{module}.py", "EXAMPLES")
        for action in task
        if action == f"localai.core.{module}"
    ]
    assert given
    assert [ArgumentSpecValidator(copy.deepcopy(spec)).validate(each).error_messages for each in given] == [[]] * len(
        given
    )


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_shares_its_fragments_and_adds_nothing_of_the_same_name(module: str) -> None:
    shared: set[str] = set()
    for name in FRAGMENTS_OF[module]:
        fragment = block(f"doc_fragments/{name}.py", "DOCUMENTATION")["options"]
        assert sorted(fragment) == sorted(FRAGMENTS[name])
        assert shared.isdisjoint(fragment)
        shared |= set(fragment)
    own = block(f"modules/{module}.py", "DOCUMENTATION")
    assert set(own["extends_documentation_fragment"]) == {f"localai.core.{name}" for name in FRAGMENTS_OF[module]}
    assert set(own["options"]).isdisjoint(shared)


GROUP_OPTIONS = {
    "localai": CONNECTION_OPTIONS,
    "localai_backends": {**CONNECTION_OPTIONS, **BACKENDS_OPTIONS, **SIGNATURE_OPTIONS},
    "localai_models": {**CONNECTION_OPTIONS, **MODELS_OPTIONS, **SIGNATURE_OPTIONS},
}


@pytest.mark.parametrize("group", sorted(GROUP_OPTIONS))
def test_every_member_of_an_action_group_accepts_every_option_of_the_group(group: str) -> None:
    defaults = {name: option.get("default") for name, option in GROUP_OPTIONS[group].items()}
    given = {name: value for name, value in defaults.items() if value is not None}
    assert set(GROUPS) == set(GROUP_OPTIONS)
    for member in GROUPS[group]:
        spec = MODULES[member]["argument_spec"] if member in MODULES else OTHER_MODULES[member]
        assert set(GROUP_OPTIONS[group]) <= set(spec)
        required = {name: ["x"] for name, option in spec.items() if option.get("required")}
        assert ArgumentSpecValidator(copy.deepcopy(spec)).validate({**given, **required}).error_messages == []


def test_every_module_says_of_which_action_groups_it_is_a_member() -> None:
    for module in (*MODULES, *OTHER_MODULES):
        documented = block(f"modules/{module}.py", "DOCUMENTATION")
        groups = documented["attributes"].get("action_group", {}).get("membership", [])
        assert sorted(groups) == sorted(f"localai.core.{group}" for group in GROUPS if module in GROUPS[group])


def without_description(documented: Mapping[str, Any], path: str = "") -> list[str]:
    nested = "suboptions" if "suboptions" in documented else "contains"
    inner = documented.get(nested) or {}
    missing = [] if documented.get("description") else [path]
    return missing + [place for name in inner for place in without_description(inner[name], f"{path}.{name}")]


@pytest.mark.parametrize("module", sorted(MODULES))
def test_every_option_and_every_returned_value_has_a_description(module: str) -> None:
    documented = {**documented_options(module), **block(f"modules/{module}.py", "RETURN")}
    assert [place for name in documented for place in without_description(documented[name], name)] == []


def secrets(spec: Mapping[str, Any]) -> list[str]:
    inner = [secret for option in spec.values() for secret in secrets(option.get("options") or {})]
    return inner + [name for name, option in spec.items() if option.get("no_log")]


def test_passwords_and_tokens_are_kept_out_of_logs_and_nothing_else_is() -> None:
    for module in MODULES.values():
        assert sorted(secrets(module["argument_spec"])) == ["password", "token"]
    found = {name: secrets(spec) for name, spec in OTHER_MODULES.items()}
    assert found == {
        "localai_bundle": ["password", "token"],
        "localai_directory": [],
        "localai_host_info": [],
        "localai_server": ["api_key"],
        "localai_server_info": ["api_key"],
        "localai_service_files": ["content", "secrets"],
    }


def function(name: str, files: Iterable[str] = RESULTS) -> ast.FunctionDef:
    """Return the function of that name in one of the files that make results."""
    trees = [ast.parse((PLUGINS / f"module_utils/{file}.py").read_text(encoding="utf-8")) for file in files]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    return next(node for node in nodes if isinstance(node, ast.FunctionDef) and node.name == name)


def keys(node: ast.AST) -> dict[str, Any]:
    """Return the keys that a function writes into dictionaries, with those of dictionaries in them."""
    if isinstance(node, ast.Dict):
        named = [(key.value, value) for key, value in zip(node.keys, node.values) if isinstance(key, ast.Constant)]
        return {str(key): keys(value) for key, value in named}
    if isinstance(node, ast.ListComp):
        return keys(node.elt)
    return {}


def first_dictionary(name: str, files: Iterable[str] = RESULTS) -> dict[str, Any]:
    """Return the keys of the first dictionary that a function writes down."""
    return keys(next(node for node in ast.walk(function(name, files)) if isinstance(node, ast.Dict)))


def items_set_in(name: str, files: Iterable[str] = RESULTS) -> list[str]:
    """Return the constants that a function assigns as keys, as in `row["elapsed"] = ...`."""
    targets = [t for node in ast.walk(function(name, files)) if isinstance(node, ast.Assign) for t in node.targets]
    return [
        str(constant.value)
        for target in targets
        if isinstance(target, ast.Subscript)
        for constant in ast.walk(target)
        if isinstance(constant, ast.Constant)
    ]


def keywords_in(name: str, files: Iterable[str] = RESULTS) -> list[str]:
    """Return the keyword arguments of the first call of `update` in a function."""
    calls = [node for node in ast.walk(function(name, files)) if isinstance(node, ast.Call)]
    update = next(call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == "update")
    return [str(keyword.arg) for keyword in update.keywords]


def undocumented(returned: Mapping[str, Any], documented: Mapping[str, Any], path: str = "") -> list[str]:
    """Return the returned keys that neither `contains` nor, where there is none, the sample knows."""
    missing = []
    for name, inner in returned.items():
        if name not in documented:
            missing.append(path + name)
        elif inner:
            row = documented[name]
            sample = row.get("sample") or [{}]
            known = row.get("contains") or leaves(sample[0] if isinstance(sample, list) else sample)
            missing += undocumented(inner, known, f"{path}{name}.")
    return missing


def leaves(names: Iterable[str]) -> dict[str, Any]:
    return {name: {} for name in names}


def test_what_localai_backend_returns_is_documented() -> None:
    row = first_dictionary("_backend_row")
    returned = {**first_dictionary("result_of"), "backends": row}
    # Ansible documents "changed"; "msg" is added at the end of a run.
    assert returned.pop("changed") == {}
    returned["msg"] = {}
    documented = block("modules/localai_backend.py", "RETURN")
    assert undocumented(returned, documented) == []
    assert sorted(documented) == sorted(returned)
    assert sorted(documented["backends"]["contains"]) == sorted(row)


def test_what_localai_backend_info_returns_is_documented() -> None:
    row = {**first_dictionary("_installed_row"), **first_dictionary("_usage")}
    available = first_dictionary("_available_row")
    returned = {
        **leaves(keywords_in("_run")),
        **leaves(items_set_in("_run")),
        "capability_evidence": first_dictionary("_evidence"),
        "backends": row,
        "available": available,
        "previous": {**first_dictionary("_previous_row"), **first_dictionary("_usage")},
        "upgrades": first_dictionary("_upgrade_row"),
        "pins": first_dictionary("document_of"),
    }
    documented = block("modules/localai_backend_info.py", "RETURN")
    documented_evidence = documented["capability_evidence"]
    documented_evidence["contains"]["gpus"]["sample"] = documented_evidence["sample"]["gpus"]
    assert undocumented(returned, documented) == []
    assert sorted(documented) == sorted(returned)
    assert sorted(documented["backends"]["contains"]) == sorted(row)
    assert sorted(documented["available"]["contains"]) == sorted(available)
    assert sorted(documented["pins"]["sample"]["backends"][0]) == sorted(first_dictionary("_row"))


def test_what_localai_model_returns_is_documented() -> None:
    files = ("_module/models/result",)
    row = leaves(first_dictionary("_row", files))
    returned = {**first_dictionary("result_of", files), "models": row, "msg": {}}
    # Ansible documents "changed".
    assert returned.pop("changed") == {}
    documented = block("modules/localai_model.py", "RETURN")
    assert undocumented(returned, documented) == []
    assert sorted(documented) == sorted(returned)
    assert sorted(documented["models"]["contains"]) == sorted(returned["models"])


def test_what_localai_model_info_returns_is_documented() -> None:
    rows = {
        "models": {
            **first_dictionary("model_row", MODEL_RESULTS),
            "files": first_dictionary("_file_row", MODEL_RESULTS),
        },
        "problems": first_dictionary("problem_rows", MODEL_RESULTS),
        "unused": first_dictionary("unused_rows", MODEL_RESULTS),
        "available": first_dictionary("_entry_row", MODEL_RESULTS),
    }
    pins = next(node for node in ast.walk(function("pins_of_models", MODEL_RESULTS)) if isinstance(node, ast.Return))
    rows["upgrades"] = next(
        keys(node)
        for node in ast.walk(function("_rows", ("_module/models/upgrades",)))
        if isinstance(node, ast.Dict) and "reason" in keys(node)
    )
    documented = block("modules/localai_model_info.py", "RETURN")
    returned = [*keywords_in("_run", MODEL_RESULTS), *items_set_in("_ask", MODEL_RESULTS)]
    assert sorted(documented) == sorted(returned)
    assert undocumented(rows, documented) == []
    for name, row in rows.items():
        assert sorted(documented[name]["contains"]) == sorted(row), name
    assert pins.value is not None
    assert sorted(documented["pins"]["sample"]) == sorted(keys(pins.value))
    (row,) = documented["pins"]["sample"]["models"]
    written = first_dictionary("_row_with", ("_module/models/model_pins",))
    assert sorted(row) == sorted(written)
    assert sorted(row["files"][0]) == sorted(written["files"])


def samples(documented: Mapping[str, Any], path: str = "") -> Iterable[tuple[str, Any, Mapping[str, Any]]]:
    """Yield each mapping that a sample shows, with what it is documented to hold."""
    for name, row in documented.items():
        shown = row.get("sample", [])
        for sample in shown if isinstance(shown, list) else [shown]:
            if isinstance(sample, dict) and "contains" in row:
                yield path + name, sample, row["contains"]


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_sample_shows_every_documented_key_and_no_other(module: str) -> None:
    for name, sample, contains in samples(block(f"modules/{module}.py", "RETURN")):
        assert set(sample) == set(contains) - {"disk_usage"}, name


def example_tasks(module: str) -> list[dict[str, Any]]:
    tasks: list[dict[str, Any]] = block(f"modules/{module}.py", "EXAMPLES")
    return tasks


def literal(value: Any, option: Mapping[str, Any], module: str) -> Any:
    """Return what a template of an example can be: the documented pins, one model, a path, a choice, or text."""
    if isinstance(value, list):
        return [literal(item, {}, module) for item in value]
    if isinstance(value, dict):
        return {key: literal(item, {}, module) for key, item in value.items()}
    if not str(value).startswith("{{"):
        return value
    if option.get("type") == "dict":
        kind = "model" if module.startswith("localai_model") else "backend"
        return block(f"modules/localai_{kind}_info.py", "RETURN")["pins"]["sample"]
    if option.get("elements") == "dict":
        needed = [name for name, inner in option.get("options", {}).items() if inner.get("required")]
        return [dict.fromkeys(needed or ["name"], "text")]
    if option.get("type") == "path":
        return "/path"
    return 1 if option.get("type") == "int" else option.get("choices", ["text"])[0]


def accepted(module: str, arguments: Mapping[str, Any]) -> None:
    """Let a module look at the arguments of a task; raises AssertionError or what the module would end with."""
    spec = MODULES[module]["argument_spec"]
    set_ones = {name: value for name, value in arguments.items() if "default(omit)" not in str(value)}
    given = {name: literal(value, spec.get(name, {}), module) for name, value in set_ones.items()}
    if module == "localai_model" and "pins" in given:
        # The documented set has one row.
        names = given["name"] if isinstance(given["name"], list) else [given["name"]]
        given["pins"]["models"] = [{**row, "name": name} for row in given["pins"]["models"] for name in names]
    validated = ArgumentSpecValidator(**copy.deepcopy(MODULES[module])).validate(given)
    assert validated.error_messages == []
    for value_of in VALUES[module]:
        value_of(validated.validated_parameters)


def modules_in(tasks: Iterable[Mapping[str, Any]]) -> set[str]:
    """Return which modules of ours these tasks run, once they took what they are given."""
    found = set()
    for task in tasks:
        for module in MODULES:
            if f"localai.core.{module}" in task:
                accepted(module, task[f"localai.core.{module}"] or {})
                found.add(module)
    return found


@pytest.mark.parametrize("module", sorted(MODULES))
def test_the_modules_take_what_the_examples_give_them(module: str) -> None:
    assert module in modules_in(example_tasks(module))


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: str(path.name))
def test_the_modules_and_the_role_take_what_the_playbooks_give_them(path: Path) -> None:
    for play in yaml.safe_load(path.read_text(encoding="utf-8")):
        modules_in([*play.get("pre_tasks", []), *play.get("tasks", [])])
        for role in play.get("roles", []):
            name = role["role"].rpartition(".")[2]
            text = (COLLECTION / "roles" / name / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
            assert set(role.get("vars", {})) <= set(yaml.safe_load(text)["argument_specs"]["main"]["options"])
        for group, defaults in play.get("module_defaults", {}).items():
            if not group.startswith("group/"):
                assert set(defaults) <= set(OTHER_MODULES[group.rpartition(".")[2]])
                continue
            options = GROUP_OPTIONS[group.rpartition(".")[2]]
            assert isinstance(defaults, str) or set(defaults) <= set(options)
            module = "localai_model_info" if group.endswith("models") else "localai_backend_info"
            accepted(module, defaults if isinstance(defaults, dict) else {})


def test_an_example_that_no_module_takes_is_seen() -> None:
    with pytest.raises(AssertionError):
        accepted("localai_backend", {"name": "llama-cpp", "no_such_option": True})
    with pytest.raises(OptionError):
        accepted("localai_backend", {"name": "llama-cpp", "digest": "sha256:…", "state": "latest"})


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_result_that_an_example_uses_is_registered_by_an_example_before_it(module: str) -> None:
    returned = {key for name in MODULES for key in block(f"modules/{name}.py", "RETURN")} | {"ansible_job_id"}
    registered: set[str] = set()
    uses = 0
    for task in example_tasks(module):
        used = set(re.findall(rf"\b(\w+)\.(?:{'|'.join(returned)})\b", yaml.safe_dump(task)))
        assert used <= registered, task["name"]
        uses += len(used)
        registered.add(task.get("register", ""))
    assert uses > 1


@pytest.mark.parametrize("module", sorted(MODULES))
def test_no_example_registers_a_variable_of_the_role(module: str) -> None:
    variables = [task["register"] for task in example_tasks(module) if "register" in task]
    assert variables
    assert [name for name in variables if name.startswith("localai")] == []


def test_the_check_itself_sees_what_is_missing() -> None:
    documented = {"a": {"contains": {"b": {}}}, "c": {"sample": [{"d": 1}]}}
    returned = {"a": {"b": {}, "x": {}}, "c": {"d": {}, "y": {}}, "z": {}}
    assert undocumented(returned, documented) == ["a.x", "c.y", "z"]
    assert without_description({"contains": {"b": {"description": "B"}, "c": {}}}, "a") == ["a", "a.c"]
