# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Archives as pure values: entries, and tar and zip files made of them. The same input gives the same bytes.

As a program it packs a directory: `archives OUTPUT DIRECTORY`; the suffix of the output says into what.
"""

from __future__ import annotations

import argparse
import bz2
import contextlib
import importlib
import io
import lzma
import os
import shutil
import stat
import subprocess
import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Iterable, Mapping

MTIME = 1735689600  # 2025-01-01
_SUFFIXES = {".tar": "none", ".gz": "gzip", ".xz": "xz", ".bz2": "bzip2", ".zst": "zstd"}


@dataclass(frozen=True)
class Entry:
    """One member of an archive, with the type flag of the tar format: devices and other oddities included."""

    name: str
    kind: bytes = tarfile.REGTYPE
    data: bytes = b""
    mode: int = 0o644
    target: str = ""
    mtime: float = MTIME
    uid: int = 0
    gid: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)  # PAX headers of this entry


def file(name: str, data: bytes | str = b"", mode: int = 0o644) -> Entry:
    """A regular file."""
    return Entry(name, data=data.encode() if isinstance(data, str) else data, mode=mode)


def directory(name: str, mode: int = 0o755) -> Entry:
    """A directory."""
    return Entry(name, tarfile.DIRTYPE, mode=mode)


def symlink(name: str, target: str) -> Entry:
    """A symbolic link."""
    return Entry(name, tarfile.SYMTYPE, mode=0o777, target=target)


def hardlink(name: str, target: str) -> Entry:
    """Another name for the entry `target` of the same archive."""
    return Entry(name, tarfile.LNKTYPE, target=target)


def whiteout(name: str) -> Entry:
    """In a layer: removes `name`, which a lower layer brought."""
    parent, slash, base = name.rpartition("/")
    return file(parent + slash + ".wh." + base)


def opaque(name: str) -> Entry:
    """In a layer: hides whatever lower layers brought into the directory `name`."""
    return file(name.rstrip("/") + "/.wh..wh..opq")


def tar(entries: Iterable[Entry], tar_format: int = tarfile.PAX_FORMAT) -> bytes:
    """An uncompressed tar file."""
    buffer = io.BytesIO()
    write_tar(buffer, entries, tar_format)
    return buffer.getvalue()


def write_tar(stream: IO[bytes], entries: Iterable[Entry], tar_format: int = tarfile.PAX_FORMAT) -> None:
    """Write an uncompressed tar file, of any size: one entry is in memory at a time."""
    with tarfile.open(fileobj=stream, mode="w|", format=tar_format) as archive:
        for entry in entries:
            info = tarfile.TarInfo(entry.name)
            info.type, info.mode, info.linkname = entry.kind, entry.mode, entry.target
            info.mtime, info.uid, info.gid = entry.mtime, entry.uid, entry.gid
            info.size, info.pax_headers = len(entry.data), dict(entry.headers)
            archive.addfile(info, io.BytesIO(entry.data))
            # Without this, tarfile remembers every entry.
            archive.members = []  # type: ignore[attr-defined]


def compress(data: bytes, compression: str) -> bytes:
    """`data` as `none`, `gzip`, `xz`, `bzip2` or `zstd`; LookupError where nothing on this machine can do zstd."""
    if compression == "none":
        return data
    if compression == "gzip":
        stream = zlib.compressobj(6, zlib.DEFLATED, 31)
        return stream.compress(data) + stream.flush()
    if compression == "xz":
        return lzma.compress(data)
    if compression == "bzip2":
        return bz2.compress(data)
    if compression == "zstd":
        return _zstd(data)
    raise ValueError(f"unknown compression: {compression}")


def _zstd(data: bytes) -> bytes:
    for module in ("compression.zstd", "zstandard"):
        with contextlib.suppress(ImportError):
            return bytes(importlib.import_module(module).compress(data))
    program = shutil.which("zstd")
    if program is None:
        raise LookupError("zstd needs Python 3.14, the package zstandard or the program zstd")
    return subprocess.run([program, "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


def tar_archive(entries: Iterable[Entry], compression: str = "gzip") -> bytes:
    """A tar file, compressed."""
    return compress(tar(entries), compression)


def zip_archive(entries: Iterable[Entry]) -> bytes:
    """A zip file of files, directories and symbolic links, made as on Unix."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for entry in entries:
            kind, data = stat.S_IFREG, entry.data
            name = entry.name
            if entry.kind == tarfile.DIRTYPE:
                kind, name = stat.S_IFDIR, name.rstrip("/") + "/"
            elif entry.kind == tarfile.SYMTYPE:
                kind, data = stat.S_IFLNK, entry.target.encode()
            info = zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, (kind | entry.mode) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, data)
    return buffer.getvalue()


class _RawInfo(zipfile.ZipInfo):
    """A member whose name is written as it is, flagged as UTF-8 or not."""

    __slots__ = ("flagged", "raw")
    raw: bytes
    flagged: bool

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802
        return self.raw, self.flag_bits | (0x800 if self.flagged else 0)


def raw_zip(members: Iterable[tuple[bytes, bytes, Mapping[str, Any]]]) -> bytes:
    """A zip file of (bytes of a name, content, attributes of the ZipInfo); `flagged` is one of them."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (name, content, attributes) in enumerate(members):
            info = _RawInfo(str(number), (2025, 1, 1, 0, 0, 0))
            info.raw, info.flagged = name, False
            for key, value in attributes.items():
                setattr(info, key, value)
            archive.writestr(info, content)
    return buffer.getvalue()


def write_tree(path: Path, entries: Iterable[Entry]) -> None:
    """Write files, directories and links below a directory, without any check: for our own entries only."""
    for entry in entries:
        target = path / entry.name
        target.parent.mkdir(parents=True, exist_ok=True)
        if entry.kind == tarfile.SYMTYPE:
            target.symlink_to(entry.target)
        elif entry.kind == tarfile.LNKTYPE:
            os.link(path / entry.target, target)
        else:
            if entry.kind == tarfile.DIRTYPE:
                target.mkdir(exist_ok=True)
            else:
                target.write_bytes(entry.data)
            target.chmod(entry.mode)


def read_tree(path: Path) -> list[Entry]:
    """The files, directories and symbolic links below a directory, in the order of their names."""
    entries = []
    for found in sorted(path.rglob("*")):
        name, mode = found.relative_to(path).as_posix(), stat.S_IMODE(found.lstat().st_mode)
        if found.is_symlink():
            entries.append(symlink(name, os.readlink(found)))
        else:
            entries.append(directory(name, mode) if found.is_dir() else file(name, found.read_bytes(), mode))
    return entries


def main() -> None:
    """Pack one directory."""
    parser = argparse.ArgumentParser()
    parser.add_argument("output", type=Path)
    parser.add_argument("directory", type=Path)
    options = parser.parse_args()
    entries, suffix = read_tree(options.directory), options.output.suffix
    options.output.write_bytes(zip_archive(entries) if suffix == ".zip" else tar_archive(entries, _SUFFIXES[suffix]))


if __name__ == "__main__":
    main()
