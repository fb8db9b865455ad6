# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documents of galleries that are not read from the network: what a bundle has of them, or what goes into one."""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from .._bundle.bundle import Bundle, Held
    from .._bundle.contents import Kind


class Documents:
    """Has none, so that galleries are read where they are, and notes nothing."""

    def gallery(self, _name: str) -> list[Held]:
        """Return the excerpts of a gallery, the newest first; raises GalleryError if it should be here and is not."""
        return []

    def base(self, _gallery: str, _url: str) -> bytes | None:
        """Return a base file of a gallery, or without a gallery a configuration; raises GalleryError."""
        return None

    def note_gallery(self, name: str, held: Held) -> None:
        """Note a gallery that was read."""

    def note_base(self, gallery: str, url: str, content: bytes) -> None:
        """Note a base file that was read."""


class BundledDocuments(Documents):
    """The documents of a bundle. `is_only` is whether the task has one gallery."""

    def __init__(self, bundle: Bundle, kind: Kind, *, is_only: bool) -> None:
        self._bundle = bundle
        self._kind = kind
        self._is_only = is_only

    def gallery(self, name: str) -> list[Held]:
        """Return the excerpts of a gallery, the newest first; raises GalleryError."""
        return self._bundle.gallery(self._kind, name, is_only=self._is_only)

    def base(self, gallery: str, url: str) -> bytes | None:
        """Return a base file of a gallery, or without a gallery a configuration; raises GalleryError."""
        return self._bundle.base(gallery, url)
