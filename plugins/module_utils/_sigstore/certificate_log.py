# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificate transparency: the promise of a log to include a certificate (RFC 6962, section 3.2)."""

from __future__ import annotations

import typing as t

from .._errors import SignatureError
from .certificates import Certificate, Timestamped
from .periods import printable
from .trusted_root import Log

_PRECERTIFICATE = b"\0\1"


def check_timestamps(leaf: Certificate, issuer: Certificate, logs: t.Iterable[Log]) -> None:
    """Check that a log of the trusted root promised to include the certificate; raises SignatureError.

    Timestamps of other logs do not count, and one that is not by the log that it names is never accepted.
    """
    known = {log.identifier: log for log in logs}
    logged = False
    for timestamp in leaf.timestamps:
        log = known.get(timestamp.log)
        if log is not None:
            _check(leaf, issuer, timestamp, log)
            logged = True
    if not leaf.timestamps:
        raise SignatureError("the certificate has no signed certificate timestamp, so it is in no certificate log")
    if not logged:
        raise SignatureError("the certificate is in no certificate log of the trusted root")


def _check(leaf: Certificate, issuer: Certificate, timestamp: Timestamped, log: Log) -> None:
    moment = timestamp.milliseconds / 1000
    if not log.valid.covers(moment):
        raise SignatureError(
            f"the certificate log {log.address} was not valid at {printable(moment)}, when it logged the certificate"
        )
    if not log.key.has_signed(timestamp.signature, _signed(leaf, issuer, timestamp)):
        raise SignatureError(f"the timestamp of the certificate log {log.address} is not valid for the certificate")


def _signed(leaf: Certificate, issuer: Certificate, timestamp: Timestamped) -> bytes:
    """Return the structure `digitally-signed` of RFC 6962 for a precertificate."""
    return b"".join(
        (
            b"\0\0",
            timestamp.milliseconds.to_bytes(8, "big"),
            _PRECERTIFICATE,
            issuer.key.fingerprint,
            len(leaf.precertificate).to_bytes(3, "big"),
            leaf.precertificate,
            len(timestamp.extensions).to_bytes(2, "big"),
            timestamp.extensions,
        )
    )
