# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Transparency log entries: that a log of the trusted root contains an entry, and since when (Rekor v1 and v2)."""

from __future__ import annotations

import base64
import hmac
import json
import typing as t

from .._errors import SignatureError
from .bundle import InclusionProof, LogEntry
from .fields import quoted
from .merkle import leaf_hash, root_hash
from .periods import printable
from .trusted_root import Log

# What only Rekor v2 has; its checkpoints begin with the name of the log, those of Rekor v1 with any name.
_V2 = (("hashedrekord", "0.0.2"), ("dsse", "0.0.2"))


def log_of(entry: LogEntry, logs: t.Iterable[Log]) -> Log:
    """Return the log of an entry; raises SignatureError if the trusted root does not have it."""
    for log in logs:
        if log.identifier == entry.log:
            return log
    raise SignatureError(f"the trusted root has no transparency log with the identifier {entry.log.hex()[:16]}…")


def check_entry(entry: LogEntry, log: Log) -> float | None:
    """Check that the log contains the entry, and return when it was included, in seconds since 1970.

    Returns None if the log did not sign a time, as Rekor v2 does not. Raises SignatureError if the log signed nothing
    for this entry, or something else.
    """
    if not entry.promise and (entry.proof is None or entry.proof.checkpoint is None):
        raise SignatureError("the log entry has neither an inclusion promise nor an inclusion proof with a checkpoint")
    if entry.proof is not None:
        _check_proof(entry, entry.proof, log)
    if not entry.promise:
        # Without a promise nobody has signed the time that the entry states.
        return None
    if not log.key.has_signed(entry.promise, _promised(entry)):
        raise SignatureError(f"the inclusion promise of the log {log.address} is not valid for the entry")
    return float(entry.integrated)


def proven_index(entry: LogEntry) -> int:
    """Return the number of an entry in its log: what the log promised, or else what the proof is about."""
    return entry.index if entry.promise or entry.proof is None else entry.proof.index


def check_validity(log: Log, moments: t.Iterable[float]) -> None:
    """Check that the key of the log was valid at all moments; raises SignatureError.

    Without any moment, for a signature by a key, it is enough that the log was valid at some time.
    """
    if log.valid.start is None:
        raise SignatureError(f"the trusted root does not say since when the transparency log {log.address} is valid")
    for moment in moments:
        if not log.valid.covers(moment):
            raise SignatureError(f"the transparency log {log.address} was not valid at {printable(moment)}")


def _check_proof(entry: LogEntry, proof: InclusionProof, log: Log) -> None:
    root = root_hash(leaf_hash(entry.body), proof.index, proof.size, proof.path)
    if not hmac.compare_digest(root, proof.root):
        raise SignatureError("the inclusion proof is not one for this log entry")
    checkpoint = proof.checkpoint
    if checkpoint is None:
        return
    if checkpoint.size != proof.size or not hmac.compare_digest(checkpoint.root, proof.root):
        raise SignatureError("the checkpoint is one of another tree than the inclusion proof")
    checkpoint.check(log, _name(log) if _is_v2(entry) else None)
    if _is_v2(entry) and checkpoint.origin != _name(log):
        raise SignatureError(f"the checkpoint is one of the log {quoted(checkpoint.origin)}, not of {_name(log)}")


def _is_v2(entry: LogEntry) -> bool:
    return (entry.kind, entry.version) in _V2


def _name(log: Log) -> str:
    """Return the name of a log: its address without the scheme (Rekor v2 specification, section 6.3)."""
    return log.address.partition("://")[2].rstrip("/")


def _promised(entry: LogEntry) -> bytes:
    """Return what a signed entry timestamp is a signature of: canonical JSON (RFC 8785)."""
    return json.dumps(
        {
            "body": base64.b64encode(entry.body).decode(),
            "integratedTime": entry.integrated,
            "logID": entry.log.hex(),
            "logIndex": entry.index,
        },
        sort_keys=True,
        separators=(",", ":"),
    ).encode()
