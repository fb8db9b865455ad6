# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Carries out the steps of `localai_service_files`, by descriptors.

Some of the directories belong to the service user, who could exchange any name in them meanwhile. So a new file gets
its owner, its mode and its content under another name, and is then renamed to its own, which follows no symlink.
"""

from __future__ import annotations

import contextlib
import hashlib
import secrets
import typing as t

from .._errors import HostError
from .._fs.accounts import gid_of, uid_of
from .._fs.attributes import change, set_attributes
from .._fs.entries import after_clearing, opened_directory
from .._fs.file_attributes import FileAttributes
from .._fs.os_errors import DiskErrors
from .._fs.remove import remove
from .._fs.sync import write_out_entries
from .._fs.utf8 import os
from .._service_directories.paths import open_parent
from .file_steps import CreateDirectory, GenerateFile, Remove, SetAttributes, Step, WriteFile
from .path_entry import Kind

_PLACEHOLDER = "{token}"
_TOKEN_BYTES = 32
_PARENTS = FileAttributes("root", "root", "0755")
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_REPLACED = "was replaced during this run. Run again."


def apply(step: Step) -> bytes | None:
    """Carry out one step, and return the content of a file that was generated; raises HostError."""
    with DiskErrors("", step.path):
        if isinstance(step, CreateDirectory):
            _create_directories(step)
        elif isinstance(step, SetAttributes):
            _set(step)
        elif isinstance(step, WriteFile):
            _write(step.path, step.content, step.attributes)
        elif isinstance(step, GenerateFile):
            content = step.template.replace(_PLACEHOLDER, secrets.token_urlsafe(_TOKEN_BYTES)).encode("utf-8")
            _write(step.path, content, step.attributes)
            return content
        else:
            _remove(step)
    return None


def _numbers(attributes: FileAttributes) -> tuple[int, int, int]:
    return uid_of(attributes.owner), gid_of(attributes.group), int(attributes.mode, 8)


def _create_directories(step: CreateDirectory) -> None:
    """Create a directory, and the missing ones above it, which belong to root."""
    missing = [step.path]
    while not _is_there(os.path.dirname(missing[0])):
        missing.insert(0, os.path.dirname(missing[0]))
    for path in missing:
        _create_directory(path, step.attributes if path == step.path else None)


def _is_there(path: str) -> bool:
    with open_parent(f"{path}/.") as fd:
        return fd is not None


def _create_directory(path: str, attributes: FileAttributes | None) -> None:
    with _parent(path) as parent:
        name = os.path.basename(path)
        os.mkdir(name, 0o700, dir_fd=parent)
        with opened_directory(name, parent) as fd:
            if os.listdir(fd) or os.fstat(fd).st_uid != os.geteuid():
                raise HostError(f"{path} {_REPLACED}")
            if attributes is None:
                os.fchmod(fd, int(_PARENTS.mode, 8))
            else:
                uid, gid, mode = _numbers(attributes)
                set_attributes(fd, uid, gid, mode)
        _sync(parent)


def _set(step: SetAttributes) -> None:
    uid, gid, mode = _numbers(step.attributes)
    if step.before.kind == Kind.DIRECTORY:
        with open_parent(f"{step.path}/.") as fd:
            if fd is None:
                raise HostError(f"{step.path} {_REPLACED}")
            set_attributes(fd, uid, gid, mode)
        return
    checked = t.cast("os.stat_result", step.before.status)
    with _parent(step.path) as parent:
        if not change(os.path.basename(step.path), parent, checked, uid=uid, gid=gid, mode=mode):
            raise HostError(f"{step.path} {_REPLACED}")


def _write(path: str, content: bytes, attributes: FileAttributes) -> None:
    uid, gid, mode = _numbers(attributes)
    with _parent(path) as parent:
        new = _new_name(path)
        fd = after_clearing(lambda: remove(new, parent), lambda: os.open(new, _CREATE, 0o600, dir_fd=parent))
        with _removed_on_error(new, parent):
            with open(fd, "wb") as stream:
                stream.write(content)
                stream.flush()
                set_attributes(stream.fileno(), uid, gid, mode)
                os.fsync(stream.fileno())
            _rename(new, path, parent)


def _remove(step: Remove) -> None:
    with open_parent(step.path) as parent:
        if parent is not None:
            remove(os.path.basename(step.path), parent)
            _sync(parent)


def _rename(new: str, path: str, parent: int) -> None:
    os.rename(new, os.path.basename(path), src_dir_fd=parent, dst_dir_fd=parent)
    _sync(parent)


def _new_name(path: str) -> str:
    """Return the name under which a file is written, always the same one, so that a killed run leaves one at most."""
    return f".localai-new-{hashlib.sha256(os.fsencode(os.path.basename(path))).hexdigest()[:16]}"


@contextlib.contextmanager
def _removed_on_error(name: str, parent: int) -> t.Iterator[None]:
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            remove(name, parent)
        raise


@contextlib.contextmanager
def _parent(path: str) -> t.Iterator[int]:
    with open_parent(path) as parent:
        if parent is None:
            raise HostError(f"{path}: the directory above it does not exist. Create it first.")
        yield parent


def _sync(parent: int) -> None:
    with opened_directory(".", parent) as fd:
        write_out_entries(fd)
