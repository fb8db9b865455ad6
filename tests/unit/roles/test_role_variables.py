# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role computes from its variables and from what it finds on a host, without a host."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from ansible_collections.localai.core.tests.support.playbook import COLLECTION, environment

ROLE = COLLECTION / "roles" / "localai"


def evaluate(
    work: Path, expression: str, cases: dict[str, dict[str, Any]], given: str = "", arguments: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return what an expression is for each of some sets of variables, by Ansible itself; `given` has more, as YAML."""
    (work / "given.yml").write_text(given or "{}", encoding="utf-8")
    files = [
        str(ROLE / "defaults" / "main.yml"),
        *(str(file) for file in sorted(ROLE.glob("vars/main/*.yml"))),
        str(work / "given.yml"),
    ]
    tasks = [
        {
            "ansible.builtin.debug": {"msg": f"<{name}>{{{{ ({expression}) | to_json | b64encode }}}}<>"},
            "vars": variables,  # here, because vars_files go before those of a play
        }
        for name, variables in cases.items()
    ]
    play = {"hosts": "localhost", "gather_facts": False, "vars_files": files, "tasks": tasks}
    (work / "play.json").write_text(json.dumps([play]))
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "playbook", "--inventory", "localhost,", *arguments, str(work / "play.json")],
        env=environment(work),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    printed = re.sub(r"\s+", "", done.stdout)
    values = {name: json.loads(base64.b64decode(value)) for name, value in re.findall(r"<(\S+?)>(\S*?)<>", printed)}
    assert set(values) == {name.replace(" ", "") for name in cases}, done.stdout + done.stderr
    return {name: values[name.replace(" ", "")] for name in cases}


def good(**start: Any) -> dict[str, Any]:
    """What the role read of the last good start."""
    return {"__localai_good": {"content": base64.b64encode(json.dumps(start).encode()).decode()}}


DIRECTORY = "/opt/localai/bin"


def test_the_modules_are_told_the_version_of_the_server_that_the_role_installs(tmp_path: Path) -> None:
    cases = {
        "a release": {"localai_version": "v4.11.0"},
        "a candidate": {"localai_version": "v4.11.0-rc1"},
        "another name": {"localai_version": "nightly"},
        "two numbers": {"localai_version": "v4.11"},
        "somebody elses": {"localai_version": "v4.9.0", "localai_manage_binary": False},
    }
    assert evaluate(tmp_path, "__localai_host_options", cases) == {
        "a release": {"server_version": "v4.11.0"},
        "a candidate": {"server_version": "v4.11.0-rc1"},
        "another name": {},
        "two numbers": {},
        "somebody elses": {},
    }


def test_the_modules_are_told_which_builds_the_server_prefers(tmp_path: Path) -> None:
    cases = {
        "unset": {"localai_environment": {}},
        "set": {"localai_environment": {"LOCALAI_PREFER_DEV_BACKENDS": True, "OTHER": "x"}},
        "text": {"localai_environment": {"LOCALAI_PREFER_DEV_BACKENDS": "true"}},
    }
    values = evaluate(tmp_path, "__localai_listing_environment.LOCALAI_PREFER_DEV_BACKENDS", cases)
    assert values == {"unset": "", "set": "True", "text": "true"}


def test_what_is_put_back_is_for_the_server_that_is_put_back(tmp_path: Path) -> None:
    cases = {
        name: {"__localai_record": {"binary": binary}}
        for name, binary in {
            "release": f"{DIRECTORY}/local-ai-v4.9.0",
            "build": f"{DIRECTORY}/local-ai-v4.11.0@0123456789ab",
            "other": f"{DIRECTORY}/local-ai-nightly",
            "link": "/usr/local/bin/local-ai",
        }.items()
    }
    expected = {"release": "v4.9.0", "build": "v4.11.0", "other": "", "link": ""}
    assert evaluate(tmp_path, "__localai_version_to_restore", cases) == expected


PATHS = {"localai_home": "/srv//ai/", "localai_models_path": "/big/models"}
DATA = ["/srv/ai", "/srv/ai/backends", "/srv/ai/data", "/srv/ai/configuration"]


def test_what_a_removal_deletes_and_keeps(tmp_path: Path) -> None:
    cases = {
        "nothing": {**PATHS},
        "data": {**PATHS, "localai_remove_data": True},
        "models": {**PATHS, "localai_remove_models": "true"},
        "all": {**PATHS, "localai_remove_data": True, "localai_remove_models": True},
    }
    system = ["/usr/share/localai/backends"]
    assert evaluate(tmp_path, "[__localai_paths_to_delete, __localai_paths_to_keep]", cases) == {
        "nothing": [[], [*system, *DATA, "/big/models"]],
        "data": [DATA, [*system, "/big/models"]],
        "models": [["/big/models"], [*system, *DATA]],
        "all": [[*DATA, "/big/models"], system],
    }


# As in LocalAI's documentation, and a time without quotes, of which YAML makes no text.
GALLERIES = r"""
localai_galleries: [{"name":"localai","url":"https://index.localai.io/backends","mirrors":["oci://quay.io/x/y:z"],
  "verification":{"issuer":"https://issuer.example","identity_regex":"^https://x\\.example/(a|b/.+)$",
  "not_before":2026-08-05T01:02:03Z}}]
"""


def test_the_galleries_of_localais_variable_reach_the_service_and_the_modules(tmp_path: Path) -> None:
    values = {"listed": {}, "empty": {"localai_galleries": []}, "none": {"localai_galleries": None}}
    cases = {name: {"localai_service_galleries": True, **value} for name, value in values.items()}
    told = evaluate(
        tmp_path,
        "[(__localai_service_environment.LOCALAI_BACKEND_GALLERIES | default('null')) | from_json,"
        " __localai_host_options.galleries | default('-')]",
        cases,
        GALLERIES,
    )
    (gallery,) = told["listed"][0]
    assert told["listed"] == [[gallery], [gallery]]
    assert gallery["verification"] == {
        "issuer": "https://issuer.example",
        "identity_regex": r"^https://x\.example/(a|b/.+)$",
        "not_before": "2026-08-05T01:02:03+00:00",
    }
    assert told["empty"] == [[], []]
    assert told["none"] == [None, "-"]
