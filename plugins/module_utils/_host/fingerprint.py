# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fingerprint of a configuration file: it does not change with comments and blank lines. Pure."""

from __future__ import annotations

import hashlib
import re

# The role removes the same lines from what it is going to write: `__localai_comments` in its variables.
_COMMENTS = re.compile(rb"(?m)^[ \t]*([#;].*)?\n")


def fingerprint(content: bytes) -> str:
    """Return the SHA-256 of a file without lines that are blank or begin with `#` or `;`."""
    return hashlib.sha256(_COMMENTS.sub(b"", content)).hexdigest()
