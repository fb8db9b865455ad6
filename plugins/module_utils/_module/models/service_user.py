# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The user of the service, for the check of what LocalAI may read."""

from __future__ import annotations

import pwd

from ..._errors import OptionError
from ..._fs.accounts import uid_of
from ..._fs.utf8 import os
from ..._localai.models.contents import Reader


def reader_of(user: str) -> Reader:
    """Return a user, given by name or number, with all groups; raises OptionError for an unknown name."""
    try:
        uid = uid_of(user)
    except (KeyError, ValueError):
        raise OptionError(
            f"service_user: this host has no user {user!r}. Set it to the user that the service of LocalAI runs as, or "
            "omit it to skip the check of what the service may read."
        ) from None
    try:
        entry = pwd.getpwuid(uid)
    except (KeyError, OverflowError):
        # A container can run as a number without a name.
        return Reader(uid, frozenset())
    return Reader(uid, frozenset(os.getgrouplist(entry.pw_name, entry.pw_gid)))
