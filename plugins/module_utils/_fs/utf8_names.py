# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`os` for a locale that is not UTF-8: names are text in UTF-8 here, and bytes for the kernel. See `utf8.py`."""

from __future__ import annotations

import functools
import os
import typing as t

# The functions that take names, and those that return some.
_RETURN_NAMES = ("abspath", "expanduser", "listdir", "readlink", "realpath")
_TAKE_NAMES = (
    *_RETURN_NAMES,
    *("access", "chmod", "chown", "getxattr", "link", "lstat", "makedirs", "mkdir", "open", "rename", "replace"),
    *("rmdir", "scandir", "setxattr", "stat", "statvfs", "symlink", "unlink", "utime"),
    *("exists", "getsize", "isdir", "isfile", "islink", "lexists"),
)


class Utf8Os:
    """Wraps `os`, and `os.path`: functions get names as bytes, and names that they return are text again."""

    def __init__(self, module: t.Any) -> None:
        self._module = module

    def __getattr__(self, name: str) -> t.Any:
        original = getattr(self._module, name)
        if name == "path":
            return Utf8Os(original)
        if name == "environ":
            return {_text(key): _text(value) for key, value in original.items()}
        if name == "fsencode":
            return _bytes
        if name == "fsdecode":
            return _text
        return _with_utf8(name, original) if name in _TAKE_NAMES else original


def _with_utf8(name: str, original: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
    @functools.wraps(original)
    def call(*args: t.Any, **kwargs: t.Any) -> t.Any:
        try:
            result = original(*map(_bytes, args), **{key: _bytes(value) for key, value in kwargs.items()})
        except OSError as e:
            e.filename, e.filename2 = _text(e.filename), _text(e.filename2)
            raise
        if name not in _RETURN_NAMES:
            return result
        return [_text(each) for each in result] if isinstance(result, list) else _text(result)

    return call


def _bytes(value: t.Any) -> t.Any:
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value


def _text(value: t.Any) -> t.Any:
    """Return the text of a name that Python has decoded, or not; anything else as it is."""
    raw = os.fsencode(value) if isinstance(value, str) else value
    return raw.decode("utf-8", "surrogateescape") if isinstance(raw, bytes) else raw
