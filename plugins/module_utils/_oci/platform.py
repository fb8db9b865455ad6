# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Platforms of images. Pure."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from .._errors import OptionError

_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9_-]+(?:/[a-z0-9.]+)?")
# Other names of an architecture, and the variant that the name implies: containerd's platforms/database.go.
_ARCHITECTURES = {
    "aarch64": ("arm64", ""),
    "armel": ("arm", "v6"),
    "armhf": ("arm", "v7"),
    "i386": ("386", ""),
    "x86-64": ("amd64", ""),
    "x86_64": ("amd64", ""),
}


@dataclass(frozen=True)
class Platform:
    """An operating system and an architecture, in OCI notation."""

    os: str
    architecture: str
    variant: str = ""

    @classmethod
    def parse(cls, text: str) -> Platform:
        """Return the platform `os/architecture[/variant]`, in OCI notation; raises OptionError."""
        if not _PLATFORM.fullmatch(text):
            raise OptionError(f"platform: {text!r} is not of the form os/architecture, such as linux/amd64.")
        system, name, *variants = text.split("/")
        architecture, variant = _ARCHITECTURES.get(name, (name, ""))
        return cls(system, architecture, variant or "".join(variants))

    @classmethod
    def of(cls, document: t.Mapping[str, t.Any]) -> Platform:
        """Return the platform that a manifest or an image's configuration states; missing parts are empty."""
        parts = (document.get(key) for key in ("os", "architecture", "variant"))
        return cls(*(part if isinstance(part, str) else "" for part in parts))

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    def runs(self, other: Platform) -> bool:
        """Return whether a host of this platform runs images for another one."""
        if (self.os, self.architecture) != (other.os, other.architecture):
            return False
        return not (self.variant and other.variant) or self.variant == other.variant
