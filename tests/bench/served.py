# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the ways that are compared fetch: an image, an archive or a single file at a server."""

from __future__ import annotations

from dataclasses import dataclass, replace

# Stands for the server of what is on none yet.
NOWHERE = "server.invalid"


@dataclass(frozen=True)
class Served:
    """Something at the server `host`: its address, and those of its bytes for those who know nothing of images.

    `proof` is a pattern for a file that is there when it has been fetched; `sha256` is that of a single file.
    """

    name: str
    reference: str
    parts: tuple[str, ...]
    size: int  # of the parts, compressed
    host: str = NOWHERE
    proof: str = "**/run.sh"
    sha256: str = ""

    def at(self, host: str) -> Served:
        """The same at another server."""
        reference, *parts = (address.replace(self.host, host, 1) for address in (self.reference, *self.parts))
        return replace(self, reference=reference, parts=tuple(parts), host=host)
