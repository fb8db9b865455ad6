# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the role knows about a running service, and has yet to tell it: in the report, and before a start."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.localai.core.tests.support.playbook import COLLECTION
from ansible_collections.localai.core.tests.unit.roles.test_role_variables import ROLE, evaluate

BINARY = {"path": "/opt/localai/bin/local-ai-v4.11.0", "checksum": "1"}
STARTED: dict[str, Any] = {
    "format": 2,
    "time": "2026-11-29T20:00:00Z",
    "process": "2026-11-29T19:59:58Z",
    "binary": BINARY,
    "files": {},
    "backends": {"old": "/var/lib/local-ai/backends/old/run.sh"},
    "registered": {},
    "builds": {"old": "sha256:1 then"},
    "smoke_test": {},
    "shared_models": {},
}
HOST: dict[str, Any] = {
    "unit": {"active_state": "active", "load_state": "loaded"},
    "link": {"exists": True, "target": BINARY["path"], "checksum": "1"},
    "files": {},
    "drop_ins": {},
    "models": {},
    "good": {},
    "told_capability": "default",
    "started": STARTED,
}


def build(name: str, digest: str = "sha256:1") -> dict[str, Any]:
    run_file = f"/var/lib/local-ai/backends/{name}/run.sh"
    row = {"name": name, "kind": "concrete", "backend": name, "usable": True, "runnable": True, "run_file": run_file}
    return {**row, "metadata": {"digest": digest, "installed_at": "then"}}


def seen(*backends: dict[str, Any], **host: Any) -> dict[str, Any]:
    return {
        "__localai_host": {**HOST, **host},
        "__localai_report_server": {"unit": {"started": STARTED["process"]}},
        "__localai_before": {"backends": list(backends), "capability": "default"},
    }


PENDING = """{'restart': __localai_report_wanted.restart_reasons, 'register': __localai_report_wanted.names_to_register,
 'reload': __localai_report_wanted.reload_models | bool, 'unload': __localai_report_wanted.to_unload}"""


def test_what_a_running_server_does_not_know(tmp_path: Path) -> None:
    old = build("old")
    cases = {
        "nothing": seen(old),
        "a new backend": seen(old, build("new"), build("new.backup")),
        "a registered one": seen(
            old, build("new"), started={**STARTED, "registered": {"new": build("new")["run_file"]}}
        ),
        "a removed backend": seen(),
        "another build": seen(build("old", "sha256:2")),
        "another unit": seen(old, files={"/etc/systemd/system/localai.service": "1"}),
        "another binary": seen(old, link={**HOST["link"], "checksum": "2"}),
        "changed models": seen(old, models={"format": 1, "reload": True, "unload": ["chat"]}),
        "no record": seen(build("new"), started={}),
        "a start by somebody else": seen(started={**STARTED, "process": "2026-11-30T08:00:00Z"}),
        "a stopped service": seen(build("new"), unit={"active_state": "inactive", "load_state": "loaded"}),
    }
    nothing: dict[str, Any] = {"restart": [], "register": [], "reload": False, "unload": []}
    facts = "ansible_facts: {architecture: x86_64}\n__localai_report_setup: {}\n"
    assert evaluate(tmp_path, PENDING, cases, facts) == {
        "nothing": nothing,
        "a new backend": {**nothing, "register": ["new"]},
        "a registered one": nothing,
        "a removed backend": {**nothing, "restart": ["removed backends"]},
        "another build": {**nothing, "unload": ["old"]},
        "another unit": {**nothing, "restart": ["the unit or the environment"]},
        "another binary": {**nothing, "restart": ["the binary"]},
        "changed models": {**nothing, "reload": True, "unload": ["chat"]},
        # After a rollback: whatever else differs, the next run restarts the service.
        "no record": {
            **nothing,
            "restart": ["the first start", "the binary", "the unit or the environment"],
            "register": ["new"],
        },
        "a start by somebody else": nothing,
        "a stopped service": nothing,
    }


def test_check_mode_predicts_the_restart_for_a_removal(tmp_path: Path) -> None:
    removal = {"__localai_exclusive_result": {"removed": [{"backend": "old"}]}}
    cases = {"a removal": {**seen(build("old")), **removal}}
    reasons = evaluate(tmp_path, "__localai_restart_reasons", cases, arguments=("--check",))
    assert reasons == {"a removal": ["removed backends"]}


def test_no_template_has_a_doubled_backslash() -> None:
    """Ansible takes the backslashes of a template as they are, so a doubled one is two characters of a pattern."""
    files = [*ROLE.rglob("*.yml"), *(COLLECTION / "playbooks").rglob("*.yml")]
    assert len(files) > 50
    doubled = [
        f"{file.name}: {value}"
        for file in files
        for value in texts(yaml.safe_load(file.read_text(encoding="utf-8")))
        if re.search(r"\\\\", value)
    ]
    assert doubled == []


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return [value] if isinstance(value, str) else []
