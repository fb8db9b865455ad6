# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The user of the service: its number and its groups."""

from __future__ import annotations

import os
import pwd

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import OptionError
from ansible_collections.localai.core.plugins.module_utils._localai.models.contents import Reader
from ansible_collections.localai.core.plugins.module_utils._module.models.service_user import reader_of


def test_a_user_has_all_of_its_groups() -> None:
    entry = pwd.getpwuid(os.getuid())
    expected = Reader(entry.pw_uid, frozenset(os.getgrouplist(entry.pw_name, entry.pw_gid)))
    assert reader_of(entry.pw_name) == expected
    assert reader_of(str(entry.pw_uid)) == expected


def test_a_number_without_a_name_is_a_user_without_groups() -> None:
    assert reader_of("3141592") == Reader(3141592, frozenset())


@pytest.mark.parametrize("user", ["no-such-user", "-1", "1.5", "no\0name"])
def test_an_unknown_user_is_an_error(user: str) -> None:
    with pytest.raises(OptionError, match="this host has no user"):
        reader_of(user)
