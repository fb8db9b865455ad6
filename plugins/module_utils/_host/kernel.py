# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restrictions of this host's kernel. `root` is the root directory, which tests replace."""

from __future__ import annotations

import contextlib

from .._fs.utf8 import os

_FIRST_UNPRIVILEGED_PORT = 1024
_SELINUX = "/sys/fs/selinux"


def selinux(root: str = "") -> str | None:
    """Return `disabled`, `permissive` or `enforcing`, None if it cannot be read.

    In containers, the file system of the host's SELinux is mounted read-only. SELinux counts as disabled there, as it
    does for libselinux (`verify_selinuxmnt` in `init.c`).
    """
    try:
        if os.statvfs(f"{root}{_SELINUX}").f_flag & os.ST_RDONLY:
            return "disabled"
        return "enforcing" if _number(f"{root}{_SELINUX}/enforce") == 1 else "permissive"
    except FileNotFoundError:
        return "disabled"
    except (OSError, ValueError):
        return None


def has_user_namespaces(root: str = "") -> bool:
    """Return whether the kernel has user namespaces, and allows some."""
    if not os.path.lexists(f"{root}/proc/self/ns/user"):
        return False
    with contextlib.suppress(OSError, ValueError):
        return _number(f"{root}/proc/sys/user/max_user_namespaces") != 0
    return True


def lowest_port(root: str = "") -> int:
    """Return the lowest port that a program without privileges may listen on."""
    with contextlib.suppress(OSError, ValueError):
        return _number(f"{root}/proc/sys/net/ipv4/ip_unprivileged_port_start")
    return _FIRST_UNPRIVILEGED_PORT


def _number(path: str) -> int:
    with open(path, "rb") as stream:
        return int(stream.read(64))
