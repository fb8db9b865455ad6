# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys of a set of pins that this version does not know: Ansible would refuse them, and they are ignored.

Hosts with different versions of the collection use the same set.
"""

from __future__ import annotations

import typing as t


def without_unknown_keys(pins: t.Any, spec: t.Mapping[str, t.Mapping[str, t.Any]]) -> t.Any:
    """Return the value of the option `pins` with the keys that the argument specification `spec` has.

    A value that is no mapping, and what is in keys without a specification of their own, is returned as it is.
    """
    return _known(pins, spec.get("pins", {}).get("options"))


def _known(value: t.Any, options: t.Mapping[str, t.Any] | None) -> t.Any:
    if options is None:
        return value
    if isinstance(value, list):
        return [_known(item, options) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: _known(item, options[key].get("options")) for key, item in value.items() if key in options}
