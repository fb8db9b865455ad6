# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The capability map of a meta backend: which build a host uses. Pure.

Follows LocalAI's `pkg/system/capabilities.go`.
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from .capability import CAPABILITIES, LAST_RESORTS, Capability

# The first two digits are the major version: cu128 stands for 12.8.
_CUDA_VERSION = re.compile(r"(?:cuda|(?<![a-z0-9])cu)[-_.]?v?(\d{1,2})")


@dataclass(frozen=True)
class Match:
    """The entry of a capability map that a host uses."""

    key: str
    target: str

    @property
    def last_resort(self) -> bool:
        """Whether the map has no entry for the hardware of the host."""
        return self.key in LAST_RESORTS


def match(
    capabilities: t.Mapping[str, str], capability: str, sources: t.Callable[[str], t.Iterable[str]] = lambda _target: ()
) -> Match | None:
    """Return the entry of a meta backend's capability map for a host, or None.

    `sources` returns the addresses of a target's images. An entry that points to a build for a newer CUDA than that of
    the host is left out, by the name of the build or by the tag of its image.
    """
    row = next((row for row in CAPABILITIES if row.name == capability), Capability(capability))
    for key in (capability, row.fallback, *LAST_RESORTS):
        target = capabilities.get(key) if key else None
        if target is not None and not (row.cuda and _is_for_newer_cuda(target, sources(target), int(row.cuda))):
            return Match(key, target)
    return None


def _is_for_newer_cuda(name: str, sources: t.Iterable[str], cuda: int) -> bool:
    """Return whether the name of a build or the tag of its image has only versions of CUDA that are newer than `cuda`.

    Of an address, the part behind the last slash counts. A digest and a query do not.
    """
    tags = (re.split(r"[@?#]", source)[0].rpartition("/")[2] for source in sources)
    return any(min(versions) > cuda for versions in map(_cuda_versions, (name, *tags)) if versions)


def _cuda_versions(text: str) -> list[int]:
    """Return the major versions of CUDA in a name or a tag: 13 for `cuda13`, `cuda-13.0`, `cuda_130` and `cu130`."""
    return [int(version) for version in _CUDA_VERSION.findall(text.lower())]
