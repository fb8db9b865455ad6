# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of a document: UTF-8, or UTF-16 with a byte order mark. YAML 1.2, section 5.2, as far as LocalAI reads it.

PowerShell writes UTF-16 with `>`.
"""

from __future__ import annotations

import codecs

from .._errors import GalleryError

_ADVICE = "Save it as UTF-8"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
# The mark of little-endian UTF-32 begins like that of UTF-16.
_MARKS_OF_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)


def text_of(data: bytes) -> str:
    """Return the text of a document without its byte order mark; raises GalleryError for another encoding."""
    if data.startswith(_MARKS_OF_UTF_32):
        raise GalleryError(f"it is UTF-32, which is not supported. {_ADVICE}")
    mark, codec, name = next((row for row in _MARKS if data.startswith(row[0])), (b"", "utf-8", "UTF-8"))
    if not mark and b"\0\0" in (data[0:4:2], data[1:4:2]):
        raise GalleryError(f"it looks like UTF-16 or UTF-32 without a byte order mark. {_ADVICE}")
    try:
        return data[len(mark) :].decode(codec)
    except UnicodeDecodeError as e:
        position = len(mark) + e.start
        raise GalleryError(
            f"it is not valid {name}: byte {position}, {data[position]:#04x}, is not part of a character. {_ADVICE}"
        ) from None
