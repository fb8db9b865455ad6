# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of our own files."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._store.layout import OWN_NAMES, content_key, version_numbers


def test_a_content_has_a_short_name_that_is_always_the_same_and_that_no_path_can_leave():
    assert content_key("sha256:ab") == content_key("sha256:ab") != content_key("../x")
    assert all(len(content_key(identity)) == 32 and content_key(identity).isalnum() for identity in ("", "../x", "a/b"))


def test_no_name_of_ours_is_a_path():
    assert all("/" not in name and not name.startswith(".") for name in OWN_NAMES)


def test_versions_are_in_the_order_of_their_numbers():
    assert version_numbers(["10", "9", "1"]) == [1, 9, 10]


@pytest.mark.parametrize("name", ["9" * 19, "01", "0", "-1", "\u0663", "1.5", "", "new"])
def test_names_that_no_version_gets_from_us_are_ignored(name):
    assert version_numbers([name, "7"]) == [7]
