# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""in-toto statements: which artifacts a DSSE envelope is about (in-toto attestation framework, v0.1 and v1)."""

from __future__ import annotations

import hmac

from .._errors import SignatureError
from .bundle import Envelope
from .fields import Fields, quoted, read_json

_PAYLOAD_TYPE = "application/vnd.in-toto+json"
_TYPES = ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1")
# As many as GitHub puts into one statement.
_MOST_SUBJECTS = 1024


def check_subject(envelope: Envelope, sha256: bytes) -> None:
    """Check that a statement is about the artifact with that digest; raises SignatureError."""
    subjects = _statement(envelope).inners("subject", _MOST_SUBJECTS)
    if not any(_is_about(subject, sha256) for subject in subjects):
        raise SignatureError("the statement is about another artifact: none of its subjects has the digest")


def predicate_type(envelope: Envelope) -> str:
    """Return what a statement says of its subjects, as an address; raises SignatureError."""
    return _statement(envelope).text("predicateType")


def _statement(envelope: Envelope) -> Fields:
    if envelope.payload_type != _PAYLOAD_TYPE:
        raise SignatureError(
            f"the envelope has a payload of the type {quoted(envelope.payload_type)}, not {_PAYLOAD_TYPE}"
        )
    statement = read_json(envelope.payload, "the statement")
    if statement.text("_type") not in _TYPES:
        raise SignatureError(
            f"the statement has the type {quoted(statement.text('_type'))}; supported are {', '.join(_TYPES)}"
        )
    return statement


def _is_about(subject: Fields, sha256: bytes) -> bool:
    digest = subject.inner("digest").optional_text("sha256")
    return hmac.compare_digest(digest.encode(), sha256.hex().encode())
