# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The evidence for the capability of a host, as values. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass


class Gpu(t.NamedTuple):
    """A GPU, or evidence of one: its `vendor`, and the path where it was `seen`."""

    vendor: str
    seen: str


class Unreadable(t.NamedTuple):
    """A `vendor` whose GPU is present and whose memory is unknown, and the `output` of the `probe` that failed."""

    vendor: str
    probe: str
    output: str

    def __str__(self) -> str:
        return f"{self.vendor}: {self.probe}: {self.output}"


@dataclass(frozen=True)
class Evidence:
    """The evidence for a capability; `vram` is in bytes, or None if it was not queried."""

    rule: str
    forced_by: str | None = None
    gpus: tuple[Gpu, ...] = ()
    vram: int | None = None
    cuda: tuple[str, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
