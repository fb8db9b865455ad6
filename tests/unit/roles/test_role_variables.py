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

import pytest

from ansible_collections.localai.core.tests.support.playbook import COLLECTION, environment

ROLE = COLLECTION / "roles" / "localai"


def evaluate(work: Path, expression: str, cases: dict[str, dict[str, Any]], given: str = "") -> dict[str, Any]:
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
        [sys.executable, "-m", "ansible", "playbook", "--inventory", "localhost,", str(work / "play.json")],
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
# Whether it is a downgrade: the version, what the link on the host leads to, what started last.
DOWNGRADES = {
    "older": ("v4.9.0", f"{DIRECTORY}/local-ai-v4.9.1", "", True),
    "older by number": ("v4.9.0", f"{DIRECTORY}/local-ai-v4.10.0", "", True),
    "newer by number": ("v4.10.0", f"{DIRECTORY}/local-ai-v4.9.0", "", False),
    "the same": ("v4.9.0", f"{DIRECTORY}/local-ai-v4.9.0", "", False),
    "another build": ("v4.9.0", f"{DIRECTORY}/local-ai-v4.9.1@0123456789ab", "", True),
    "to a candidate": ("v4.9.0-rc1", f"{DIRECTORY}/local-ai-v4.9.1", "", False),
    "from a candidate": ("v4.9.0", f"{DIRECTORY}/local-ai-v5.0.0-rc1", "", False),
    "other names": ("nightly", f"{DIRECTORY}/local-ai-v4.9.1", "", False),
    "from other names": ("v4.9.0", f"{DIRECTORY}/local-ai-nightly", "", False),
    "two numbers": ("v4.9", f"{DIRECTORY}/local-ai-v5.0.0", "", False),
    "by hand": ("v4.9.0", "/opt/local-ai-v5.0.0", "", False),
    "no link": ("v4.9.0", None, f"{DIRECTORY}/local-ai-v5.0.0", True),
    "bare host": ("v4.9.0", None, "", False),
    "the link is believed": ("v4.9.0", f"{DIRECTORY}/local-ai-v4.9.0", f"{DIRECTORY}/local-ai-v5.0.0", False),
}


def test_what_is_a_downgrade(tmp_path: Path) -> None:
    cases = {}
    for name, (version, link, started, _expected) in DOWNGRADES.items():
        stat = {"exists": link is not None, **({"lnk_source": link} if link else {})}
        cases[name] = {"localai_version": version, "__localai_link": {"stat": stat}, **good(binary=started)}
    expected = {name: expected for name, (_version, _link, _started, expected) in DOWNGRADES.items()}
    assert evaluate(tmp_path, "__localai_is_downgrade | bool", cases) == expected


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
        name: {"__localai_good_start": {"binary": binary}}
        for name, binary in {
            "release": f"{DIRECTORY}/local-ai-v4.9.0",
            "build": f"{DIRECTORY}/local-ai-v4.11.0@0123456789ab",
            "other": f"{DIRECTORY}/local-ai-nightly",
            "link": "/usr/local/bin/local-ai",
        }.items()
    }
    expected = {"release": "v4.9.0", "build": "v4.11.0", "other": "", "link": ""}
    assert evaluate(tmp_path, "__localai_good_version", cases) == expected


A, B = "a" * 64, "b" * 64
# Which file of a version is used: the wanted checksum, that of the version's own file, whether the build has one.
BINARIES = {
    "nothing there": (A, None, False, "v1"),
    "the same": (A, A, False, "v1"),
    "another": (B, A, False, f"v1@{B[:12]}"),
    "another that is there": (B, A, True, f"v1@{B[:12]}"),
    "only another that is there": (B, None, True, f"v1@{B[:12]}"),
    "any": ("", A, False, "v1"),
    "any and nothing there": ("", None, False, "v1"),
}


@pytest.mark.parametrize("source", ["checksum", "controller"])
def test_each_build_of_a_version_has_a_file(tmp_path: Path, source: str) -> None:
    cases = {}
    for name, (wanted, there, other, _expected) in BINARIES.items():
        found = {"exists": there is not None, **({"checksum": there} if there else {})}
        given = {"localai_binary_checksum": f"sha256:{wanted}" if wanted else ""}
        if source == "controller" and wanted:
            given = {"localai_binary_src": "/file", "__localai_binary_given": {"stat": {"checksum": wanted}}}
        cases[name] = {
            **given,
            "localai_version": "v1",
            "__localai_binary_found": {"stat": found},
            "__localai_build_found": {"stat": {"exists": other, "checksum": B}} if wanted else {"skipped": True},
        }
    expected = {name: f"{DIRECTORY}/local-ai-{expected}" for name, (_w, _t, _o, expected) in BINARIES.items()}
    assert evaluate(tmp_path, "__localai_binary", cases) == expected


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
    cases = {"listed": {}, "empty": {"localai_galleries": []}, "none": {"localai_galleries": None}}
    told = evaluate(
        tmp_path,
        "[__localai_service_environment.LOCALAI_BACKEND_GALLERIES, __localai_host_options.galleries | default('-')]",
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
