# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The releases that the hosts download: of the stand-in, or of LocalAI's own program where a run is given one.

All names of versions are here. They follow from the version that the role installs by default.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import zipapp
from pathlib import Path

from ..support.images import host_platform
from ..support.playbook import COLLECTION
from .standin import program

# `make hosts LOCALAI_BINARY=…` replaces the stand-in; MOCK_BACKEND may then be a backend that this server can load.
REAL = Path(os.environ["LOCALAI_BINARY"]) if os.environ.get("LOCALAI_BINARY") else None
MOCK_BACKEND = Path(os.environ["MOCK_BACKEND"]) if os.environ.get("MOCK_BACKEND") else None
# Where the role installs the programs
_INSTALLED = "/opt/localai/bin"
# The version that version 0.1 of this collection installed
OLD = "v4.9.0"


def _first() -> str:
    """The version that the role installs by default, or that the given program says it has."""
    if REAL is not None:
        return subprocess.check_output([str(REAL), "--version"], text=True).strip()
    defaults = (COLLECTION / "roles" / "localai" / "defaults" / "main.yml").read_text(encoding="utf-8")
    found = re.search(r"^localai_version: (v[0-9.]+)$", defaults, re.MULTILINE)
    assert found, "the role has a default version"
    return found[1]


def _later(version: str, count: int) -> str:
    start, _dot, patch = version.rpartition(".")
    return f"{start}.{int(patch) + count}"


GOOD = (_first(), _later(_first(), 1))
NEVER_READY = _later(_first(), 2)
TAMPERED = _later(_first(), 3)
FAILS = _later(_first(), 4)
# It becomes ready, and no model answers.
MUTE = _later(_first(), 5)
RELEASES = tuple(dict.fromkeys((OLD, *GOOD, NEVER_READY, TAMPERED, FAILS, MUTE)))


def publish_release(directory: Path, version: str) -> None:
    """Write a release as LocalAI publishes one, below `directory`: the program, and a file of checksums."""
    place = directory / version
    place.mkdir(parents=True, exist_ok=True)
    asset = place / f"local-ai-{version}-linux-{host_platform().architecture}"
    write_program(asset, version)
    checksum = hashlib.sha256(asset.read_bytes()).hexdigest()
    sums = place / f"LocalAI-{version}-checksums.txt"
    sums.write_text(f"{checksum}  {asset.name}\n", encoding="utf-8")
    if version == TAMPERED:
        asset.write_bytes(asset.read_bytes() + b"\n")


def write_program(path: Path, version: str) -> None:
    """Write the program of a version."""
    kind = {NEVER_READY: program.NEVER_READY, FAILS: program.FAILS, MUTE: program.MUTE}.get(version, program.GOOD)
    if REAL is None:
        pack(path, version, kind)
    elif kind == program.GOOD:
        # A text of the same length takes the place of the other; the rest of the program does not know it.
        path.write_bytes(REAL.read_bytes().replace(GOOD[0].encode("ascii"), version.encode("ascii")))
    else:
        ends = {
            program.NEVER_READY: "sleep infinity",
            program.FAILS: "sh -c 'echo it is broken >&2; exit 1'",
            # The version before it is still there, and finds no backend.
            program.MUTE: f'env LOCALAI_BACKENDS_PATH=/nowhere {_INSTALLED}/local-ai-{GOOD[0]} "$@"',
        }[kind]
        text = f'#!/bin/sh\n[ "$1" != --version ] || exec echo {version}\necho LocalAI {version} starts\nexec {ends}\n'
        path.write_text(text, encoding="ascii")
    path.chmod(0o755)


def pack(path: Path, version: str, kind: str = program.GOOD) -> None:
    """Write the stand-in of a version as one file, which needs Python and nothing else."""
    with tempfile.TemporaryDirectory() as source:
        start = f"from tests.hosts.standin.program import main\n\nmain({version!r}, {kind!r})\n"
        Path(source, "__main__.py").write_text(start, encoding="utf-8")
        parts = [COLLECTION / "tests" / "support" / "localai.py", *Path(program.__file__).parent.glob("*.py")]
        for part in parts:
            copy = Path(source, part.relative_to(COLLECTION))
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(part, copy)
        zipapp.create_archive(source, path, interpreter="/usr/bin/env python3")
