# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Directories of the service must not lead into those in which the role keeps its own files."""

from __future__ import annotations

import typing as t

from .._errors import HostError
from .._fs.utf8 import os
from .paths import names_below


def refuse_reserved(paths: t.Iterable[str], reserved: t.Sequence[str]) -> None:
    """Raise HostError for a path that leads into a reserved directory, once symlinks are followed."""
    real_reserved = {os.path.realpath(directory): directory for directory in reserved}
    for path in paths:
        real = os.path.realpath(path)
        for real_directory, directory in real_reserved.items():
            if names_below(real, real_directory) is not None:
                where = "" if real == path else f" leads to {real}, which"
                raise HostError(
                    f"{path}{where} is in {directory}, where the role keeps its own files. Nothing was changed. Choose "
                    "another path."
                )
