# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The project, the survey, the credential and the execution environment of the guide to AWX."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from jinja2 import Environment

from ansible_collections.localai.core.tests.support.examples import EXAMPLES
from ansible_collections.localai.core.tests.support.playbook import COLLECTION, environment

AWX = EXAMPLES / "awx"
# What AWX knows: the types of questions, and of fields of credentials.
QUESTIONS = {"text", "textarea", "password", "multiplechoice", "multiselect", "integer", "float"}
QUESTION_KEYS = {
    *("question_name", "question_description", "required", "type"),
    *("variable", "min", "max", "default", "choices"),
}
FIELD_KEYS = {"id", "label", "type", "secret", "multiline", "help_text", "choices", "format", "default"}
# Variables of the playbooks, which the role does not have.
OF_PLAYBOOKS = {"localai_batch"}
SECRETS = {
    "api_keys": "sk-one\nsk-two\n",
    "huggingface_token": "hf_x",
    "registry_username": "puller",
    "registry_password": "{{ not a template }}",
}
# An inventory whose only host nobody can reach.
LOST = {"ansible_connection": "local", "ansible_remote_tmp": "/dev/null/none", "ansible_become": False}


def load(name: str) -> Any:
    return yaml.safe_load((AWX / name).read_text(encoding="utf-8"))


def role_options() -> dict[str, Any]:
    text = (COLLECTION / "roles" / "localai" / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    options: dict[str, Any] = yaml.safe_load(text)["argument_specs"]["main"]["options"]
    return options


def test_each_question_is_about_a_variable_and_its_default_is_accepted() -> None:
    survey = json.loads((AWX / "survey.json").read_text(encoding="utf-8"))
    assert set(survey) == {"name", "description", "spec"}
    options = role_options()
    playbooks = " ".join(path.read_text(encoding="utf-8") for path in (COLLECTION / "playbooks").glob("*.yml"))
    assert survey["spec"]
    for question in survey["spec"]:
        assert set(question) <= QUESTION_KEYS
        assert question["type"] in QUESTIONS
        assert str(question["default"]) in question.get("choices", [str(question["default"])])
        name = question["variable"]
        if name in OF_PLAYBOOKS:
            assert re.search(rf"\b{name}\b", playbooks)
            continue
        spec = {name: {key: options[name][key] for key in ("type", "choices") if key in options[name]}}
        for value in question.get("choices", [question["default"]]):
            assert ArgumentSpecValidator(spec).validate({name: value}).error_messages == []


def test_the_credential_has_what_the_inventory_uses() -> None:
    fields = load("credential-input.yml")
    names = [field["id"] for field in fields["fields"]]
    assert all(set(field) <= FIELD_KEYS for field in fields["fields"])
    assert fields["required"] == names == list(SECRETS)
    assert {field["id"] for field in fields["fields"] if field.get("secret")} >= {"api_keys", "registry_password"}
    injected = load("credential-injector.yml")["extra_vars"]
    assert sorted(injected.values()) == sorted(f"{{{{ {name} }}}}" for name in names)
    variables = (AWX / "group_vars" / "localai.yml").read_text(encoding="utf-8")
    assert all(f"{{{{ {name} " in variables for name in injected)
    assert set(yaml.safe_load(variables)) <= set(role_options())


def test_the_execution_environment_has_what_the_modules_need() -> None:
    described = load("execution-environment.yml")
    assert described["version"] == 3
    (collection,) = described["dependencies"]["galaxy"]["collections"]
    (built,) = described["additional_build_files"]
    assert collection["name"] == f"{built['dest']}/{built['src']}"
    meta = yaml.safe_load((COLLECTION / "meta" / "execution-environment.yml").read_text(encoding="utf-8"))
    lines = (COLLECTION / meta["dependencies"]["python"]).read_text(encoding="utf-8").splitlines()
    packages = {re.split("[^A-Za-z]", line)[0] for line in lines if not line.startswith("#")}
    assert packages == {"requests", "PyYAML", "cryptography"}


class Project:
    """A project of AWX: the files of the guide."""

    def __init__(self, work: Path) -> None:
        self.path = work / "project"
        shutil.copytree(AWX, self.path)
        # AWX starts jobs in the directory of the project.
        self.work = work

    def run(self, playbook: str, hosts: dict[str, Any], *arguments: str) -> tuple[int, str]:
        """Run a playbook with the credential, as AWX does, and return its code and its output in one line."""
        injected = load("credential-injector.yml")["extra_vars"]
        values = {name: Environment().from_string(text).render(SECRETS) for name, text in injected.items()}
        # AWX marks what a credential injects as no template.
        lines = [f"{name}: !unsafe {json.dumps(value)}" for name, value in values.items()]
        (self.work / "extra.yml").write_text("\n".join(lines), encoding="utf-8")
        (self.path / "inventory.json").write_text(json.dumps({"localai": {"hosts": hosts}}), encoding="utf-8")
        done = subprocess.run(
            [
                *(sys.executable, "-m", "ansible", "playbook", "-i", "inventory.json", playbook),
                *("-e", f"@{self.work / 'extra.yml'}", *arguments),
            ],
            cwd=self.path,
            env={
                **environment(self.work),
                "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
                "ANSIBLE_SHOW_CUSTOM_STATS": "true",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, re.sub(r"\s+", " ", done.stdout + done.stderr)


@pytest.fixture(name="project")
def _project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def test_the_report_is_an_artifact_and_fails_the_job(project: Project) -> None:
    code, output = project.run("report.yml", {"lost": LOST})
    assert code == 2, output
    assert (project.path / "report.html").exists()
    artifacts, _end = json.JSONDecoder().raw_decode(output.partition("RUN: ")[2])
    assert artifacts["hosts"] == 1
    assert [row["condition"] for row in artifacts["need_action"]] == ["unreachable"]
    assert "See the artifacts of the job." in output


@pytest.mark.long
@pytest.mark.parametrize("playbook", ["provision.yml", "upgrade.yml"])
def test_the_playbooks_of_the_collection_see_the_variables_of_the_project(project: Project, playbook: str) -> None:
    code, output = project.run(playbook, {"lost": LOST}, "--check")
    assert code in (2, 4), output
    assert "unreachable=1" in output
    with (project.path / "group_vars" / "localai.yml").open("a", encoding="utf-8") as variables:
        variables.write("localai_batch: no number\n")
    code, output = project.run(playbook, {"lost": LOST}, "--check")
    assert code == 2
    assert "Examples are 1, 25% and 1,5,25%" in output


@pytest.mark.long
def test_the_secrets_of_the_credential_reach_the_role(project: Project) -> None:
    shown = {name: f"{{{{ {name} }}}}" for name in ("localai_api_keys", "localai_endpoints")}
    task = {"ansible.builtin.copy": {"dest": "{{ out }}", "content": "{{ shown | to_json }}", "mode": "0600"}}
    play = {"hosts": "localai", "gather_facts": False, "vars": {"shown": shown}, "tasks": [task]}
    (project.path / "show.yml").write_text(json.dumps([play]), encoding="utf-8")
    here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    out = project.work / "shown.json"
    code, output = project.run("show.yml", {"here": here}, "-e", f"out={out}")
    assert code == 0, output
    found = json.loads(out.read_text(encoding="utf-8"))
    assert found["localai_api_keys"] == ["sk-one", "sk-two"]
    assert found["localai_endpoints"][0] == {"host": "huggingface.co", "token": "hf_x"}
    assert found["localai_endpoints"][1]["password"] == SECRETS["registry_password"]
