# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide on several instances: its inventory shares nothing, and its table has what the role computes.

tests/hosts/test_instances.py runs such an inventory.
"""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from ansible_collections.localai.core.plugins.filter.instance_conflicts import instance_conflicts
from ansible_collections.localai.core.tests.support.playbook import COLLECTION

from ..roles.test_role_variables import evaluate

GUIDE = COLLECTION / "docs" / "docsite" / "rst" / "several_instances.rst"
INVENTORY = COLLECTION / "docs" / "examples" / "inventory" / "instances.yml"
FOUND = {"__localai_host": {"instances": []}}
NAMES = (
    "{'unit': __localai_unit_name, 'user': localai_user, 'group': localai_group, 'home': __localai_all_paths[0],"
    " 'backends_path': __localai_all_paths[1], 'models_path': __localai_models_path, 'settings': __localai_settings,"
    " 'programs': __localai_binary_directory, 'link': __localai_binary_link, 'memory': __localai_memory,"
    " 'facts': __localai_facts_file, 'address': localai_address, 'paths': __localai_written_paths}"
)


def test_the_hosts_of_the_example_share_nothing(tmp_path: Path) -> None:
    hosts = yaml.safe_load(INVENTORY.read_text(encoding="utf-8"))["localai"]["hosts"]
    assert len({variables["ansible_host"] for variables in hosts.values()}) == 1
    first, second = evaluate(
        tmp_path, NAMES, {name: {**variables, **FOUND} for name, variables in hosts.items()}
    ).values()
    assert (
        instance_conflicts(
            [first], second["unit"], second["paths"], models_path=second["models_path"], address=second["address"]
        )
        == []
    )
    for key in set(first) - {"paths"}:
        assert first[key] != second[key], key


def test_the_table_of_the_guide_has_what_the_role_computes(tmp_path: Path) -> None:
    cases = {
        "none": FOUND,
        "null": {**FOUND, "localai_instance": None},
        "one": {**FOUND, "localai_instance": "research"},
    }
    values = evaluate(tmp_path, NAMES, cases)
    assert values["none"] == values["null"]
    rows = re.findall(r"   \* - .*\n     - (.*)\n     - (.*)\n", GUIDE.read_text(encoding="utf-8"))
    cells = [[set(re.findall("``([^`]+)``", cell)) for cell in row] for row in rows]
    for column, case in ((0, "none"), (1, "one")):
        told = set().union(*(row[column] for row in cells))
        computed = {value for name, value in values[case].items() if name not in ("paths", "address", "facts")}
        computed -= {values[case]["backends_path"], values[case]["models_path"]}
        assert computed <= told, case


def test_names_of_instances(tmp_path: Path) -> None:
    right = ["gpu1", "a", "team-red-2", "0", 0, "core", ""]
    wrong = [
        "Gpu",
        "a_b",
        "-a",
        "a-",
        "a--b",
        "devices",
        "x-devices",
        "mirror",
        "mirror-x",
        "a b",
        "a/b",
        "a" * 21,
        False,
    ]
    cases = {f"name{number}": {"localai_instance": name} for number, name in enumerate([*right, *wrong])}
    rules = evaluate(tmp_path, "__localai_instance_variable_rules | map(attribute='holds') | list", cases)
    assert list(rules.values()) == [[True]] * len(right) + [[False]] * len(wrong)


def test_a_wrong_name_is_the_only_error(tmp_path: Path) -> None:
    cases = {f"name{number}": {"localai_instance": name} for number, name in enumerate(["GPU 1", ["a"], {"a": 1}])}
    errors = evaluate(tmp_path, "__localai_variable_errors", cases)
    assert [len(error) for error in errors.values()] == [1, 1, 1]
    assert all("localai_instance is " in error[0] for error in errors.values())
