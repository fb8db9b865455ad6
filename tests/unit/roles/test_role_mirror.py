# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which variables the role of the mirror refuses, and what it writes, by Ansible itself."""

from __future__ import annotations

import http.server
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.localai.core.tests.support.mirror import ROLE
from ansible_collections.localai.core.tests.support.playbook import environment
from ansible_collections.localai.core.tests.unit.roles import test_role_variables
from ansible_collections.localai.core.tests.unit.roles.test_role_variables import evaluate

SPEC = yaml.safe_load((ROLE / "meta" / "argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]["main"]
DEFAULTS = yaml.safe_load((ROLE / "defaults" / "main.yml").read_text(encoding="utf-8"))
ADDRESS = {"localai_mirror_address": "10.0.0.5:8090"}
CREDENTIALS = {"quay.io": {"username": "me", "password": "se'c\"r$et"}, "huggingface.co": {"token": "hf_x\n"}}
ACCEPTED: dict[str, dict[str, Any]] = {
    "address": ADDRESS,
    "all": {"localai_mirror_address": "*:443", "localai_mirror_certificate": "/c.pem", "localai_mirror_key": "/k.pem"},
    "ipv6": {"localai_mirror_address": "[::]:8090", "localai_mirror_files": []},
    "credentials": {**ADDRESS, "localai_mirror_credentials": CREDENTIALS, "localai_mirror_environment": None},
    "removal": {"localai_mirror_state": "absent"},
}
# What each is told, and no more.
REFUSED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing": ({}, ["localai_mirror_address is not set, but must be the host:port"]),
    "port": ({"localai_mirror_address": "8090"}, ["localai_mirror_address is 8090, but must be the host:port"]),
    "state": ({**ADDRESS, "localai_mirror_state": "gone"}, ["localai_mirror_state is gone, but must be present"]),
    "text": ({"localai_mirror_files": "https://github.com"}, ["localai_mirror_files must be a list of URLs"]),
    "urls": (
        {**ADDRESS, "localai_mirror_registries": ["quay.io"], "localai_mirror_files": ["https://me:pw@h", "http://h/x"]},
        ["have quay.io, https://h, http://h/x. Write each server as a URL without a path"],
    ),
    "empty": ({**ADDRESS, "localai_mirror_registries": [], "localai_mirror_files": []}, ["are both empty"]),
    "twice": ({**ADDRESS, "localai_mirror_files": ["https://quay.io"]}, ["name one server twice"]),
    "no key": ({**ADDRESS, "localai_mirror_certificate": "/c.pem"}, ["belong together"]),
    "relative": ({**ADDRESS, "localai_mirror_ca_path": "ca.pem"}, ["localai_mirror_ca_path must be an absolute path"]),
    "path": ({**ADDRESS, "localai_mirror_path": "/var"}, ["localai_mirror_path is /var, which is a system directory"]),
    "unknown": ({**ADDRESS, "localai_mirror_credentials": {"x.io": {"token": "t"}}}, ["has x.io, which is no server"]),
    "kind": (
        {**ADDRESS, "localai_mirror_credentials": {"quay.io": {"token": "t"}, "github.com": {"username": "me"}}},
        ["quay.io, github.com: a registry needs username and password"],
    ),
    "no login": ({**ADDRESS, "localai_mirror_credentials": {"quay.io": "x"}}, ["must be a mapping, such as {quay"]),
    "environment": ({**ADDRESS, "localai_mirror_environment": ["x"]}, ["localai_mirror_environment must be a mapping"]),
    "size": ({**ADDRESS, "localai_mirror_size": "200"}, ["localai_mirror_size must be a number with m or g"]),
    "all at once": (
        {"localai_mirror_address": "x", "localai_mirror_files": ["x"], "localai_mirror_key": "/k"},
        ["localai_mirror_address is x", "localai_mirror_files have x", "belong together"],
    ),
}  # fmt: skip


@pytest.fixture(autouse=True)
def _its_role(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_role_variables, "ROLE", ROLE)


def test_the_defaults_are_those_of_the_documentation() -> None:
    documented = {name: option["default"] for name, option in SPEC["options"].items() if "default" in option}
    assert documented == DEFAULTS


def test_the_table_of_the_guide_has_all_variables() -> None:
    text = (ROLE / "README.md").read_text(encoding="utf-8")
    assert [name for name in SPEC["options"] if f"`{name}`" not in text] == []


# Ansible needs a moment for each case.
@pytest.mark.parametrize("part", [0, pytest.param(1, marks=pytest.mark.long), pytest.param(2, marks=pytest.mark.long)])
def test_what_is_accepted_and_what_is_refused(tmp_path: Path, part: int) -> None:
    expected = {**{name: (variables, []) for name, variables in ACCEPTED.items()}, **REFUSED}
    cases = {name: expected[name] for name in list(expected)[part::3]}
    found = evaluate(
        tmp_path, "__localai_mirror_errors", {name: variables for name, (variables, _texts) in cases.items()}
    )
    for name, (_variables, texts) in cases.items():
        assert len(found[name]) == len(texts), (name, found[name])
        for text, error in zip(texts, found[name]):
            assert text in error, name


def test_the_environment_of_the_units(tmp_path: Path) -> None:
    variables = {
        **ADDRESS,
        "localai_mirror_registries": ["https://quay.io", "http://r.example:5000"],
        "localai_mirror_files": ["https://huggingface.co"],
        "localai_mirror_credentials": CREDENTIALS,
        "localai_mirror_environment": {"https_proxy": "http://p:3128"},
        "localai_mirror_ca_path": "/ca.pem",
        "registry": "quay.io",
    }
    both = "[__localai_mirror_gateway_environment, __localai_mirror_registry_environment, __localai_mirror_url]"
    values = evaluate(tmp_path, both, {"first": variables, "second": {**variables, "registry": "r.example:5000"}})
    common = {"https_proxy": "http://p:3128", "SSL_CERT_FILE": "/ca.pem"}
    gateway, first, url = values["first"]
    assert url == "http://10.0.0.5:8090"
    assert gateway == {
        **common,
        "LOCALAI_MIRROR_UPSTREAMS": '{"quay.io": "https://quay.io", "r.example:5000": "http://r.example:5000", '
        '"huggingface.co": "https://huggingface.co"}',
        "LOCALAI_MIRROR_TOKENS": '{"huggingface.co": "hf_x"}',
    }
    assert first == {
        **common,
        "REGISTRY_HTTP_ADDR": "127.0.0.1:5080",
        "REGISTRY_PROXY_REMOTEURL": "http://127.0.0.1:5081",
        "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY": "/var/cache/localai-mirror/registry/quay.io",
        "REGISTRY_PROXY_USERNAME": "me",
        "REGISTRY_PROXY_PASSWORD": CREDENTIALS["quay.io"]["password"],
    }
    second = values["second"][1]
    assert (second["REGISTRY_HTTP_ADDR"], "REGISTRY_PROXY_USERNAME" in second) == ("127.0.0.1:5082", False)


class Late(http.server.BaseHTTPRequestHandler):
    """A mirror that answers from the second request on."""

    requests = 0

    def do_GET(self) -> None:
        type(self).requests += 1
        self.send_response(200 if self.requests > 1 else 503)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_arguments: Any) -> None:
        """Nothing."""


def test_a_mirror_that_starts_late_is_waited_for(tmp_path: Path) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), Late) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        told = {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "__localai_mirror_url": f"http://127.0.0.1:{server.server_port}",
            "__localai_mirror_registry_names": [],
            "localai_mirror_loopback_port": 1,
        }
        play = {"hosts": "all", "gather_facts": False, "tasks": [{"include_tasks": str(ROLE / "tasks" / "wait.yml")}]}
        (tmp_path / "play.json").write_text(json.dumps([play]), encoding="utf-8")
        (tmp_path / "hosts.json").write_text(json.dumps({"all": {"hosts": {"h": told}}}), encoding="utf-8")
        command = [sys.executable, "-m", "ansible", "playbook", "-i", str(tmp_path / "hosts.json")]
        done = subprocess.run(
            [*command, str(tmp_path / "play.json")],
            env=environment(tmp_path),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        server.shutdown()
    assert (done.returncode, Late.requests) == (0, 2), done.stdout + done.stderr
