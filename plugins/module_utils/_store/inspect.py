# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The walk through an installed tree that a plan may ask for: is it as it was installed, does it look as wanted?"""

from __future__ import annotations

import os
import typing as t

from .._errors import HostError
from .._fs.os_errors import disk_error
from .._fs.read import read_file
from .._fs.remove import OPEN_DIRECTORY
from .._localai.installed import Directory, Inspection, Installed
from .._localai.scan import place_of
from .looks import Wanted, count_unlike
from .record import RECORD, Contents, parse_contents
from .verify import damage, found_at

# A line for each of the 300,000 files of a large backend.
MOST_RECORD = 256 * 1024 * 1024


def inspected(installed: Installed, name: str, wanted: Wanted, verify: bool) -> Inspection | None:
    """Return the findings of a walk through one tree, None if it is gone; only C(verify) looks for damage."""
    directory = t.cast(Directory, installed.get(name))
    path = place_of(installed.path, name)
    try:
        top = os.open(path, OPEN_DIRECTORY)
        try:
            recorded = recorded_contents(path) if directory.record and directory.record.listed and verify else None
            return Inspection(
                damage=damage(recorded, found_at(top, path)) if recorded is not None else "",
                unlike=count_unlike(top, path, wanted),
            )
        finally:
            os.close(top)
    except FileNotFoundError:
        # Another run removed it, since nobody holds the lock yet.
        return None
    except OSError as e:
        raise HostError(disk_error(path, e)) from e


def recorded_contents(place: str) -> Contents | None:
    """Return what is recorded of all that was installed in a directory, or None."""
    try:
        return parse_contents(read_file(os.path.join(place, RECORD), MOST_RECORD))
    except OSError:
        return None
