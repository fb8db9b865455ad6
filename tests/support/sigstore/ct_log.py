# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The certificate transparency log: it signs a timestamp (SCT) over a certificate that is about to be issued."""

from __future__ import annotations

import datetime as dt
import hashlib
from base64 import b64encode
from typing import Any, Callable, Sequence

from . import der
from .keys import Key
from .moments import Span

SCT_LIST = "1.3.6.1.4.1.11129.2.4.2"

# From the certificate without SCTs (its TBS) and the issuer's public key, an SCT; it goes to `Authority.issue`.
Stamp = Callable[[bytes, bytes], bytes]


class CtLog:
    """A log with its key; nobody reads what is in it, so it keeps nothing."""

    def __init__(self, url: str, key: Key, valid: Span) -> None:
        """`valid` is for the trusted root."""
        self.url = url
        self.key = key
        self.valid = valid

    def stamp(self, moment: dt.datetime, extensions: bytes = b"", corrupt: bool = False) -> Stamp:
        """What makes SCTs of that moment, on request with a wrong signature."""

        def make(tbs: bytes, issuer: bytes) -> bytes:
            millisecond = round(moment.timestamp() * 1000).to_bytes(8, "big")
            entry = hashlib.sha256(issuer).digest() + _sized(tbs, 3)
            signature = self.key.sign(b"\x00\x00" + millisecond + b"\x00\x01" + entry + _sized(extensions, 2))
            if corrupt:
                signature = signature[:-1] + bytes([signature[-1] ^ 1])
            kind = 1 if self.key.kind.startswith("rsa") else 3
            head = b"\x00" + self.key.fingerprint + millisecond + _sized(extensions, 2)
            return head + bytes([4, kind]) + _sized(signature, 2)

        return make

    @property
    def json(self) -> dict[str, Any]:
        """The log in a trusted root."""
        return log_json(self.url, self.key, self.valid, self.key.fingerprint)


def log_json(url: str, key: Key, valid: Span, identifier: bytes) -> dict[str, Any]:
    """A log of any kind in a trusted root."""
    return {
        "baseUrl": url,
        "hashAlgorithm": "SHA2_256",
        "publicKey": {
            "rawBytes": b64encode(key.spki).decode(),
            "keyDetails": key.details,
            "validFor": valid.json,
        },
        "logId": {"keyId": b64encode(identifier).decode()},
    }


def sct_list(scts: Sequence[bytes]) -> bytes:
    """The value of the extension with these SCTs."""
    return der.octets(_sized(b"".join(_sized(sct, 2) for sct in scts), 2))


def _sized(content: bytes, size: int) -> bytes:
    return len(content).to_bytes(size, "big") + content
