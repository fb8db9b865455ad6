# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads the trusted root of a task: a file on this host, text, or the one of this collection."""

from __future__ import annotations

import hashlib
import typing as t

from .._errors import OptionError, SignatureError
from .._fs.read import read_file
from .._sigstore.periods import seconds_of_day
from .._sigstore.trusted_root import TrustedRoot, read_trusted_root

_LARGEST = 4 * 1024**2
# Sigstore announces new keys months before they are used, and replaces its logs about once a year.
_OLD_DAYS = 270
_DAY = 86400


class NamedRoot(t.NamedTuple):
    """A trusted root, and how records and messages name it."""

    root: TrustedRoot
    name: str


def root_of_task(given: str) -> NamedRoot:
    """Return the trusted root of the option `trusted_root`, a path or a JSON document; raises OptionError."""
    is_content = given.startswith("{")
    where = f"trusted_root: {'its content' if is_content else given}"
    try:
        content = given.encode() if is_content else read_file(given, _LARGEST)
    except (OSError, ValueError) as e:
        raise OptionError(f"{where}: {getattr(e, 'strerror', None) or e} on this host.") from None
    try:
        root = read_trusted_root(content)
    except SignatureError as e:
        raise OptionError(f"{where}: {e}. Write it with cosign trusted-root create.") from e
    return NamedRoot(root, f"trusted_root sha256:{hashlib.sha256(content).hexdigest()[:16]}")


def root_of_collection(now: float, warnings: list[str]) -> NamedRoot:
    """Return the trusted root that this collection brings. An old one is added to `warnings`."""
    from .._sigstore.public_root import DATE, ROOT

    age = int((now - seconds_of_day(DATE)) / _DAY)
    if age > _OLD_DAYS:
        warnings.append(
            f"signatures: the trusted root of this collection is {age} days old, and Sigstore may have newer keys. "
            "Upgrade the collection, or set trusted_root."
        )
    return NamedRoot(read_trusted_root(ROOT.encode()), f"trusted root of the collection, {DATE}")
