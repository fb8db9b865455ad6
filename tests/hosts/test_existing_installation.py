# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host that LocalAI's own script provisioned is taken over with its user and files, saved, restored, brought back.

What the script left is written here as it is in LocalAI's repository until February 2026. Each test continues where the
one before it ended.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.tests.hosts.fleet import Host
from ansible_collections.localai.core.tests.hosts.releases import GOOD, OLD, write_program
from ansible_collections.localai.core.tests.hosts.site import Site
from ansible_collections.localai.core.tests.hosts.world import (
    BACKENDS,
    HOME,
    World,
    ask,
    expect,
    question,
    wait_for,
    world_of,
)
from ansible_collections.localai.core.tests.support.archives import write_tree
from ansible_collections.localai.core.tests.support.backends import backend_entries

pytestmark = [pytest.mark.long, pytest.mark.usefixtures("in_order")]

HOST = "host1"
UNIT = "/etc/systemd/system/local-ai.service"
SET_ASIDE = "/var/backups/local-ai"
BUILD = "cpu-llama-cpp"
MODEL = "name: mine\nbackend: llama-cpp\nparameters:\n  model: mine.gguf\n"
SCRIPT_UNIT = """\
[Unit]
Description=LocalAI Service
After=network-online.target

[Service]
ExecStart=/usr/local/bin/local-ai run
User=local-ai
Group=local-ai
Restart=always
EnvironmentFile=/etc/localai.env
RestartSec=3
Environment="PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
WorkingDirectory=/var/lib/local-ai

[Install]
WantedBy=default.target
"""
# The script writes these names without their prefix, which the program of the tests does not read.
SCRIPT_ENVIRONMENT = f"""\
LOCALAI_ADDRESS=127.0.0.1:8080
LOCALAI_API_KEY=
LOCALAI_THREADS=2
LOCALAI_MODELS_PATH={HOME}/models
LOCALAI_BACKENDS_PATH={BACKENDS}
LOCALAI_DATA_PATH={HOME}/data
LOCALAI_CONFIG_DIR={HOME}/configuration
"""
SCRIPT = f"""
useradd -r -s /bin/false -U -M -d {HOME} local-ai
chown -R local-ai:local-ai {HOME}
chmod 755 {HOME}
chmod 600 {HOME}/models/mine.gguf
systemctl daemon-reload
systemctl enable local-ai
systemctl restart local-ai
"""


def leave_installation(host: Host, site: Site) -> None:
    """Make a running host one with the script's service, and a backend and a model that LocalAI installed."""
    host.write(UNIT.lstrip("/"), SCRIPT_UNIT)
    host.write("etc/localai.env", SCRIPT_ENVIRONMENT)
    home = Path(host.root, HOME.lstrip("/"))
    for name in ("models", "data", "configuration", "backends"):
        (home / name).mkdir(parents=True)
    (home / "models" / "mine.yaml").write_text(MODEL, encoding="utf-8")
    (home / "models" / "mine.gguf").write_bytes(b"weights")
    write_tree(home / "backends" / BUILD, backend_entries(BUILD, "1"))
    gallery = {"gallery_url": f"{site.files.url}/gallery.yaml", "installed_at": "2026-01-26T12:00:00Z"}
    for name, metadata in {
        BUILD: {"alias": "llama-cpp", "name": BUILD, **gallery},
        "llama-cpp": {"meta_backend_for": BUILD, "name": "llama-cpp", **gallery},
    }.items():
        (home / "backends" / name).mkdir(exist_ok=True)
        (home / "backends" / name / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
    write_program(Path(host.root, "usr/local/bin/local-ai"), OLD)
    done = host.run("sh", "-c", f"set -e\nexec 2>&1\n{SCRIPT}\necho finished")
    assert done.endswith("finished"), done


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Boot a host, start the servers, and let the script have been there."""
    with world_of("existing", ["bookworm"], lambda hosts: None) as it:
        it.play_timeout = 1800.0  # on a busy machine
        leave_installation(it.hosts[HOST], it.site)
        wait_for(it.hosts[HOST])
        configuration = {"backend": "llama-cpp", "parameters": {"model": "mine.gguf"}}
        it.variables.update(localai_models=[{"name": "mine", "config": configuration, "files": []}])
        it.variables.update(localai_user="local-ai", localai_group="local-ai", localai_home=HOME)
        yield it


def kept(host: Host) -> list[str]:
    """Inode, owner and mode of what a role that takes over must not touch."""
    paths = [HOME, BACKENDS, f"{HOME}/models", f"{HOME}/models/mine.gguf", f"{BACKENDS}/{BUILD}/run.sh"]
    return host.run("stat", "-c", "%i %U:%G %a", *paths).splitlines()


def answer(host: Host, key: str = "") -> Any:
    """What the old model answers."""
    return ask(host, "/v1/chat/completions", question("hello", "mine"), key)["choices"][0]["message"]["content"]


def admin_key(host: Host) -> str:
    """The key of the role, if it has one."""
    return host.run("sed", "-n", 's/^LOCALAI_API_KEY="\\(.*\\)"$/\\1/p', "/etc/localai/admin-key.env")


def test_the_old_service_answers(world: World) -> None:
    host = world.hosts[HOST]
    assert ask(host, "/version")["version"].startswith(OLD)
    assert answer(host) == f"{BUILD} 1"


def test_the_first_look_at_a_free_port_changes_nothing(world: World) -> None:
    """The command line of the guide."""
    host = world.hosts[HOST]
    account: dict[str, Any] = {"localai_user": "local-ai", "localai_group": "local-ai"}
    outcome = world.play("provision", "--check", "--diff", limit=HOST, localai_address="127.0.0.1:8081", **account)
    expect(outcome, changed=True, hosts=[HOST])
    assert ask(host, "/version")["version"].startswith(OLD)
    refused = world.play("provision", "--check", limit=HOST, **account)
    assert "Another program on this host already listens on port 8080" in " ".join(refused.output.split())


def test_the_role_takes_over(world: World) -> None:
    host = world.hosts[HOST]
    before = kept(host)
    expect(world.play("existing-installation", limit=HOST), changed=True, hosts=[HOST])
    assert kept(host) == before
    key = admin_key(host)
    assert ask(host, "/version", key=key)["version"].startswith(GOOD[0])
    assert answer(host, key) == f"{BUILD} 1"
    assert host.run("ps", "-o", "user=", "-C", "local-ai") in ("local-ai", "")
    assert host.run("readlink", UNIT).endswith("localai.service")
    assert host.run("ls", "/etc/localai.env") == ""
    assert host.run("stat", "-c", "%U %a", SET_ASIDE) == "root 700"
    expect(world.play("existing-installation", limit=HOST), changed=False, hosts=[HOST])


def test_a_backup_is_restored(world: World) -> None:
    """The examples of the guide on backups, with systemd and the owners of a real host."""
    host = world.hosts[HOST]
    notes = Path(host.root, HOME.lstrip("/"), "data", "notes.json")
    notes.write_text("{}", encoding="utf-8")
    host.run("chown", "local-ai:local-ai", f"{HOME}/data/notes.json")
    backups = world.work / "backups"
    expect(world.play("backup", limit=HOST, backup_directory=str(backups)), changed=True, hosts=[HOST])
    assert host.run("systemctl", "is-active", "localai.service") == "active"
    (archive,) = (backups / HOST).iterdir()
    notes.write_text("newer", encoding="utf-8")
    host.run("rm", f"{HOME}/models/mine.yaml")
    expect(world.play("restore", limit=HOST, archive=str(archive)), changed=True, hosts=[HOST])
    assert host.run("systemctl", "is-active", "localai.service") == "inactive"
    expect(world.play("existing-installation", limit=HOST), changed=True, hosts=[HOST])
    assert notes.read_text(encoding="utf-8") == "{}"
    assert host.run("stat", "-c", "%U", f"{HOME}/data/notes.json") == "local-ai"
    assert answer(host, admin_key(host)) == f"{BUILD} 1"


def test_the_old_installation_comes_back(world: World) -> None:
    host = world.hosts[HOST]
    before = kept(host)
    expect(world.play("existing-installation-back", limit=HOST), changed=True, hosts=[HOST])
    wait_for(host)
    assert ask(host, "/version")["version"].startswith(OLD)
    assert answer(host) == f"{BUILD} 1"
    assert kept(host) == before
    assert host.run("systemctl", "is-enabled", "local-ai.service") == "enabled"
    assert host.run("ls", "/etc/localai") == ""
