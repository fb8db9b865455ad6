# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of Ansible variables as texts of environment variables."""

from __future__ import annotations

import datetime as dt
import json
import typing as t


def is_text(value: t.Any) -> bool:
    """Return whether a value is text; text of a vault is no `str` before ansible-core 2.19."""
    return isinstance(value, str) or bool(getattr(value, "__ENCRYPTED__", False))


def plain(value: t.Any) -> t.Any:
    """Return a value that consists of Python's own types, so that `json` can write it.

    Dates become texts in the ISO 8601 format, because YAML makes dates of texts without quotes.
    """
    if is_text(value):
        return str(value)
    if isinstance(value, t.Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(item) for item in value]
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    return value


def environment_text(value: t.Any, separator: str = "") -> str:
    """Return the text of an environment variable: booleans in lower case, lists and mappings as JSON.

    A `separator` is what LocalAI separates the items of this variable with; a list then becomes such a text.
    """
    value = plain(value)
    if separator and isinstance(value, list):
        return separator.join(environment_text(item) for item in value)
    if isinstance(value, (dict, list)):
        return json.dumps(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
