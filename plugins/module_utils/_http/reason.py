# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Errors of connections in words: what happened, to the server or to the proxy on the way to it, and what to do."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import time
import typing as t
from dataclasses import dataclass

from .._fs.utf8 import native, os
from .proxy import Proxy
from .redact import innermost_reason, one_line
from .retry import TRANSIENT_STATUSES, Fault, causes, fault_of, is_certificate_error, is_cut_off, tunnel_answer
from .url import split_host

# Codes of OpenSSL's X509_verify_cert; requests has no names for them, nor has Python.
_UNKNOWN_AUTHORITY = (2, 7, 19, 20, 21, 24, 27)
_SELF_SIGNED = 18
_NOT_YET_VALID = 9
_EXPIRED = 10
_REVOKED = 23
_WRONG_NAME = (62, 64)
# What OpenSSL says when the other side does not speak TLS.
_NO_TLS = (
    *("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"),
    *("BAD_RECORD_TYPE", "RECORD_TOO_SMALL"),
)
_TLS_ALERT = "\x15\x03"
HTTPS_ADVICE = "use https://, without plain_http in endpoints."
_PROXY_VARIABLES = "Check http_proxy, https_proxy and no_proxy in the environment of the module"


@dataclass(frozen=True)
class Peer:
    """The other end of a connection, `server` as `host:port`, and the settings for it; the time-out is in seconds.

    `plain_http` is set if HTTP without TLS is used because of `endpoints`, `is_direct_http` if without a proxy.
    """

    server: str
    proxy: Proxy | None
    timeout: int
    ca_path: str | None = None
    client_cert: str | None = None
    plain_http: bool = False
    is_direct_http: bool = False


class Reason(t.NamedTuple):
    """The cause of an error, as a part of a sentence, and the advice, as whole sentences.

    It happened `is_at_proxy`, not at the server; if it `is_unconnected`, there was no connection at all.
    """

    text: str
    advice: str = ""
    is_at_proxy: bool = False
    is_unconnected: bool = False


def reason_of(error: BaseException, peer: Peer) -> Reason:
    """Return the reason of an error of requests, urllib3 or the standard library, without credentials and queries."""
    fault = fault_of(error)
    *_outer, innermost = causes(error)
    is_at_proxy = peer.proxy is not None and _is_before_tunnel(error, fault)
    name = f"the proxy {peer.proxy.name}" if peer.proxy and is_at_proxy else peer.server
    tunnel = tunnel_answer(error)
    if tunnel and peer.proxy:
        reason = _tunnel_reason(peer.proxy, peer.server, *tunnel)
    elif is_certificate_error(error) or isinstance(innermost, ssl.SSLError):
        reason = _tls_reason(innermost, name, peer, is_at_proxy)
    elif peer.proxy and "SOCKS" in str(innermost) and fault is Fault.LASTING:
        reason = Reason(
            f"the proxy {peer.proxy.name} is a SOCKS proxy, and Python's PySocks is not installed on this host",
            "Install it (python3-socks), or use an HTTP proxy.",
        )
    elif fault is Fault.SILENT:
        reason = Reason(f"no byte for {peer.timeout} s")
    elif fault in (Fault.UNREACHABLE, Fault.UNUSABLE):
        reason = _connection_reason(innermost, name, peer)
    elif isinstance(innermost, http.client.BadStatusLine) and not isinstance(innermost, ConnectionError):
        reason = _no_http_reason(str(innermost))
    else:
        # Many servers just close a connection at a port for TLS that does not begin with a handshake.
        may_be_tls = peer.plain_http or (peer.is_direct_http and isinstance(innermost, http.client.RemoteDisconnected))
        reason = Reason(innermost_reason(error), "If the server uses TLS: " + HTTPS_ADVICE if may_be_tls else "")
    is_tls = isinstance(innermost, ssl.SSLError) or is_certificate_error(error)
    is_unconnected = fault in (Fault.UNREACHABLE, Fault.UNUSABLE) and not (is_tls or tunnel)
    text, advice = reason.text, reason.advice
    if peer.proxy:
        if is_at_proxy and name not in text:
            text, advice = f"{name} cannot be used: {text}", f"{_PROXY_VARIABLES}."
        elif peer.proxy.name not in text:
            text = f"{text} (through the proxy {peer.proxy.name})"
        text = peer.proxy.redact(text)
    return Reason(text, advice, is_at_proxy and not tunnel, is_unconnected)


def speaks_no_tls(error: BaseException) -> bool:
    """Return whether the other side answered a TLS handshake with something else."""
    return any(getattr(cause, "reason", None) in _NO_TLS for cause in causes(error))


def _is_before_tunnel(error: BaseException, fault: Fault) -> bool:
    """Return whether an error on the way through a proxy is one of the connection to the proxy itself."""
    from requests import exceptions

    *_outer, innermost = causes(error)
    is_connecting = fault in (Fault.UNREACHABLE, Fault.UNUSABLE) and not isinstance(innermost, ssl.SSLError)
    return isinstance(error, exceptions.ProxyError) or (is_connecting and not is_certificate_error(error))


def _tunnel_reason(proxy: Proxy, server: str, status: int, text: str) -> Reason:
    # It is cut after its secrets are gone, not in the middle of one.
    said = one_line(proxy.redact(text))
    answered = f"the proxy {proxy.name} answered {status} {said}".rstrip() + f" to CONNECT {server}"
    if status == 407:
        return Reason(answered, credentials_advice(proxy))
    if status in (401, 403, 405):
        return Reason(answered, f"It does not allow this connection. Allow {server} there, or add it to no_proxy.")
    if status in TRANSIENT_STATUSES:
        return Reason(answered, "The proxy may be overloaded, or it does not reach the server.")
    return Reason(answered)


def credentials_advice(proxy: Proxy) -> str:
    """Return what to do about a proxy that demands credentials."""
    if proxy.user:
        return (
            "The proxy requires credentials, and refused those in the environment variable that sets it. Characters "
            "such as @, : and / have to be percent-encoded there."
        )
    return "The proxy requires credentials. Add them to the environment variable that sets the proxy."


def _no_http_reason(line: str) -> Reason:
    """Return what answered instead of HTTP, by its first line."""
    if line.startswith(_TLS_ALERT):
        return Reason("the answer is TLS instead of plain HTTP", f"The server requires TLS: {HTTPS_ADVICE}")
    return Reason("the answer is not HTTP")


def _connection_reason(innermost: BaseException, name: str, peer: Peer) -> Reason:
    """Return why there is no connection with a server or a proxy."""
    advice = f"{_PROXY_VARIABLES}." if peer.proxy else ""
    if isinstance(innermost, socket.gaierror):
        return Reason(f"the name of {name} cannot be resolved: {innermost.strerror}", advice)
    if isinstance(innermost, socket.timeout) or not isinstance(innermost, OSError):
        text = f"no connection for {peer.timeout} s" if isinstance(innermost, socket.timeout) else str(innermost)
    else:
        text = innermost.strerror or str(innermost)
    return Reason(f"{name} cannot be reached: {text}", advice)


def _tls_reason(error: BaseException, name: str, peer: Peer, is_at_proxy: bool) -> Reason:
    if type(error).__name__ == "CertificateError":
        return _certificate_reason(_WRONG_NAME[0], str(error), name, peer)
    if isinstance(error, ssl.SSLCertVerificationError):
        return _certificate_reason(error.verify_code, error.verify_message, name, peer)
    if is_cut_off(error):
        hint = "" if peer.client_cert else "If the server demands a client certificate, set client_cert."
        return Reason(f"{name} closed the connection during the TLS handshake", hint)
    text = getattr(error, "reason", None) or re.sub(r" \(_ssl\.c:[0-9]+\)$", "", str(error))
    readable = text.lower().replace("_", " ")
    if text in _NO_TLS and is_at_proxy:
        return Reason(
            f"{name} does not speak TLS", "Write its URL in the environment with http:// instead of https://."
        )
    if text in _NO_TLS:
        return Reason(
            f"{name} does not speak TLS ({readable})",
            "If it uses plain HTTP, write its URL with http://, or set plain_http=true for a registry in endpoints.",
        )
    if "ALERT" in text and ("CERTIFICATE" in text or "UNKNOWN_CA" in text):
        used = f"It refused {peer.client_cert}: set" if peer.client_cert else "Set"
        return Reason(
            f"{name} demands {'another' if peer.client_cert else 'a'} client certificate ({readable})",
            f"{used} client_cert to a certificate that the server accepts, for all hosts or in endpoints.",
        )
    return Reason(f"the TLS handshake with {name} failed ({readable})")


def _certificate_reason(code: int, text: str, name: str, peer: Peer) -> Reason:
    """Return why the certificate of a server is refused; `code` and `text` are those of OpenSSL."""
    if code == _SELF_SIGNED:
        problem = f"is not in ca_path {peer.ca_path}" if peer.ca_path else "is not trusted by this host"
        return Reason(
            f"the certificate of {name} is self-signed and {problem} ({text})",
            "Set ca_path to this certificate, for all hosts or in endpoints.",
        )
    if code in _UNKNOWN_AUTHORITY:
        problem = f"is not in ca_path {peer.ca_path}" if peer.ca_path else "is not trusted by this host"
        return Reason(
            f"the certificate of {name} is signed by an authority that {problem} ({text})",
            "Set ca_path to the certificate of its authority, for all hosts or in endpoints.",
        )
    clock = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    if code == _EXPIRED:
        return Reason(
            f"the certificate of {name}, or of its authority, has expired",
            f"Renew it on the server. The clock of this host says {clock}.",
        )
    if code == _NOT_YET_VALID:
        return Reason(
            f"the certificate of {name}, or of its authority, is not yet valid",
            f"Check the clock of this host, which says {clock}.",
        )
    if code in _WRONG_NAME:
        names = "" if peer.proxy else ", ".join(_names_in_certificate(peer))
        return Reason(
            f"the certificate of {name} is for another name ({text.rstrip('.')})",
            f"Use a name that the certificate contains{names and ': ' + names}. Or have it issued for this name too.",
        )
    if code == _REVOKED:
        return Reason(f"the certificate of {name} is revoked", "Install another one on the server.")
    return Reason(f"the certificate of {name} is not valid ({text})", "Have it corrected on the server.")


def _names_in_certificate(peer: Peer) -> tuple[str, ...]:
    """Return the names in the certificate of a server, which is trusted apart from its name; none if it is not."""
    import requests

    host, port = split_host(peer.server)
    path = peer.ca_path or requests.utils.DEFAULT_CA_BUNDLE_PATH
    try:
        file, directory = (None, native(path)) if os.path.isdir(path) else (native(path), None)
        context = ssl.create_default_context(cafile=file, capath=directory)
        context.check_hostname = False
        connecting = socket.create_connection((host, int(port)), peer.timeout)
        with connecting as plain, context.wrap_socket(plain, server_hostname=host) as connection:
            certificate: t.Mapping[str, t.Any] = connection.getpeercert() or {}
    except (OSError, ValueError):
        return ()
    return tuple(value for _kind, value in certificate.get("subjectAltName", ()))
