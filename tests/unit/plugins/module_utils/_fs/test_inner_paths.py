# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Paths of members stay inside the tree, and their modes are safe."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._fs.inner_paths import inner_path, safe_mode
from ansible_collections.localai.core.tests.support.hostile import hostile


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a/b", "a/b"),
        ("./a//b/", "a/b"),
        ("/etc/passwd", "etc/passwd"),
        ("", ""),
        (".", ""),
        ("/", ""),
        ("././", ""),
        ("...", "..."),
        ("..a/b..", "..a/b.."),
        ("x" * 255, "x" * 255),
        ("ä\udcff", "ä\udcff"),
    ],
)
def test_a_name_is_a_path_inside(name, expected):
    assert inner_path(name) == expected


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("..", "leads out"),
        ("../a", "leads out"),
        ("a/../../b", "leads out"),
        ("a/..", "leads out"),
        ("/../a", "leads out"),
        ("a\0b", "NUL"),
        ("x" * 256, "too long"),
        ("ä" * 128, "too long"),
        (("x" * 200 + "/") * 21, "too long"),
        ("x/" * 1000, "too long|too many|too deep"),
    ],
)
def test_a_name_that_leads_out_or_on_without_end_is_refused(name, message):
    with pytest.raises(SourceError, match=message):
        inner_path(name)


@given(st.text("a./\0ä\udcff", max_size=30))
@hostile
def test_a_path_is_always_inside(name):
    try:
        path = inner_path(name)
    except SourceError:
        return
    assert os.path.normpath(os.path.join("/top", path)).startswith("/top")
    assert inner_path(path) == path


@pytest.mark.parametrize(
    ("archived", "expected"),
    [
        (0o644, 0o644),
        (0o7777, 0o1775),
        (0o4755, 0o755),
        (0o2755, 0o755),
        (0o666, 0o664),
        (0, 0o400),
        (0o177777, 0o1775),
    ],
)
def test_a_mode_is_made_safe(archived, expected):
    assert safe_mode(archived) == expected
