# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host that tests run on: what is on its disk, and another user of it."""

from __future__ import annotations

import codecs
import contextlib
import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path
from typing import Callable, Dict, Iterator, Tuple

from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes

IS_ROOT = os.geteuid() == 0
NOBODY = 65534
ANYBODY = FileAttributes()

# Another user may not be able to read root's Python, from which codecs are loaded when they are first used.
for _codec in ("utf-16-le", "idna", "latin-1", "ascii"):
    codecs.lookup(_codec)

Snapshot = Dict[str, Tuple[object, ...]]


def snapshot(top: Path) -> Snapshot:
    """All that a run could change below a directory, itself included, by relative path: compare two of them."""
    found: Snapshot = {}
    pending = [""]
    while pending:
        path = pending.pop()
        place = os.path.join(str(top), path)
        status = os.lstat(place)
        content = ""
        if stat.S_ISLNK(status.st_mode):
            content = os.readlink(place)
        elif stat.S_ISREG(status.st_mode):
            content = hashlib.sha256(Path(place).read_bytes()).hexdigest()
        elif stat.S_ISDIR(status.st_mode):
            pending.extend(os.path.join(path, name) for name in os.listdir(place))
        found[path] = (status.st_mode, status.st_uid, status.st_gid, status.st_nlink, status.st_mtime_ns, content)
    return found


def mode(path: Path) -> str:
    """The mode of whatever is there, a symlink included, as C(0o755)."""
    return oct(stat.S_IMODE(os.lstat(path).st_mode))


def failing(code: int) -> Callable[..., object]:
    """What stands in for a call of the system that fails so."""

    def fail(*_arguments: object, **_settings: object) -> object:
        raise OSError(code, os.strerror(code))

    return fail


@contextlib.contextmanager
def temporary_directory() -> Iterator[Path]:
    """An empty directory that is removed in the end, whatever the modes of what is in it."""
    path = Path(tempfile.mkdtemp())
    try:
        yield path
    finally:
        path.chmod(0o700)
        for parent, directories, _files in os.walk(path):
            for name in directories:
                if not os.path.islink(os.path.join(parent, name)):
                    os.chmod(os.path.join(parent, name), 0o700)
        shutil.rmtree(path)


@contextlib.contextmanager
def ordinary_user() -> Iterator[None]:
    """Inside, this process is not root's; when an ordinary user runs the tests, nothing changes."""
    if not IS_ROOT:
        yield
        return
    groups = os.getgroups()
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, 0)
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)
        os.setresgid(0, 0, 0)
        os.setgroups(groups)


@contextlib.contextmanager
def directory_of_ordinary_user() -> Iterator[Path]:
    """An empty directory that the ordinary user owns; root's own temporary directories would not let them in."""
    with temporary_directory() as path:
        path.chmod(0o755)
        if IS_ROOT:
            os.chown(path, NOBODY, NOBODY)
        yield path


@contextlib.contextmanager
def umask(mask: int) -> Iterator[None]:
    """Another umask."""
    old = os.umask(mask)
    try:
        yield
    finally:
        os.umask(old)


def make_empty(directory: Path) -> None:
    """Remove all that is in a directory; links are not followed."""
    for place in directory.iterdir():
        shutil.rmtree(place) if place.is_dir() and not place.is_symlink() else place.unlink()
