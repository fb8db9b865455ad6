# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Times: when something is valid, and how to print a time."""

from __future__ import annotations

import datetime as dt
import typing as t


class Period(t.NamedTuple):
    """From `start` to `end`, both inclusive, in seconds since 1970; without an end it is still valid.

    Nothing is valid in a period without a start.
    """

    start: float | None
    end: float | None = None

    def covers(self, moment: float) -> bool:
        """Whether the moment is in this period."""
        return self.start is not None and self.start <= moment and (self.end is None or moment <= self.end)


def seconds_of_day(date: str) -> float:
    """Return the seconds from 1970 to the start of a day such as 2026-09-01."""
    return dt.datetime.strptime(date, "%Y-%m-%d").replace(tzinfo=dt.timezone.utc).timestamp()


def printable(moment: float) -> str:
    """Return a time in the form 2026-09-01T00:00:00Z."""
    try:
        return dt.datetime.fromtimestamp(moment, dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"{moment:.0f} seconds after 1970"
