# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of `localai_model` run against: a gallery of models, a server of their files, and a models path."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import yaml

from ansible_collections.localai.core.plugins.modules import localai_model

from . import archives
from .files import FileServer
from .module import run_module

WEIGHTS, OTHER, PROJECTOR = b"weights " * 5000, b"other weights " * 3000, b"projector " * 700
VOICE = archives.compress(
    archives.tar([archives.directory("v"), archives.file("v/x.onnx", b"onnx"), archives.file("v/t.txt", b"tokens")]),
    "bzip2",
)
BASE = {
    "name": "chat",
    "description": "the base",
    "config_file": "backend: llama-cpp\nmmap: true\ntemplate:\n  chat: chat\nparameters:\n  temperature: 0.2\n",
    "prompt_templates": [{"name": "chat", "content": "{{.Input}}\n  {{if .Role}}x{{end}}\n"}],
}


def sha256(data: bytes) -> str:
    """The digest of a file."""
    return hashlib.sha256(data).hexdigest()


class ModelWorld:
    """A gallery in a directory, whose models' files are at a server. It can be published again with other entries."""

    def __init__(self, output: Path, files: FileServer) -> None:
        self.output = output
        self.files = files
        self.index = output / "index.yaml"
        self.pages = {
            "/a.gguf": WEIGHTS,
            "/b.gguf": OTHER,
            "/mmproj.gguf": PROJECTOR,
            "/v.tar.bz2": VOICE,
            "/own.yaml": b"backend: whisper\nparameters:\n  model: b.gguf\n",
        }
        self.reset()

    def reset(self) -> None:
        """Publish what there was in the beginning."""
        self.files.faults.clear()
        self.files.pages.clear()
        self.files.pages.update(self.pages)
        (self.output / "base.yaml").write_text(yaml.safe_dump(BASE), encoding="utf-8")
        self.publish(self.entries())
        self.files.requests.clear()

    def entries(self) -> list[dict[str, Any]]:
        """The entries of the gallery."""
        return [
            self.entry("one", "a.gguf", WEIGHTS),
            self.entry("two", "b.gguf", OTHER, path="sub/b.gguf"),
            {
                **self.entry("chatty", "a.gguf", WEIGHTS),
                "url": str(self.output / "base.yaml"),
                "overrides": {"parameters": {"model": "a.gguf"}, "f16": True},
            },
            {
                "name": "seeing",
                "files": [self.file("a.gguf", WEIGHTS), self.file("mmproj.gguf", PROJECTOR)],
                "overrides": {"backend": "llama-cpp", "mmproj": "mmproj.gguf", "parameters": {"model": "a.gguf"}},
            },
            {
                "name": "voice",
                "files": [self.file("v.tar.bz2", VOICE)],
                "overrides": {"backend": "piper", "parameters": {"model": "v/x.onnx"}},
            },
            {**self.entry("large", "a.gguf", WEIGHTS), "variants": [{"model": "small"}]},
            self.entry("small", "b.gguf", OTHER),
            {
                "name": "undigested",
                "files": [{"filename": "u.gguf", "uri": f"{self.files.url}/a.gguf"}],
                "overrides": {"backend": "llama-cpp", "parameters": {"model": "u.gguf"}},
            },
            {"name": "bare", "overrides": {"backend": "whisper", "parameters": {"model": "org/repo"}}},
        ]

    def entry(self, name: str, page: str, data: bytes, path: str = "") -> dict[str, Any]:
        """An entry with one file."""
        return {
            "name": name,
            "files": [self.file(page, data, path)],
            "overrides": {"backend": "llama-cpp", "parameters": {"model": path or page}},
        }

    def file(self, page: str, data: bytes, path: str = "") -> dict[str, Any]:
        """A file of an entry, at `path` in the models path."""
        return {"filename": path or page, "uri": f"{self.files.url}/{page}", "sha256": sha256(data)}

    def publish(self, entries: Any) -> None:
        """Let the gallery have these entries, or this text."""
        text = entries if isinstance(entries, str) else yaml.safe_dump(entries, allow_unicode=True)
        self.index.write_text(text, encoding="utf-8")


class ModelHost:
    """A models path to be managed, and what the module is told about it."""

    def __init__(self, top: Path, world: ModelWorld) -> None:
        """The models path will be below `top`."""
        self.path = top / "models"
        self.world = world
        self.options: dict[str, Any] = {
            "models_path": str(self.path),
            "galleries": [{"name": "test", "url": str(world.index)}],
            "timeout": 5,
            "retries": 0,
        }

    def model(self, *names: str, check: bool = False, **options: Any) -> dict[str, Any]:
        """Run localai_model."""
        requested = {"name": list(names)} if names else {}
        return run_module(localai_model.main, {**self.options, **requested, **options}, check)

    def install(self, *names: str, **options: Any) -> dict[str, Any]:
        """Run localai_model and insist that it works."""
        result = self.model(*names, **options)
        assert not result["failed"], result["msg"]
        return result

    def url(self, page: str) -> str:
        """The address of a file."""
        return f"{self.world.files.url}/{page}"

    def config(self, name: str) -> Any:
        """The configuration of an installed model."""
        return yaml.safe_load((self.path / f"{name}.yaml").read_text(encoding="utf-8"))

    def record(self, name: str) -> Any:
        """Our record of a model."""
        return json.loads((self.path / ".localai-core" / "models" / f"{name}.json").read_text(encoding="utf-8"))

    @property
    def files(self) -> list[str]:
        """All files in the models path but those of our own directory, by path."""
        paths = (path.relative_to(self.path) for path in self.path.rglob("*") if not path.is_dir() or path.is_symlink())
        return sorted(str(path) for path in paths if path.parts[0] != ".localai-core")

    @property
    def requests(self) -> int:
        """How many requests there were."""
        return len(self.world.files.requests)
