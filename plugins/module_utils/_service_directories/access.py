# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which directories the user of the service can use. That user tries it, in a process of its own.

Root cannot tell from owners and modes: there are ACLs, directories above, and file systems that squash root.
"""

from __future__ import annotations

import errno
import json
import pwd
import typing as t
import warnings
from dataclasses import dataclass

from .._errors import HostError
from .._fs.entries import closing
from .._fs.utf8 import os

# A new file system of the ext family has this directory, for root alone.
_LOST_AND_FOUND = "lost+found"
_OPEN = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC


@dataclass(frozen=True)
class Use:
    """How the service uses a directory. It enters every one of them.

    In the one with `backends`, LocalAI lists no backend at all if there is a directory that it cannot read.
    """

    path: str
    reads: bool = True
    writes: bool = False
    backends: bool = False


@dataclass(frozen=True)
class Denied:
    """The directories that a user cannot read or enter, those that it cannot write to, and unreadable `lost+found`."""

    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    lost_and_found: tuple[str, ...] = ()


def account_of(user: str) -> pwd.struct_passwd | None:
    """Return a user of this host, None if there is none."""
    try:
        return pwd.getpwnam(user)
    except (KeyError, ValueError):
        return None


def can_become(account: pwd.struct_passwd) -> bool:
    """Return whether this process can try something as that user."""
    return os.geteuid() in (0, account.pw_uid)


def denied(account: pwd.struct_passwd, uses: t.Sequence[Use]) -> Denied:
    """Return what a user cannot do with directories; raises HostError if this process cannot become that user."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        # The child calls nothing that another thread could have locked.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _report(account, uses, writer)  # does not return
    os.close(writer)
    with open(reader, "rb") as stream:
        content = stream.read()
    _pid, status = os.waitpid(child, 0)
    if status:
        raise HostError(
            f"The access of the user {account.pw_name} to its directories cannot be tested: status {status}."
        )
    return Denied(*(tuple(paths) for paths in json.loads(content.decode("ascii"))))


def try_out(uses: t.Sequence[Use]) -> Denied:
    """Return what the user of this process cannot do with directories."""
    readable = {use.path: _can_enter(use.path) and (not use.reads or _can_read(use.path)) for use in uses}
    usable = [use for use in uses if readable[use.path]]
    return Denied(
        tuple(path for path, is_readable in readable.items() if not is_readable),
        tuple(use.path for use in usable if use.writes and not os.access(use.path, os.W_OK | os.X_OK)),
        tuple(use.path for use in usable if use.backends and _has_lost_and_found(use.path)),
    )


def message(user: str, found: Denied) -> str:
    """Return what is wrong and what to do, empty if nothing is wrong. Pure."""
    problems = [
        f"cannot {action} {', '.join(paths)}"
        for action, paths in (("read or enter", found.read), ("write to", found.write))
        if paths
    ]
    sentences = []
    if problems:
        sentences.append(
            f"The user {user} {' and '.join(problems)}. Let this user in, with a group or an ACL for example, there "
            "and in the directories above. The role changes no owner and no mode of directories that it did not create."
        )
    sentences += [
        f"The user {user} cannot read {path}/{_LOST_AND_FOUND}, and LocalAI lists no backend at all while there is "
        f"such a directory in the backends path. Remove {path}/{_LOST_AND_FOUND}, or use a subdirectory of {path}."
        for path in found.lost_and_found
    ]
    return " ".join(sentences)


def _report(account: pwd.struct_passwd, uses: t.Sequence[Use], writer: int) -> t.NoReturn:
    """Write to a pipe what the user cannot do, and end the process without running anything of its parent."""
    status = 1
    try:
        if os.geteuid() == 0:
            os.initgroups(account.pw_name, account.pw_gid)
            os.setgid(account.pw_gid)
            os.setuid(account.pw_uid)
        found = try_out(uses)
        content = json.dumps([found.read, found.write, found.lost_and_found]).encode("ascii")
        while content:
            content = content[os.write(writer, content) :]
        status = 0
    finally:
        os._exit(status)  # noqa: SLF001 -- what os.fork() needs


def _can_enter(path: str) -> bool:
    return os.access(path, os.X_OK)


def _can_read(path: str) -> bool:
    try:
        with closing(os.open(path, _OPEN)) as fd:
            os.listdir(fd)
    except OSError:
        return False
    return True


def _has_lost_and_found(path: str) -> bool:
    try:
        os.close(os.open(os.path.join(path, _LOST_AND_FOUND), _OPEN))
    except OSError as e:
        return e.errno in (errno.EACCES, errno.EPERM)
    return False
