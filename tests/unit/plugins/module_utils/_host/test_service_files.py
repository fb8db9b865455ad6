# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run of `localai_service_files`: its options. Its effects have tests of whole runs."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.modules.localai_service_files import main
from ansible_collections.localai.core.tests.support.host import snapshot
from ansible_collections.localai.core.tests.support.module import run_module, run_raw

OWN = {"owner": str(os.geteuid()), "group": str(os.getegid())}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"files": [{"path": "relative", "content": ""}]}, "'relative' is not an absolute path"),
        ({"files": [{"path": "/x/y"}]}, "missing required arguments: content"),
        ({"absent": ["/usr"]}, "/usr is a top-level directory"),
    ],
)
def test_a_wrong_option_is_an_error(options: dict[str, Any], message: str) -> None:
    result = run_module(main, options)
    assert result["failed"]
    assert message in result["msg"]


def test_no_option_is_required() -> None:
    result = run_module(main, {})
    assert (result["failed"], result["changed"], result["msg"]) == (False, False, "Nothing to change.")
    assert [result[name] for name in ("files", "written", "removed", "diff")] == [{}, [], [], []]


def test_an_unknown_account_is_predicted_and_refused_by_a_run(tmp_path: Path) -> None:
    rows = [{"path": str(tmp_path / "x"), "content": "", "owner": "no-such-user", "group": "no-such-group"}]
    options = {"files": rows, "directories": [{"path": str(tmp_path / "d"), **OWN}]}
    predicted = run_module(main, options, check_mode=True)
    assert (predicted["failed"], predicted["written"]) == (False, [str(tmp_path / "d"), str(tmp_path / "x")])
    refused = run_module(main, options)
    assert (refused["failed"], refused["changed"]) == (True, False)
    assert "does not have the owner no-such-user of" in refused["msg"]
    assert "the group no-such-group of" in refused["msg"]
    assert list(tmp_path.iterdir()) == [], "nothing was changed"


def test_an_unknown_owner_of_an_existing_file_is_predicted_too(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("same")
    before = snapshot(tmp_path)
    rows = [{"path": str(tmp_path / "x"), "content": "same", "owner": "no-such-user", "group": OWN["group"]}]
    predicted = run_module(main, {"files": rows}, check_mode=True)
    assert (predicted["failed"], predicted["changed"], predicted["written"]) == (False, True, [])
    assert snapshot(tmp_path) == before


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_secret_is_in_no_output(tmp_path: Path, check_mode: bool) -> None:
    path = tmp_path / "secrets.env"
    path.write_text("OLD=precious-old\n")
    options = {
        "secrets": [{"path": str(path), "content": "TOKEN=precious-new\n", "mode": "0600", **OWN}],
        "generated": [{"path": str(tmp_path / "key"), "template": "K={token}\n", **OWN}],
    }
    output = run_raw(main, options, check_mode)
    assert "precious" not in output
    result = json.loads(output)
    assert result["written"] == [str(path), str(tmp_path / "key")], "paths are not hidden"
    if not check_mode:
        assert (tmp_path / "key").read_text()[2:-1] not in output


HEADER = "# Managed by a role\n; do not edit\n\n"
SECRET = "NAME=precious\n  OTHER=precious-too\n"


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("secret", [HEADER, HEADER.rstrip(), " \n", "", HEADER + SECRET])
def test_the_comments_of_a_secret_file_are_shown_in_others(tmp_path: Path, secret: str, check_mode: bool) -> None:
    content = f"{HEADER}LOCALAI_ADDRESS=:8080\n"
    options = {
        "files": [{"path": str(tmp_path / "localai.env"), "content": content, **OWN}],
        "secrets": [{"path": str(tmp_path / "secrets.env"), "content": secret, **OWN}],
    }
    output = run_raw(main, options, check_mode)
    assert "precious" not in output
    result = json.loads(output)
    assert (result["diff"][0]["after_header"], result["diff"][0]["after"]) == (str(tmp_path / "localai.env"), content)


@pytest.mark.parametrize("before", ["", HEADER, "# another\n"])
def test_a_secret_is_hidden_in_other_files_too(tmp_path: Path, before: str) -> None:
    options = {
        "files": [{"path": str(tmp_path / "x"), "content": f"{before}{SECRET}[x]\n", **OWN}],
        "secrets": [{"path": str(tmp_path / "secrets.env"), "content": f"{HEADER}{SECRET}", **OWN}],
    }
    output = run_raw(main, options)
    assert "precious" not in output
    assert json.loads(output)["diff"][0]["after"].endswith("[x]\n")


def test_a_secret_in_a_wrong_place_is_not_shown_either(tmp_path: Path) -> None:
    options = {"secrets": [{"path": str(tmp_path / "x"), "contents": "precious"}]}
    output = run_raw(main, options)
    assert json.loads(output)["failed"]
    assert "precious" not in output


def test_an_error_in_the_middle_returns_what_was_changed(tmp_path: Path) -> None:
    rows = [{"path": str(tmp_path / name), "content": "", **OWN} for name in ("a", "missing/b")]
    result = run_module(main, {"files": rows})
    assert (result["failed"], result["changed"]) == (True, True)
    assert "missing/b: the directory above it does not exist" in result["msg"]
