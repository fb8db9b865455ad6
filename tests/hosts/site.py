# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the hosts get LocalAI from: a real registry, a gallery, and a site with releases."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Iterator, Mapping

from ..support.archives import file
from ..support.docker_registry import docker_registry
from ..support.files import FileServer
from ..support.fixtures import write_files
from ..support.gallery import REPOSITORY, Gallery, gallery, models
from ..support.images import Artifact, host_platform, image, index, layer
from ..support.push import Pusher, Target
from .releases import MOCK_BACKEND, RELEASES, publish_release

_RUN_MOCK = '#!/bin/sh\nexec "$(dirname "$(readlink -f "$0")")/mock-backend" "$@"\n'
# Tags of the gallery whose images hold the mock backend, where a run is given one.
_MOCKED = ("latest-cpu-llama-cpp", "latest-piper")


@dataclass(frozen=True)
class Site:
    """All servers of the controller."""

    registry: str
    files: FileServer
    directory: Path

    @property
    def variables(self) -> dict[str, Any]:
        """What an inventory says of them."""
        return {
            "localai_release_url": f"{self.files.url}/releases",
            "localai_galleries": [{"name": "test", "url": f"{self.files.url}/gallery.yaml"}],
            "localai_models_galleries": [{"name": "test", "url": f"{self.files.url}/models.yaml"}],
            "localai_module_defaults": self.module_defaults(),
        }

    def module_defaults(self, mirror: str = "") -> dict[str, Any]:
        """How the modules reach the registry, or a mirror in its stead."""
        mirrors = [{"url": f"http://{mirror}", "resolve": True}] if mirror else []
        endpoints = [{"host": self.registry, "plain_http": True, "mirrors": mirrors}]
        return {"endpoints": endpoints + ([{"host": mirror, "plain_http": True}] if mirror else [])}

    def publish(self, version: str) -> None:
        """Let the gallery's tags be of a version."""
        content = gallery(version) if MOCK_BACKEND is None else _with_mock(gallery(version), MOCK_BACKEND.read_bytes())
        write_files(content, self.registry, self.files.url, self.directory)
        pusher = Pusher(Target(self.registry, plain_http=True))
        for tag, artifact in content.images.items():
            pusher.push(REPOSITORY, tag, artifact)

    def publish_models(self, weights: Mapping[str, bytes]) -> None:
        """Let the gallery of models have one of llama-cpp for each name, with these weights."""
        for name, content in weights.items():
            (self.directory / f"{name}.gguf").write_bytes(content)
        (self.directory / "models.yaml").write_text(json.dumps(models(weights, self.files.url)), encoding="utf-8")


@contextlib.contextmanager
def site(registry_program: Path, work: Path, address: str) -> Iterator[Site]:
    """Start the servers at an address, with the first version of the gallery and all releases."""
    directory = work / "site"
    for version in RELEASES:
        publish_release(directory / "releases", version)
    files = FileServer(directory=directory, address=address)
    with files, docker_registry(registry_program, work / "registry", address=address) as registry:
        it = Site(str(registry["host"]), files, directory)
        it.publish("1")
        it.publish_models({"tiny": b"weights of tiny", "small": b"weights of small"})
        yield it


def _with_mock(content: Gallery, program: bytes) -> Gallery:
    """The gallery with a backend in some of its images that LocalAI's own server can load."""

    def mocked() -> Artifact:
        files = [file("run.sh", _RUN_MOCK, 0o755), file("mock-backend", program, 0o755), file("V", content.version)]
        return index([image([layer(files)], host_platform())])

    return replace(content, images={**content.images, **{tag: mocked() for tag in _MOCKED}})
