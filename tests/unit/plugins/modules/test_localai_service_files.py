# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module that writes the files of the service: whole runs, in the twelve steps."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._host.fingerprint import fingerprint
from ansible_collections.localai.core.plugins.modules.localai_service_files import main
from ansible_collections.localai.core.tests.support.directories import can_mount
from ansible_collections.localai.core.tests.support.host import (
    IS_ROOT,
    NOBODY,
    directory_of_ordinary_user,
    mode,
    snapshot,
)
from ansible_collections.localai.core.tests.support.module import run_module

OWN = {"owner": str(os.geteuid()), "group": str(os.getegid())}
takes_root = pytest.mark.skipif(not IS_ROOT or not can_mount(), reason="only root can give files away")


def options(top: Path) -> dict[str, Any]:
    """Return the options for one of each kind."""
    return {
        "directories": [{"path": str(top / "etc/localai"), "mode": "0750", **OWN}],
        "files": [
            {"path": str(top / "etc/localai/localai.env"), "content": "# managed\nA=größe\n", "mode": "0640", **OWN},
            {"path": str(top / "etc/empty.conf"), "content": "", **OWN},
        ],
        "secrets": [{"path": str(top / "etc/localai/secrets.env"), "content": "TOKEN=precious\n", **OWN}],
        "generated": [{"path": str(top / "etc/localai/key.env"), "template": "KEY={token}\n", **OWN}],
        "absent": [str(top / "old/unit"), str(top / "old/directory"), str(top / "old/link"), str(top / "old/missing")],
    }


def old_files(top: Path) -> None:
    (top / "old/directory/below").mkdir(parents=True)
    (top / "old/directory/below/file").touch()
    (top / "old/unit").touch()
    (top / "precious").mkdir()
    (top / "precious/file").touch()
    (top / "old/link").symlink_to(top / "precious")


def twelve_steps(top: Path, given: dict[str, Any]) -> dict[str, Any]:
    """Return the result of a run that check mode predicts exactly, and after which nothing is left to do."""
    before = snapshot(top)
    predicted = run_module(main, given, check_mode=True)
    assert snapshot(top) == before
    done = run_module(main, given)
    assert not done["failed"], done["msg"]
    generated = {row["path"] for row in given.get("generated", [])}
    for key in ("changed", "written", "removed", "diff"):
        assert predicted[key] == done[key]
    known = {path: known for path, known in predicted["files"].items() if path not in generated or known is not None}
    assert known == {path: done["files"][path] for path in known}
    assert None not in done["files"].values()
    after = snapshot(top)
    for check_mode in (True, False):
        again = run_module(main, given, check_mode)
        assert not again["changed"]
        assert (again["diff"], again["written"], again["removed"], again["files"]) == ([], [], [], done["files"])
        assert snapshot(top) == after
    return done


def test_everything_at_once(tmp_path: Path) -> None:
    old_files(tmp_path)
    given = options(tmp_path)
    done = twelve_steps(tmp_path, given)
    names = ["etc/localai", "etc/localai/localai.env", "etc/empty.conf", "etc/localai/secrets.env"]
    names += ["etc/localai/key.env"]
    assert done["written"] == [str(tmp_path / name) for name in names]
    assert done["removed"] == given["absent"][:3]
    assert (tmp_path / "etc/localai/localai.env").read_text(encoding="utf-8") == "# managed\nA=größe\n"
    assert done["files"][str(tmp_path / "etc/localai/localai.env")] == fingerprint("A=größe\n".encode())
    assert [mode(tmp_path / name) for name in names] == ["0o750", "0o640", "0o644", "0o600", "0o600"]
    assert mode(tmp_path / "etc") == "0o755"
    assert os.listdir(tmp_path / "old") == []
    assert os.listdir(tmp_path / "precious") == ["file"]


def test_attributes_alone_are_corrected(tmp_path: Path) -> None:
    given = options(tmp_path)
    run_module(main, given)
    inode = (tmp_path / "etc/localai/localai.env").stat().st_ino
    token = (tmp_path / "etc/localai/key.env").read_text()
    for name in ("localai", "localai/localai.env", "localai/secrets.env", "localai/key.env"):
        (tmp_path / "etc" / name).chmod(0o777)
    done = twelve_steps(tmp_path, given)
    assert (done["written"], len(done["diff"])) == ([], 4)
    assert (tmp_path / "etc/localai/localai.env").stat().st_ino == inode
    assert (tmp_path / "etc/localai/key.env").read_text() == token


def test_a_changed_content_is_shown_and_written(tmp_path: Path) -> None:
    given = options(tmp_path)
    run_module(main, given)
    given["files"][0]["content"] = "A=2\nLOCALAI_API_KEY=precious\n"
    given["secrets"][0]["content"] = "TOKEN=precious too\n"
    given["generated"][0]["template"] = "OTHER={token}\n"
    done = twelve_steps(tmp_path, given)
    assert [Path(path).name for path in done["written"]] == ["localai.env", "secrets.env"]
    assert done["diff"][0]["before"] == "# managed\nA=größe\n"
    assert done["diff"][0]["after"] == "A=2\nLOCALAI_API_KEY=(hidden)\n"
    assert (tmp_path / "etc/localai/key.env").read_text().startswith("KEY=")


def test_what_is_in_place_of_a_file_is_replaced(tmp_path: Path) -> None:
    given = options(tmp_path)
    run_module(main, given)
    (tmp_path / "target").write_text("precious")
    os.mkfifo(tmp_path / "pipe")
    for name in ("localai.env", "secrets.env", "key.env"):
        (tmp_path / "etc/localai" / name).unlink()
        (tmp_path / "etc/localai" / name).symlink_to(tmp_path / "target")
    (tmp_path / "pipe").rename(tmp_path / "etc/empty.conf")
    twelve_steps(tmp_path, given)
    assert (tmp_path / "target").read_text() == "precious"
    assert not any(path.is_symlink() for path in (tmp_path / "etc/localai").iterdir())
    assert (tmp_path / "etc/empty.conf").read_text() == ""


def test_a_hard_link_keeps_its_attributes(tmp_path: Path) -> None:
    given = options(tmp_path)
    run_module(main, given)
    for name in ("localai.env", "key.env"):
        os.link(tmp_path / "etc/localai" / name, tmp_path / name)
        (tmp_path / name).chmod(0o666)
    token = (tmp_path / "key.env").read_text()
    twelve_steps(tmp_path, given)
    assert [mode(tmp_path / name) for name in ("localai.env", "key.env")] == ["0o666", "0o666"]
    assert (tmp_path / "etc/localai/key.env").read_text() == token


@pytest.mark.parametrize("check_mode", [True, False])
@pytest.mark.parametrize("kind", ["directories", "files"])
def test_what_must_not_be_replaced_stops_everything(tmp_path: Path, kind: str, check_mode: bool) -> None:
    given = options(tmp_path)
    path = Path(given[kind][-1]["path"])
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "directories":
        path.touch()
        given = {"files": given["files"][-1:], "directories": given["directories"]}
    else:
        path.mkdir()
    before = snapshot(tmp_path)
    result = run_module(main, given, check_mode)
    assert (result["failed"], result["changed"]) == (True, False)
    assert f"{path} is" in result["msg"]
    assert "Move it away" in result["msg"]
    assert snapshot(tmp_path) == before


@takes_root
def test_a_file_in_a_directory_of_the_service_user(tmp_path: Path) -> None:
    with directory_of_ordinary_user() as top:
        path = top / "api_keys.json"
        row = {"path": str(path), "content": '["precious"]', "owner": str(NOBODY), "group": str(NOBODY)}
        (top / "target").write_text("root's")
        path.symlink_to(top / "target")
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
        twelve_steps(top, {"secrets": [row]})
        assert ((top / "target").read_text(), path.read_text()) == ("root's", '["precious"]')
        assert (path.stat().st_uid, path.stat().st_gid, mode(path)) == (NOBODY, NOBODY, "0o600")


@takes_root
def test_names_and_numbers_of_accounts_mean_the_same(tmp_path: Path) -> None:
    row = {"path": str(tmp_path / "x"), "content": ""}
    run_module(main, {"files": [row]})
    assert not run_module(main, {"files": [{**row, "owner": "0", "group": "0"}]})["changed"]
