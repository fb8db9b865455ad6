# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The previous versions of one backend: numbered trees in a directory of their own, the highest number the latest."""

from __future__ import annotations

import itertools
import os
import typing as t
from dataclasses import dataclass

from .._fs.entries import with_free_name
from .._fs.sync import Transaction
from .layout import version_numbers


@dataclass(frozen=True)
class PreviousVersions:
    """The previous versions in the directory `fd`, of which the latest `keep` stay."""

    fd: int
    keep: int

    def add(self, name: str, dir_fd: int) -> None:
        """Move a tree here as the latest version."""
        latest = max(self._numbers(), default=0)
        with Transaction() as transaction:
            with_free_name(
                map(str, itertools.count(latest + 1)),
                lambda number: transaction.rename(dir_fd, name, self.fd, number),
            )

    def surplus(self) -> t.Iterator[str]:
        """Return the names of the versions that are too many."""
        return map(str, self._numbers()[: -self.keep or None])

    def _numbers(self) -> list[int]:
        return version_numbers(os.listdir(self.fd))
