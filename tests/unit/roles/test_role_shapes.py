# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of the wrong shape in a play with the role, where Ansible validates them before the role does."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from ansible_collections.localai.core.tests.support.playbook import environment

URL = "https://files.example/index.yaml"
# Each host has one mistake, and this sentence about it.
MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "guessed": (
        {"localai_service_port": 8080, "localai_rate_limit": "10M"},
        (
            "localai_rate_limit (use rate_limit in module_defaults, or with the playbooks in localai_module_defaults), "
            "localai_service_port (use localai_address, such as 127.0.0.1:8080)."
        ),
    ),
    "module_defaults": ({"localai_module_defaults": "x"}, "localai_module_defaults must be a mapping, not text or a"),
    "pins": (
        {"localai_pins": "/srv/pins.yml"},
        "localai_pins must be a mapping, not text or a list. It is the content of the file of pins, not its path:",
    ),
    "smoke_text": (
        {"localai_smoke_test": "tiny"},
        "localai_smoke_test must be a mapping, not text or a list. It needs the name of a model, as in",
    ),
    "smoke_true": ({"localai_smoke_test": True}, "localai_smoke_test must be a mapping, not text or a list."),
    "smoke_key": (
        {"localai_smoke_test": {"model": "tiny", "question": "Hello"}},
        "localai_smoke_test has the unknown key question. The keys are model, prompt and timeout.",
    ),
    "smoke_time": (
        {"localai_smoke_test": {"model": "tiny", "timeout": "5m"}},
        "the timeout of localai_smoke_test must be a number of seconds, at least 1.",
    ),
    "flat": (
        {"localai_unit_overrides": {"MemoryMax": "8G"}},
        "In localai_unit_overrides, MemoryMax is not one of the sections Unit, Service, Install.",
    ),
    "section_list": (
        {"localai_unit_overrides": {"Service": ["MemoryMax=8G"]}},
        "In localai_unit_overrides, Service is not a mapping of directives.",
    ),
    "unit_text": (
        {"localai_unit_overrides": "[Service]\nMemoryMax=8G"},
        "It has sections with directives, as in localai_unit_overrides: {Service: {MemoryMax: 64G}}.",
    ),
    "mirror": (
        {"localai_mirror": "https://mirror.example"},
        "localai_mirror must be a mapping, not text or a list. It names the mirror, as in localai_mirror: {registry:",
    ),
    "gallery_text": (
        {"localai_galleries": URL},
        "The galleries are not valid: localai_galleries is text, not a list of mappings. Write, for example,",
    ),
    "gallery_json": (
        {"localai_models_galleries": '[{"name":"company", "url":"' + URL + '"}]'},
        "localai_models_galleries is text, not a list of mappings.",
    ),
    "gallery_urls": ({"localai_galleries": [URL]}, "localai_galleries, item 1: it is text, not a mapping."),
    "gallery_key": ({"localai_galleries": [{"id": "x", "url": URL}]}, "localai_galleries, item 1: unknown key id; the"),
    "endpoints": (
        {"localai_endpoints": {"registry.example": {"username": "me", "password": "s3cret"}}},
        "The endpoints are not valid: localai_endpoints is a mapping, not a list of mappings. Write, for example,",
    ),
    "user": (
        {"localai_endpoints": [{"host": "registry.example", "user": "me", "password": "s3cret"}]},
        "localai_endpoints, item 1: unknown key user; the keys are host, username,",
    ),
}


def test_the_sentence_is_the_one_of_the_role(tmp_path: Path) -> None:
    hosts = {name: {"ansible_connection": "local", **variables} for name, (variables, _text) in MISTAKES.items()}
    (tmp_path / "inventory.json").write_text(json.dumps({"all": {"hosts": hosts}}), encoding="utf-8")
    play = {"hosts": "all", "gather_facts": False, "roles": ["localai.core.localai"]}
    (tmp_path / "play.json").write_text(json.dumps([play]), encoding="utf-8")
    program = [sys.executable, "-m", "ansible", "playbook", "--inventory", str(tmp_path / "inventory.json")]
    done = subprocess.run(
        [*program, str(tmp_path / "play.json")],
        env={**environment(tmp_path), "ANSIBLE_CALLBACK_RESULT_FORMAT": "json"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "s3cret" not in done.stdout + done.stderr
    said = {
        name: json.loads(result)["msg"]
        for name, result in re.findall(r"^fatal: \[(\w+)\]: .*?=> (.*)$", done.stdout, re.MULTILINE)
    }
    assert sorted(said) == sorted(MISTAKES), done.stdout + done.stderr
    assert {name: text for name, text in said.items() if MISTAKES[name][1] not in text} == {}
    assert {name: text for name, text in said.items() if "\n" in text} == {}, "one mistake has several errors"
