# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls that bring things to the disk, and transaction that are undone when these fail."""

from __future__ import annotations

import ctypes
import errno
import os
import threading

import pytest

from ansible_collections.localai.core.plugins.module_utils._fs import sync
from ansible_collections.localai.core.plugins.module_utils._fs.sync import (
    BackgroundWriter,
    Transaction,
    write_out,
    write_out_entries,
)
from ansible_collections.localai.core.plugins.module_utils._fs.tree import Tree


@pytest.fixture
def fd(tmp_path):
    (tmp_path / "a").touch()
    opened = os.open(tmp_path, os.O_RDONLY)
    yield opened
    os.close(opened)


class Failing:
    """A C library whose syncfs fails."""

    def syncfs(self, _fd):
        ctypes.set_errno(errno.EIO)
        return -1


def test_the_file_system_of_a_descriptor_is_written_out(fd):
    write_out(fd)
    with pytest.raises(OSError, match="Bad file descriptor"):
        write_out(-1)


def test_of_a_large_file_the_disk_gets_one_part_after_the_other(tmp_path, monkeypatch):
    begun = []
    monkeypatch.setattr(os, "posix_fadvise", lambda _fd, start, length, _advice: begun.append((start, length)))
    mebibyte = bytes(1024**2)
    with Tree(str(tmp_path)) as tree:
        tree.file("large", 0o644, [mebibyte, mebibyte[1:], mebibyte, b"end"])
        tree.file("small", 0o644, [b"small"])
    assert begun == [(0, 1024**2), (1024**2, 2 * 1024**2 - 1)]
    assert (tmp_path / "large").stat().st_size == 3 * 1024**2 + 2


def test_a_system_without_that_advice_does_without(tmp_path, monkeypatch):
    monkeypatch.delattr(os, "posix_fadvise")
    with Tree(str(tmp_path)) as tree:
        tree.file("large", 0o644, [bytes(1024**2)])
    assert (tmp_path / "large").stat().st_size == 1024**2


def test_the_disk_keeps_up_with_many_small_files(tmp_path, monkeypatch):
    monkeypatch.setattr(sync, "_SYNC_AT_ONCE", 1000)
    written, goes_on, ended = [], threading.Event(), threading.Event()

    def slow(fd):
        written.append(os.fstat(fd).st_ino)
        assert goes_on.wait(60)
        ended.set()
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(sync, "write_out", slow)
    with Tree(str(tmp_path)) as tree:
        tree.file("first", 0o644, [bytes(999)])
        assert written == []
        tree.file("large", 0o644, [bytes(1024**2)])
        assert written == []
        for number in range(3):
            tree.file(str(number), 0o644, [bytes(1000)])
        # One at a time, and nobody waits for it before the end.
        goes_on.set()
    assert ended.is_set()
    assert written == [tmp_path.stat().st_ino]


def test_what_is_written_out_meanwhile_keeps_its_errors_for_the_last_call(fd, monkeypatch):
    descriptors = []
    monkeypatch.setattr(sync, "_SYNC_AT_ONCE", 1)
    monkeypatch.setattr(sync, "write_out", descriptors.append)
    for _time in range(2):
        writing_out = BackgroundWriter(fd)
        writing_out.wrote(1)
        writing_out.close()
    assert len(descriptors) == 2
    assert fd not in descriptors


def test_what_could_not_be_written_is_an_error(fd, monkeypatch):
    monkeypatch.setattr(ctypes, "CDLL", lambda *_arguments, **_settings: Failing())
    with pytest.raises(OSError, match=os.strerror(errno.EIO)):
        write_out(fd)


def test_a_system_without_that_call_writes_out_everything(fd, monkeypatch):
    synced = []
    monkeypatch.setattr(ctypes, "CDLL", lambda *_arguments, **_settings: object())
    monkeypatch.setattr(os, "sync", lambda: synced.append("all"))
    write_out(fd)
    assert synced == ["all"]


@pytest.mark.parametrize("code", [errno.EINVAL, errno.EIO])
def test_a_file_system_that_syncs_no_directories_is_written_out_whole(fd, monkeypatch, code):
    written = []

    def fails(_fd):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "fsync", fails)
    monkeypatch.setattr(sync, "write_out", written.append)
    if code == errno.EINVAL:
        write_out_entries(fd)
        assert written == [fd]
    else:
        with pytest.raises(OSError, match=os.strerror(code)):
            write_out_entries(fd)


@pytest.mark.parametrize("when", ["meanwhile", "in the end"])
def test_transaction_are_undone_in_reverse_when_anything_fails(fd, tmp_path, monkeypatch, when):
    class Failure(Exception):
        """Anything."""

    def fails(_fd):
        raise Failure

    def move():
        with Transaction() as transaction:
            transaction.rename(fd, "a", fd, "b")
            transaction.rename(fd, "b", fd, "c")
            assert os.listdir(tmp_path) == ["c"]
            if when == "meanwhile":
                fails(fd)

    monkeypatch.setattr(sync, "write_out_entries", fails)
    with pytest.raises(Failure):
        move()
    assert os.listdir(tmp_path) == ["a"]


def test_each_directory_is_written_out_once_in_the_end(fd, tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(sync, "write_out_entries", lambda each: written.append((each, os.listdir(tmp_path))))
    with Transaction() as transaction:
        transaction.rename(fd, "a", fd, "b")
        transaction.rename(fd, "b", fd, "c")
        assert written == []
    assert written == [(fd, ["c"])]


@pytest.mark.parametrize("code", [errno.ENOSYS, errno.EINVAL, errno.ENOTSUP])
def test_a_kernel_that_cannot_exchange_says_so(path, monkeypatch, code):
    class Library:
        def renameat2(self, *_arguments):
            ctypes.set_errno(code)
            return -1

    monkeypatch.setattr(ctypes, "CDLL", lambda *_arguments, **_settings: Library())
    assert sync.exchange(0, "a", 0, "b") is False


@pytest.mark.parametrize("error", [OSError("no such library"), AttributeError("renameat2")])
def test_a_system_without_that_call_cannot_exchange(monkeypatch, error):
    def library(*_arguments, **_settings):
        raise error

    monkeypatch.setattr(ctypes, "CDLL", library)
    assert sync.exchange(0, "a", 0, "b") is False


def test_another_error_of_the_exchange_is_an_error(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        with pytest.raises(FileNotFoundError):
            assert sync.exchange(fd, "a", fd, "b") is not False
    finally:
        os.close(fd)
