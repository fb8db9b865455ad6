# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Archives unpacked into a directory, and a directory beside it that no archive may change."""

from __future__ import annotations

import contextlib
import os
import struct
import tarfile
from pathlib import Path
from typing import Iterator

from ansible_collections.localai.core.plugins.module_utils._fs.tree import Tree
from ansible_collections.localai.core.plugins.module_utils._store.contents import contents_of
from ansible_collections.localai.core.plugins.module_utils._store.verify import contents_at
from ansible_collections.localai.core.plugins.module_utils._unpack.compression import COMPRESSIONS
from ansible_collections.localai.core.plugins.module_utils._unpack.formats import CONTAINERS, TAR, Format
from ansible_collections.localai.core.plugins.module_utils._unpack.limits import Limits
from ansible_collections.localai.core.plugins.module_utils._unpack.unpack import unpack

from .archives import tar
from .backends import backend_entries
from .host import snapshot, temporary_directory

FORMATS = {
    **{container.name: Format(container) for container in CONTAINERS},
    **{compression.name: Format(TAR, compression) for compression in COMPRESSIONS},
    "none": Format(TAR),
}
TAR_COMPRESSIONS = ["none", "gzip", "bzip2", "xz", "zstd"]
ENTRIES = backend_entries("piper")
ARCHIVE = tar(ENTRIES)


def fill(
    top: Path,
    *layers: bytes,
    is_layer: bool = True,
    limits: Limits | None = None,
    step: int = 1000,
) -> None:
    """Unpack archives, one over the other, from small chunks, into a tree that records its contents."""
    with Tree(str(top)) as tree:
        for layer in layers:
            chunks = (layer[start : start + step] for start in range(0, len(layer), step))
            unpack(chunks, tree, is_layer=is_layer, limits=limits)
        tree.finish(0o755)
        assert contents_of(tree.contents, ()) == contents_at(tree.fd, tree.path, ())


def contents(top: Path) -> dict[str, bytes | str | None]:
    """Return what is below a directory: bytes of files, targets of symlinks with an arrow, None for directories."""
    listed: dict[str, bytes | str | None] = {}
    for path in sorted(top.rglob("*")):
        name = path.relative_to(top).as_posix()
        if path.is_symlink():
            listed[name] = "-> " + os.readlink(path)
        else:
            listed[name] = None if path.is_dir() else path.read_bytes()
    return listed


def repaired(header: bytes) -> bytes:
    """Return a header of tar with the checksum that it should have."""
    block = bytearray(header)
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


def v7(archive: bytes, signed: bool = False) -> bytes:
    """Return an archive with a first header as Unix V7 had it: without a magic number and what is behind that.

    The checksum is that of signed bytes if `signed`.
    """
    header = bytearray(repaired(archive[:257] + bytes(255)))
    if signed:
        header[148:156] = b"%06o\0 " % (int(header[148:154], 8) - 256 * sum(byte > 127 for byte in header))
    return bytes(header) + archive[512:]


def sparse(name: str, size: int) -> bytes:
    """A file of nothing but a hole, as GNU tar packs it."""
    header = tarfile.TarInfo(name)
    header.type, header.size = tarfile.GNUTYPE_SPARSE, 0
    block = bytearray(header.tobuf(tarfile.GNU_FORMAT))
    block[386:398] = struct.pack("12s", b"%011o" % size)
    block[398:410] = struct.pack("12s", b"%011o" % 0)
    block[483:495] = b"\x80" + size.to_bytes(11, "big")
    return repaired(bytes(block))


@contextlib.contextmanager
def guarded() -> Iterator[tuple[Path, Path]]:
    """Give a directory to fill, and one beside it that must not change meanwhile."""
    with temporary_directory() as path:
        top, outside = path / "tree", path / "outside"
        (outside / "below/deep").mkdir(parents=True)
        (outside / "file").write_text("precious")
        (outside / "below/deep/file").write_text("too")
        (outside / "below").chmod(0o710)
        top.mkdir()
        before = snapshot(outside)
        yield top, outside
        assert snapshot(outside) == before
        assert set(os.listdir(path)) == {"tree", "outside"}
