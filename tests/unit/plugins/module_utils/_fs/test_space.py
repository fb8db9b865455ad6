# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Space is reserved where the file system can do that, and its lack is an error before anything is written."""

from __future__ import annotations

import errno
import os

import pytest

from ansible_collections.localai.core.plugins.module_utils._fs import space
from ansible_collections.localai.core.plugins.module_utils._fs.space import free_bytes, preallocate
from ansible_collections.localai.core.tests.support.host import failing


@pytest.fixture
def fd(tmp_path):
    fd = os.open(tmp_path / "file", os.O_RDWR | os.O_CREAT)
    yield fd
    os.close(fd)


def test_space_is_reserved_and_the_length_stays(fd):
    os.write(fd, b"abc")
    preallocate(fd, 1_000_000)
    status = os.fstat(fd)
    assert (status.st_size, status.st_blocks * 512 >= 1_000_000) == (3, True)
    assert os.pread(fd, 10, 0) == b"abc"


def test_more_space_than_there_is_is_an_error(fd):
    # More than 4 GiB: an offset of 32 bits would ask for much less.
    with pytest.raises(OSError, match=r"No space|too large"):
        preallocate(fd, (free_bytes(fd) // 2**32 + 2) * 2**32)
    assert os.fstat(fd).st_size == 0


@pytest.mark.parametrize("code", [errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL, errno.EPERM])
def test_a_file_system_that_cannot_reserve_space_is_no_error(fd, monkeypatch, code):
    monkeypatch.setattr(space, "call_libc", failing(code))
    preallocate(fd, 1000)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_what_the_write_would_suffer_from_too_is_an_error(fd, monkeypatch, code):
    monkeypatch.setattr(space, "call_libc", failing(code))
    with pytest.raises(OSError, match=os.strerror(code)):
        preallocate(fd, 1000)


def test_a_c_library_with_one_kind_of_offsets_has_another_name_for_it(fd, monkeypatch):
    called = []
    monkeypatch.setattr(space, "call_libc", lambda name, *_arguments: called.append(name))
    preallocate(fd, 1000)
    assert called == ["fallocate64", "fallocate"]


def test_the_free_space_is_that_of_the_file_system(fd):
    status = os.statvfs(f"/proc/self/fd/{fd}")
    assert abs(free_bytes(fd) - status.f_bavail * status.f_frsize) < 1024**3
