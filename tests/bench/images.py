# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images of the sizes that LocalAI publishes, made as streams and kept in the storage of a registry.

What is in them is made up, but gzip finds in it what it finds in programs: about a third is left. The same source code
makes the same bytes.
"""

from __future__ import annotations

import hashlib
import inspect
import itertools
import json
import random
import sys
import urllib.error
import urllib.request
import zlib
from pathlib import Path
from typing import IO, Any, Callable, Iterable, Iterator, cast

from ..support.archives import Entry, file, symlink, write_tar
from ..support.backends import RUN_SH
from ..support.images import OCI_LAYER, OCI_MANIFEST, host_platform, image_around
from ..support.push import Pusher, Target
from .served import Served

MIB = 1024**2
_PACKAGES = "venv/lib/python3.10/site-packages"


class Material:
    """Bytes like those of machine code, from a store that is larger than what gzip looks back at."""

    def __init__(self, scale: float, seed: int = 1) -> None:
        """Another seed gives other bytes."""
        self._random = random.Random(seed)
        words = [
            self._random.randbytes(self._random.choice((2, 3, 3, 4, 4, 5, 6, 7, 8, 12, 16))) for _word in range(640)
        ]
        frequencies = list(itertools.accumulate(1 / (rank + 8) for rank in range(len(words))))
        count = int(8 * MIB * min(1, scale)) + MIB // 8
        self._store = b"".join(self._random.choices(words, cum_weights=frequencies, k=count))

    def take(self, size: int) -> bytes:
        """The next piece."""
        pieces = []
        while size > 0:
            start = self._random.randrange(len(self._store) // 2)
            pieces.append(self._store[start : start + size])
            size -= len(pieces[-1])
        return b"".join(pieces)

    def size_around(self, middle: int) -> int:
        """A size as those of many files are spread: most are small, some are large."""
        return 1 + int(self._random.expovariate(1 / middle))


def _llama(material: Material, scale: float) -> Iterator[Iterable[Entry]]:
    """One fat layer of programs and shared libraries."""
    yield [file("run.sh", RUN_SH, 0o755), *libraries("lib", 12, int(28 * MIB * scale), material)]


def _python(material: Material, scale: float) -> Iterator[Iterable[Entry]]:
    """Four layers of a virtual environment: 40,000 files, most of them small."""
    yield itertools.chain(
        [file("run.sh", RUN_SH, 0o755), symlink("venv/bin/python3", "/usr/bin/python3")],
        modules(0, int(10000 * scale), material),
    )
    for number in range(1, 4):
        yield modules(number, int(10000 * scale), material)


def _fat(material: Material, scale: float) -> Iterator[Iterable[Entry]]:
    """One layer of 4 GiB."""
    yield itertools.chain([file("run.sh", RUN_SH, 0o755)], libraries("lib", 128, int(32 * MIB * scale), material))


def libraries(directory: str, count: int, size: int, material: Material) -> Iterator[Entry]:
    """Shared libraries, each with its links."""
    for number in range(count):
        name = f"libggml-{number}.so"
        yield file(f"{directory}/{name}.1.2", material.take(size), 0o755)
        yield symlink(f"{directory}/{name}.1", f"{name}.1.2")
        yield symlink(f"{directory}/{name}", f"{name}.1")


def modules(layer: int, count: int, material: Material) -> Iterator[Entry]:
    """Modules of Python packages: one in 20 has a name that needs an extended header, one in 100 is a library."""
    for number in range(count):
        directory = f"{_PACKAGES}/package_{layer}_{number // 50}"
        if number % 100 == 0:
            yield file(f"{directory}/_native.so", material.take(material.size_around(5 * MIB // 4)), 0o755)
            yield symlink(f"{directory}/_native.abi3.so", "_native.so")
        elif number % 20 == 1:
            long = f"{directory}/include/external/{'deeply_nested_' * 4}{number}/generated_header_{number}.h"
            yield file(long, material.take(material.size_around(16 * 1024)))
        else:
            yield file(f"{directory}/module_{number}.py", material.take(material.size_around(16 * 1024)))


_LAYERS: dict[str, Callable[[Material, float], Iterator[Iterable[Entry]]]] = {
    "llama": _llama,
    "python": _python,
    "fat": _fat,
}


class _Blob:
    """A layer while it is written: compressed into a file, and what a manifest says of it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self.size = 0
        self._stream = stream
        self._gzip = zlib.compressobj(6, zlib.DEFLATED, 31)
        self._packed = hashlib.sha256()
        self._unpacked = hashlib.sha256()

    def write(self, data: bytes) -> None:
        """What tarfile calls."""
        self._unpacked.update(data)
        self._keep(self._gzip.compress(data))

    def close(self) -> None:
        self._keep(self._gzip.flush())

    def _keep(self, data: bytes) -> None:
        self.size += len(data)
        self._packed.update(data)
        self._stream.write(data)

    @property
    def digest(self) -> str:
        """The digest of the file."""
        return "sha256:" + self._packed.hexdigest()

    @property
    def diff_id(self) -> str:
        """The digest of the tar file in it."""
        return "sha256:" + self._unpacked.hexdigest()


def served(name: str, scale: float, host: str, scratch: Path) -> Served:
    """An image of the registry at `host`: made, by way of a scratch file, if it is not there yet."""
    repository, tag = f"bench/{name}", _tag(scale)
    manifest = _manifest(host, repository, tag)
    if manifest is None:
        print(f"Making the image {name}, which later runs find in the registry.", flush=True)
        _make(name, scale, Pusher(Target(host, plain_http=True)), (repository, tag), scratch)
        manifest = _manifest(host, repository, tag) or sys.exit("The registry forgot the image.")
    layers = json.loads(manifest)["layers"]
    blobs = tuple(f"http://{host}/v2/{repository}/blobs/{layer['digest']}" for layer in layers)
    return Served(name, f"{host}/{repository}:{tag}", blobs, sum(layer["size"] for layer in layers), host)


def _make(name: str, scale: float, pusher: Pusher, place: tuple[str, str], scratch: Path) -> None:
    repository, tag = place
    diff_ids, pointers = [], []
    for entries in _LAYERS[name](Material(scale), scale):
        diff_id, pointer = push_layer(entries, pusher, [repository], scratch)
        diff_ids.append(diff_id)
        pointers.append(pointer)
    scratch.unlink()
    pusher.push(repository, tag, image_around(diff_ids, pointers, host_platform()))


def push_layer(
    entries: Iterable[Entry], pusher: Pusher, repositories: Iterable[str], scratch: Path
) -> tuple[str, dict[str, Any]]:
    """Push one layer by way of a scratch file; returns its diff ID and its descriptor."""
    with scratch.open("wb") as stream:
        blob = _Blob(stream)
        write_tar(cast("IO[bytes]", blob), entries)
        blob.close()
    for repository in repositories:
        pusher.push_file(repository, blob.digest, scratch)
    return blob.diff_id, {"mediaType": OCI_LAYER + "+gzip", "size": blob.size, "digest": blob.digest}


def _manifest(host: str, repository: str, tag: str) -> bytes | None:
    """A manifest of the registry, if it has it."""
    address = f"http://{host}/v2/{repository}/manifests/{tag}"
    try:
        with urllib.request.urlopen(urllib.request.Request(address, headers={"Accept": OCI_MANIFEST})) as response:
            return bytes(response.read())
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise


def _tag(scale: float) -> str:
    """A tag that changes when what makes the images changes."""
    source = inspect.getsource(sys.modules[__name__])
    return hashlib.sha256(f"{scale} {source}".encode()).hexdigest()[:12]
