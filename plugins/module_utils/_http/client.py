# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP for all sources: with retries and resume, and careful about who gets credentials.

This is the only user of `requests`. Bodies are read undecoded unless requested otherwise, so that digests hold. Nothing
that this file raises or returns has a query string, a user name or a password in it.
"""

from __future__ import annotations

import base64
import time
import traceback
import typing as t
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from .._address import redacted_url
from .._errors import MissingLibrary, OptionError, SourceError, TransportError
from .._request import Connection, Endpoint
from .._unpack.compression import GZIP
from .download import ADVICE, Download, transient
from .redact import excerpt, innermost_reason, status_line, without_credentials
from .retry import TRANSIENT_STATUSES, Fault, Retry, Transient, fault_of, is_certificate_error
from .url import checked_url, is_from, is_loopback, origin

USER_AGENT = "ansible-localai.core"
CHUNK = 256 * 1024
MOST_REDIRECTS = 10
_DOCKER_HUB = ("docker.io", "index.docker.io", "registry-1.docker.io")

HeaderSource = t.Callable[[], t.Mapping[str, str]]


@dataclass(frozen=True)
class Answer:
    """An HTTP answer. `headers` ignore the case of names, `url` is the redacted one that answered."""

    url: str
    status: int
    headers: t.Mapping[str, str]
    body: bytes


class Http:
    """The HTTP client of one run: it keeps connections alive, and does not query unreachable servers again."""

    def __init__(
        self, connection: Connection, adapter: t.Any = None, sleep: t.Callable[[float], None] = time.sleep
    ) -> None:
        self._connection = connection
        self._adapter = adapter
        self._sleep = sleep
        self._session: t.Any = None
        self._unreachable: dict[str, tuple[str, BaseException]] = {}

    def fetch(
        self,
        url: str,
        *,
        headers: t.Mapping[str, str] | None = None,
        method: str = "GET",
        accept: t.Container[int] = (200,),
        limit: int = 4 * 1024**2,
        decode: bool = False,
        first: int | None = None,
    ) -> Answer:
        """Return the answer to one request, with a body of at most `limit` bytes.

        With `decode`, a Content-Encoding is decoded. With `first`, only so many bytes of the body are read, then the
        connection is closed. Raises TransportError for other statuses than `accept`, for a longer body, and for errors
        that are not transient or last too long.
        """

        def attempt() -> Answer:
            with self._open(method, url, headers or {}) as response:
                if response.status_code in TRANSIENT_STATUSES and response.status_code not in accept:
                    raise transient(response)
                body = b"" if method == "HEAD" else self._body(response, first or limit, decode)
            if first is None and len(body) > limit:
                raise TransportError(f"{redacted_url(url)} sent more than {limit} bytes, which is not plausible here.")
            if response.status_code >= 300:
                body = without_credentials(body.decode("latin-1"), response).encode("latin-1")
            status = response.status_code
            if status not in accept:
                raise TransportError(
                    f"{_request(method, url)}: {status_line(response)}{excerpt(body)}{ADVICE.get(status, '')}", status
                )
            return Answer(redacted_url(response.url), status, response.headers, body[: first or limit])

        return self._retry(method, url).call(attempt)

    def download(
        self,
        url: str,
        *,
        headers: HeaderSource,
        size: int | None = None,
        renew: t.Callable[[str], None] | None = None,
        offset: int = 0,
    ) -> t.Iterator[bytes]:
        """Yield the body of `url` undecoded from `offset` on, and continue where a broken connection stopped.

        `size` is the length in bytes of content with a known digest; any other content must not change on the server
        meanwhile. `headers` is called for every request. When the server demands other credentials, `renew` gets its
        challenge, once until bytes arrive. Every byte renews the budget of retries. Raises TransportError.
        """
        download = Download(url, size, offset)
        retry = self._retry("GET", url)
        renewed = False
        while not download.is_complete:
            try:
                with self._open("GET", url, {**headers(), **download.headers()}) as response:
                    if response.status_code == 401 and renew is not None and not renewed and is_from(response.url, url):
                        renew(response.headers.get("WWW-Authenticate", ""))
                        renewed = True
                        continue
                    for chunk in download.body(response, self._chunks(response)):
                        renewed = False
                        retry.progress()
                        yield chunk
                return
            except Transient as e:
                retry.wait_after(e)

    def endpoint(self, host: str) -> Endpoint | None:
        """Return the settings of the option `endpoints` for a host, `name` or `name:port`; None if it has none."""
        name = _canonical(host)
        return next((known for known in self._connection.endpoints if _canonical(known.host) == name), None)

    def authorization(self, url: str) -> dict[str, str]:
        """Return the headers with the credentials of the endpoint for a URL, if it has any."""
        endpoint = self.endpoint(checked_url(url).netloc)
        if endpoint is None:
            return {}
        if endpoint.token:
            return {"Authorization": f"Bearer {endpoint.token}"}
        if endpoint.username and endpoint.password is not None:
            return {"Authorization": basic(endpoint.username, endpoint.password)}
        return {}

    def _retry(self, method: str, url: str) -> Retry:
        return Retry(_request(method, url), self._connection.retries, self._sleep, self._give_up)

    def _give_up(self, error: Transient) -> None:
        if error.silent_server:
            self._unreachable[error.silent_server] = (str(error), error)

    def _open(self, method: str, url: str, headers: t.Mapping[str, str]) -> t.Any:
        """Send a request and follow redirects; credentials never leave the scheme, host and port they are for."""
        session = self._requests_session()
        sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **headers}
        home, target = origin(url), url
        for _hop in range(MOST_REDIRECTS):
            if origin(target) != home:
                sent.pop("Authorization", None)
            response = self._send(session, method, target, sent)
            # urllib3 before 2 takes a body that ends early for a whole one.
            response.raw.enforce_content_length = True
            following = _redirect_target(session, response, target)
            if following is None:
                return response
            response.close()
            target = following
        raise TransportError(f"{redacted_url(url)} redirects more than {MOST_REDIRECTS} times.")

    def _send(self, session: t.Any, method: str, url: str, headers: t.Mapping[str, str]) -> t.Any:
        import requests

        parts = checked_url(url)
        server = origin(url)
        if server in self._unreachable:
            reason, cause = self._unreachable[server]
            raise TransportError(f"{_request(method, url)}: {reason} (so it is not queried again)") from cause
        endpoint = self.endpoint(parts.netloc) or Endpoint(parts.netloc)
        proxies = requests.utils.get_environ_proxies(url) if self._connection.use_proxy else {}
        proxy = requests.utils.select_proxy(url, proxies)
        if proxy and not _has_host(proxy):
            raise TransportError(f"The proxy for {server} in the environment is not a valid URL.")
        local = is_loopback(parts.hostname or "") and not proxy
        if parts.scheme == "http" and "Authorization" in headers and not (local or endpoint.plain_http):
            raise TransportError(
                f"Credentials for {parts.netloc} are not sent over plain HTTP. Use HTTPS, or allow it with "
                "plain_http in endpoints."
            )
        authorization = headers.get("Authorization", "")
        if not (authorization.isascii() and authorization.isprintable()):
            # The errors of requests and of http.client would show it.
            raise TransportError(
                f"{_request(method, url)}: the credentials contain characters that are not allowed in a header."
            )
        try:
            # Session.request would read the whole body of a redirect.
            return session.get_adapter(url).send(
                session.prepare_request(requests.Request(method, url, headers=headers)),
                stream=True,
                timeout=self._connection.timeout,
                verify=self._verify(endpoint),
                cert=self._client_cert(endpoint),
                proxies=proxies,
            )
        except (OSError, ValueError) as e:
            raise self._error(server, _request(method, url), e) from e

    def _error(self, server: str, request: str, error: BaseException) -> Exception:
        fault = fault_of(error)
        if fault is Fault.SILENT:
            return Transient(f"no byte for {self._connection.timeout} s", silent_server=server)
        reason = innermost_reason(error)
        if fault is Fault.TRANSIENT:
            return Transient(reason)
        if fault is Fault.UNREACHABLE:
            if is_certificate_error(error):
                reason += ". Set ca_path to the certificate of its authority, for all hosts or in endpoints"
            self._unreachable[server] = (reason, error)
        return TransportError(f"{request}: {reason}")

    def _verify(self, endpoint: Endpoint) -> bool | str:
        validate = endpoint.validate_certs if endpoint.validate_certs is not None else self._connection.validate_certs
        return (endpoint.ca_path or self._connection.ca_path or True) if validate else False

    def _client_cert(self, endpoint: Endpoint) -> t.Any:
        holder = endpoint if endpoint.client_cert else self._connection
        return (holder.client_cert, holder.client_key) if holder.client_key else holder.client_cert

    def _body(self, response: t.Any, most: int, decode: bool) -> bytes:
        chunks = self._chunks(response, min(CHUNK, most + 1))
        encoding = response.headers.get("Content-Encoding", "").strip().lower() if decode else ""
        if encoding in ("gzip", "x-gzip"):
            # urllib3 would decompress all that it has read at once, and gzip in gzip too.
            chunks = GZIP.decompress(chunks)
        elif encoding not in ("", "identity"):
            raise TransportError(f"{redacted_url(response.url)} has a Content-Encoding that was not requested.")
        parts, length = [], 0
        try:
            for chunk in chunks:
                parts.append(chunk)
                length += len(chunk)
                if length > most:
                    break
        except SourceError as e:
            raise TransportError(f"{redacted_url(response.url)}: {e}") from e
        return b"".join(parts)

    def _chunks(self, response: t.Any, amount: int = CHUNK) -> t.Iterator[bytes]:
        import urllib3

        # read1 returns what has arrived. read waits for all of it, and loses it when the connection breaks meanwhile;
        # urllib3 before 2.2 has only this.
        read = getattr(response.raw, "read1", response.raw.read)
        while True:
            try:
                chunk = read(amount, decode_content=False)
            except (urllib3.exceptions.HTTPError, OSError) as e:
                raise self._error(origin(response.url), _request(response.request.method, response.url), e) from e
            if not chunk:
                return
            yield chunk

    def _requests_session(self) -> t.Any:
        if self._session is None:
            try:
                import requests
                import urllib3
            except ImportError:
                raise MissingLibrary("requests", traceback.format_exc()) from None
            self._session = requests.Session()
            # A netrc entry would replace our Authorization header; proxies are taken from the environment by hand.
            self._session.trust_env = False
            if self._adapter is not None:
                self._session.mount("http://", self._adapter)
                self._session.mount("https://", self._adapter)
            # validate_certs=false is the operator's decision; nobody sees a warning on the stderr of a module.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        return self._session


def basic(username: str, password: str) -> str:
    """Return the value of an Authorization header for a user name and a password."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def _request(method: str, url: str) -> str:
    return f"{method} {redacted_url(url)}"


def _redirect_target(session: t.Any, response: t.Any, url: str) -> str | None:
    """Return the URL that a response redirects to, None for any other response; raises TransportError."""
    location: str | None = None
    try:
        # requests repairs the encoding: http.client decodes all headers as Latin-1.
        location = session.get_redirect_target(response)
        if not location:
            return None
        target: str = urljoin(url, location)
        scheme = checked_url(target).scheme
    except (ValueError, OptionError):
        response.close()
        raise TransportError(
            f"{redacted_url(url)} redirects to {redacted_url(location or '')}, which is not an http:// or https:// URL "
            "with a host."
        ) from None
    if urlsplit(url).scheme == "https" and scheme != "https":
        response.close()
        raise TransportError(f"{redacted_url(url)} redirects to {redacted_url(target)}, which is not HTTPS: refused.")
    return target


def _canonical(host: str) -> str:
    """Return one spelling of a host for all that mean the same."""
    name = host.lower()
    name = name[: -len(":443")] if name.endswith(":443") else name
    return _DOCKER_HUB[0] if name in _DOCKER_HUB else name


def _has_host(url: str) -> bool:
    try:
        return bool(urlsplit(url if "://" in url else f"http://{url}").hostname)
    except ValueError:
        return False
