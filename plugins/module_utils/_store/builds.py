# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`builds.json`: the last installed build of each backend, to repair a damaged or lost one. Pure.

The file has no URIs: they are in `metadata.json` or in the gallery.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass

FORMAT = 1


@dataclass(frozen=True)
class Build:
    """The last installed build of a backend.

    `digest` is empty if the source has none. `requested`: a task named the backend itself, and not only a meta backend
    that points to it. `fixed`: a task chose exactly this build, by `digest` or `pins` or as a previous version. `meta`
    is the name of the meta backend for which the build was installed, and `capability` the key of its capability map by
    which it was chosen.
    """

    digest: str = ""
    requested: bool = False
    fixed: bool = False
    meta: str = ""
    capability: str = ""


def parse_builds(data: bytes) -> dict[str, Build]:
    """Return the builds by the name of their backend; rows and files that cannot be read are ignored."""
    try:
        document = json.loads(data.decode("utf-8"))
        rows = document["builds"] if document["format"] == FORMAT else {}
        builds = {name: _build(row) for name, row in rows.items()}
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return {}
    return {name: build for name, build in builds.items() if build is not None}


def _build(row: t.Any) -> Build | None:
    if not isinstance(row, dict):
        return None
    build = Build(**{key: row[key] for key in Build.__dataclass_fields__ if key in row})
    is_valid = all(type(value) is type(getattr(Build(), key)) for key, value in vars(build).items())
    return build if is_valid else None
