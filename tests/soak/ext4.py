# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small ext4 in a file, which can lose its power: what its device had got until then is all that is left."""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import subprocess
import time
from pathlib import Path
from typing import Iterator

_SIZE = 64 * 1024**2
_JOURNAL = "size=16"  # MiB: in a small one, the kernel has to commit long before anybody asks for it

_TRIES = 25
_SHUTDOWN, _WITHOUT_JOURNAL = 0x8004587D, 2  # EXT4_IOC_SHUTDOWN, EXT4_GOING_FLAGS_NOLOGFLUSH


def make(image: Path, content: Path, size: int = _SIZE) -> None:
    """Make the file system of a size, with what is in the directory `content` in it."""
    with image.open("wb") as file:
        file.truncate(size)
    # Enough inodes for as many small files as there is room for.
    _run("mkfs.ext4", "-q", "-F", "-i", "4096", "-J", _JOURNAL, "-d", str(content), str(image))


@contextlib.contextmanager
def mounted(image: Path) -> Iterator[Path]:
    """Mount it beside the file; its journal is replayed if the power was lost."""
    place = image.with_suffix(".mounted")
    place.mkdir(exist_ok=True)
    _run("mount", "-o", "loop", str(image), str(place))
    try:
        yield place
    finally:
        _unmount(place)


def _unmount(place: Path) -> None:
    """Unmount it; whatever looks through all mounts of a machine may be in it for a moment."""
    for left in reversed(range(_TRIES)):
        try:
            _run("umount", str(place))
            break
        except OSError:
            if not left:
                raise
            time.sleep(0.2)


def copy(image: Path, to: Path) -> None:
    """Copy one that is not mounted."""
    _run("cp", "--sparse=always", str(image), str(to))


def commit(place: Path) -> None:
    """Sync a file that nobody cares for: with it the journal is written, but no data of other files."""
    fd = os.open(place / "unrelated", os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        os.write(fd, b"x")
        os.fsync(fd)
    finally:
        os.close(fd)


def lose_power(place: Path) -> None:
    """From now on, nothing gets to the device of a mounted one any more: not the journal either."""
    fd = os.open(place, os.O_RDONLY)
    try:
        fcntl.ioctl(fd, _SHUTDOWN, struct.pack("I", _WITHOUT_JOURNAL))
    finally:
        os.close(fd)


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")
