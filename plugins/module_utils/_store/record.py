# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`.localai-core.json`: our own record of an installed tree, beside the files that describe it. Pure.

Its second line is the list of what was installed. It is long for a tree of 300,000 files, so it is read only to verify
the tree; see `contents.py`.
"""

from __future__ import annotations

import json
import re
import typing as t
from dataclasses import dataclass

from .._request import Signer

RECORD = ".localai-core.json"
# Keys missing from records of early versions.
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", re.ASCII)
_LATER_KEYS = ("pinned", "listed", "signer")


@dataclass(frozen=True)
class Record:
    """This collection's own record of a tree; `size` is in bytes.

    `requested`: a task named the tree itself. `pinned`: it was installed by the option `pins`. `listed`: the record has
    the list of what was installed. `signer`: who signed the image, None if nobody verified that.
    """

    requested: bool = False
    platform_digest: str = ""
    sha256: str = ""
    size: int = 0
    entries: int = 0
    pinned: bool = False
    listed: bool = False
    signer: Signer | None = None

    @classmethod
    def parse(cls, data: bytes) -> Record | None:
        """Return the record on the first line of `data`, or None if there is none: a tree without one is normal."""
        try:
            line = data.partition(b"\n")[0].decode("utf-8")
            document = json.loads(f"{line[:-1]}}}" if line.endswith(",") else line)
            known = [key for key in cls.__dataclass_fields__ if key in document or key not in _LATER_KEYS]
            values = {key: document[key] for key in known}
        except (ValueError, LookupError, TypeError, RecursionError):
            return None
        values["signer"] = _signer(values.get("signer"))
        defaults = cls()
        if any(type(value) is not type(getattr(defaults, key)) for key, value in values.items() if key != "signer"):
            return None
        return cls(**values)


def _signer(value: t.Any) -> Signer | None:
    """Return the signer of a mapping, or None if it is not one."""
    if not isinstance(value, dict) or not set(Signer._fields) <= set(value):
        return None
    if type(value["log_index"]) is not int or not _TIME.fullmatch(str(value["time"])):
        return None
    texts = [value[key] for key in Signer._fields if key != "log_index"]
    return Signer(**{key: value[key] for key in Signer._fields}) if all(isinstance(x, str) for x in texts) else None


class Inspection(t.NamedTuple):
    """The result of a walk through an installed tree.

    `damage` says in words what differs from the record, `differing` is the number of paths that have another owner,
    group or mode than requested.
    """

    damage: str = ""
    differing: int = 0
