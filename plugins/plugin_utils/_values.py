# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of Ansible variables as texts of environment variables."""

from __future__ import annotations

import datetime as dt
import json
import sys
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


def untrusted(value: t.Any) -> t.Any:
    """Return texts of hosts so that Ansible does not take them for templates.

    Since ansible-core 2.19, no result of a filter is one. Before, only what is wrapped is not. The module for that is
    always loaded in the controller; to import it would make a controller of any other process.
    """
    proxy = sys.modules.get("ansible.utils.unsafe_proxy")
    return proxy.wrap_var(value) if proxy is not None else value


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
