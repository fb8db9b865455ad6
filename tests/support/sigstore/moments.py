# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Moments and spans of time, as a trusted root and a certificate have them. Nothing here asks the clock."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

NOW = dt.datetime(2026, 6, 1, 12, tzinfo=dt.timezone.utc)  # when things are signed, unless a test says otherwise


def seconds(count: float) -> dt.timedelta:
    """So many seconds."""
    return dt.timedelta(seconds=count)


def days(count: float) -> dt.timedelta:
    """So many days."""
    return dt.timedelta(days=count)


def text(moment: dt.datetime) -> str:
    """A moment as JSON has it: `2026-06-01T12:00:00Z`."""
    return moment.astimezone(dt.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True)
class Span:
    """From a moment until another one, or without an end."""

    start: dt.datetime
    end: dt.datetime | None = None

    @property
    def json(self) -> dict[str, str]:
        """As it stands in a trusted root, as `validFor`."""
        return {"start": text(self.start), **({"end": text(self.end)} if self.end else {})}


def around(moment: dt.datetime = NOW, before: float = 400, after: float = 3000) -> Span:
    """From so many days before a moment until so many days after it."""
    return Span(moment - days(before), moment + days(after))
