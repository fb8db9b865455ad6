# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several connections at once and for every body, so that tests with small bodies and fast servers have them too."""

from __future__ import annotations

import contextlib
from typing import Iterator
from unittest import mock

from ansible_collections.localai.core.plugins.module_utils._http import client, parts, transfer
from ansible_collections.localai.core.plugins.module_utils._http.ramp import Ramp

# In bytes: bodies that are larger are transferred in parts of this size.
PART = 16 * 1024


class EagerRamp(Ramp):
    """Begins with four connections, and comes back to them after each failure."""

    def __init__(self, most: int, limit: int | None = None) -> None:
        super().__init__(most, limit)
        self.count = min(most, 4)

    def measured(self, rate: float, now: float, *, is_waiting: bool) -> None:
        """Nothing is measured."""

    def failed(self, now: float, pause: float = 0.0) -> None:
        """Only the failed connection is closed."""
        self.count = max(1, self.count - 1)


@contextlib.contextmanager
def in_parts() -> Iterator[None]:
    """Let every body of more than a few parts be transferred in parts meanwhile."""
    with mock.patch.multiple(transfer, _MEANWHILE=PART, _WORTH_IT=2 * PART, _CHUNK=PART // 4), mock.patch.multiple(
        parts, AHEAD=8 * PART, _SMALLEST=PART, _LARGEST=PART
    ), mock.patch.object(client, "Ramp", EagerRamp), mock.patch.object(client, "CHUNK", PART // 4):
        yield
