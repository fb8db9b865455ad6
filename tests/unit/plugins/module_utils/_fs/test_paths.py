# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Paths of members stay inside the tree, and their modes are safe; the nearest path that exists."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._fs.paths import inner_path, nearest_existing, safe_mode
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


@pytest.mark.parametrize(("path", "expected"), [("", ""), ("a", "a"), ("a/b/c", "a"), ("x/y", "")])
def test_it_is_the_path_or_the_nearest_one_above_it(tmp_path, path, expected):
    (tmp_path / "a").mkdir()
    assert nearest_existing(str(tmp_path / path)) == str(tmp_path / expected)


def test_a_symlink_to_nowhere_exists_only_if_it_is_not_followed(tmp_path):
    (tmp_path / "link").symlink_to("nowhere")
    assert nearest_existing(str(tmp_path / "link")) == str(tmp_path)
    assert nearest_existing(str(tmp_path / "link"), follow_symlinks=False) == str(tmp_path / "link")


def test_a_path_below_a_file_is_an_error_or_that_file(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        nearest_existing(str(tmp_path / "file/below"))
    assert nearest_existing(str(tmp_path / "file/below/too"), follow_symlinks=False) == str(tmp_path / "file")


def test_a_relative_path_ends_somewhere():
    with pytest.raises(FileNotFoundError):
        nearest_existing("not-there/below")
