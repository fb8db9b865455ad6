# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certification paths: from a certificate to an authority of the trusted root (RFC 5280, section 6)."""

from __future__ import annotations

import typing as t

from .._errors import SignatureError
from .certificates import Certificate
from .periods import printable
from .trusted_root import Authority

_LONGEST = 8
_ANY_PURPOSE = "2.5.29.37.0"


def issuer_of(
    leaf: Certificate, authorities: t.Iterable[Authority], moments: t.Sequence[float], purpose: str, name: str
) -> Certificate:
    """Return the issuer of a certificate that an authority issued for a purpose, and that was valid at all moments.

    All certificates of the path have to be valid at each moment, and the authority has to be trusted then. Raises
    SignatureError with `name` for the certificate.
    """
    _check_leaf(leaf, purpose, name)
    for moment in moments:
        _check_time(leaf, moment, name)
    problem = f"{name} was not issued by an authority of the trusted root"
    for authority in authorities:
        path = _path(leaf, authority.certificates, purpose)
        if not path:
            continue
        late = next((m for m in moments if not _is_valid(authority, path, m)), None)
        if late is None:
            return path[0]
        problem = f"the authority that issued {name} was not valid at {printable(late)}, the time of the signature"
    raise SignatureError(problem)


def _check_leaf(leaf: Certificate, purpose: str, name: str) -> None:
    if leaf.unknown_critical:
        raise SignatureError(f"{name} has a critical extension that is not known: {leaf.unknown_critical[0]}")
    if leaf.is_authority:
        raise SignatureError(f"{name} is that of an authority, not of a signer")
    if leaf.purposes is None or purpose not in leaf.purposes:
        raise SignatureError(f"{name} was not issued for this purpose: its extended key usage has no {purpose}")
    if leaf.key_usage is not None and "digital_signature" not in leaf.key_usage:
        raise SignatureError(f"{name} may not be used for signatures: its key usage has no digitalSignature")


def _check_time(leaf: Certificate, moment: float, name: str) -> None:
    if not leaf.begin <= moment <= leaf.end:
        raise SignatureError(
            f"{name} is valid from {printable(leaf.begin)} to {printable(leaf.end)}, and the time of the signature is"
            f" {printable(moment)}"
        )


def _path(leaf: Certificate, certificates: tuple[Certificate, ...], purpose: str) -> tuple[Certificate, ...]:
    """Return the issuers from that of the leaf to the anchor (a root or the last certificate), if there is a path."""
    path: list[Certificate] = []
    child = leaf
    while len(path) < _LONGEST:
        issuer = next(
            (c for c in certificates if c not in path and _may_issue(c, len(path), purpose) and child.is_issued_by(c)),
            None,
        )
        if issuer is None:
            return ()
        path.append(issuer)
        if issuer.is_self_issued or issuer == certificates[-1]:
            return tuple(path)
        child = issuer
    return ()


def _may_issue(certificate: Certificate, below: int, purpose: str) -> bool:
    """Whether an authority may issue a certificate with so many authorities between it and the leaf."""
    purposes = certificate.purposes
    return (
        certificate.is_authority
        and not certificate.unknown_critical
        and (certificate.key_usage is None or "key_cert_sign" in certificate.key_usage)
        and (certificate.path_length is None or certificate.path_length >= below)
        and (purposes is None or purpose in purposes or _ANY_PURPOSE in purposes)
    )


def _is_valid(authority: Authority, path: tuple[Certificate, ...], moment: float) -> bool:
    return authority.valid.covers(moment) and all(c.begin <= moment <= c.end for c in path)
