# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a name resolves to now, against what is recorded of its build: is there something newer? Pure."""

from __future__ import annotations

from dataclasses import dataclass

from .._address import NO_ADDRESS, Address
from .._localai.installed import Directory
from .._localai.metadata import Metadata
from .._store.record import Record


@dataclass(frozen=True)
class Target:
    """What a name resolves to: the concrete C(backend) and where it comes from.

    C(name) is the gallery's spelling. For a meta, C(key) is the capability that decided, and C(meta_url) its gallery,
    while C(gallery_url) is that of the build. What identifies the content is empty where nobody had to ask for it.
    C(lost) is the digest that a repair should have brought, where no source has it any more.
    """

    name: str
    backend: str
    is_meta: bool = False
    key: str = ""
    last_resort: bool = False
    alias: str = ""
    gallery_url: Address = NO_ADDRESS
    meta_url: Address = NO_ADDRESS
    version: str = ""
    uri: Address = NO_ADDRESS
    digest: str | None = None
    platform_digest: str = ""
    sha256: str = ""
    lost: str = ""

    @property
    def image_digest(self) -> str:
        """The digest of an image; an archive's only repeats its sha256."""
        return "" if self.sha256 else self.digest or ""


@dataclass(frozen=True)
class Difference:
    """What is C(installed) and what is C(available), digests or versions, and the C(reason) in words.

    Without a reason there is nothing newer; C(unknown) says that the source does not state what it has.
    """

    installed: str = ""
    available: str = ""
    reason: str = ""
    unknown: bool = False


def difference(target: Target, directory: Directory) -> Difference:
    """Return whether the source of C(target) has another build than the one in C(directory).

    The digest of an image decides, else the version, else the sha256 of an archive. What is not recorded is older.
    """
    recorded, record = directory.metadata or Metadata(), directory.record or Record()
    for what, available, installed in (
        ("digest", target.image_digest, recorded.digest),
        ("version", target.version, recorded.version),
        ("sha256", target.sha256, record.sha256),
    ):
        if available and available == installed:
            return Difference(installed, available)
        if available:
            reason = f"its {what} is {installed or 'not recorded'}, and its source has {available}"
            return Difference(installed, available, reason)
    return Difference(unknown=True)
