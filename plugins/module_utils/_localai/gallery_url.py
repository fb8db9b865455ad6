# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""URLs of galleries, as LocalAI reads them: `GetURI` in its `pkg/downloader/uri.go`."""

from __future__ import annotations

from .._errors import GalleryError


def readable_url(url: str) -> str:
    """Return the URL to read. `github:org/repo/path@branch` becomes the https URL of the raw file."""
    for prefix in ("github://", "github:"):
        if url.startswith(prefix):
            path, _at, branch = url[len(prefix) :].partition("@")
            parts = path.split("/")
            if len(parts) < 3 or not all(parts):
                raise GalleryError("it is not of the form github:organisation/repository/path@branch")
            return "https://raw.githubusercontent.com/" + "/".join((*parts[:2], branch or "main", *parts[2:]))
    return url


def is_url_of(recorded: str, url: str) -> bool:
    """Whether a gallery with the URL has recorded another one for its backends, or the same.

    For a reference file, that of the index in the same directory is recorded.
    """
    if recorded == url:
        return True
    try:
        location = readable_url(url)
    except GalleryError:
        return False
    return location.endswith(".ref") and recorded.rpartition("/")[0] == location.rpartition("/")[0]
