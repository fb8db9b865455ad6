# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The walk through an installed tree that a plan may ask for: is it as it was installed, does it look as wanted?"""

from __future__ import annotations

import os
import typing as t

from ansible_collections.localai.core.plugins.module_utils._disk_errors import disk_error
from ansible_collections.localai.core.plugins.module_utils._entries import OPEN_DIRECTORY
from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._installed import Directory, Inspection, Installed
from ansible_collections.localai.core.plugins.module_utils._looks import Wanted, count_unlike
from ansible_collections.localai.core.plugins.module_utils._observe import place_of, recorded_contents
from ansible_collections.localai.core.plugins.module_utils._verify import damage, found_at


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
