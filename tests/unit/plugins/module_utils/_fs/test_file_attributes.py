# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Owner, group and mode as text."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes


def test_attributes_are_completed_with_others():
    assert FileAttributes("a", mode="0700").over(FileAttributes("b", "c", "0755")) == FileAttributes("a", "c", "0700")


@pytest.mark.parametrize(
    ("requested", "expected"),
    [
        (FileAttributes(), {}),
        (FileAttributes("localai", "users", "0755"), {}),
        (FileAttributes("root"), {"owner": ("localai", "root")}),
        (FileAttributes("root", mode="0700"), {"owner": ("localai", "root"), "mode": ("0755", "0700")}),
    ],
)
def test_only_requested_attributes_differ(requested, expected):
    assert FileAttributes("localai", "users", "0755").difference(requested) == expected


def test_an_unknown_attribute_does_not_differ():
    assert FileAttributes().difference(FileAttributes("root", "root", "0755")) == {}
