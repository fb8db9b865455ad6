# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of models that LocalAI unpacks. Pure.

Follows `IsArchive` in LocalAI's `pkg/utils/untar.go`, which asks `ByExtension` of github.com/mholt/archiver.
"""

from __future__ import annotations

import posixpath

_SUPPORTED = (".tar", ".tar.bz2", ".tbz2", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.zst", ".tzst", ".zip")
_UNSUPPORTED = (".tar.br", ".tbr", ".tar.lz4", ".tlz4", ".tar.sz", ".tsz", ".rar")


def is_archive(filename: str) -> bool:
    """Return whether LocalAI unpacks a file after its transfer; the suffixes are case-sensitive."""
    return filename.endswith((*_SUPPORTED, *_UNSUPPORTED))


def can_unpack(filename: str) -> bool:
    """Return whether this collection can unpack an archive."""
    return filename.endswith(_SUPPORTED)


def directory_of(filename: str) -> str:
    """Return the directory in the models path into which an archive is unpacked: its own."""
    return posixpath.dirname(filename)
