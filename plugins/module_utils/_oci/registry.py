# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A registry of the OCI distribution protocol, as repositories of manifests and blobs."""

from __future__ import annotations

import json
import re
import time
import typing as t
from dataclasses import dataclass
from urllib.parse import urlencode, urljoin

from .._address import redacted_url
from .._errors import SourceError, TransportError
from .._http.client import Answer, Http, basic
from .._http.redact import registry_errors
from .._http.retry import LASTING_STATUSES
from .._http.status import tls_advice
from .._http.url import is_from, is_loopback, origin
from .challenge import Challenge, parse_challenge
from .docker_config import Credentials
from .login import Logins
from .manifest import ACCEPTED, OCI_INDEX, Descriptor, Manifest, Repository, parse_manifest
from .reference import Reference, is_digest, referrers_tag

_NO_HEAD = (405, 501)
_MOST_PAGES = 20
# The query of the next page of a list (RFC 5988, as the distribution specification uses it).
_NEXT_PAGE = re.compile(r'<[^>?]*\?([^>]*)>\s*;\s*rel="?next"?', re.IGNORECASE)
# What registries answer that know no referrers.
_NO_REFERRERS = (400, 404, 405, 501)
_LOGIN_STATUSES = (400, 401, 403, 404)
_FORBIDDEN = (401, 403)
_TOO_MANY_REQUESTS = 429
_TOKEN_SECONDS = 60
_MOST_TOKEN_SECONDS = 86400
_TOKEN_LEEWAY = 10


@dataclass(frozen=True)
class Location:
    """Where an image is: its `reference` on that server, and for a mirror the `scheme` and a `query` for all requests.

    An empty scheme means that the server has to be probed.
    """

    reference: Reference
    scheme: str = ""
    query: str = ""

    def __str__(self) -> str:
        return self.reference.name


class RemoteRepository(Repository):
    """A repository at a registry or at a mirror of one."""

    local = False

    def __init__(self, registry: Registry, location: Location) -> None:
        self._registry = registry
        self._location = location

    def __str__(self) -> str:
        return str(self._location)

    def manifest(self, name: str) -> Manifest:
        """Return the manifest of a tag or a digest; raises SourceError, TransportError."""
        answer = self._registry.get(self._location, f"manifests/{name}", {"Accept": ACCEPTED})
        digest = name if is_digest(name) else ""
        manifest = parse_manifest(answer.body, answer.headers.get("Content-Type", ""), digest)
        stated = answer.headers.get("Docker-Content-Digest", manifest.digest)
        same_algorithm = is_digest(stated) and stated.partition(":")[0] == manifest.digest.partition(":")[0]
        if same_algorithm and stated != manifest.digest:
            raise SourceError(f"the server states the digest {stated} for a manifest of {manifest.digest}.")
        return manifest

    def digest(self, name: str) -> str:
        """Return the digest that a tag has now, from the headers if the server states it there."""
        try:
            answer = self._registry.get(self._location, f"manifests/{name}", {"Accept": ACCEPTED}, "HEAD")
        except TransportError as e:
            if e.status not in _NO_HEAD:
                raise
            return self.manifest(name).digest
        stated = answer.headers.get("Docker-Content-Digest", "")
        return stated if is_digest(stated) else self.manifest(name).digest

    def referrers(self, digest: str) -> tuple[Descriptor, ...]:
        """Return the manifests that are about the one with a digest; raises SourceError, TransportError.

        A registry without that part of the distribution specification (1.1) has an index with a tag for them.
        """
        try:
            return tuple(self._listed_referrers(digest))
        except (SourceError, TransportError) as e:
            if isinstance(e, TransportError) and e.status not in _NO_REFERRERS:
                raise
        try:
            return self.manifest(referrers_tag(digest)).children
        except TransportError as e:
            if not e.missing:
                raise
            return ()

    def _listed_referrers(self, digest: str) -> t.Iterator[Descriptor]:
        path = f"referrers/{digest}"
        for _page in range(_MOST_PAGES):
            answer = self._registry.get(self._location, path, {"Accept": OCI_INDEX})
            yield from parse_manifest(answer.body, answer.headers.get("Content-Type", "")).children
            following = _NEXT_PAGE.search(answer.headers.get("Link", ""))
            if following is None:
                return
            path = f"referrers/{digest}?{following.group(1)}"

    def blob(self, descriptor: Descriptor, offset: int = 0) -> t.Iterator[bytes]:
        """Yield a blob from `offset` on, as it is stored and not verified; raises TransportError."""
        return self._registry.download(self._location, descriptor, offset)

    def head(self, descriptor: Descriptor, length: int) -> bytes:
        """Return the first bytes of a blob; raises TransportError."""
        headers = {"Range": f"bytes=0-{length - 1}"}
        return self._registry.get(self._location, f"blobs/{descriptor.digest}", headers, first=length).body

    def tail(self, descriptor: Descriptor, length: int) -> bytes:
        """Return the last bytes of a blob, or none if the server does not send parts; raises TransportError."""
        headers = {"Range": f"bytes={max(descriptor.size - length, 0)}-"}
        answer = self._registry.get(self._location, f"blobs/{descriptor.digest}", headers, first=length)
        return answer.body if answer.status == 206 else b""


class Registry:
    """All registries of one run, with their schemes, challenges and tokens."""

    def __init__(self, http: Http, auth_file: str | None = None, clock: t.Callable[[], float] = time.monotonic):
        self._http = http
        self._auth_file = auth_file
        self._logins = Logins(http, auth_file)
        self._clock = clock
        self._bases: dict[str, str] = {}
        self._authorizations: dict[tuple[str, str], tuple[dict[str, str], float]] = {}
        self._challenges: dict[tuple[str, str], Challenge] = {}

    def over(self, http: Http) -> Registry:
        """Return the same registries over another client."""
        return Registry(http, self._auth_file, self._clock)

    def repository(self, location: Location) -> RemoteRepository:
        """Return the repository of an image."""
        if location.scheme:
            self._bases[location.reference.server] = f"{location.scheme}://{location.reference.server}"
        return RemoteRepository(self, location)

    def download(self, location: Location, descriptor: Descriptor, offset: int) -> t.Iterator[bytes]:
        """Yield a blob from `offset` on; raises TransportError."""
        reference = location.reference
        try:
            yield from self._http.download(
                self._url(location, f"blobs/{descriptor.digest}"),
                headers=lambda: self._authorization(reference),
                size=descriptor.size,
                renew=lambda challenge: self._answer_challenge(reference, challenge),
                offset=offset,
            )
        except TransportError as e:
            self._check_limit(reference, e)
            if e.status in _FORBIDDEN and not e.elsewhere:
                raise TransportError(f"{e}. {self._refused(reference)}", e.status) from e
            raise

    def get(
        self, location: Location, path: str, headers: t.Mapping[str, str], method: str = "GET", first: int | None = None
    ) -> Answer:
        """Return the answer to a request below a repository, with `first` only so many bytes of its body.

        A challenge of the registry is answered. Raises TransportError for an answer that is no success.
        """
        reference, url = location.reference, self._url(location, path)
        try:
            answer = self._fetch(url, {**headers, **self._authorization(reference)}, method, first)
            if answer.status == 401 and is_from(answer.url, url):
                self._answer_challenge(reference, answer.headers.get("WWW-Authenticate", ""))
                answer = self._fetch(url, {**headers, **self._authorization(reference)}, method, first)
        except TransportError as e:
            self._check_limit(reference, e)
            raise
        if answer.status in (200, 206):
            return answer
        failure = f"{redacted_url(url)} answered {answer.status}{registry_errors(answer.body)}"
        if not is_from(answer.url, url):
            # That server knows neither the login nor the image. Its path may be anything, also a URL with a password.
            raise TransportError(f"{failure} after a redirect to {origin(answer.url)}.", answer.status, elsewhere=True)
        if answer.status in _FORBIDDEN:
            raise TransportError(f"{failure}. {self._refused(reference)}", answer.status)
        if answer.status == 404:
            raise TransportError(f"{failure}. The registry has no such image, or not this tag or digest.", 404)
        raise TransportError(f"{failure}.{tls_advice(answer.status, answer.url, answer.body)}", answer.status)

    def _check_limit(self, reference: Reference, error: TransportError) -> None:
        """Raise TransportError with advice if a registry limits the number of requests without credentials."""
        if error.status == _TOO_MANY_REQUESTS and not self._sends_credentials(reference):
            raise TransportError(
                f"{error}. No credentials were sent, and registries allow fewer requests then. Add username and "
                f"password for the host {reference.host} to endpoints, or use a mirror.",
                error.status,
            ) from error

    def _refused(self, reference: Reference) -> str:
        """Return why the registry may not allow to pull an image, and what to do."""
        return self._logins.refused(reference, self._scheme(reference), self._key(reference) in self._challenges)

    def _sends_credentials(self, reference: Reference) -> bool:
        scheme = self._scheme(reference)
        has_token = bool(self._http.endpoint(reference.server, scheme).token)
        return has_token or self._logins.credentials(reference, scheme) is not None

    def _fetch(self, url: str, headers: t.Mapping[str, str], method: str, first: int | None) -> Answer:
        return self._http.fetch(url, headers=headers, method=method, accept=LASTING_STATUSES, first=first)

    def _url(self, location: Location, path: str) -> str:
        url = f"{self._base(location.reference)}/v2/{location.reference.repository}/{path}"
        return f"{url}{'&' if '?' in path else '?'}{location.query}" if location.query else url

    def _base(self, reference: Reference) -> str:
        """Return scheme and host of a registry: HTTPS, or plain HTTP where it is allowed."""
        server = reference.server
        if server not in self._bases:
            plain = self._http.endpoint(server).plain_http
            if plain is None and is_loopback(reference.hostname):
                plain = not self._http.speaks_tls(server)
            self._bases[server] = f"{'http' if plain else 'https'}://{server}"
        return self._bases[server]

    def _scheme(self, reference: Reference) -> str:
        """Return the scheme of a registry that was contacted before."""
        return self._bases.get(reference.server, "").partition(":")[0]

    def _key(self, reference: Reference) -> tuple[str, str]:
        return reference.server, reference.repository

    def _authorization(self, reference: Reference) -> dict[str, str]:
        """Return the headers that the registry demands for an image, with a new token if the old one expired."""
        token = self._http.endpoint(reference.server, self._scheme(reference)).token
        if token:
            return {"Authorization": f"Bearer {token}"}
        key = self._key(reference)
        headers, expires = self._authorizations.get(key, ({}, float("inf")))
        if self._clock() < expires:
            return headers
        return self._authorize(reference, self._challenges[key])

    def _answer_challenge(self, reference: Reference, header: str) -> None:
        challenge = parse_challenge(header)
        if challenge is not None and not self._http.endpoint(reference.server, self._scheme(reference)).token:
            self._challenges[self._key(reference)] = challenge
            self._authorize(reference, challenge)

    def _authorize(self, reference: Reference, challenge: Challenge) -> dict[str, str]:
        credentials = self._logins.credentials(reference, self._scheme(reference))
        expires = float("inf")
        if challenge.scheme == "bearer":
            token, seconds = self._token(reference, challenge, credentials)
            headers = {"Authorization": f"Bearer {token}"}
            expires = self._clock() + max(min(seconds, _MOST_TOKEN_SECONDS) - _TOKEN_LEEWAY, 1)
        else:
            headers = _basic(credentials)
        self._authorizations[self._key(reference)] = (headers, expires)
        return headers

    def _token(self, reference: Reference, challenge: Challenge, credentials: Credentials | None) -> tuple[str, int]:
        """Return a bearer token and its lifetime in seconds."""
        query = {"service": challenge.service, "scope": challenge.scope or f"repository:{reference.repository}:pull"}
        try:
            realm = urljoin(self._base(reference), challenge.realm)
        except ValueError:
            raise TransportError(f"{reference.host} names a token server with a malformed URL.") from None
        url = f"{realm}{'&' if '?' in realm else '?'}{urlencode({key: value for key, value in query.items() if value})}"
        headers = _basic(credentials)
        answer = self._http.fetch(url, headers=headers, accept=LASTING_STATUSES)
        if answer.status != 200:
            failure = (
                f"{redacted_url(url)} issued no token for {reference.host}/{reference.repository} "
                f"({answer.status}){registry_errors(answer.body)}."
            )
            if answer.status in _LOGIN_STATUSES:
                failure += f" {self._logins.refused(reference, self._scheme(reference), challenged=True)}"
            raise TransportError(failure, answer.status)
        try:
            document = json.loads(answer.body.decode("utf-8"))
            token = document.get("token") or document.get("access_token")
            seconds = document.get("expires_in")
        except (ValueError, AttributeError, RecursionError):
            token, seconds = None, None
        if not isinstance(token, str) or not token.isprintable() or not token.isascii():
            raise TransportError(f"{redacted_url(url)} answered without a token.")
        return token, seconds if isinstance(seconds, int) and seconds > 0 else _TOKEN_SECONDS


def _basic(credentials: Credentials | None) -> dict[str, str]:
    return {"Authorization": basic(credentials.username, credentials.password)} if credentials else {}
