# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images, archives and single files for the servers of the benchmark, kept in a directory from run to run."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

from .images import MIB, served
from .served import NOWHERE, Served
from .sites import blob_file


class Materials:
    """What is fetched, made at a scale if it is not there yet, and in the page cache, as it is on a busy server.

    `host` is that of a registry with its storage below the directory. Archives and files are on no server: they are in
    the directory `files`, and images can be served from `storage`.
    """

    def __init__(self, directory: Path, host: str, scale: float) -> None:
        self.files = directory / "files"
        self.storage = directory / "registry" / "storage"
        self._scratch = directory / "layer"
        self._host = host
        self._scale = scale
        self._images: dict[str, Served] = {}
        self.files.mkdir(exist_ok=True)

    def image(self, name: str) -> Served:
        """An image of the registry."""
        if name not in self._images:
            self._images[name] = served(name, self._scale, self._host, self._scratch)
            for part in self._images[name].parts:
                _read(self._blob(part))
        return self._images[name]

    def archive(self, name: str) -> Served:
        """The only layer of an image as a tar.gz: a link to the blob in the registry's storage."""
        image = self.image(name)
        (part,) = image.parts
        link = self.files / f"{name}.tar.gz"
        if link.is_symlink():
            link.unlink()
        link.symlink_to(self._blob(part))
        url = f"http://{NOWHERE}/{link.name}"
        return Served(link.name, url, (url,), image.size)

    def file(self, mebibytes: int) -> Served:
        """A file as large and as incompressible as that of a model."""
        size = max(1, int(mebibytes * self._scale)) * MIB
        path = self.files / f"model-{size // MIB}.gguf"
        checksum = path.with_suffix(".sha256")
        if checksum.exists():
            _read(path)
        else:
            print(f"Making a file of {size / 1e6:.0f} MB, which later runs find.", flush=True)
            checksum.write_text(_write(path, size), encoding="ascii")
        url = f"http://{NOWHERE}/{path.name}"
        return Served(
            path.name, url, (url,), size, proof=f"**/{path.name}", sha256=checksum.read_text(encoding="ascii")
        )

    def _blob(self, address: str) -> Path:
        return blob_file(self.storage, address.rpartition(":")[2])


def _write(path: Path, size: int) -> str:
    """Write bytes that are always the same; returns their sha256."""
    source = random.Random(size)
    hasher = hashlib.sha256()
    with path.open("wb") as stream:
        for _block in range(size // MIB):
            block = source.getrandbits(8 * MIB).to_bytes(MIB, "little")
            hasher.update(block)
            stream.write(block)
    return hasher.hexdigest()


def _read(path: Path) -> None:
    with path.open("rb", buffering=0) as stream:
        while stream.read(MIB):
            pass
