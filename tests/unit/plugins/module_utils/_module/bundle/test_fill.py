# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What in the directory of a bundle is not in its list."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.localai.core.plugins.module_utils._bundle.contents import Contents, Stored
from ansible_collections.localai.core.plugins.module_utils._module.bundle.fill import surplus


def test_what_is_not_listed_is_surplus_but_only_in_the_directories_of_a_bundle(tmp_path: Path) -> None:
    for name in ("files/1/a", "files/1/b", "images/index.json", "images/oci-layout", "releases/x", "mine/x", "notes"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    contents = Contents(others=(Stored("files/1/a", "1" * 64, 0),))
    assert surplus(str(tmp_path), contents) == ["files/1/b", "releases/x"]
