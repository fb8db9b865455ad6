# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory of the service must not be in one of the role's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._service_directories.reserved import refuse_reserved


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("own", "own is in"),
        ("own/a/b", "own/a/b is in"),
        ("link", "link leads to .*/own, which is in"),
        ("link/a", "link/a leads to .*/own/a, which is in"),
        ("deep/a", "deep/a leads to .*/own/x/a, which is in"),
    ],
)
def test_what_leads_there_is_refused(tmp_path: Path, path: str, what: str) -> None:
    (tmp_path / "own/x").mkdir(parents=True)
    (tmp_path / "link").symlink_to("own")
    (tmp_path / "deep").symlink_to("own/x")
    with pytest.raises(HostError, match=f"{what} .*/own, where the role keeps its own files. Nothing was changed"):
        refuse_reserved([str(tmp_path / "fine"), str(tmp_path / path)], [str(tmp_path / "own")])


def test_the_reserved_directory_can_be_behind_a_link_too(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "own").symlink_to("real")
    with pytest.raises(HostError, match=r"real/a is in .*/own, where"):
        refuse_reserved([str(tmp_path / "real/a")], [str(tmp_path / "own")])


def test_anything_else_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("elsewhere")
    refuse_reserved([str(tmp_path / name) for name in ("link", "own2", "")], [str(tmp_path / "own")])
    refuse_reserved([str(tmp_path)], [])
