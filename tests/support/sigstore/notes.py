# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signed notes: how a log signs the root of its tree (a checkpoint), and how witnesses confirm it."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import Sequence

from .keys import Key

_DASH = "\N{EM DASH}"


def checkpoint(origin: str, size: int, root: bytes, other: Sequence[str] = ()) -> str:
    """The text that is signed; `other` are more lines."""
    return "".join(f"{line}\n" for line in (origin, str(size), base64.b64encode(root).decode(), *other))


def signed(text: str, lines: Sequence[str]) -> str:
    """A note: the text, an empty line, and the lines of those who signed it."""
    return text + "\n" + "".join(lines)


def line(name: str, hint: bytes, signature: bytes) -> str:
    """The line of one who signed; the hint is the first four bytes of the identifier of the key."""
    return f"{_DASH} {name} {base64.b64encode(hint[:4] + signature).decode()}\n"


def note_id(name: str, key: Key, kind: int = 1) -> bytes:
    """The identifier of an Ed25519 key in a signed note; kind 1 is a log, kind 4 a witness."""
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + key.spki[-32:]).digest()


@dataclass(frozen=True)
class Witness:
    """One who has seen that a log only grows."""

    name: str
    key: Key

    def line(self, text: str, moment: dt.datetime) -> str:
        """The line with which the witness confirms a checkpoint."""
        second = int(moment.timestamp())
        signature = self.key.sign(f"cosignature/v1\ntime {second}\n{text}".encode())
        return line(self.name, note_id(self.name, self.key, 4), second.to_bytes(8, "big") + signature)
