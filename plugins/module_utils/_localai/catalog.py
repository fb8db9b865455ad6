# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All galleries of a task together, and the build that a name resolves to on a host. Pure.

Follows LocalAI's `FindBestBackendFromMeta` (`core/gallery/backend_types.go`) and `InstallBackendFromGallery`
(`core/gallery/backends.go`).
"""

from __future__ import annotations

from dataclasses import dataclass

from .._errors import GalleryError, NameRefused
from .capability import FILTER_OFF, compatible
from .capability_map import Match, match
from .gallery import Entry
from .lookup import Lookup
from .names import checked_name


@dataclass(frozen=True)
class Resolution:
    """The `entry` of a name, the `concrete` entry to install on this host, and the `match` of a meta backend."""

    entry: Entry
    concrete: Entry
    match: Match | None = None


class Catalog(Lookup[Entry]):
    """The galleries of backends of a task."""

    def resolve(self, requested: str, capability: str) -> Resolution:
        """Return the build for a requested name on a host of this capability; raises GalleryError if there is none."""
        entry = self.find(requested)
        if not entry.is_meta:
            if not entry.uri:
                raise GalleryError(f"{entry.name}: its gallery entry has neither a uri nor capabilities.")
            if not compatible(entry.name, capability):
                raise GalleryError(
                    f"{entry.name} does not run on a host with the capability {capability!r}. Use the meta backend "
                    f"instead, or set capability to that of the host, or to {FILTER_OFF!r} to install it anyway."
                )
            return Resolution(entry, entry)
        builds = ", ".join(f"{key}: {target}" for key, target in entry.capabilities.items())
        chosen = self.match(entry, capability)
        if chosen is None or not chosen.target:
            raise GalleryError(f"{entry.name} has no build for capability {capability!r}; it offers {builds}.")
        concrete = self.target(entry, chosen)
        if concrete.is_meta or not concrete.uri:
            raise GalleryError(
                f"{entry.name}: its target {chosen.target!r} for {chosen.key!r} is not a concrete backend with a uri."
            )
        if not compatible(concrete.name, capability):
            raise GalleryError(
                f"{entry.name} has no build that runs on capability {capability!r}: its key {chosen.key!r} points to "
                f"{concrete.name!r}, which is for other hardware; it offers {builds}."
            )
        return Resolution(entry, concrete, chosen)

    def match(self, entry: Entry, capability: str) -> Match | None:
        """Return the entry of a meta backend's capability map for a host, or None; raises GalleryError."""

        def sources(target: str) -> list[str]:
            build = self._build(entry, target)
            return [address.text for address in (build.uri, *build.mirrors)] if build is not None else []

        return match(entry.capabilities, capability, sources)

    def target(self, entry: Entry, chosen: Match) -> Entry:
        """Return the entry that a meta backend points to; raises GalleryError."""
        try:
            checked_name(chosen.target, f"the target of {entry.name} for {chosen.key!r}")
        except NameRefused as e:
            raise GalleryError(str(e)) from None
        concrete = self._build(entry, chosen.target)
        if concrete is not None:
            return concrete
        raise GalleryError(f"{entry.name}: its target {chosen.target!r} for {chosen.key!r} is in no gallery.")

    def _build(self, entry: Entry, name: str) -> Entry | None:
        """Return the entry with the name of a meta backend's target, or None; raises GalleryError."""
        # The gallery of the meta backend is first, because two galleries may have builds with the same name.
        for gallery in sorted(self._galleries, key=lambda gallery: gallery != entry.gallery):
            build = self._index_of(gallery).find(name)
            if build is not None:
                return build
        return None
