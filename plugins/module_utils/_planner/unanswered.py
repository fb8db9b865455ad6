# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A decision that needs an answer which is not among the facts yet. Pure."""

from __future__ import annotations

import typing as t


class Unanswered(Exception):
    """A decision needs the answer to `question`, which is not among the facts yet."""

    def __init__(self, question: t.Any) -> None:
        super().__init__(question)
        self.question = question
