# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names are the same bytes for every function of os that takes or returns some."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._fs import utf8_names
from ansible_collections.localai.core.plugins.module_utils._fs.utf8_names import Utf8Os

WRAPPED = Utf8Os(os)
PLUGINS = Path(utf8_names.__file__).resolve().parents[2]
NAMES = ["größe", "日本", "raw\udcff"]
# Functions that take descriptors and numbers, or that only calculate with text.
WITHOUT_NAMES = {
    *("close", "dup", "environ", "fchmod", "fchown", "fsdecode", "fsencode", "fstat", "fstatvfs", "fsync", "ftruncate"),
    *(
        "getegid",
        "geteuid",
        "getgroups",
        "getpid",
        "killpg",
        "major",
        "minor",
        "path",
        "pathsep",
        "posix_fadvise",
        "pread",
    ),
    *("pwrite", "sep", "stat_result", "strerror", "sync", "urandom", "write"),
    # Names of users, which have no other characters, and processes
    *("_exit", "fork", "getgrouplist", "initgroups", "pipe", "setgid", "setuid", "waitpid"),
    *("basename", "dirname", "isabs", "join", "normpath", "relpath"),
}


def test_every_function_that_takes_names_is_wrapped():
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for path in PLUGINS.rglob("*.py")
        if path.name not in ("utf8.py", "utf8_names.py")
    )
    used = set(re.findall(r"\bos\.(?:path\.)?([a-z_0-9]+)", text))
    assert used - {*utf8_names._TAKE_NAMES, *WITHOUT_NAMES} == set()
    assert {"open", "listdir", "exists"} <= used


@pytest.mark.parametrize("name", NAMES)
def test_files_are_created_listed_and_removed_by_the_bytes_of_their_names(tmp_path, name):
    raw = name.encode("utf-8", "surrogateescape")
    directory = os.path.join(tmp_path, name)
    WRAPPED.mkdir(directory)
    fd = WRAPPED.open(directory, os.O_RDONLY)
    os.close(WRAPPED.open(name, os.O_CREAT | os.O_WRONLY, dir_fd=fd))
    WRAPPED.symlink(name, f"to-{name}", dir_fd=fd)
    WRAPPED.rename(name, f"new-{name}", src_dir_fd=fd, dst_dir_fd=fd)
    assert sorted(os.listdir(os.fsencode(directory))) == sorted([b"new-" + raw, b"to-" + raw])
    assert sorted(WRAPPED.listdir(fd)) == sorted(WRAPPED.listdir(directory)) == sorted([f"new-{name}", f"to-{name}"])
    assert WRAPPED.readlink(f"to-{name}", dir_fd=fd) == name
    assert WRAPPED.stat(f"new-{name}", dir_fd=fd).st_size == 0
    os.close(fd)
    with WRAPPED.scandir(directory) as entries:
        assert {WRAPPED.fsdecode(entry.name) for entry in entries} == {f"new-{name}", f"to-{name}"}
    path = WRAPPED.path.join(directory, f"new-{name}")
    assert (WRAPPED.path.isfile(path), WRAPPED.path.realpath(path)) == (True, path)
    assert not WRAPPED.path.exists(f"{directory}/to-{name}")
    assert WRAPPED.path.lexists(f"{directory}/to-{name}")


def test_errors_name_the_file_as_text(tmp_path):
    path = f"{tmp_path}/größe\udcff"
    with pytest.raises(FileNotFoundError) as caught:
        WRAPPED.rename(path, path + "2")
    assert (caught.value.filename, caught.value.filename2) == (path, path + "2")
    with pytest.raises(ValueError, match=r"null (byte|character)"):
        WRAPPED.stat("x\0y")


def test_an_attribute_has_bytes(tmp_path):
    (tmp_path / "größe").touch()
    with contextlib.suppress(OSError):  # a file system may have no attributes
        os.setxattr(f"{tmp_path}/größe", "user.x", b"\xff")
        assert WRAPPED.getxattr(f"{tmp_path}/größe", "user.x") == b"\xff"


def test_names_and_the_environment_are_text_in_utf8(monkeypatch):
    monkeypatch.setenv("LOCALAI_TEST", "größe\udcff")
    assert WRAPPED.environ["LOCALAI_TEST"] == "größe\udcff"
    assert WRAPPED.fsencode("größe\udcff") == b"gr\xc3\xb6\xc3\x9fe\xff"
    assert WRAPPED.fsdecode(b"gr\xc3\xb6\xc3\x9fe\xff") == WRAPPED.fsdecode("größe\udcff") == "größe\udcff"
    assert (WRAPPED.O_RDONLY, WRAPPED.sep, WRAPPED.geteuid()) == (os.O_RDONLY, os.sep, os.geteuid())
