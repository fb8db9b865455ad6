# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of backends: what may become a directory, and how a task writes them. Pure."""

from __future__ import annotations

from .._address import redacted
from .._errors import NameRefused


def asked_name(name: str) -> str:
    """Return the backend that a task names, C(name) or C(gallery@name), with C(/) standing as C(__).

    Raises NameRefused.
    """
    if "://" in name:
        raise NameRefused(f"name: {redacted(name)} is an address. Choose a name, and give the address in uri.")
    gallery, separator, bare = name.rpartition("@")
    bare = bare.replace("/", "__")
    checked_name(bare, "name")
    if separator and not gallery:
        raise NameRefused(f"name: {name!r} has no gallery before its @.")
    return gallery + separator + bare


def checked_name(name: str, where: str) -> str:
    """Return C(name) when it may become a directory of the backends path; raises NameRefused naming C(where)."""
    if not name:
        raise NameRefused(f"{where}: a backend's name is empty. Check the variable that it comes from.")
    shown = name if name.isprintable() and len(name) <= 255 else ascii(name)[:100]
    if "/" in name or "\\" in name or "\0" in name:
        raise NameRefused(f"{where}: {shown!r} has a path separator or a NUL in it; a backend's name is a plain name.")
    if name.startswith(".") or ".." in name:
        raise NameRefused(f"{where}: {shown!r} starts with a dot or has two in a row, which no backend's name may.")
    try:
        length = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        raise NameRefused(f"{where}: {shown} is not valid Unicode.") from None
    if length > 255:
        raise NameRefused(f"{where}: {shown!r} is longer than the 255 bytes that a directory's name may have.")
    return name
