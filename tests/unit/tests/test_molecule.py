# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The molecule scenario: Molecule passes over an action without a playbook, and calls the run a success."""

from __future__ import annotations

from pathlib import Path

import yaml

from ansible_collections.localai.core.tests.molecule.standin import write

ROOT = Path(__file__).resolve().parents[3]
SCENARIO = ROOT / "extensions" / "molecule" / "default"
# Of actions that have no playbook of their name.
PLAYBOOKS = {"check": "converge", "idempotence": "converge", "dependency": "requirements"}


def test_each_action_has_its_playbook() -> None:
    scenario = yaml.safe_load((SCENARIO / "molecule.yml").read_text(encoding="utf-8"))["scenario"]
    used = {"molecule.yml"}
    for action in scenario["test_sequence"]:
        name, *arguments = action.split()
        used |= {f"{PLAYBOOKS.get(name, name)}.yml", *arguments}
    assert used == {path.name for path in SCENARIO.glob("*.yml")}


def test_what_the_scenario_needs_without_internet(tmp_path: Path) -> None:
    write(tmp_path)
    inventory = yaml.safe_load((ROOT / "tests" / "molecule" / "standin.yml").read_text(encoding="utf-8"))
    variables = inventory["localai"]["vars"]
    origins = [row["uri"] for row in (*variables["localai_backends"], *variables["localai_models"])]
    names = {"local-ai", *(Path(origin).relative_to("/standin").name for origin in origins)}
    assert names == {path.name for path in tmp_path.iterdir()}
