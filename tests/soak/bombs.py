# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Input that is meant to take all memory or to take for ever, each in a process that may have little of both.

Whatever is small and grows when it is read: every one of them ends in one of our errors, or is read in bounds.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import io
import os
import resource
import subprocess
import sys
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import Callable

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError
from ansible_collections.localai.core.plugins.module_utils._fs.remove import remove
from ansible_collections.localai.core.plugins.module_utils._fs.tree import Tree
from ansible_collections.localai.core.plugins.module_utils._fs.walk import disk_usage
from ansible_collections.localai.core.plugins.module_utils._localai.metadata import Metadata
from ansible_collections.localai.core.plugins.module_utils._localai.scan import scan
from ansible_collections.localai.core.plugins.module_utils._oci.challenge import parse_challenge
from ansible_collections.localai.core.plugins.module_utils._oci.docker_config import docker_credentials
from ansible_collections.localai.core.plugins.module_utils._oci.image import image_in_file
from ansible_collections.localai.core.plugins.module_utils._oci.manifest import OCI_INDEX, parse_manifest
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Reference
from ansible_collections.localai.core.plugins.module_utils._resolver.galleries import parse_index
from ansible_collections.localai.core.plugins.module_utils._store.verify import recorded_contents
from ansible_collections.localai.core.plugins.module_utils._unpack.limits import Limits
from ansible_collections.localai.core.plugins.module_utils._unpack.unpack import unpack

from ..support.archives import compress, tar
from ..support.client import Client
from ..support.files import FileServer, Page

MEMORY = 3 * 1024**3 // 2
SECONDS = 120
MIB = 1024**2

Bomb = Callable[[Path], object]
BOMBS: dict[str, Bomb] = {}
LONG: set[str] = set()


def bomb(name: str, long: bool = False) -> Callable[[Bomb], Bomb]:
    """Give a bomb its name; a long one is not in the sample."""

    def named(function: Bomb) -> Bomb:
        BOMBS[name] = function
        if long:
            LONG.add(name)
        return function

    return named


# galleries


@bomb("gallery: one mapping that 5,000 entries share")
def _shared(_path: Path) -> object:
    keys = b",".join(b"k%d: a" % number for number in range(20_000))
    rows = b"".join(b"- {name: x%d, capabilities: *c}\n" % number for number in range(5000))
    return parse_index(b"- {name: l, uri: u, capabilities: &c {" + keys + b"}}\n" + rows, "g", Address("u"))


@bomb("gallery: 300,000 entries that are one")
def _aliases(_path: Path) -> object:
    return parse_index(b"- &a {name: a, uri: b}\n" + b"- *a\n" * 300_000, "g", Address("u"))


@bomb("gallery: lists of lists of lists")
def _laughs(_path: Path) -> object:
    levels = b"".join(b"- &l%d [%s]\n" % (n + 1, b", ".join([b"*l%d" % n] * 10)) for n in range(60))
    return parse_index(b"- &l0 [a]\n" + levels, "g", Address("u"))


@bomb("gallery: merges of merges of merges")
def _merges(_path: Path) -> object:
    head = b"- &l0 {" + b", ".join(b"k%d: v" % number for number in range(10)) + b"}\n"
    levels = b"".join(b"- &l%d {<<: [%s]}\n" % (n + 1, b", ".join([b"*l%d" % n] * 10)) for n in range(30))
    return parse_index(head + levels, "g", Address("u"))


@bomb("gallery: 32 MiB of entries of one letter", long=True)
def _nodes(_path: Path) -> object:
    return parse_index(b"- a\n" * (8 * MIB), "g", Address("u"))


@bomb("gallery: a page that says it is gzip in gzip")
def _encoded(_path: Path) -> object:
    inner = gzip.compress(bytes(100 * MIB), 9)
    page = Page(gzip.compress(inner * 40, 9), headers={"Content-Encoding": "gzip, gzip"})
    with FileServer({"/x": page}) as server:
        return Client().fetch(server.url + "/x", decode=True, limit=MIB)


@bomb("gallery: 64 KiB of gzip that are 64 MiB, again and again")
def _packed(_path: Path) -> object:
    page = Page(gzip.compress(bytes(64 * MIB), 9) * 200, headers={"Content-Encoding": "gzip"})
    with FileServer({"/x": page}) as server:
        return Client().fetch(server.url + "/x", decode=True, limit=32 * MIB)


# what is on disk


@bomb("metadata: 1 MiB of brackets")
def _brackets(_path: Path) -> object:
    with contextlib.suppress(ValueError):
        return Metadata.parse(b"[" * MIB)
    return None


@bomb("record: 256 MiB of empty lists", long=True)
def _record(path: Path) -> object:
    (path / ".localai-core.json").write_bytes(b'{"contents":{"":[' + b"[]," * (80 * MIB) + b"[]]}}")
    return recorded_contents(str(path))


@bomb("record and metadata: sparse files of 1 TiB")
def _sparse_files(path: Path) -> object:
    (path / "x").mkdir()
    for name in ("metadata.json", ".localai-core.json", "run.sh"):
        with (path / "x" / name).open("wb") as stream:
            stream.truncate(1024**4)
    assert recorded_contents(str(path / "x")) is None
    return scan(str(path), "/nowhere")


@bomb("a backend of 1,000 directories in each other")
def _deep(path: Path) -> object:
    start = os.open(path, os.O_RDONLY)
    os.mkdir(path / "x")
    os.chdir(path / "x")
    for _level in range(1000):
        os.mkdir("d")
        os.chdir("d")
    os.fchdir(start)
    scan(str(path), "/nowhere")
    disk_usage(str(path))
    remove("x", start)
    assert os.listdir(path) == []
    return None


# images and logins


@bomb("manifest: 4 MiB of one number")
def _number(_path: Path) -> object:
    return parse_manifest(b'{"schemaVersion": ' + b"9" * (4 * MIB) + b"}", OCI_INDEX)


@bomb("manifest: 4 MiB of empty lists")
def _lists(_path: Path) -> object:
    return parse_manifest(b'{"manifests": [' + b"[]," * (MIB + MIB // 3) + b"[]]}", OCI_INDEX)


@bomb("challenge: 64 KiB of almost everything")
def _challenge(_path: Path) -> object:
    for text in ('Bearer a="', "a=", '\\"', ", ", "Bearer "):
        parse_challenge(text * (65536 // len(text)))
    return None


@bomb("logins: a file that never ends")
def _logins(_path: Path) -> object:
    with contextlib.suppress(LocalAIError):
        docker_credentials(Reference.parse("h.io/x"), "/dev/zero")
    return None


@bomb("logins: a sparse file of 1 TiB")
def _large_logins(path: Path) -> object:
    with (path / "config.json").open("wb") as stream:
        stream.truncate(1024**4)
    return docker_credentials(Reference.parse("h.io/x"), str(path / "config.json"))


@bomb("image in a file: a header of 8 GiB")
def _header(path: Path) -> object:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 8 * 1024**3 - 1
    with (path / "image.tar").open("wb") as stream:
        stream.write(info.tobuf())
        stream.truncate(8 * 1024**3)
    return image_in_file(str(path / "image.tar")).manifest("")


# archives


def _unpacked(path: Path, data: bytes, is_layer: bool = True) -> object:
    with Tree(str(path)) as tree:
        unpack(iter([data]), tree, is_layer=is_layer, limits=Limits(size=4 * 1024**3))
    return None


def _zeros(size: int) -> bytes:
    """The head of an archive of one file that is as long; zeros are its content."""
    info = tarfile.TarInfo("zeros")
    info.size = size
    return info.tobuf()


@bomb("archive: 4 GiB of zeros in gzip", long=True)
def _gzip(path: Path) -> object:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = packer.compress(_zeros(4 * 1024**3)) + b"".join(packer.compress(bytes(16 * MIB)) for _n in range(256))
    return _unpacked(path, packed + packer.flush())


@bomb("archive: 1 GiB of zeros in bzip2")
def _bzip2(path: Path) -> object:
    return _unpacked(path, compress(_zeros(1024**3), "bzip2") + compress(bytes(64 * MIB), "bzip2") * 16)


@bomb("archive: 1 GiB of zeros in xz", long=True)
def _xz(path: Path) -> object:
    return _unpacked(path, compress(_zeros(1024**3), "xz") + compress(bytes(64 * MIB), "xz") * 16)


@bomb("archive: 1 GiB of zeros in zstd", long=True)
def _zstd(path: Path) -> object:
    return _unpacked(path, compress(_zeros(1024**3), "zstd") + compress(bytes(64 * MIB), "zstd") * 16)


@bomb("archive: a zip of 300 files that are one of 16 MiB")
def _zip(path: Path) -> object:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("0", bytes(16 * MIB))
        (first,) = archive.filelist
        for number in range(1, 300):
            other = zipfile.ZipInfo(str(number))
            for name in ("compress_type", "CRC", "compress_size", "file_size", "header_offset", "flag_bits"):
                setattr(other, name, getattr(first, name))
            archive.filelist.append(other)
            archive.NameToInfo[other.filename] = other
    return _unpacked(path, buffer.getvalue(), is_layer=False)


@bomb("archive: an extended header of digits")
def _digits(path: Path) -> object:
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, MIB
    return _unpacked(path, info.tobuf() + b"1" * MIB + tar([]))


@bomb("archive: a sparse file of 8 EiB")
def _sparse(path: Path) -> object:
    info = tarfile.TarInfo("x")
    info.pax_headers = {"GNU.sparse.map": "0,1", "GNU.sparse.size": str(2**63 - 1), "GNU.sparse.numblocks": "1"}
    info.size = 1
    return _unpacked(path, info.tobuf(tarfile.PAX_FORMAT) + b"x".ljust(512, b"\0") + bytes(1024))


@bomb("archive: 50,000 global headers")
def _global(path: Path) -> object:
    header = tarfile.TarInfo.create_pax_global_header({f"k{number}": "v" * 100 for number in range(3)})
    other = [header.replace(b"k0", b"k%x" % (number % 10)) for number in range(10)]
    return _unpacked(path, b"".join(other) * 5000)


# running them


def explode(name: str) -> None:
    """Read one bomb, in this process."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    with tempfile.TemporaryDirectory() as path:
        try:
            BOMBS[name](Path(path))
            said = "read"
        except LocalAIError as e:
            said = str(e)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, said.encode("ascii", "replace").decode()[:100])


def main() -> None:
    """Read all, or those that take no long time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", action="store_true", help="only those that take no long time")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        explode(options.one)
        return
    assert __spec__ is not None, "run it with python -m"
    most, failed = 0, []
    names = [name for name in BOMBS if not (options.sample and name in LONG)]
    for name in names:
        command = [sys.executable, "-m", __spec__.name, "--one", name]
        done = subprocess.run(command, check=False, stdout=subprocess.PIPE, text=True)
        memory, _space, said = done.stdout.strip().partition(" ")
        if done.returncode or not memory:
            failed.append(name)
        most = max(most, int(memory or 0))
        print(f"  {memory or '?':>5} MiB  {name}: {said or f'ended with {done.returncode}'}", flush=True)
    print(f"bombs: {len(names)}, {len(failed)} not answered or refused in {SECONDS} s; the most memory was {most} MiB")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
