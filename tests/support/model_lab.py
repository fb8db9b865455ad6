# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A models path that both modules for models work on, a gallery, a file server and a made-up Hub."""

from __future__ import annotations

import contextlib
import hashlib
from pathlib import Path
from typing import Any, Iterator, Mapping

import pytest
import yaml

from ansible_collections.localai.core.plugins.module_utils._module.models.answers import ModelAnswers
from ansible_collections.localai.core.plugins.module_utils._module.models.info_options import (
    MODEL_INFO,
    ModelInfoOptions,
    model_info_options,
)
from ansible_collections.localai.core.plugins.module_utils._module.models.inventory import Inventory, inventory_of
from ansible_collections.localai.core.plugins.module_utils._module.models.model import resolver_of
from ansible_collections.localai.core.plugins.module_utils._module.models.options import model_host
from ansible_collections.localai.core.plugins.module_utils._module.runner import Run
from ansible_collections.localai.core.plugins.modules import localai_model, localai_model_info

from .files import FileServer
from .hub import Hub, Repo
from .module import run_module

WEIGHTS, PROJECTOR, CARD = b"weights" * 100, b"projector" * 50, b"# A model\n"
REPO = "acme/chat-GGUF"


def sha256(data: bytes) -> str:
    """The digest of a file."""
    return hashlib.sha256(data).hexdigest()


class ModelLab:
    """A models path, and what the modules are told about it."""

    def __init__(self, top: Path, files: FileServer, hub: Hub) -> None:
        """The models path and the gallery are below `top`."""
        self.path = top / "models"
        self.gallery = top / "index.yaml"
        self.files = files
        self.hub = hub
        self.files.pages["/p.gguf"] = PROJECTOR
        self.publish(
            self.entry("chat", {"filename": "chat.gguf", "uri": f"huggingface://{REPO}/chat.gguf"}),
            self.entry("web", {"filename": "w/p.gguf", "uri": f"{files.url}/p.gguf", "sha256": sha256(PROJECTOR)}),
        )
        self.options: dict[str, Any] = {
            "models_path": str(self.path),
            "galleries": [{"name": "test", "url": str(self.gallery)}],
            "timeout": 5,
            "retries": 0,
        }

    @staticmethod
    def entry(name: str, *files: Mapping[str, str], **keys: Any) -> dict[str, Any]:
        """An entry of a gallery whose first file is its model."""
        overrides = {"backend": "llama-cpp", "parameters": {"model": files[0]["filename"]}} if files else {}
        return {"name": name, "overrides": {**overrides, **keys.pop("overrides", {})}, "files": list(files), **keys}

    def publish(self, *entries: Mapping[str, Any]) -> None:
        """Let the gallery have these entries."""
        self.gallery.write_text(yaml.safe_dump(list(entries), allow_unicode=True), encoding="utf-8")

    def put(self, name: str, content: bytes | str | Mapping[str, Any] = b"x") -> Path:
        """Write a file into the models path, as YAML if it is a mapping."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = yaml.safe_dump(dict(content)) if isinstance(content, Mapping) else content
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def put_as_localai(self, name: str, config: Mapping[str, Any], *files: Mapping[str, str], **keys: str) -> None:
        """Write the YAML files of a model as LocalAI does."""
        self.put(f"{name}.yaml", {"name": name, **config})
        self.put(f"._gallery_{name}.yaml", {"name": name, "files": list(files), **keys})

    def install(self, *names: str, **options: Any) -> dict[str, Any]:
        """Run localai_model and insist that it works."""
        result = run_module(localai_model.main, {**self.options, "name": list(names), **options})
        assert not result["failed"], result["msg"]
        return result

    def info(self, *names: str, check: bool = False, **options: Any) -> dict[str, Any]:
        """Run localai_model_info."""
        asked = {"name": list(names)} if names else {}
        return run_module(localai_model_info.main, {**self.options, **asked, **options}, check)

    def inventory(self) -> Inventory:
        """What is in the models path."""
        return inventory_of(str(self.path))

    def request(self, *names: str, **options: Any) -> ModelInfoOptions:
        """The options of a task as values."""
        return model_info_options({**self._defaults(), **options, "name": list(names) or None})

    def asked(self, *names: str, **options: Any) -> tuple[Any, ModelInfoOptions, Inventory, ModelAnswers]:
        """What the queries of galleries and servers take as arguments."""
        params = {**self._defaults(), **options}
        host = model_host(params)
        answers = ModelAnswers(lambda: resolver_of(host, Run(params, check_mode=False)))
        return host, self.request(*names, **options), self.inventory(), answers

    def _defaults(self) -> dict[str, Any]:
        defaults = {name: option.get("default") for name, option in MODEL_INFO["argument_spec"].items()}
        return {**defaults, **self.options}

    @property
    def paths_asked(self) -> list[str]:
        """The paths of all requests to the Hub so far."""
        return [request.path for request in self.hub.requests]


@contextlib.contextmanager
def model_lab(top: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModelLab]:
    """A lab whose environment names its Hub."""
    repo = Repo(small={"README.md": CARD}, large={"chat.gguf": WEIGHTS, "mm/proj [1].gguf": PROJECTOR})
    with FileServer() as files, Hub({REPO: repo}) as hub:
        for variable in ("HF_MIRROR", "HF"):
            monkeypatch.delenv(variable, raising=False)
        monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
        yield ModelLab(top, files, hub)
