# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The example `container-quadlet.yml` installs into the mounted directories, writes a quadlet and tells the server."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any, Iterator

import pytest
import yaml

from ansible_collections.localai.core.tests.support.archives import file, write_tree
from ansible_collections.localai.core.tests.support.examples import Examples, Played
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.gallery import models
from ansible_collections.localai.core.tests.support.running_server import KEY, LocalAI, Systemd, process_with

BACKENDS = ("whisper", "llama-cpp")
# podman-systemd.unit(5) of Podman 4.4 has all of them.
QUADLET_KEYS = {
    *("ContainerName", "Image", "User", "Group", "DropCapability", "NoNewPrivileges", "PublishPort", "Volume"),
    *("EnvironmentFile", "Environment", "AddDevice", "PodmanArgs"),
}


class Container:
    """A host whose systemd runs a container with a server."""

    def __init__(self, work: Path, server: LocalAI, web: FileServer, pid: int) -> None:
        self.work, self.server, self.directory = work, server, work / "srv"
        self.systemd = Systemd(work / "systemd")
        self.systemd.states({"Id": "local-ai.service", "MainPID": pid})
        rows = []
        for name in BACKENDS:
            write_tree(work / "sources" / name, [file("run.sh", f"#!/bin/sh\necho {name}\n", 0o755)])
            rows.append({"name": name, "uri": str(work / "sources" / name)})
        (work / "gallery.yaml").write_text(yaml.safe_dump(rows), encoding="utf-8")
        web.pages["/models.yaml"] = yaml.safe_dump(models({"qwen3-4b": b"weights"}, web.url)).encode()
        web.pages["/qwen3-4b.gguf"] = b"weights"
        variables = {
            "localai_galleries": [{"name": "here", "url": str(work / "gallery.yaml")}],
            "localai_models_galleries": [{"name": "here", "url": f"{web.url}/models.yaml"}],
            "vault_localai_api_key": KEY,
            "container_uid": os.geteuid(),
        }
        self.examples = Examples(work, variables, programs=self.systemd.directory)

    def play(self, *arguments: str, **extra: Any) -> Played:
        """Run the example."""
        paths = {"directory": str(self.directory), "quadlets": str(self.work / "quadlets")}
        return self.examples.play("container-quadlet.yml", *arguments, address=self.server.host, **paths, **extra)

    def quadlet(self) -> dict[str, list[str]]:
        """The keys of the section [Container] with their values."""
        text = (self.work / "quadlets" / "local-ai.container").read_text(encoding="utf-8")
        section = text.partition("[Container]\n")[2].partition("[Service]")[0]
        found: dict[str, list[str]] = {}
        for line in section.splitlines():
            if line and not line.startswith("#"):
                key, _equals, value = line.partition("=")
                found.setdefault(key, []).append(value)
        return found

    def told(self) -> list[str]:
        """What systemd was told to do since the last call."""
        words = [word for line in self.systemd.calls("systemctl") for word in line.split()]
        (self.systemd.directory / "calls.systemctl").write_text("")
        return [word for word in words if word in ("daemon-reload", "restart", "start", "stop")]


@pytest.fixture(name="container")
def _container(tmp_path: Path) -> Iterator[Container]:
    process = process_with({})
    with LocalAI() as server, FileServer() as web:
        yield Container(tmp_path, server, web, process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_a_cpu_container_gets_models_backends_and_a_quadlet(container: Container) -> None:
    container.play().expect(changed=True)
    assert (container.directory / "models" / "qwen3-4b.gguf").read_bytes() == b"weights"
    assert (container.directory / "backends" / "llama-cpp" / "run.sh").exists(), "the model needs it"
    assert (container.directory / "data").stat().st_mode & 0o777 == 0o750
    secrets = container.directory / "secrets.env"
    assert (secrets.read_text(), secrets.stat().st_mode & 0o777) == (f"LOCALAI_API_KEY={KEY}\n", 0o600)
    quadlet = container.quadlet()
    assert set(quadlet) == QUADLET_KEYS - {"AddDevice"}
    assert {volume.split(":")[1] for volume in quadlet["Volume"]} == {"/models", "/backends", "/data", "/configuration"}
    assert all(Path(volume.split(":")[0]).is_dir() for volume in quadlet["Volume"])
    assert "LOCALAI_FORCE_META_BACKEND_CAPABILITY=default" in quadlet["Environment"]
    assert quadlet["PublishPort"] == [f"{container.server.host}:8080"]
    assert container.told() == ["daemon-reload", "restart"]

    container.play().expect(changed=0)
    assert container.told() == []


@pytest.mark.long
def test_a_gpu_is_passed_on_and_a_changed_model_needs_no_restart(container: Container) -> None:
    gpu = {"container_devices": ["/dev/kfd", "/dev/dri"], "container_device_groups": [105, 44], "capability": "amd"}
    check = container.play("--check", **gpu)
    check.expect(changed=True)
    assert not container.directory.exists()
    assert container.told() == []
    container.play(**gpu).expect(changed=True)
    quadlet = container.quadlet()
    assert set(quadlet) == QUADLET_KEYS
    assert quadlet["AddDevice"] == ["/dev/kfd", "/dev/dri"]
    assert quadlet["PodmanArgs"] == ["--stop-timeout=60 --group-add=105 --group-add=44"]
    container.told()
    (container.directory / "models" / "qwen3-4b.yaml").unlink()
    container.play(**gpu).expect(changed=True)
    assert container.told() == []
    assert ("/models/reload", {}) in [(path, body or {}) for path, body in container.server.posts()]
