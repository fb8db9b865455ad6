# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""URLs of galleries: what is read for them, and which one a backend has recorded."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError
from ansible_collections.localai.core.plugins.module_utils._localai.gallery_url import is_url_of, readable_url

RAW = "https://raw.githubusercontent.com/org/repo"


@pytest.mark.parametrize(
    ("url", "readable"),
    [
        ("https://x.example/index.yaml", "https://x.example/index.yaml"),
        ("/srv/index.yaml", "/srv/index.yaml"),
        ("github:org/repo/a/index.yaml@master", f"{RAW}/master/a/index.yaml"),
        ("github://org/repo/index.yaml", f"{RAW}/main/index.yaml"),
    ],
)
def test_a_url_of_github_is_that_of_the_raw_file(url: str, readable: str) -> None:
    assert readable_url(url) == readable


@pytest.mark.parametrize("url", ["github:org/repo", "github:org//x@y", "github:"])
def test_a_url_of_github_names_a_file(url: str) -> None:
    with pytest.raises(GalleryError, match="it is not of the form github:"):
        readable_url(url)


@pytest.mark.parametrize(
    ("recorded", "url", "same"),
    [
        ("https://x.example/index.yaml", "https://x.example/index.yaml", True),
        ("https://x.example/other.yaml", "https://x.example/index.yaml", False),
        ("https://x.example/a/index.yaml", "https://x.example/a/latest.ref", True),
        ("https://x.example/b/index.yaml", "https://x.example/a/latest.ref", False),
        (f"{RAW}/main/a/index.yaml", "github:org/repo/a/latest.ref", True),
        (f"{RAW}/main/a/index.yaml", "github:org/repo/a/index.yaml", False),
        ("/srv/index.yaml", "/srv/latest.ref", True),
        ("", "https://x.example/index.yaml", False),
        ("x", "github:org/repo", False),
    ],
)
def test_a_backend_has_recorded_the_url_or_what_its_reference_file_names(recorded: str, url: str, same: bool) -> None:
    assert is_url_of(recorded, url) is same
