# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The nearest path that exists."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._fs.paths import nearest_existing


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
