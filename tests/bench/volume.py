# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file systems that the benchmark writes to: a fresh one where that can be had, and memory for what disks hide."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Iterator

_SIZE = 8 * 1024**3
_MEMORY = Path("/dev/shm")


@contextlib.contextmanager
def volume(directory: Path, given: str) -> Iterator[Path]:
    """An empty directory: below `given` if that names one, else on a new ext4 for root, else below `directory`."""
    if given or os.geteuid() != 0:
        with _plain(Path(given or directory).resolve() / "work") as work:
            print(f"Runs write to {work}; root without BENCH_DIR would get a fresh ext4.", flush=True)
            yield work
    else:
        with _mounted(directory) as work:
            print(f"Runs write to a fresh ext4 with a journal, mounted at {work}.", flush=True)
            yield work


@contextlib.contextmanager
def memory(needed: int, otherwise: Path) -> Iterator[Path]:
    """An empty directory in memory if that has room for twice as many bytes, else the one for all runs."""
    if not _MEMORY.is_dir() or shutil.disk_usage(_MEMORY).free < 2 * needed:
        yield otherwise
    else:
        with tempfile.TemporaryDirectory(dir=_MEMORY, prefix="bench-") as work:
            yield Path(work)


@contextlib.contextmanager
def _plain(work: Path) -> Iterator[Path]:
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    try:
        yield work
    finally:
        shutil.rmtree(work)


@contextlib.contextmanager
def _mounted(directory: Path) -> Iterator[Path]:
    """A new file system in a sparse file."""
    image, work = directory / "ext4", directory / "mounted"
    work.mkdir(exist_ok=True)
    with image.open("wb") as file:
        file.truncate(_SIZE)
    try:
        try:
            # Else the kernel writes tables of the new file system while the first runs are measured.
            settings = "lazy_itable_init=0,lazy_journal_init=0"
            subprocess.run(["mkfs.ext4", "-q", "-F", "-E", settings, str(image)], check=True)
            subprocess.run(["mount", "-o", "loop", str(image), str(work)], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            sys.exit(f"{error} Give a directory as BENCH_DIR, then no file system has to be made.")
        try:
            yield work
        finally:
            subprocess.run(["umount", str(work)], check=True)
    finally:
        image.unlink()
