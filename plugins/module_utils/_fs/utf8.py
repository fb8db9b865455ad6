# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`os` whose names are UTF-8, whatever the locale of this process. All files of the collection import it from here.

Python gives names to the kernel in the encoding of the locale. The names here come from galleries, archives and tasks,
and LocalAI reads them as UTF-8: they must become the same bytes on every host. Bytes that are not UTF-8 are kept, as
surrogates (PEP 383). In a UTF-8 locale, which nearly all hosts have, this is the module `os` itself.
"""

from __future__ import annotations

import os
import sys

__all__ = ["native", "os"]

if sys.getfilesystemencoding() != "utf-8":
    from .utf8_names import Utf8Os

    os = Utf8Os(os)  # type: ignore[assignment]


def native(path: str) -> str:
    """Return the text that Python turns into the bytes of `path`, for libraries that open a file by its name."""
    return os.fsencode(path).decode(sys.getfilesystemencoding(), "surrogateescape")
