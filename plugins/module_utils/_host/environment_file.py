# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Environment files as the role writes them: a name, and a value in quotes with backslashes. Pure."""

from __future__ import annotations

import re

_LINE = re.compile("(?m)^([A-Za-z_][A-Za-z0-9_]*)=(.*)$")


def variables_of(text: str) -> dict[str, str]:
    """Return the variables by their names; the last line of a name counts, as for systemd."""
    return {name: _value(value.strip()) for name, value in _LINE.findall(text)}


def _value(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", re.sub('^"(.*)"$', r"\1", text))
