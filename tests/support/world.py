# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the tests of the modules run against: where backends come from, and a host to be managed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from ansible_collections.localai.core.plugins.modules import localai_backend, localai_backend_info

from .archives import write_tree
from .files import FileServer
from .gallery import REPOSITORY, gallery
from .module import run_module
from .registry import Registry
from .server import Request


class World:
    """Where backends come from."""

    def __init__(self, registry: Registry, files: FileServer, output: Path) -> None:
        """Fill both, and write the gallery into a directory."""
        self.registry = registry
        self.files = files
        self.output = output
        self.repository = f"{registry.host}/{REPOSITORY}"
        self.gallery = str(output / "gallery.yaml")
        self.publish("1")

    def publish(self, version: str) -> None:
        """Let the tags, the archives and the gallery be of a version; what was there stays reachable by its digest."""
        self.content = gallery(version)
        for tag, artifact in self.content.images.items():
            self.registry.put(REPOSITORY, tag, artifact)
        for name, data in self.content.archives.items():
            self.files.pages["/" + name] = data
        for name, entries in self.content.sources.items():
            shutil.rmtree(self.output / "sources" / name, ignore_errors=True)
            write_tree(self.output / "sources" / name, entries)
        text = self.content.index(self.registry.host, self.files.url, self.output)
        Path(self.gallery).write_text(text, encoding="utf-8")

    def digest(self, tag: str) -> str:
        """The digest that a tag has at this moment, without the prefix of the tags."""
        return self.content.images[f"latest-{tag}"].digest

    @property
    def requests(self) -> list[Request]:
        """All requests so far."""
        return [*self.registry.requests, *self.files.requests]


class Host:
    """A host to be managed: an empty directory, and what the modules are told about it."""

    def __init__(self, top: Path, world: World) -> None:
        """Its backends path and its system path will be below `top`."""
        self.path = top / "backends"
        self.system = top / "system"
        self.world = world
        self.options: dict[str, Any] = {
            "backends_path": str(self.path),
            "backends_system_path": str(self.system),
            "galleries": [{"name": "test", "url": world.gallery}],
            "capability": "default",
            "timeout": 5,
            "retries": 0,
        }

    def backend(self, *names: str, check: bool = False, **options: Any) -> dict[str, Any]:
        """Run localai_backend."""
        return run_module(localai_backend.main, {**self.options, "name": list(names), **options}, check)

    def info(self, *names: str, check: bool = False, **options: Any) -> dict[str, Any]:
        """Run localai_backend_info."""
        asked = {"name": list(names)} if names else {}
        return run_module(localai_backend_info.main, {**self.options, **asked, **options}, check)

    def install(self, *names: str, **options: Any) -> dict[str, Any]:
        """Run localai_backend and insist that it works."""
        result = self.backend(*names, **options)
        assert not result["failed"], result["msg"]
        return result

    def metadata(self, name: str) -> Any:
        """What metadata.json of a backend says."""
        return json.loads((self.path / name / "metadata.json").read_text(encoding="utf-8"))

    def place(self, name: str, metadata: Any = None, run_file: bool = True, top: Path | None = None) -> Path:
        """Put a backend there by hand."""
        directory = (top or self.path) / name
        directory.mkdir(parents=True)
        if run_file:
            (directory / "run.sh").write_text("#!/bin/sh\n", encoding="utf-8")
        if isinstance(metadata, bytes):
            (directory / "metadata.json").write_bytes(metadata)
        elif metadata is not None:
            (directory / "metadata.json").write_text(json.dumps(metadata), encoding="utf-8")
        return directory

    @property
    def names(self) -> list[str]:
        """What is installed."""
        return sorted(place.name for place in self.path.iterdir() if place.name != ".localai-core")


def load_libraries(directory: Path) -> None:
    """Import all that modules import late, by an installation: a test in a process of its own would do it each time.

    It also serves tests that run as an ordinary user, who may not be able to read the libraries.
    """
    with Registry() as registry, FileServer() as files:
        Host(directory, World(registry, files, directory)).install("piper")
