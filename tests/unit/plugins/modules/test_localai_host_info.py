# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module that reads a host for the role: whole runs, as root and as an ordinary user, and no secret in any."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._host.repositories import has_epel
from ansible_collections.localai.core.plugins.modules.localai_host_info import main
from ansible_collections.localai.core.tests.support.host import directory_of_ordinary_user, ordinary_user, snapshot
from ansible_collections.localai.core.tests.support.interpreter import environment
from ansible_collections.localai.core.tests.support.module import run_module, run_raw

# The libraries of the collection cannot be imported.
WITHOUT_LIBRARIES = """
import sys
for name in ("requests", "yaml", "isal", "_zstd", "zstandard", "urllib3", "cryptography"):
    sys.modules[name] = None
from ansible_collections.localai.core.plugins.module_utils._host import host_info
options = {name: option.get("default") for name, option in host_info.HOST_INFO_SPEC.items()}
libraries = host_info.answers(options)["python"]["libraries"]
assert libraries == dict.fromkeys(["requests", "yaml", "isal", "zstd", "cryptography"], False)
"""


def made_up_host(top: Path) -> dict[str, Any]:
    """Write what a host has that the role provisioned, secrets included; returns the options."""
    files = {
        "bin/local-ai-v4.9.0": "binary",
        "bin/local-ai-v4.9.0.sha256": "0a1b\n",
        "etc/localai.service": "# managed\n[Unit]\n",
        "etc/localai.env": 'LOCALAI_API_KEY="precious"\nLOCALAI_FORCE_META_BACKEND_CAPABILITY="vulkan"\n',
        "memory/started.json": '{"format": 1}',
        "memory/good/start.json": '{"format": 1, "binary": "x"}',
        "memory/previous/start.json": "damaged",
        "configuration/runtime_settings.json": '{"api_keys": ["precious"], "threads": 4, "hf_token": "precious"}',
        "configuration/external_backends.json": '{"piper": "/b/piper/run.sh"}',
    }
    for path, text in files.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(text)
    (top / "local-ai").symlink_to("bin/local-ai-v4.9.0")
    return {
        "name": "localai-of-a-test",
        "user": "no-such-user",
        "group": "no-such-group",
        "address": "127.0.0.1:1",
        "paths": [str(top / "models")],
        "executable_paths": [str(top / "bin")],
        "binary_link": str(top / "local-ai"),
        "binary_directories": [str(top / "bin")],
        "files": [str(top / "etc/localai.service"), str(top / "etc/localai.env"), str(top / "etc/missing")],
        "memory": str(top / "memory"),
        "config_path": str(top / "configuration"),
        "environment_file": str(top / "etc/localai.env"),
        "misc_devices": ["/dev/null", "/dev/no-such-device"],
    }


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_provisioned_host_is_read_and_not_changed(tmp_path: Path, check_mode: bool) -> None:
    options = made_up_host(tmp_path)
    before = snapshot(tmp_path)
    result = run_module(main, options, check_mode)
    assert snapshot(tmp_path) == before
    assert (result["failed"], result["changed"], result["warnings"]) == (False, False, [])
    (binary,) = result["binaries"]
    assert result["link"] == {"exists": True, "target": "bin/local-ai-v4.9.0", "checksum": binary["checksum"]}
    assert (binary["version"], binary["recorded"]) == ("v4.9.0", "0a1b")
    assert [value is None for value in result["files"].values()] == [False, False, True]
    assert (result["started"], result["good"]["binary"], result["previous"]) == ({"format": 1}, "x", {})
    assert result["told_capability"] == "vulkan"
    assert result["runtime_settings"]["names"] == ["api_keys", "hf_token", "threads"]
    assert result["runtime_settings"]["settings"] == {"threads": 4}
    assert result["external_backends"]["names"] == ["piper"]
    assert result["devices"] == ["/dev/null"]
    assert result["port"] == {"in_use": False, "own": False}
    assert result["python"]["executable"] == sys.executable
    assert (result["epel"], result["zstd"]) == (has_epel(), shutil.which("zstd") is not None)


def test_no_secret_is_in_the_output(tmp_path: Path) -> None:
    assert "precious" not in run_raw(main, made_up_host(tmp_path))


def test_an_ordinary_user_gets_what_it_may_see() -> None:
    with directory_of_ordinary_user() as top:
        options = made_up_host(top)
        for closed in ("memory", "etc/localai.env", "bin/local-ai-v4.9.0", "configuration"):
            (top / closed).chmod(0)
        with ordinary_user():
            result = run_module(main, options)
        (top / "memory").chmod(0o700)
        (top / "configuration").chmod(0o700)
    assert (result["failed"], result["changed"]) == (False, False)
    assert result["told_capability"] is None
    assert list(result["files"].values())[1:] == [None, None]
    assert result["files"][options["files"][0]] is not None
    assert result["binaries"][0]["checksum"] is None
    assert result["started"] == result["good"] == {}
    assert result["runtime_settings"] == {"exists": None, "valid": None, "names": [], "settings": {}}
    assert result["external_backends"] == {"exists": None, "valid": None, "names": []}


def test_no_library_is_needed() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT_LIBRARIES], env=environment(), check=True)


def test_every_key_is_returned_whatever_the_options_are(tmp_path: Path) -> None:
    few = run_module(main, {"memory": str(tmp_path)})
    assert sorted(few) == sorted(run_module(main, made_up_host(tmp_path)))
    assert json.loads(json.dumps(few)) == few


def test_documents_of_the_service_user_can_be_anything(tmp_path: Path) -> None:
    options = made_up_host(tmp_path)
    configuration = tmp_path / "configuration"
    (configuration / "runtime_settings.json").unlink()
    os.mkfifo(configuration / "runtime_settings.json")
    (configuration / "external_backends.json").write_text("[" * 100_000)
    result = run_module(main, options)
    assert result["runtime_settings"] == {"exists": True, "valid": None, "names": [], "settings": {}}
    assert result["external_backends"] == {"exists": True, "valid": False, "names": []}
