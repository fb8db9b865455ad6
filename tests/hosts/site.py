# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the hosts get LocalAI from: a real registry, a gallery, and a site with releases of the stand-in server."""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
import zipapp
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator

from ..support.docker_registry import docker_registry
from ..support.files import FileServer
from ..support.fixtures import write_files
from ..support.gallery import REPOSITORY, gallery
from ..support.images import host_platform
from ..support.playbook import COLLECTION
from ..support.push import Pusher, Target

GOOD = ("v4.9.0", "v4.9.1")
NEVER_READY = "v4.9.2"
TAMPERED = "v4.9.3"


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
            "localai_module_defaults": self.module_defaults(),
        }

    def module_defaults(self, mirror: str = "") -> dict[str, Any]:
        """How the modules reach the registry, or a mirror in its stead."""
        mirrors = [{"url": f"http://{mirror}", "resolve": True}] if mirror else []
        endpoints = [{"host": self.registry, "plain_http": True, "mirrors": mirrors}]
        return {"endpoints": endpoints + ([{"host": mirror, "plain_http": True}] if mirror else [])}

    def publish(self, version: str) -> None:
        """Let the gallery's tags be of a version."""
        content = gallery(version)
        write_files(content, self.registry, self.files.url, self.directory)
        pusher = Pusher(Target(self.registry, plain_http=True))
        for tag, artifact in content.images.items():
            pusher.push(REPOSITORY, tag, artifact)


@contextlib.contextmanager
def site(registry_program: Path, work: Path, address: str) -> Iterator[Site]:
    """Start the servers at an address, with the first version of the gallery and all releases."""
    directory = work / "site"
    for version in (*GOOD, NEVER_READY, TAMPERED):
        _release(directory / "releases" / version, version)
    files = FileServer(directory=directory, address=address)
    with files, docker_registry(registry_program, work / "registry", address=address) as registry:
        it = Site(str(registry["host"]), files, directory)
        it.publish("1")
        yield it


def _release(directory: Path, version: str) -> None:
    """Write a release as LocalAI publishes one: the program, and a file of checksums."""
    directory.mkdir(parents=True)
    asset = directory / f"local-ai-{version}-linux-{host_platform().architecture}"
    with tempfile.TemporaryDirectory() as source:
        main = f"from tests.hosts.server import main\nmain({version!r}, gets_ready={version != NEVER_READY})\n"
        Path(source, "__main__.py").write_text(main, encoding="utf-8")
        for file in ("tests/hosts/server.py", "tests/support/localai.py"):
            Path(source, file).parent.mkdir(parents=True)
            shutil.copy(COLLECTION / file, Path(source, file))
        zipapp.create_archive(source, asset, interpreter="/usr/bin/env python3")
    checksum = hashlib.sha256(asset.read_bytes()).hexdigest()
    sums = directory / f"LocalAI-{version}-checksums.txt"
    sums.write_text(f"{checksum}  {asset.name}\n", encoding="utf-8")
    if version == TAMPERED:
        asset.write_bytes(asset.read_bytes() + b"\n")
