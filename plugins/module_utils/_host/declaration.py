# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of a task of `localai_service_files`, validated. Pure, except for the numbers of accounts."""

from __future__ import annotations

import posixpath
import re
import typing as t
from dataclasses import dataclass

from .._errors import OptionError
from .._fs.accounts import gid_of, group_name, owner_name, uid_of
from .._fs.file_attributes import FileAttributes


@dataclass(frozen=True)
class Directory:
    """A directory, with its owner, group and mode."""

    path: str
    attributes: FileAttributes


@dataclass(frozen=True)
class File:
    """A file with its content, which is not shown if it is a secret."""

    path: str
    attributes: FileAttributes
    content: bytes
    is_secret: bool


@dataclass(frozen=True)
class GeneratedFile:
    """A file with a random token in it, which is created once and never written again."""

    path: str
    attributes: FileAttributes
    template: str


@dataclass(frozen=True)
class Declaration:
    """All that a task declares, in the order in which it is carried out."""

    directories: tuple[Directory, ...]
    files: tuple[File | GeneratedFile, ...]
    absent: tuple[str, ...]

    @property
    def attributes(self) -> list[tuple[str, FileAttributes]]:
        """Each path that gets an owner and a group, with them."""
        return [(item.path, item.attributes) for item in (*self.directories, *self.files)]


def declaration(params: t.Mapping[str, t.Any]) -> Declaration:
    """Return what the options of a task declare; raises OptionError."""
    files: list[File | GeneratedFile] = []
    for option in ("files", "secrets"):
        is_secret = option == "secrets"
        files += [File(_path(row["path"]), _attributes(row), _bytes(row), is_secret) for row in params[option]]
    files += [GeneratedFile(_path(row["path"]), _attributes(row), row["template"]) for row in params["generated"]]
    declared = Declaration(
        tuple(Directory(_path(row["path"]), _attributes(row)) for row in params["directories"]),
        tuple(files),
        tuple(dict.fromkeys(_removable(path) for path in params["absent"])),
    )
    _check(declared)
    return declared


def unknown_accounts(declared: Declaration) -> list[str]:
    """Return a phrase for each owner and group that this host does not have."""
    unknown = []
    for path, attributes in declared.attributes:
        for what, name, look_up in (("owner", attributes.owner, uid_of), ("group", attributes.group, gid_of)):
            if not _has(name, look_up):
                unknown.append(f"{what} {name} of {path}")
    return unknown


def _has(name: str, look_up: t.Callable[[str], int]) -> bool:
    try:
        look_up(name)
    except (KeyError, ValueError):
        return False
    return True


def _attributes(row: t.Mapping[str, t.Any]) -> FileAttributes:
    """Return owner, group and mode in the form that `_fs.accounts.attributes_of` gives them."""
    mode = row["mode"]
    if not re.fullmatch("[0-7]{3,4}", mode):
        raise OptionError(f"{row['path']}: the mode {mode!r} is not an octal mode such as 0644. Write it in quotes.")
    owner, group = row["owner"], row["group"]
    return FileAttributes(
        owner_name(uid_of(owner)) if _has(owner, uid_of) else owner,
        group_name(gid_of(group)) if _has(group, gid_of) else group,
        f"{int(mode, 8):04o}",
    )


def _bytes(row: t.Mapping[str, t.Any]) -> bytes:
    try:
        return t.cast("bytes", row["content"].encode("utf-8", "surrogateescape"))
    except UnicodeEncodeError:
        raise OptionError(f"{row['path']}: the content has characters that UTF-8 cannot encode.") from None


def _path(path: str) -> str:
    if not path.startswith("/") or "\0" in path or ".." in path.split("/") or not path.strip("/"):
        raise OptionError(f"{path!r} is not an absolute path without '..'.")
    return posixpath.normpath(re.sub("^/+", "/", path))


def _removable(path: str) -> str:
    path = _path(path)
    if path.count("/") < 2:
        raise OptionError(f"absent: {path} is a top-level directory, which is never removed.")
    return path


def _check(declared: Declaration) -> None:
    """Raise OptionError for two declarations that contradict each other."""
    present = [item.path for item in (*declared.directories, *declared.files)]
    for path in present:
        if present.count(path) > 1:
            raise OptionError(f"{path} is declared twice.")
        above = [gone for gone in declared.absent if f"{path}/".startswith(f"{gone}/")]
        if above:
            raise OptionError(f"{path} is declared, and {above[0]} is in absent.")
