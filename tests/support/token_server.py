# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A token server as registries use one: signed tokens (RS256, with the certificate in the header)."""

from __future__ import annotations

import base64
import json
import ssl
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from .auth import basic, scopes
from .server import Answer, Request, Server

ISSUER = "localai.core tests"
_JSON = {"Content-Type": "application/json"}


class TokenServer(Server):
    """Gives everything to one user and, if `public`, pulling to those without credentials."""

    def __init__(
        self,
        user: str,
        password: str,
        signer: tuple[Path, Path],
        *,
        public: bool = False,
        tls: ssl.SSLContext | None = None,
        address: str = "127.0.0.1",
    ) -> None:
        """`signer` is the file of a certificate that the registry trusts, and that of its key."""
        super().__init__(self._serve, tls, address)
        self._authorization = basic(user, password)
        self._public = public
        certificate = x509.load_pem_x509_certificate(signer[0].read_bytes())
        chain = [base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()]
        self._header = {"typ": "JWT", "alg": "RS256", "x5c": chain}
        key = serialization.load_pem_private_key(signer[1].read_bytes(), None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("RS256 needs an RSA key")
        self._key = key

    def _serve(self, request: Request) -> Answer:
        given = request.headers.get("authorization", "")
        if given != self._authorization and (given or not self._public):
            return Answer(401, _JSON, b'{"details": "incorrect username or password"}')
        access = [
            {
                "type": scope.kind,
                "name": scope.name,
                "actions": scope.actions if given else [action for action in scope.actions if action == "pull"],
            }
            for scope in scopes(request.query)
        ]
        now = int(time.time())
        times = {"iat": now, "nbf": now - 10, "exp": now + 300}
        claims = {"iss": ISSUER, "aud": request.parameter("service"), "access": access, **times}
        return Answer(headers=_JSON, body=json.dumps({"token": self._sign(claims), "expires_in": 300}).encode())

    def _sign(self, claims: dict[str, object]) -> str:
        signed = ".".join(_base64url(json.dumps(part).encode()) for part in (self._header, claims))
        return signed + "." + _base64url(self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
