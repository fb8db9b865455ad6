# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that most tasks do not have, as values: modes, versions and rates."""

from __future__ import annotations

import json
import re
import stat
import types
import typing as t

from .._address import redacted
from .._errors import OptionError
from .._fs.utf8 import os
from .._http.url import checked_url

_LEAST_RATE = 1024
_VERSION = re.compile(r"v(\d{1,9})\.(\d{1,9})\.(\d{1,9})([-+][A-Za-z0-9.+-]*)?", re.ASCII)


def number_of_file_mode(mode: t.Any) -> int:
    """Return `mode` as a number. A symbolic mode is applied to 0644. Raises OptionError."""
    number = _parsed_mode(mode, stat.S_IFREG | 0o644)
    if number is None:
        raise OptionError(f"mode: {mode!r} is not a mode such as '0644' or 'u=rw,g=r,o='.")
    if not 0o400 <= number <= 0o777 or not number & 0o400:
        raise OptionError(
            f"mode: {number:04o} is not allowed. The owner needs r, and no bits above 0777 can be set. Write an octal "
            "mode in quotes, such as '0644'."
        )
    return number


def number_of_mode(mode: t.Any) -> int:
    """Return `directory_mode` as a number. A symbolic mode is applied to 0755. Raises OptionError."""
    number = _parsed_mode(mode, stat.S_IFDIR | 0o755)
    if number is None:
        raise OptionError(f"directory_mode: {mode!r} is not a mode such as '0755' or 'u=rwx,g=rx,o='.")
    if not 0o700 <= number <= 0o777:
        raise OptionError(
            f"directory_mode: {number:04o} is not allowed. The owner needs rwx, and no bits above 0777 can be set. "
            "Write an octal mode in quotes, such as '0755'."
        )
    return number


def _parsed_mode(mode: t.Any, default: int) -> int | None:
    if isinstance(mode, int) and not isinstance(mode, bool):
        return mode
    if not isinstance(mode, str):
        return None
    try:
        return int(mode, 8)
    except ValueError:
        pass
    from ansible.module_utils.basic import AnsibleModule

    status = types.SimpleNamespace(st_mode=default)
    try:
        # For Ansible, a text without an operator means no change.
        has_operators = all(set("=+-") & set(part) for part in mode.split(","))
        return int(AnsibleModule._symbolic_mode_to_octal(status, mode)) if has_operators else None  # noqa: SLF001
    except ValueError:
        return None


def version_of(text: str) -> tuple[int, ...]:
    """Return the numbers of a server's version; raises OptionError."""
    version = _VERSION.fullmatch(text.strip())
    if version is None:
        raise OptionError(
            f"server_version: {text[:100]!r} is not a version such as v4.11.0. Write the version that the server "
            "prints with --version, or omit the option for the newest one."
        )
    return tuple(map(int, version.groups()[:3]))


def root_of(value: t.Any) -> str:
    """Return `trusted_root`: an absolute path, or a JSON document; raises OptionError.

    Ansible makes a mapping of a JSON document that a template returns.
    """
    if isinstance(value, dict):
        return json.dumps(value)
    text = value.strip() if isinstance(value, str) else ""
    if not text.startswith(("/", "{")):
        raise OptionError(
            "trusted_root must be an absolute path on the host, or the content of a trusted_root.json. Omit it to use "
            "the trusted root of this collection."
        )
    return text


def bundle_of(text: str) -> str:
    """Return the location of a bundle: an absolute path, or a URL; raises OptionError."""
    location = text.strip()
    if location.lower().startswith("file:///"):
        location = location[len("file://") :]
    if location.lower().startswith(("http://", "https://")):
        try:
            checked_url(location)
        except OptionError as e:
            raise OptionError(f"bundle: {e}") from None
        if not set("?#") & set(location):
            return location
    elif location.startswith("/") and "\0" not in location:
        return os.path.normpath("/" + location.lstrip("/"))
    raise OptionError(
        f"bundle: {redacted(location)!r} is neither an absolute path on the host nor the URL of a directory on a web "
        "server, such as http://mirror.example/bundle."
    )


def rate_of(text: str) -> int:
    """Return `rate_limit` in bytes per second; raises OptionError."""
    from ansible.module_utils.common.text.formatters import human_to_bytes

    try:
        rate = int(human_to_bytes(text.strip()))
    except (ValueError, OverflowError):
        rate = 0
    if rate < _LEAST_RATE:
        raise OptionError(
            f"rate_limit: {text[:100]!r} is not a number of bytes per second such as 10M or 500K, at least 1K. Omit "
            "the option for no limit."
        )
    return rate
