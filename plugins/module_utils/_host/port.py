# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether somebody listens on the address of the service, and whether that is the service itself."""

from __future__ import annotations

import contextlib
import socket
import typing as t

from .._fs.read import open_file
from .units import Unit

_SECONDS = 2
_MAX_ENVIRONMENT = 4 * 1024**2
_VARIABLE = b"LOCALAI_ADDRESS="
_LOOPBACK = "127.0.0.1"
_LOOPBACKS = (_LOOPBACK, "::1")


def split_address(address: str) -> tuple[str, int] | None:
    """Return host and port of `host:port`, an IPv6 address without its brackets; None for anything else."""
    host, colon, port = address.rpartition(":")
    if not colon or not (port.isdecimal() and port.isascii()) or int(port) > 65535:
        return None
    return (host[1:-1] if host.startswith("[") and host.endswith("]") else host), int(port)


def is_in_use(address: str) -> bool | None:
    """Return whether somebody answers there, None if that cannot be known."""
    parts = split_address(address)
    if parts is None:
        return None
    host, port = parts
    answers = [_answers(one, port) for one in _reachable(host)]
    return True if True in answers else answers[0]


def _reachable(host: str) -> tuple[str, ...]:
    """Return the addresses at which a program can be reached that listens on an address."""
    if host in ("", "::"):
        return _LOOPBACKS
    return (_LOOPBACK,) if set(host) == {"0", "."} else (host,)


def _answers(host: str, port: int) -> bool | None:
    try:
        with contextlib.closing(socket.create_connection((host, port), _SECONDS)):
            return True
    except (socket.gaierror, ValueError):
        return None
    except OSError:
        return False


def is_own(unit: Unit, address: str, root: str = "") -> bool | None:
    """Return whether it is the main process of the unit, None if this user may not know.

    The environment of the process counts, because a new environment file may not have reached it yet. A process that
    was not told an address, since somebody else wrote its unit, is taken to listen there.
    """
    parts = split_address(address)
    if unit.main_pid is None or parts is None:
        return False
    try:
        with open_file(f"{root}/proc/{unit.main_pid}/environ") as stream:
            environment = stream.read(_MAX_ENVIRONMENT)
    except PermissionError:
        return None
    except OSError:
        return False  # it has ended
    return all(port == parts[1] for port in _ports(environment.split(b"\0")))


def _ports(environment: t.Iterable[bytes]) -> t.Iterator[int]:
    for variable in environment:
        if variable.startswith(_VARIABLE):
            parts = split_address(variable[len(_VARIABLE) :].decode("utf-8", "replace"))
            if parts is not None:
                yield parts[1]
