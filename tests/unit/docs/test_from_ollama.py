# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The example `from-ollama.yml` installs models from a store as Ollama writes it, and a running server lists them."""

from __future__ import annotations

import grp
import hashlib
import json
import os
import pwd
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.localai.core.tests.support.playbook import COLLECTION, environment
from ansible_collections.localai.core.tests.support.running_server import KEY, LocalAI
from ansible_collections.localai.core.tests.support.server import Answer

WEIGHTS = b"GGUF" + bytes(1000)
EMBEDDINGS = WEIGHTS + b"embeddings"


class Store:
    """A models directory of Ollama."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "blobs").mkdir(parents=True)

    def blob(self, content: bytes) -> str:
        """Store a blob, and return its digest."""
        digest = hashlib.sha256(content).hexdigest()
        (self.path / "blobs" / f"sha256-{digest}").write_bytes(content)
        return f"sha256:{digest}"

    def add(self, manifest: str, **layers: bytes) -> None:
        """Store a model, whose layers are given by the last part of their media type."""
        rows = [
            {"mediaType": f"application/vnd.ollama.image.{kind}", "digest": self.blob(content), "size": len(content)}
            for kind, content in layers.items()
        ]
        path = self.path / "manifests" / manifest
        path.parent.mkdir(parents=True)
        # Go writes a list without items as null.
        path.write_text(json.dumps({"schemaVersion": 2, "layers": rows or None}), encoding="utf-8")


class Host:
    """This machine as the host, on which `playbook` is run."""

    def __init__(self, work: Path, url: str) -> None:
        self._work = work
        self.store = Store(work / "store")
        self.models = work / "models"
        variables = {
            "ansible_connection": "local",
            "ansible_become": False,
            "ansible_python_interpreter": sys.executable,
            "localai_models_path": str(self.models),
            "localai_user": pwd.getpwuid(os.geteuid()).pw_name,
            "localai_group": grp.getgrgid(os.getegid()).gr_name,
            "server_url": url,
            "server_key": KEY,
        }
        inventory = {"localai": {"hosts": {"host": {}}, "vars": variables}}
        (work / "inventory.json").write_text(json.dumps(inventory), encoding="utf-8")

    def take_over(self, *arguments: str, **extra: Any) -> str:
        """Run the example, and return what it prints."""
        extra["ollama_store"] = str(self.store.path)
        done = subprocess.run(
            [
                *(sys.executable, "-m", "ansible", "playbook", "--inventory", str(self._work / "inventory.json")),
                *(str(COLLECTION / "docs" / "examples" / "from-ollama.yml"), "--extra-vars", json.dumps(extra)),
                *arguments,
            ],
            env=environment(self._work),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    def configuration(self, name: str) -> Any:
        """Return the configuration of a model."""
        return yaml.safe_load((self.models / f"{name}.yaml").read_text(encoding="utf-8"))


def changed(output: str) -> int:
    """Return how many tasks changed something, of a play that did not fail."""
    (numbers,) = re.findall(r"changed=(\d+) +unreachable=0 +failed=0", output)
    return int(numbers)


@pytest.fixture(name="server")
def _server() -> Any:
    server = LocalAI()
    server.answers["/models/reload"] = Answer(200, {"Content-Type": "application/json"}, b"{}")
    with server:
        yield server


@pytest.fixture(name="host")
def _host(tmp_path: Path, server: LocalAI) -> Host:
    return Host(tmp_path, server.url)


def reloads(server: LocalAI) -> int:
    """Return how often the server was told to read its models again."""
    return [request.path for request in server.requests].count("/models/reload")


@pytest.mark.long
def test_models_of_ollama_become_models_of_localai(host: Host, server: LocalAI) -> None:
    host.store.add("registry.ollama.ai/library/llama3.2/1b", model=WEIGHTS, template=b"{{ .Prompt }}", params=b"{}")
    host.store.add("registry.ollama.ai/library/nomic-embed-text/latest", model=EMBEDDINGS)
    host.store.add("registry.ollama.ai/someone/mine/latest", model=WEIGHTS, system=b"Be brief.")
    host.store.add("hf.co/owner/Repo-GGUF/Q4_K_M", model=WEIGHTS)
    names = ["llama3.2:1b", "nomic-embed-text:latest", "someone/mine", "hf.co/owner/Repo-GGUF:Q4_K_M"]

    assert changed(host.take_over(ollama_models=names)) == 2
    assert reloads(server) == 1
    installed = ["llama3.2:1b", "nomic-embed-text", "someone__mine", "hf.co__owner__Repo-GGUF:Q4_K_M"]
    assert sorted(path.stem for path in host.models.glob("[!.]*.yaml")) == sorted(installed)
    for name in installed:
        configuration = host.configuration(name)
        has_embeddings = name == "nomic-embed-text"
        weights = host.models / configuration["parameters"]["model"]
        assert weights.read_bytes() == (EMBEDDINGS if has_embeddings else WEIGHTS)
        assert configuration.get("embeddings", False) == has_embeddings
        assert (configuration["name"], configuration["backend"]) == (name, "llama-cpp")
        assert configuration["template"] == {"use_tokenizer_template": True}
    # Models share their weights.
    assert len(list((host.models / "ollama").iterdir())) == 2

    assert changed(host.take_over("--check", "--diff", ollama_models=names)) == 0


def test_a_model_without_weights_is_an_error(host: Host) -> None:
    host.store.add("registry.ollama.ai/library/big/cloud")
    assert "big:cloud has no GGUF file" in host.take_over(ollama_models=["big:cloud"])
    assert not host.models.exists()
