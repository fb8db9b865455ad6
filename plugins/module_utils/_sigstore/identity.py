# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The identity in a certificate, from Fulcio's claims (Fulcio's documentation, "Sigstore OID information")."""

from __future__ import annotations

import typing as t

from .._errors import SignatureError
from .certificates import Certificate
from .der import texts

_ISSUER_RAW, _ISSUER, _SOURCE_REPOSITORY = 1, 8, 12


class Identity(t.NamedTuple):
    """The identity of a signer. `name` is the address of a workflow, or a mail address, which `issuer` vouches for.

    `source_repository` is empty if the issuer said nothing of it.
    """

    name: str
    issuer: str
    source_repository: str = ""


def identity_of(certificate: Certificate) -> Identity:
    """Return whom a certificate was issued to; raises SignatureError if it does not say that."""
    if len(certificate.identities) != 1 or not certificate.identities[0]:
        raise SignatureError("the certificate does not have exactly one identity that is an address or a user's name")
    issuer = _claim(certificate, _ISSUER) or certificate.claims.get(_ISSUER_RAW, b"").decode("utf-8", "replace")
    if not issuer:
        raise SignatureError("the certificate does not say who vouches for the identity")
    return Identity(certificate.identities[0], issuer, _claim(certificate, _SOURCE_REPOSITORY))


def _claim(certificate: Certificate, number: int) -> str:
    return next(texts(certificate.claims.get(number, b"")), "")
