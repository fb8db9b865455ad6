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
_VERSION = re.compile(r"v([0-9]{1,4})(?:\.([0-9]{1,4}))?")
# Other names of an architecture, with the variant that the name implies, and other names of the variants of each
# architecture. Both follow containerd's platforms/database.go.
_ARCHITECTURES = {
    "aarch64": ("arm64", ""),
    "armel": ("arm", "v6"),
    "armhf": ("arm", "v7"),
    "i386": ("386", ""),
    "x86-64": ("amd64", ""),
    "x86_64": ("amd64", ""),
}
_VARIANTS = {
    "amd64": {"v1": ""},
    "arm": {"": "v7", "5": "v5", "6": "v6", "7": "v7", "8": "v8"},
    "arm64": {"8": "", "v8": "", "v8.0": "", "9": "v9", "9.0": "v9", "v9.0": "v9"},
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
        if not _PLATFORM.fullmatch(text.lower()):
            raise OptionError(f"platform: {text!r} is not of the form os/architecture, such as linux/amd64.")
        return cls._normalized(*text.split("/"))

    @classmethod
    def of(cls, document: t.Mapping[str, t.Any]) -> Platform:
        """Return the platform that a manifest or an image's configuration states; missing parts are empty."""
        parts = (document.get(key) for key in ("os", "architecture", "variant"))
        return cls._normalized(*(part if isinstance(part, str) else "" for part in parts))

    @classmethod
    def _normalized(cls, system: str, name: str, variant: str = "") -> Platform:
        system, name, variant = system.lower(), name.lower(), variant.lower()
        architecture, implied = _ARCHITECTURES.get(name, (name, ""))
        variant = implied or variant
        variant = _VARIANTS.get(architecture, {}).get(variant, variant)
        return cls("darwin" if system == "macos" else system, architecture, variant)

    def __str__(self) -> str:
        return "/".join(part for part in (self.os, self.architecture, self.variant) if part)

    def runs(self, other: Platform) -> bool:
        """Return whether a host of this platform runs images for another one.

        A variant runs those below it, such as linux/arm/v7 those for linux/arm/v6. If a variant is not stated, it is
        not compared.
        """
        if (self.os, self.architecture) != (other.os, other.architecture):
            return False
        if not self.variant or not other.variant or self.variant == other.variant:
            return True
        return () < other._version <= self._version

    def preference(self, other: Platform) -> tuple[bool, tuple[int, ...]]:
        """Return a key for images that it runs: the largest is that of the best one.

        An image for another variant, such as linux/amd64/v3, may need more than a host has that states none.
        """
        return other == self, other._version if self.variant else ()

    @property
    def _version(self) -> tuple[int, ...]:
        """The numbers of a variant such as `v8.2`; empty for another one."""
        match = _VERSION.fullmatch(_VARIANTS.get(self.architecture, {}).get(self.variant, self.variant))
        return (int(match.group(1)), int(match.group(2) or 0)) if match else ()
