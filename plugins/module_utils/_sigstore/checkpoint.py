# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checkpoints: the signed state of a log (C2SP's signed-note and tlog-checkpoint)."""

from __future__ import annotations

import re
import typing as t

from .._errors import SignatureError
from .fields import from_base64
from .trusted_root import Log

_LARGEST = 64 * 1024
_MOST_SIGNATURES = 64
_HINT = 4
_SIGNATURE = re.compile(r"\u2014 (\S+) (\S+)")


class NoteSignature(t.NamedTuple):
    """A signature of a note: the name of a key, the first bytes of its identifier, and the signature itself."""

    name: str
    hint: bytes
    signature: bytes


class Checkpoint(t.NamedTuple):
    """The state of a log: `origin` is its name, and `signed` is what the signatures are of."""

    origin: str
    size: int
    root: bytes
    signed: bytes
    signatures: tuple[NoteSignature, ...]

    def check(self, log: Log, name: str | None) -> None:
        """Check that the log signed it, as `name` if that is not None; raises SignatureError.

        Signatures of witnesses and of other keys do not count.
        """
        signatures = [
            s for s in self.signatures if s.hint == log.checkpoint_identifier[:_HINT] and name in (None, s.name)
        ]
        if not signatures:
            raise SignatureError(f"the checkpoint has no signature of the log {log.address}")
        if not any(log.key.has_signed(s.signature, self.signed) for s in signatures):
            raise SignatureError(f"the signature of the log {log.address} under the checkpoint is not valid")


def read_checkpoint(text: str) -> Checkpoint:
    """Return the checkpoint of a signed note; raises SignatureError."""
    body, blank, signatures = text.partition("\n\n")
    lines = body.split("\n")
    if len(text) > _LARGEST or not blank or len(lines) < 3:
        raise SignatureError("the checkpoint does not have an origin, a size, a root hash and signatures")
    origin, size, root = lines[:3]
    if not origin or not re.fullmatch(r"0|[1-9]\d{0,18}", size, re.ASCII):
        raise SignatureError("the checkpoint does not begin with an origin and a size")
    return Checkpoint(
        origin,
        int(size),
        from_base64(root, "the root hash of the checkpoint"),
        f"{body}\n".encode(),
        tuple(_signature(line) for line in signatures.split("\n")[:_MOST_SIGNATURES] if line),
    )


def _signature(line: str) -> NoteSignature:
    match = _SIGNATURE.fullmatch(line)
    if match is None:
        raise SignatureError("the checkpoint has a line after its text that is not a signature")
    content = from_base64(match.group(2), "a signature of the checkpoint")
    return NoteSignature(match.group(1), content[:_HINT], content[_HINT:])
