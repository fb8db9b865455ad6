# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small file systems of many kinds, made anew for each test. It takes root, and a mount namespace of one's own."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator

MIB = 1024**2
_FILLER = "filler"


@dataclass(frozen=True)
class Volume:
    """A backends path, and the directory of the file system that holds its bytes."""

    path: Path
    store: Path

    def fill(self) -> None:
        """Leave not one byte free."""
        with (self.store / _FILLER).open("ab", buffering=0) as file:
            for size in (MIB, 4096, 1):
                with contextlib.suppress(_NoRoom), _room_needed():
                    while True:
                        file.write(b"\xff" * size)

    def fill_to(self, free: int) -> None:
        """Leave about so many bytes free."""
        self.fill()
        size = (self.store / _FILLER).stat().st_size
        # Under a quota, btrfs has no room to make a file shorter.
        self.release()
        (self.store / _FILLER).write_bytes(b"\xff" * (size - free))
        os.sync()

    def use_up_inodes(self) -> None:
        """Leave no room for one more file."""
        names = self.store / f"{_FILLER}s"
        names.mkdir()
        with contextlib.suppress(_NoRoom), _room_needed():
            for number in range(100_000):
                (names / str(number)).touch()

    def release(self) -> None:
        """Make room again."""
        (self.store / _FILLER).unlink(missing_ok=True)
        shutil.rmtree(self.store / f"{_FILLER}s", ignore_errors=True)
        os.sync()

    def remount(self, option: str) -> None:
        """Mount it read-only (`ro`), or for writing again (`rw`)."""
        _run("mount", "-o", f"remount,{option}", str(self.store))


def hindrance(name: str, top: Path) -> str:
    """Why this machine has no such file system; nothing where it has."""
    try:
        with VOLUMES[name](top):
            return ""
    except FileNotFoundError as e:
        return f"there is no {e.filename}"
    except subprocess.CalledProcessError as e:
        return f"{e.cmd[0]}: {(e.stderr or e.stdout).strip().splitlines()[0]}"


class _NoRoom(Exception):
    """The file system is full."""


@contextlib.contextmanager
def _room_needed() -> Iterator[None]:
    try:
        yield
    except OSError as e:
        if e.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise _NoRoom from e


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@contextlib.contextmanager
def _mounted(mount: Path, *arguments: str) -> Iterator[Path]:
    mount.mkdir(parents=True)
    _run("mount", *arguments, str(mount))
    try:
        yield mount
    finally:
        _run("umount", str(mount))


@contextlib.contextmanager
def _on_loop(top: Path, size: int, *mkfs: str) -> Iterator[str]:
    """A loop device with a new file system, made by the command `mkfs`."""
    image = top / "image"
    with image.open("wb") as file:
        file.truncate(size)
    _run(*mkfs, str(image))
    device = _run("losetup", "--find", "--show", str(image)).strip()
    try:
        yield device
    finally:
        _run("losetup", "--detach", device)


@contextlib.contextmanager
def _tmpfs(top: Path, options: str = "size=24m") -> Iterator[Volume]:
    with _mounted(top / "backends", "-t", "tmpfs", "-o", f"mode=755,{options}", "tmpfs") as path:
        yield Volume(path, path)


@contextlib.contextmanager
def _below(top: Path) -> Iterator[Volume]:
    """The backends path is still to be made, on a file system that is another one than that of the rest."""
    with _mounted(top / "srv", "-t", "tmpfs", "-o", "mode=755,size=24m", "tmpfs") as path:
        yield Volume(path / "local-ai" / "backends", path)


@contextlib.contextmanager
def _parent_read_only(top: Path) -> Iterator[Volume]:
    with _mounted(top / "srv", "-t", "tmpfs", "-o", "mode=755", "tmpfs") as parent:
        (parent / "backends").mkdir()
        with _mounted(parent / "inner", "-t", "tmpfs", "-o", "mode=755,size=24m", "tmpfs") as inner:
            _run("mount", "--bind", str(inner), str(parent / "backends"))
            _run("mount", "-o", "remount,ro,bind", str(parent))
            try:
                yield Volume(parent / "backends", parent / "backends")
            finally:
                _run("umount", str(parent / "backends"))


@contextlib.contextmanager
def _ext4(top: Path, *options: str) -> Iterator[Volume]:
    mkfs = ("mkfs.ext4", "-q", "-F", "-m", "0", *options)
    with _on_loop(top, 32 * MIB, *mkfs) as device, _mounted(top / "backends", device) as path:
        yield Volume(path, path)


@contextlib.contextmanager
def _ext4_quota(top: Path) -> Iterator[Volume]:
    mkfs = ("mkfs.ext4", "-q", "-F", "-m", "0", "-O", "quota,project")
    with _on_loop(top, 32 * MIB, *mkfs) as device, _mounted(top / "backends", "-o", "prjquota", device) as path:
        _run("chattr", "-p", "7", "+P", str(path))
        _run("setquota", "-P", "7", "0", str(20 * 1024), "0", "0", str(path))
        yield Volume(path, path)


@contextlib.contextmanager
def _btrfs_quota(top: Path) -> Iterator[Volume]:
    with _on_loop(top, 256 * MIB, "mkfs.btrfs", "-q") as device, _mounted(top / "disk", device) as disk:
        path = disk / "backends"
        _run("btrfs", "subvolume", "create", str(path))
        _run("btrfs", "quota", "enable", str(disk))
        _run("btrfs", "qgroup", "limit", str(20 * MIB), str(path))
        yield Volume(path, path)


@contextlib.contextmanager
def _vfat(top: Path) -> Iterator[Volume]:
    with _on_loop(top, 48 * MIB, "mkfs.vfat") as device, _mounted(top / "disk", device) as disk:
        yield Volume(disk / "backends", disk)


@contextlib.contextmanager
def _exfat(top: Path) -> Iterator[Volume]:
    """Without owners, modes, links and rename-exchange, as vfat, and the kernel needs nothing for it but FUSE."""
    with _on_loop(top, 48 * MIB, "mkfs.exfat") as device, _mounted(top / "disk", "-t", "exfat-fuse", device) as disk:
        yield Volume(disk / "backends", disk)


@contextlib.contextmanager
def _overlay(top: Path, option: str = "redirect_dir=off") -> Iterator[Volume]:
    """The test puts backends into `lower` before they are to be seen in the mount."""
    with _mounted(top / "layers", "-t", "tmpfs", "-o", "mode=755,size=24m", "tmpfs") as layers:
        for name in ("upper", "work"):
            (layers / name).mkdir()
        (top / "lower").mkdir(exist_ok=True)
        options = f"lowerdir={top}/lower,upperdir={layers}/upper,workdir={layers}/work,{option}"
        with _mounted(top / "backends", "-t", "overlay", "-o", options, "overlay") as path:
            yield Volume(path, layers)


Maker = Callable[[Path], contextlib.AbstractContextManager[Volume]]

VOLUMES: dict[str, Maker] = {
    "tmpfs": _tmpfs,
    "tmpfs, 120 inodes": lambda top: _tmpfs(top, "size=24m,nr_inodes=120"),
    "path to be made": _below,
    "parent read-only": _parent_read_only,
    "ext4": _ext4,
    "ext4, 256 inodes": lambda top: _ext4(top, "-N", "256"),
    "ext4, quota": _ext4_quota,
    "btrfs, quota": _btrfs_quota,
    "vfat": _vfat,
    "exfat by FUSE": _exfat,
    "overlay": _overlay,
    "overlay, redirecting": lambda top: _overlay(top, "redirect_dir=on"),
}
