# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How LocalAI merges one configuration over another. Pure.

Follows `deepMerge` of dario.cat/mergo v1.0.2 with the option `WithOverride`, for values from YAML: mappings are merged
key by key, and anything else replaces the old value, also if it is empty, zero, false or null.
"""

from __future__ import annotations

import copy
import typing as t

Config = t.Mapping[str, t.Any]


def merged(config: Config, overrides: Config) -> dict[str, t.Any]:
    """Return `config` with `overrides` merged over it; both stay as they are."""
    result = dict(config)
    for key, value in overrides.items():
        old = result.get(key)
        if isinstance(value, dict) and isinstance(old, dict) and old:
            result[key] = merged(old, value)
        else:
            result[key] = copy.deepcopy(value)
    return result
