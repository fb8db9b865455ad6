# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts of hosts, as they may be in a report: without secrets and without characters that control a terminal."""

from __future__ import annotations

import datetime as dt
import re
import typing as t

from ansible_collections.localai.core.plugins.module_utils._address import redacted_text

_LONGEST = 1000
_MOST_READ = 1 << 16
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def text_of(value: t.Any, longest: int = _LONGEST) -> str:
    """Return a value as a text of at most `longest` characters and one line; empty for null.

    Characters that cannot be printed, among them those that change the direction of writing, become escapes such as
    `\\u202e`. URLs are redacted.
    """
    if value is None:
        return ""
    text = redacted_text(" ".join(_beginning(str(value)).split()))
    if not text.isprintable():
        text = "".join(c if c.isprintable() else _escape(c) for c in text)
    return text if len(text) <= longest else text[: longest - 1] + "…"


def number_of(value: t.Any) -> int | None:
    """Return a number of bytes; None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def time_of(value: t.Any) -> str:
    """Return a time of a host in UTC, such as `2026-11-29T20:00:00Z`; empty if it is none."""
    # Before Python 3.11, a fraction must have three or six digits, and LocalAI writes nine.
    text = re.sub("[.][0-9]+", "", text_of(value, 40)).replace("Z", "+00:00")
    try:
        time = dt.datetime.fromisoformat(text)
        time = time.replace(tzinfo=dt.timezone.utc) if time.tzinfo is None else time.astimezone(dt.timezone.utc)
    except (ValueError, OverflowError):
        return ""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def minute_text(time: str | None) -> str:
    """Return a time of `time_of` as people read it, such as `2026-11-29 20:00`; empty for null."""
    return (time or "")[:16].replace("T", " ")


def size_text(size: int | None) -> str:
    """Return a number of bytes as people write it, such as `4.2 GiB`; empty for None."""
    if size is None:
        return ""
    value, unit = float(size), 0
    while value >= 1024 and unit < len(_UNITS) - 1:
        value, unit = value / 1024, unit + 1
    return f"{value:.1f} {_UNITS[unit]}" if unit else f"{size} B"


def short_digest(digest: str) -> str:
    """Return the first 12 hexadecimal digits of a digest, with which people compare them."""
    return digest.rpartition(":")[2][:12]


def _beginning(text: str) -> str:
    """Return so much of a text that the rest matters to nobody, up to a space: half an address cannot be redacted."""
    return text if len(text) <= _MOST_READ else text[:_MOST_READ].rpartition(" ")[0]


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
