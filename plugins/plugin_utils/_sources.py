# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lists of galleries and of endpoints in the role's variables. The modules judge the values of their keys."""

from __future__ import annotations

import typing as t

from ansible_collections.localai.core.plugins.plugin_utils._rows import is_list
from ansible_collections.localai.core.plugins.plugin_utils._values import is_text

GALLERY_KEYS = ("name", "url", "mirrors", "sha256", "verification", "artifact_verification")
ENDPOINT_KEYS = (
    *("host", "username", "password", "token", "ca_path", "client_cert", "client_key", "validate_certs", "plain_http"),
    "mirrors",
)


def problems_of_galleries(lists: t.Mapping[str, t.Any], _state: str, _pinned: bool) -> t.Iterator[str]:
    """Yield a sentence part for each mistake, with its place."""
    return _problems(lists, GALLERY_KEYS, ("name", "url"))


def problems_of_endpoints(lists: t.Mapping[str, t.Any], _state: str, _pinned: bool) -> t.Iterator[str]:
    """Yield a sentence part for each mistake, with its place."""
    return _problems(lists, ENDPOINT_KEYS, ("host",))


def _problems(lists: t.Mapping[str, t.Any], keys: t.Sequence[str], needed: t.Sequence[str]) -> t.Iterator[str]:
    """Yield what is wrong. No value is in it, because it could be a secret."""
    for variable, value in lists.items():
        if value is None:
            continue
        if not is_list(value):
            yield f"{variable} is {_kind(value)}, not a list of mappings"
            continue
        for number, item in enumerate(value, 1):
            for problem in _problems_of(item, keys, needed):
                yield f"{variable}, item {number}: {problem}"


def _problems_of(item: t.Any, keys: t.Sequence[str], needed: t.Sequence[str]) -> t.Iterator[str]:
    if not isinstance(item, t.Mapping):
        yield f"it is {_kind(item)}, not a mapping"
        return
    unknown = [str(key) for key in item if key not in keys]
    if unknown:
        yield f"unknown key {', '.join(unknown)}; the keys are {', '.join(keys)}"
    missing = [key for key in needed if not is_text(item.get(key)) or not str(item[key]).strip()]
    if missing and not unknown:
        yield f"it has no {' and no '.join(missing)}"


def _kind(value: t.Any) -> str:
    if is_text(value):
        return "text"
    return "a mapping" if isinstance(value, t.Mapping) else "a list" if is_list(value) else "a single value"
