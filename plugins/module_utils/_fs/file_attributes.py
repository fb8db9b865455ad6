# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Owner, group and mode of a file, as text. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FileAttributes:
    """Owner, group and mode as Ansible shows them: names or decimal numbers, and octal digits such as `0755`.

    An empty one is unknown, or, where attributes are requested, left to the system or as it is.
    """

    owner: str = ""
    group: str = ""
    mode: str = ""

    def over(self, other: FileAttributes) -> FileAttributes:
        """Return these attributes, completed with those of `other`."""
        return FileAttributes(self.owner or other.owner, self.group or other.group, self.mode or other.mode)

    def difference(self, requested: FileAttributes) -> dict[str, tuple[str, str]]:
        """Return each attribute that is known and is not as requested: by its name, what it is and should be."""
        pairs = ((name, getattr(self, name), getattr(requested, name)) for name in ("owner", "group", "mode"))
        return {name: (value, wanted) for name, value, wanted in pairs if value and wanted and value != wanted}
