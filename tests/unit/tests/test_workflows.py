# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The workflows run pinned actions with the rights that they name, and commands that this repository has."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Iterator

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
TARGET = re.compile(r"^([a-z]+):", re.MULTILINE)
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
# A trailing comment names the version of the commit.
PINNED = re.compile(r"uses: [a-z-]+/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")


def problems(text: str, targets: frozenset[str]) -> Iterator[str]:
    """Yield what is wrong with a workflow."""
    workflow: dict[str, Any] = yaml.safe_load(text)
    for line in text.splitlines():
        if "uses:" in line and not PINNED.fullmatch(line.strip().removeprefix("- ")):
            yield f"not pinned: {line.strip()}"
    if workflow.get("permissions") not in ({}, {"contents": "read"}):
        yield "the permissions of all jobs are not the least"
    if "concurrency" not in workflow:
        yield "two runs may be at work at once"
    if "pull_request_target" in workflow["on"] or "workflow_run" in workflow["on"]:
        yield "a stranger's code could get rights"
    for name, job in workflow["jobs"].items():
        if "timeout-minutes" not in job:
            yield f"{name} has no limit"
        for step in job["steps"]:
            yield from problems_of_step(name, step, targets)


def problems_of_step(job: str, step: dict[str, Any], targets: frozenset[str]) -> Iterator[str]:
    """Yield what is wrong with a step."""
    script = step.get("run", "")
    if "${{" in script:
        yield f"{job}: a script contains an expression, whose value becomes code"
    for called in re.findall(r"\bmake ([a-z]+)", script):
        if called not in targets:
            yield f"{job}: the Makefile has no target {called}"
    if (
        step.get("uses", "").startswith("actions/checkout@")
        and step.get("with", {}).get("persist-credentials") is not False
    ):
        yield f"{job}: later steps can read the token of the checkout"


@pytest.fixture(scope="module")
def targets() -> frozenset[str]:
    """Return the targets of the Makefile."""
    return frozenset(TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))


def test_there_are_workflows() -> None:
    assert {path.stem for path in WORKFLOWS} == {"daily", "docs", "molecule", "release", "test"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflow(path: Path, targets: frozenset[str]) -> None:
    assert list(problems(path.read_text(encoding="utf-8"), targets)) == []


def test_the_version_of_each_pin_is_the_same_everywhere() -> None:
    pins = {pin for path in WORKFLOWS for pin in PINNED.findall(path.read_text(encoding="utf-8"))}
    assert len({pin.partition("@")[0] for pin in pins}) == len(pins)


def test_what_is_wrong_is_found(targets: frozenset[str]) -> None:
    workflow = """
"on": {pull_request_target: {}}
permissions: {contents: write}
jobs:
  job:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v6
      - run: make nothing && echo ${{ github.head_ref }}
"""
    assert list(problems(workflow, targets)) == [
        "not pinned: - uses: actions/checkout@v6",
        "the permissions of all jobs are not the least",
        "two runs may be at work at once",
        "a stranger's code could get rights",
        "job has no limit",
        "job: later steps can read the token of the checkout",
        "job: a script contains an expression, whose value becomes code",
        "job: the Makefile has no target nothing",
    ]


def test_cores_are_those_of_the_script() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text(encoding="utf-8"))
    script = (ROOT / "tests" / "tools" / "other_cores.sh").read_text(encoding="utf-8")
    rows = re.findall(r"^(2\.\d+) 3\.", script, re.MULTILINE)
    assert workflow["jobs"]["cores"]["strategy"]["matrix"]["core"] == rows
    requires = yaml.safe_load((ROOT / "meta" / "runtime.yml").read_text(encoding="utf-8"))["requires_ansible"]
    assert requires == f">={rows[0]}.0"


def test_platforms_are_those_of_the_scenario() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "molecule.yml").read_text(encoding="utf-8"))
    inventory = yaml.safe_load(
        (ROOT / "extensions" / "molecule" / "inventory" / "hosts.yml").read_text(encoding="utf-8")
    )
    assert workflow["jobs"]["molecule"]["strategy"]["matrix"]["platform"] == list(inventory["localai"]["hosts"])
