# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of certificates and keys that options name: those for a host, and checks before the first request."""

from __future__ import annotations

import re
import ssl
import typing as t

from .._errors import UnusableFile
from .._fs.read import read_file
from .._fs.utf8 import native, os
from .._request import Connection, Endpoint

_MOST_BYTES = 16 * 1024**2
_CERTIFICATE = re.compile(rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----")
_KEY = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----")
_ENCRYPTED = re.compile(rb"-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: *4, *ENCRYPTED", re.MULTILINE)
_HASHED_NAME = re.compile(r"[0-9a-f]{8}\.[0-9]+")


def check_files(connection: Connection) -> None:
    """Raise UnusableFile unless all files of certificates and keys that the options name can be used.

    A key with a passphrase cannot: OpenSSL would ask for it at the terminal and wait, whatever the time-out is.
    """
    holders: list[tuple[str, Connection | Endpoint]] = [("", connection)]
    holders += [(f" of {endpoint.host} in endpoints", endpoint) for endpoint in connection.endpoints]
    for whose, holder in holders:
        for option in ("ca_path", "client_cert", "client_key"):
            if "-----BEGIN" in (getattr(holder, option) or ""):
                raise UnusableFile(f"{option}{whose}: set it to the path of a file, not to its content.")
        if holder.ca_path:
            _check_authorities(f"ca_path{whose}", holder.ca_path)
        if holder.client_cert:
            _check_client(whose, holder.client_cert, holder.client_key)


def authorities_for(endpoint: Endpoint, connection: Connection) -> bool | str:
    """Return the argument `verify` of requests for a host: a path, True for the default, False for no validation."""
    validate = endpoint.validate_certs if endpoint.validate_certs is not None else connection.validate_certs
    ca_path = endpoint.ca_path or connection.ca_path
    return (native(ca_path) if ca_path else True) if validate else False


def client_files_for(endpoint: Endpoint, connection: Connection) -> str | tuple[str, ...] | None:
    """Return the argument `cert` of requests for a host: the certificate, with the key if it has a file of its own."""
    holder = endpoint if endpoint.client_cert else connection
    files = tuple(native(path) for path in (holder.client_cert, holder.client_key) if path)
    return files[0] if len(files) == 1 else files or None


def _check_authorities(option: str, path: str) -> None:
    if os.path.isdir(path):
        # OpenSSL looks certificates up by their names.
        if not any(map(_HASHED_NAME.fullmatch, _listed(option, path))):
            raise UnusableFile(
                f"{option}: the directory {path} contains no certificates under the names that OpenSSL looks for. Run "
                f"openssl rehash {path}, or set ca_path to a file."
            )
        return
    _content(option, path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(native(path))
        certificates = context.cert_store_stats()["x509"]
    except (ssl.SSLError, ValueError):
        certificates = 0
    if not certificates:
        raise UnusableFile(
            f"{option}: {path} contains no certificate that can be read. Set it to a file with CA certificates in PEM "
            "format."
        )


def _check_client(whose: str, cert_path: str, key_path: str | None) -> None:
    certificate = _content(f"client_cert{whose}", cert_path)
    key_option, path = (f"client_key{whose}", key_path) if key_path else (f"client_cert{whose}", cert_path)
    key = _content(key_option, path)
    if not _CERTIFICATE.search(certificate):
        raise UnusableFile(f"client_cert{whose}: {cert_path} contains no certificate in PEM format.")
    if not _KEY.search(key):
        advice = "" if key_path else " Set client_key to the file with its key."
        raise UnusableFile(f"{key_option}: {path} contains no private key in PEM format.{advice}")
    requests_for_passphrase: list[bool] = []

    def passphrase() -> str:
        requests_for_passphrase.append(True)
        return ""

    reason: str | None = ""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(
            native(cert_path), native(key_path) if key_path else None, passphrase
        )
    except (OSError, ValueError) as e:
        reason = getattr(e, "reason", None) or "it is damaged"
    if requests_for_passphrase or (reason and _ENCRYPTED.search(key)):
        raise UnusableFile(
            f"{key_option}: the key in {path} is encrypted, and nobody can enter its passphrase during a run. Write "
            f"the key without its passphrase to a file of mode 0600, as in: umask 077; openssl pkey -in {path} -out "
            "NEW.key. Then set client_key to that file."
        )
    if reason == "KEY_VALUES_MISMATCH":
        raise UnusableFile(f"{key_option}: the key in {path} does not belong to the certificate in {cert_path}.")
    if reason:
        of = f"{cert_path} with the key in {key_path}" if key_path else cert_path
        raise UnusableFile(f"client_cert{whose}: {of} cannot be used ({reason.lower().replace('_', ' ')}).")


def _content(option: str, path: str) -> bytes:
    try:
        return read_file(path, _MOST_BYTES)
    except FileNotFoundError as e:
        raise UnusableFile(
            f"{option}: {path} cannot be read: {e.strerror} on this host. Copy the file to the host first."
        ) from None
    except OSError as e:
        raise UnusableFile(f"{option}: {path} cannot be read: {e.strerror}.") from None


def _listed(option: str, path: str) -> t.Sequence[str]:
    try:
        return os.listdir(path)
    except OSError as e:
        raise UnusableFile(f"{option}: {path} cannot be read: {e.strerror}.") from None
