# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The content of `metadata.json` for a backend that is installed or changed. Pure.

Follows `writeBackendMetadata` in LocalAI's `core/gallery/backends.go`: the output equals that of Go's
`json.MarshalIndent`, byte for byte.
"""

from __future__ import annotations

import json
import typing as t

from .._address import Address

if t.TYPE_CHECKING:
    from .metadata import Metadata


def to_json(metadata: Metadata) -> bytes:
    """Return the content of the file. Keys that this version does not know are last."""
    texts = {key: value.text if isinstance(value, Address) else value for key, value in metadata.fields().items()}
    members = [f"{_go_text(key)}: {_go_text(text)}" for key, text in texts.items()]
    members += [f"{key}: {written}" for key, written in metadata.extra]
    return "{{\n  {}\n}}".format(",\n  ".join(members)).encode("utf-8") if members else b"{}"


def _go_text(text: str) -> str:
    """Return a JSON string as Go writes it: characters that HTML or JavaScript might misread are escaped."""
    written = json.dumps(text, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        written = written.replace(character, f"\\u{ord(character):04x}")
    return written
