# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The result for one name."""

from __future__ import annotations

from dataclasses import dataclass

from .._address import Address


@dataclass(frozen=True)
class Outcome:
    """The result for one name, which holds as soon as the first `done_after` steps of the plan are done.

    `capability` is empty where it is that of the host.
    """

    name: str
    backend: str | None
    action: str
    reason: str
    capability: str | None = ""
    run_file: str | None = None
    uri: Address | None = None
    version: str | None = None
    digest: str | None = None
    done_after: int = 0
