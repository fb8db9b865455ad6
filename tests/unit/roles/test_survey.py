# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook `survey` writes what several hosts want and can run; the hosts are this machine, without libraries."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.localai.core.tests.support.playbook import COLLECTION, environment
from ansible_collections.localai.core.tests.unit.roles.test_role_variables import evaluate

PLATFORM = {"x86_64": "linux/amd64", "aarch64": "linux/arm64"}[platform.machine()]
HOME = "/nonexistent/local-ai"
SECRET = "s3cret-of-the-site"
# Ansible cannot create a directory there, and takes a host without one for unreachable.
UNREACHABLE = {"ansible_remote_tmp": "/dev/null/none"}
BROKEN = {"ansible_python_interpreter": "/nonexistent/python"}
CUDA = {"localai_capability": "nvidia-cuda-12"}


class Site:
    """A controller in a directory of its own, and an inventory."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.directory = work / "controller"
        self.directory.mkdir()
        self.file = self.directory / "survey.yml"
        self._python = work / "python"
        # Without the libraries of this interpreter: neither requests nor PyYAML.
        self._python.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n', encoding="utf-8")
        self._python.chmod(0o755)
        self.hosts: dict[str, dict[str, dict[str, Any]]] = {"north": {}, "south": {}}
        self.variables: dict[str, dict[str, Any]] = {"localai": {}, "north": {}, "south": {}}

    def imports(self, library: str) -> bool:
        """Return whether the hosts have a library."""
        return (
            subprocess.run([self._python, "-c", f"import {library}"], capture_output=True, check=False).returncode == 0
        )

    def run(self, *arguments: str, expected: int = 0) -> str:
        """Run the playbook, and return what it prints, in one line."""
        connection = {
            "ansible_connection": "local",
            "ansible_become": False,
            "ansible_python_interpreter": str(self._python),
            "localai_home": HOME,
        }
        hosts = {name: {"hosts": group, "vars": self.variables[name]} for name, group in self.hosts.items()}
        inventory = {"localai": {"children": hosts, "vars": {**connection, **self.variables["localai"]}}}
        (self.work / "inventory.json").write_text(json.dumps(inventory), encoding="utf-8")
        program = [sys.executable, "-m", "ansible", "playbook", "--inventory", str(self.work / "inventory.json")]
        done = subprocess.run(
            [*program, str(COLLECTION / "playbooks" / "survey.yml"), *arguments],
            cwd=self.directory,
            env=environment(self.work),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == expected, done.stdout + done.stderr
        return re.sub(r"\s+", " ", done.stdout + done.stderr)

    def survey(self, *arguments: str) -> Any:
        """Run the playbook, and return the content of the file."""
        self.run(*arguments)
        return yaml.safe_load(self.file.read_text(encoding="utf-8"))


@pytest.fixture(name="site")
def _site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def changed(output: str) -> int:
    """Return how much the run changed on all hosts together."""
    recap = output.partition("PLAY RECAP")[2]
    assert recap
    return sum(map(int, re.findall(r"changed=(\d+)", recap)))


@pytest.mark.long
def test_the_hosts_of_two_groups_are_written_once_and_without_secrets(site: Site) -> None:
    assert not site.imports("yaml")
    assert not site.imports("requests")
    site.hosts = {
        "north": {"n1": UNREACHABLE, "n2": CUDA, "n3": CUDA},
        "south": {"s1": {"localai_capability": "amd"}},
    }
    site.variables["localai"] = {
        "localai_backends": ["whisper", {"name": "old", "state": "absent"}],
        "localai_models": [
            {"name": "chat", "model": "qwen3-4b", "config": {"system_prompt": SECRET, "backend": "llama-cpp"}},
            {"name": "gone", "state": "absent"},
        ],
        "localai_api_key": SECRET,
        # The hosts are not asked to read it, and what is in it already may be old.
        "localai_bundle": "https://mirror.site/bundle",
        "localai_endpoints": [{"host": "registry.site", "username": "u", "password": SECRET}],
        "localai_secret_environment": {"HF_TOKEN": SECRET},
    }
    site.variables["north"] = {"localai_backends__north": ["vllm"], "localai_version": "latest"}
    site.variables["south"] = {
        "localai_backends_state": "latest",
        "localai_backends_release": "server",
        "localai_models__south": [{"name": "mine", "uri": f"https://u:{SECRET}@files.site/mine.gguf?sig={SECRET}"}],
        "localai_galleries": [{"name": "ours", "url": f"https://u:{SECRET}@files.site/index.yaml"}],
    }

    predicted = site.run("--check", "--diff")
    assert changed(predicted) == 1
    assert "+- capability: amd" in predicted
    assert not site.file.exists()

    output = site.run()
    assert changed(output) == 1
    assert "WARNING: These hosts could not be read: n1." in output
    assert "addresses: gallery ours, model mine. Set" in output
    assert SECRET not in output

    text = site.file.read_text(encoding="utf-8")
    assert text.startswith(
        "# What the hosts of a site want and can run, for the module localai.core.localai_bundle.\n---\n"
    )
    for hidden in (SECRET, "n1", "n2", "s1", "u:", "registry.site", "mirror.site", HOME):
        assert hidden not in text
    assert site.file.stat().st_mode & 0o777 == 0o644
    chat = {"name": "chat", "model": "qwen3-4b", "config": {"backend": "llama-cpp"}}
    document = yaml.safe_load(text)
    galleries = document.pop("galleries")
    assert [(gallery["name"], gallery["url"]) for gallery in galleries] == [
        ("localai", "https://index.localai.io/backends"),
        ("ours", "https://files.site/index.yaml"),
    ]
    assert document == {
        "format": 1,
        "targets": [
            {
                "capability": "amd",
                "platform": PLATFORM,
                "server_version": "v4.11.0",
                "backends_release": "v4.11.0",
                "hosts": 1,
                "backends": [{"name": "whisper", "release": "v4.11.0", "state": "latest"}],
                "models": [chat, {"name": "mine", "uri": "https://files.site/mine.gguf"}],
            },
            {
                "capability": "nvidia-cuda-12",
                "platform": PLATFORM,
                "server_version": "latest",
                "hosts": 2,
                "backends": [{"name": "vllm"}, {"name": "whisper"}],
                "models": [chat],
            },
        ],
        "model_galleries": [],
        "pins": [],
        "unreachable": 1,
        "unknown_capability": 0,
    }

    assert changed(site.run()) == 0
    assert site.file.read_text(encoding="utf-8") == text


def test_a_host_that_fails_is_counted_and_one_without_localai_wants_nothing(site: Site) -> None:
    site.hosts = {"north": {"n1": BROKEN, "n2": CUDA}, "south": {"s1": {**UNREACHABLE, "localai_state": "absent"}}}
    output = site.run("-e", "localai_survey_file=other.yml", expected=2)
    assert "WARNING: These hosts could not be read: n1." in output
    document = yaml.safe_load((site.directory / "other.yml").read_text(encoding="utf-8"))
    assert [target["hosts"] for target in document["targets"]] == [1]
    assert document["unreachable"] == 1


def test_a_mistake_in_the_variables_of_one_host_stops_the_survey(site: Site) -> None:
    site.hosts = {"north": {"n1": CUDA}, "south": {"s1": {"localai_port": 8080}}}
    assert "localai_port (use localai_address" in site.run(expected=2)
    assert not site.file.exists()


@pytest.mark.long
def test_without_a_host_that_answers_nothing_is_written(site: Site) -> None:
    site.hosts = {"north": {"n1": UNREACHABLE}, "south": {"s1": UNREACHABLE}}
    assert "None of the hosts could be read: n1, s1. Check the connection to them. No file was written." in site.run(
        expected=2
    )
    assert not site.file.exists()


@pytest.mark.long
def test_galleries_that_differ_and_wrong_addresses_are_named(site: Site) -> None:
    site.hosts = {"north": {"n1": CUDA}, "south": {"s1": CUDA}}
    site.variables["north"] = {"localai_galleries": [{"name": "ours", "url": "https://a.example.com/index.yaml"}]}
    site.variables["south"] = {
        "localai_galleries": [{"name": "ours", "url": "https://b.example.com/index.yaml"}],
        "localai_models": [{"name": "mine", "uri": f"https://u:p/{SECRET}@files.site/mine.gguf"}],
    }
    output = site.run(expected=2)
    assert "Galleries of the same name differ: ours (on n1 and s1)." in output
    assert "Some addresses are not valid URLs: model mine (on s1)." in output
    assert SECRET not in output
    assert not site.file.exists()


@pytest.mark.long
def test_the_backends_of_models_that_somebody_else_manages_are_wanted(site: Site) -> None:
    home = site.work / "home"
    (home / "models").mkdir(parents=True)
    (home / "models" / "tiny.yaml").write_text("name: tiny\nbackend: piper\n", encoding="utf-8")
    site.hosts = {"north": {"n1": {**CUDA, "ansible_python_interpreter": sys.executable}}, "south": {}}
    # Without a service, the directory can be a temporary one.
    site.variables["localai"] = {
        "localai_home": str(home),
        "localai_manage_service": False,
        "localai_manage_models": False,
        "localai_models": ["tiny"],
    }
    (target,) = site.survey()["targets"]
    assert (target["backends"], target["models"]) == ([{"name": "piper"}], [])


BEFORE: dict[str, Any] = {"__localai_before": {"capability": "default", "backends": []}}
FACTS: dict[str, Any] = {"ansible_facts": {"architecture": "x86_64"}}


def rows(tmp_path: Path, cases: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return what the role makes of the variables of some hosts."""
    hosts = {name: {**FACTS, **BEFORE, **variables} for name, variables in cases.items()}
    return evaluate(tmp_path, "__localai_wanted | localai.core.survey_row", hosts)


def test_which_server_and_which_parts_a_host_gets(tmp_path: Path) -> None:
    both = {"localai_backends": ["whisper"], "localai_models": ["tiny"]}
    shared = {"models": [{"name": "tiny", "served_name": "tiny", "backend": "llama-cpp"}]}
    found = rows(
        tmp_path,
        {
            "all": both,
            "binary of others": {**both, "localai_manage_binary": False},
            "binary of the site": {**both, "localai_binary_src": "local-ai"},
            "other parts": {**both, "localai_manage_backends": False, "localai_manage_models": False},
            "models of others": {**both, "localai_manage_models": False, "__localai_shared_models": shared},
            "arm": {"ansible_facts": {"architecture": "aarch64"}},
            "rare": {"ansible_facts": {"architecture": "riscv64"}},
            "unread": {"__localai_before": {"capability": None}},
        },
    )
    targets = {name: row["target"] for name, row in found.items()}
    whole = {
        "capability": "default",
        "platform": "linux/amd64",
        "server_version": "v4.11.0",
        "hosts": 1,
        "backends": [{"name": "whisper"}],
        "models": [{"name": "tiny"}],
    }
    assert targets == {
        "all": whole,
        "binary of others": {**whole, "server_version": None},
        "binary of the site": {**whole, "server_version": None},
        "other parts": {**whole, "backends": [], "models": [], "models_backends": False},
        "models of others": {**whole, "backends": [{"name": "llama-cpp"}, {"name": "whisper"}], "models": []},
        "arm": {**whole, "platform": "linux/arm64", "backends": [], "models": []},
        "rare": {**whole, "platform": "linux/riscv64", "backends": [], "models": []},
        "unread": None,
    }


def test_options_of_the_modules_count_as_in_the_role(tmp_path: Path) -> None:
    gallery = {"name": "g", "url": "/g.yaml"}
    pins = {"format": 1, "backends": [{"name": "b"}]}
    found = rows(
        tmp_path,
        {
            "none": {},
            "defaults": {
                "localai_module_defaults": {"galleries": [gallery], "release": "v4.9.0"},
                "localai_backends": ["whisper"],
            },
            "variables": {
                "localai_module_defaults": {"galleries": [gallery], "pins": {"format": 1, "backends": []}},
                "localai_galleries": [{"name": "h", "url": "/h.yaml"}],
                "localai_models_galleries": [gallery],
                "localai_pins": pins,
            },
        },
    )
    keys = ("galleries", "model_galleries", "pins")
    assert {name: [row[key] for key in keys] for name, row in found.items()} == {
        "none": [None, None, None],
        "defaults": [[gallery], None, None],
        "variables": [[{"name": "h", "url": "/h.yaml"}], [gallery], pins],
    }
    assert found["defaults"]["target"]["backends"] == [{"name": "whisper", "release": "v4.9.0"}]


def test_hosts_with_an_unknown_capability_are_named(tmp_path: Path) -> None:
    cases = {
        "some": {"__localai_survey": {"unread": [], "unknown_capability": ["g1", "g2"], "shortened": []}},
        "none": {"__localai_survey": {"unread": [], "unknown_capability": [], "shortened": []}},
    }
    found = evaluate(tmp_path, "__localai_survey_warnings", cases)
    assert found["none"] == []
    (warning,) = found["some"]
    assert warning.startswith(
        "WARNING: The capability of these hosts is unknown, because their GPU cannot be read: g1, g2."
    )
