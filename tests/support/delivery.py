# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sources for tests: what they deliver, in a directory that is gone afterwards."""

from __future__ import annotations

import contextlib
import hashlib
import tempfile
from pathlib import Path
from typing import Any, Iterator

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._fs.tree import Tree
from ansible_collections.localai.core.plugins.module_utils._localai.backend_tree import BackendTree
from ansible_collections.localai.core.plugins.module_utils._oci.image import Images
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform
from ansible_collections.localai.core.plugins.module_utils._oci.registry import Registry
from ansible_collections.localai.core.plugins.module_utils._sources.artifact import Accept
from ansible_collections.localai.core.plugins.module_utils._sources.model_uri import HUB
from ansible_collections.localai.core.plugins.module_utils._sources.source import Delivered, Sources

from . import images
from .archives import file, read_tree, tar_archive
from .backends import backend_entries, backend_image
from .client import Client
from .files import FileServer
from .registry import Registry as RegistryServer

HOST = Platform("linux", "amd64")
AMD64 = images.Platform("amd64")
ENTRIES = backend_entries("piper")
IMAGE = backend_image("piper", platforms=[AMD64])
OTHER = backend_image("piper", "2", platforms=[AMD64])
LAYER = IMAGE.images[0].layers[0]
ARCHIVE = tar_archive(ENTRIES)
SHA256 = hashlib.sha256(ARCHIVE).hexdigest()
EXPECTED = {entry.name: entry.data or entry.target.encode() for entry in ENTRIES}
EXPECTED["venv/lib/python3.10/site-packages/grpcio.py"] = EXPECTED["venv/lib/python3.10/site-packages/grpc.py"]
EXPECTED.update(dict.fromkeys(["venv/lib", "venv/lib/python3.10"], b""))

# Longer than what is read at once, and hardly compressible.
NOISE = hashlib.shake_256(b"noise").digest(600_000)
BIG_ENTRIES = [*ENTRIES, file("noise", NOISE)]
BIG_LAYER = images.layer(BIG_ENTRIES)
BIG = images.index([images.image([LAYER, BIG_LAYER], AMD64)])
BIG_ARCHIVE = tar_archive(BIG_ENTRIES)
BIG_EXPECTED = {**EXPECTED, "noise": NOISE}
# Where a transfer is cut.
CUTS = [0, 1, 511, 512, 513, 10_240, 65_536, 262_143, 262_144, 262_145]


class Anything:
    """Accepts every tree and every directory, and remembers them."""

    def __init__(self) -> None:
        self.accepted: list[str] = []

    def directory(self, path: str) -> None:
        self.accepted.append(path)

    def tree(self, tree: Tree) -> None:
        self.accepted.append(tree.path)


class Nothing:
    """Accepts nothing."""

    def directory(self, path: str) -> None:
        raise SourceError("this directory is not wanted.")

    def tree(self, tree: Tree) -> None:
        raise SourceError("this tree is not wanted.")


class Stage:
    """Makes trees, one directory after the other, each of which is removed again; counts them."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.used = 0

    @contextlib.contextmanager
    def __call__(self) -> Iterator[Tree]:
        self.used += 1
        with tempfile.TemporaryDirectory(dir=self.path) as path, Tree(path) as tree:
            yield tree


def sources(accept: Accept | None = None, hub: str = HUB, **settings: Any) -> Sources:
    """Return sources, of backends unless the test accepts something else; `hub` is the server of Hugging Face."""
    client = Client(**settings)
    return Sources(client, Images(client, Registry(client)), HOST, accept or BackendTree(), Address(hub))


def deliver(stage: Stage, *uris: str, sha256: str = "", **settings: Any) -> tuple[Delivered, dict[str, bytes]]:
    """Find and deliver at once. Returns what was delivered and what is in the tree."""
    with contextlib.ExitStack() as stack:
        kinds = sources(**settings)
        artifact = kinds.find(list(map(Address, uris)), sha256)
        tree, delivered = stack.enter_context(kinds.deliver(artifact, stage))
        tree.finish(0o755)
        return delivered, {name: content for name, content, _mode in listed(tree.path)}


def deliver_file(
    stage: Stage, *uris: str, sha256: str = "", name: str = "", **settings: Any
) -> tuple[Delivered, dict[str, bytes]]:
    """Find and deliver a single file at once. Returns what was delivered and what is in the tree."""
    with contextlib.ExitStack() as stack:
        kinds = sources(Anything(), **settings)
        artifact = kinds.find_file(list(map(Address, uris)), sha256, name)
        tree, delivered = stack.enter_context(kinds.deliver(artifact, stage))
        tree.finish(0o755)
        return delivered, {name: content for name, content, _mode in listed(tree.path)}


def listed(path: str | Path) -> list[tuple[str, bytes, str]]:
    """Return the entries of a tree: names, contents or targets, and modes."""
    return [(entry.name, entry.data or entry.target.encode(), oct(entry.mode)) for entry in read_tree(Path(path))]


def starts(server: FileServer | RegistryServer, path: str) -> list[tuple[str, str]]:
    """Return the paths that were requested and the first byte of each request, in order."""
    return [
        (request.path, request.headers.get("range", "bytes=0-")[len("bytes=") : -1])
        for request in server.requests
        if path in request.path
    ]
