# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The trusted root: keys and certificates of the services to trust (protobuf-specs, sigstore_trustroot)."""

from __future__ import annotations

import contextlib
import typing as t

from .._errors import SignatureError
from .certificates import Certificate, read_certificate
from .fields import Fields, quoted, read_json, time_of
from .keys import PublicKey, UnsupportedKey, key_from_der
from .periods import Period

_MEDIA_TYPES = (
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "application/vnd.dev.sigstore.trustedroot+json;version=0.2",
    "application/vnd.dev.sigstore.trustedroot.v0.1+json",
    "application/vnd.dev.sigstore.trustedroot.v0.2+json",
)


class Log(t.NamedTuple):
    """A transparency log, for signatures or for certificates.

    Entries and promises have its `identifier`, checkpoints the first bytes of the other one.
    """

    address: str
    identifier: bytes
    checkpoint_identifier: bytes
    key: PublicKey
    valid: Period


class Authority(t.NamedTuple):
    """An authority for certificates or for timestamps: its own certificates, the root as the last one."""

    certificates: tuple[Certificate, ...]
    valid: Period


_Service = t.TypeVar("_Service", Log, Authority)


class TrustedRoot(t.NamedTuple):
    """The services to trust."""

    signature_logs: tuple[Log, ...]
    certificate_logs: tuple[Log, ...]
    authorities: tuple[Authority, ...]
    timestamp_authorities: tuple[Authority, ...]


def read_trusted_root(content: bytes, name: str = "the trusted root") -> TrustedRoot:
    """Return the trusted root of a JSON document; raises SignatureError.

    Services with keys that cannot be read are left out, and so not trusted: Sigstore may add keys of new kinds to a
    root long before anything is signed with them.
    """
    document = read_json(content, name)
    media_type = document.optional_text("mediaType")
    if media_type not in _MEDIA_TYPES:
        raise SignatureError(f"{name} has the media type {quoted(media_type)}, which is not that of a trusted root")
    return TrustedRoot(
        signature_logs=tuple(_supported(_log, document.inners("tlogs"))),
        certificate_logs=tuple(_supported(_log, document.inners("ctlogs"))),
        authorities=tuple(_supported(_authority, document.inners("certificateAuthorities"))),
        timestamp_authorities=tuple(_supported(_authority, document.inners("timestampAuthorities"))),
    )


def _supported(read: t.Callable[[Fields], _Service], entries: t.Iterable[Fields]) -> t.Iterator[_Service]:
    for entry in entries:
        with contextlib.suppress(UnsupportedKey):
            yield read(entry)


def _log(fields: Fields) -> Log:
    key = fields.inner("publicKey")
    public_key = key_from_der(key.data("rawBytes"), f"{key.name}.rawBytes")
    # The identifier of a Rekor v2 log is that of its checkpoints, which its name is a part of.
    identifier = fields.inner("logId").data("keyId") if "logId" in fields else public_key.fingerprint
    checkpoints = fields.inner("checkpointKeyId").data("keyId") if "checkpointKeyId" in fields else identifier
    return Log(fields.optional_text("baseUrl"), identifier, checkpoints, public_key, _period(key))


def _authority(fields: Fields) -> Authority:
    chain = fields.inner("certChain")
    certificates = tuple(
        read_certificate(entry.data("rawBytes"), f"{entry.name}.rawBytes") for entry in chain.inners("certificates")
    )
    if not certificates:
        raise SignatureError(f"{chain.name} has no certificates")
    return Authority(certificates, _period(fields))


def _period(fields: Fields) -> Period:
    if "validFor" not in fields:
        return Period(None)
    period = fields.inner("validFor")
    ends: t.Iterator[float | None] = (
        time_of(period.text(key), f"{period.name}.{key}") if key in period else None for key in ("start", "end")
    )
    return Period(*ends)
