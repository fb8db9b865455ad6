# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The examples `backup.yml` and `restore.yml`: what is saved, while the service is stopped, and what comes back."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.localai.core.tests.support.examples import Examples
from ansible_collections.localai.core.tests.support.playbook import environment

# What the module systemd_service asks, for a service that is in a file.
SYSTEMCTL = """#!/bin/sh
cd {directory} || exit 99
case "$1" in
  show) printf 'Id=localai.service\\nLoadState=loaded\\nActiveState=%s\\n' "$(cat state)" ;;
  stop) echo inactive >state; ls {home} >>calls; echo stop >>calls ;;
  start) echo active >state; ls {home} >>calls; echo start >>calls ;;
esac
"""
PASSWORD = "password of the vault"


class Server:
    """The files of a server of the role, and its service."""

    def __init__(self, work: Path) -> None:
        self.work = work
        self.home = work / "home-of-localai"
        self.settings = work / "settings"
        self.programs = work / "programs"
        self.backups = work / "backups"
        for directory in (self.home, self.settings, self.programs):
            directory.mkdir()
        program = self.programs / "systemctl"
        program.write_text(SYSTEMCTL.format(directory=self.programs, home=self.home), encoding="utf-8")
        program.chmod(0o755)
        (self.programs / "state").write_text("active\n", encoding="utf-8")
        variables = {"localai_home": str(self.home)}
        self.examples = Examples(work, variables, programs=self.programs)

    def write(self, path: str, content: str) -> None:
        """Write a file below its home."""
        target = self.home / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")

    def fill(self) -> None:
        """Write what a server has after some time."""
        for directory in ("data", "configuration"):
            (self.home / directory).mkdir(exist_ok=True)
        with contextlib.closing(sqlite3.connect(self.home / "data" / "database.db")) as database, database:
            database.execute("CREATE TABLE users (name)")
            database.execute("INSERT INTO users VALUES ('someone')")
        self.write("data/collections/notes.json", "{}")
        self.write("configuration/api_keys.json", '["key"]')
        self.write("configuration/runtime_settings.json", "{}")
        self.write("configuration/external_backends.json", '{"whisper": "/old/run.sh"}')
        for name in ("mine.yaml", "mine.tmpl", "._gallery_mine.yaml"):
            self.write(f"models/{name}", "name: mine\n")
        self.write("models/downloaded.gguf", "weights")
        self.write("models/own/weights.gguf", "weights of our own")
        self.write("backends/cpu-llama-cpp/run.sh", "#!/bin/sh\n")
        (self.settings / "admin-key.env").write_text("LOCALAI_API_KEY=key\n", encoding="utf-8")

    @property
    def calls(self) -> list[str]:
        """What its service was told, each time after the list of the files in its home."""
        path = self.programs / "calls"
        return path.read_text(encoding="utf-8").split() if path.exists() else []

    def back_up(self, **extra: Any) -> Any:
        """Run the first example."""
        settings = {"settings": [str(self.settings), "/nonexistent"], "backup_directory": str(self.backups)}
        return self.examples.play("backup.yml", **{**settings, **extra})

    def archive(self) -> Path:
        """The only archive on the controller."""
        (path,) = (self.backups / "host").iterdir()
        return path

    def restore(self, *arguments: str) -> Any:
        """Run the second example."""
        return self.examples.play("restore.yml", *arguments, archive=str(self.archive()))


@pytest.fixture(name="server")
def _server(tmp_path: Path) -> Server:
    it = Server(tmp_path)
    it.fill()
    return it


def members(server: Server) -> set[str]:
    """The files in the archive, relative to the directory of the test."""
    with tarfile.open(server.archive()) as content:
        names = [f"/{member.name}" for member in content.getmembers() if member.isfile()]
    return {str(Path(name).relative_to(server.work)) for name in names}


def test_what_cannot_be_downloaded_again_is_saved_and_restored(server: Server) -> None:
    server.back_up(backup_model_files=["own/weights.gguf"]).expect(changed=True)
    home = server.home.name
    saved = (
        *("data/database.db", "data/collections/notes.json", "configuration/api_keys.json"),
        *("configuration/runtime_settings.json", "configuration/external_backends.json"),
        *("models/mine.yaml", "models/mine.tmpl", "models/._gallery_mine.yaml", "models/own/weights.gguf"),
    )
    assert members(server) == {f"{home}/{name}" for name in saved} | {"settings/admin-key.env"}
    assert server.archive().stat().st_mode & 0o77 == 0 or server.archive().parent.stat().st_mode & 0o77 == 0
    # It was complete before the service was started, and then deleted.
    before = ["backends", "configuration", "data", "models"]
    assert server.calls == [*before, "stop", "backends", "backup.tar.gz", *before[1:], "start"]
    assert not (server.home / "backup.tar.gz").exists()

    # Another host, which the role has provisioned and somebody has used since.
    shutil.rmtree(server.home)
    for path in ("data/newer.db-wal", "configuration/api_keys.json", "models/downloaded.gguf"):
        server.write(path, "newer")
    command = [sys.executable, "-m", "ansible", "vault", "encrypt", "--vault-password-file", "password"]
    (server.work / "password").write_text(PASSWORD, encoding="utf-8")
    subprocess.run([*command, str(server.archive())], cwd=server.work, env=environment(server.work), check=True)
    server.restore("--vault-password-file", str(server.work / "password")).expect(changed=True)
    restored = {str(path.relative_to(server.home)) for path in server.home.rglob("*") if path.is_file()}
    assert restored == set(saved) - {"configuration/external_backends.json"} | {"models/downloaded.gguf"}
    assert (server.home / "configuration" / "api_keys.json").read_text() == '["key"]'
    with contextlib.closing(sqlite3.connect(server.home / "data" / "database.db")) as database:
        assert database.execute("SELECT name FROM users").fetchall() == [("someone",)]
    assert server.calls[-1] == "stop"


@pytest.mark.long
def test_a_backup_that_fails_starts_the_service_again(server: Server) -> None:
    played = server.back_up(backup_model_files=["missing.gguf"])
    assert played.failed == {"host": 1}
    assert "missing.gguf" in played.text
    assert server.calls[-1] == "start"
    assert not server.backups.exists()


@pytest.mark.long
def test_a_damaged_archive_replaces_nothing(server: Server) -> None:
    (server.backups / "host").mkdir(parents=True)
    (server.backups / "host" / "damaged.tar.gz").write_bytes(b"\x1f\x8b not this")
    assert server.restore().failed == {"host": 1}
    assert (server.home / "data" / "database.db").exists()
    assert server.calls == []


@pytest.mark.long
def test_a_restore_is_for_one_host(server: Server) -> None:
    several = Examples(server.work, server.examples.variables, hosts={"a": {}, "b": {}}, programs=server.programs)
    played = several.play("restore.yml", archive="/nonexistent")
    assert played.failed == {"a": 1, "b": 1}
    assert "Name one host with --limit" in played.text
