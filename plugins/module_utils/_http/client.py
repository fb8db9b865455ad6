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
import urllib.request
from dataclasses import dataclass, replace

from .._address import redacted_url
from .._errors import MissingLibrary, SourceError, TransportError
from .._request import Connection, Endpoint
from .._unpack.compression import GZIP
from .certificate_files import authorities_for, check_files, client_files_for
from .endpoint_match import endpoint_for, near_miss
from .proxy import Proxy, proxy_for
from .ramp import Ramp
from .rate_limit import RateLimit
from .reason import Peer, reason_of, speaks_no_tls
from .redact import excerpt, one_line, registry_errors, status_line, without_credentials
from .redirect import redirect_target
from .retry import TRANSIENT_STATUSES, Fault, Retry, Transient, fault_of, retry_after
from .status import status_advice
from .transfer import Transfer
from .url import checked_url, host_and_port, is_from, is_loopback, origin, server_and_scheme

USER_AGENT = "ansible-localai.core"
CHUNK = 256 * 1024
MOST_REDIRECTS = 10
_MOST_OF_AN_ERROR = 64 * 1024

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

    local = False

    def __init__(
        self, connection: Connection, adapter: t.Any = None, sleep: t.Callable[[float], None] = time.sleep
    ) -> None:
        self._connection = connection
        self._adapter = adapter
        self._sleep = sleep
        self._session: t.Any = None
        self._proxies: t.Mapping[str, str] | None = None
        # By `host:port`, or with the scheme before it where another scheme may work.
        self._unreachable: dict[str, str] = {}
        self._ramps: dict[str, Ramp] = {}
        self._rate_limit = RateLimit(connection.rate_limit, sleep)

    def anonymous(self) -> Http:
        """Return a client for servers that others name: only those with a `client_cert` in `endpoints` see one."""
        known = replace(self._connection, client_cert=None, client_key=None)
        return Http(known, adapter=self._adapter, sleep=self._sleep)

    def hasty(self, seconds: int) -> Http:
        """Return a client for answers that are only helpful: it waits `seconds` at most, and never tries again."""
        settings = replace(self._connection, timeout=min(seconds, self._connection.timeout), retries=0)
        return Http(settings, adapter=self._adapter, sleep=self._sleep)

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
            with self.open(method, url, headers or {}) as response:
                if response.status_code not in accept:
                    raise self.status_error(method, url, response)
                body = b"" if method == "HEAD" else self._body(response, first or limit, decode)
            if first is None and len(body) > limit:
                raise TransportError(f"{redacted_url(url)} sent more than {limit} bytes, which is not plausible here.")
            if response.status_code >= 300:
                body = self._without_credentials(body, response)
            return Answer(redacted_url(response.url), response.status_code, response.headers, body[: first or limit])

        return self.retry(method, url).call(attempt)

    def download(
        self,
        url: str,
        *,
        headers: HeaderSource,
        size: int | None = None,
        renew: t.Callable[[str], None] | None = None,
        offset: int = 0,
        begun: t.Callable[[str, int | None], None] | None = None,
    ) -> t.Iterator[bytes]:
        """Yield the body of `url` undecoded from `offset` on, and continue where a broken connection stopped.

        `size` is the length in bytes of content with a known digest; any other content must not change on the server
        meanwhile. `headers` is called for every request. When the server demands other credentials, `renew` gets its
        challenge, once until bytes arrive. `begun` gets the validator and the length that the first answer with bytes
        states. Every byte renews the budget of retries. Raises TransportError.
        """
        return Transfer(self, url, headers, size, renew, begun=begun).chunks(offset)

    def speaks_tls(self, server: str) -> bool:
        """Return whether the registry at a server, `name` or `name:port`, is to be used with TLS.

        Raises TransportError if it accepts no connection, or has a certificate that is refused.
        """

        def attempt() -> bool:
            try:
                self.open("GET", f"https://{server}/v2/", {}).close()
            except Transient as e:
                if e.connected and self._speaks_plain_http(server):
                    return False
                raise
            return True

        try:
            return self.retry("GET", f"https://{server}/v2/").call(attempt)
        except TransportError as e:
            if speaks_no_tls(e):
                return False
            if fault_of(e) is Fault.UNREACHABLE:
                raise TransportError(f"https://{server} and http://{server} were tried. {e}") from e
            raise

    def _speaks_plain_http(self, server: str) -> bool:
        """Return whether a server that cut a TLS handshake off, or did not answer it, speaks plain HTTP."""
        try:
            with self.open("GET", f"http://{server}/v2/", {}) as response:
                # A port for TLS answers 400.
                return bool(response.status_code != 400)
        except (Transient, TransportError):
            return False

    def endpoint(self, host: str, scheme: str = "") -> Endpoint:
        """Return the settings for a host, `name` or `name:port`: those of the option `endpoints`, or the defaults."""
        return endpoint_for(self._connection.endpoints, host, scheme)

    def near_miss(self, host: str, scheme: str = "") -> str:
        """Return a sentence about entries of `endpoints` that only look as if they were for a host, or nothing."""
        return near_miss(self._connection.endpoints, host, scheme)

    def authorization(self, url: str) -> dict[str, str]:
        """Return the headers with the credentials of the endpoint for a URL, if it has any."""
        endpoint = self.endpoint(*server_and_scheme(url))
        if endpoint.token:
            return {"Authorization": f"Bearer {endpoint.token}"}
        if endpoint.username and endpoint.password is not None:
            return {"Authorization": basic(endpoint.username, endpoint.password)}
        return {}

    def note(self, _url: str, _answer: Answer) -> None:
        """Note the answer for a document, which a mirror may have given; nobody needs it here."""

    def known_sha256(self, _url: str) -> str:
        """Return the sha256 that a file is known to have before it is read; empty, because servers do not state it."""
        return ""

    def ramp(self, url: str) -> Ramp:
        """Return what decides how many connections to the server of a URL are used for one body."""
        connection = self._connection
        return self._ramps.setdefault(origin(url), Ramp(connection.connections, connection.rate_limit))

    def retry(self, method: str, url: str) -> Retry:
        """Return the attempts of one request."""
        return Retry(_request(method, url), self._connection.retries, self._sleep, self._give_up)

    def _give_up(self, error: Transient) -> None:
        if error.server:
            self._unreachable[error.server] = str(error)

    def open(self, method: str, url: str, headers: t.Mapping[str, str], timeout: float | None = None) -> t.Any:
        """Send a request and follow redirects; credentials never leave the scheme, host and port they are for.

        `timeout` is in seconds, and never longer than the option. Raises Transient, TransportError.
        """
        sent = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **headers}
        home, target = origin(url), url
        for _hop in range(MOST_REDIRECTS):
            if origin(target) != home:
                sent.pop("Authorization", None)
            response = self._send(method, target, sent, timeout)
            # urllib3 before 2 takes a body that ends early for a whole one.
            response.raw.enforce_content_length = True
            following = redirect_target(response, target)
            if following is None:
                return response
            response.close()
            target = following
        raise TransportError(f"{redacted_url(url)} redirects more than {MOST_REDIRECTS} times.")

    def _send(self, method: str, url: str, headers: t.Mapping[str, str], timeout: float | None) -> t.Any:
        session = self._requests_session()
        import requests

        parts = checked_url(url)
        endpoint = self.endpoint(parts.netloc, parts.scheme)
        proxy = self._proxy(url)
        self._check_reachable(method, url, proxy)
        local = is_loopback(parts.hostname or "") and not proxy
        if parts.scheme == "http" and "Authorization" in headers and not (local or endpoint.plain_http):
            raise TransportError(
                f"Credentials for {parts.netloc} are not sent over plain HTTP. Use HTTPS, or allow it with "
                f"plain_http in endpoints. {self.near_miss(parts.netloc, parts.scheme)}".rstrip()
            )
        authorization = headers.get("Authorization", "")
        if not (authorization.isascii() and authorization.isprintable()):
            # The errors of requests and of http.client would show it.
            raise TransportError(
                f"{_request(method, url)}: the credentials contain characters that are not allowed in a header."
            )
        try:
            # Session.request would read the whole body of a redirect.
            response = session.get_adapter(url).send(
                session.prepare_request(requests.Request(method, url, headers=headers)),
                stream=True,
                timeout=min(timeout or self._connection.timeout, self._connection.timeout),
                verify=authorities_for(endpoint, self._connection),
                cert=client_files_for(endpoint, self._connection),
                proxies={parts.scheme: proxy.url} if proxy else {},
            )
        except (OSError, ValueError) as e:
            raise self._error(method, url, e, is_only=timeout is None) from e
        reason, through = without_credentials(response.reason or "", response), ""
        if proxy and parts.scheme == "http":
            # It may be the proxy that answers.
            reason, through = proxy.redact(reason), f" (through the proxy {proxy.name})"
        response.reason = one_line(reason) + (through if response.status_code >= 400 else "")
        return response

    def _check_reachable(self, method: str, url: str, proxy: Proxy | None) -> None:
        """Raise TransportError if an earlier request of this run has shown that this one cannot work."""
        server = origin(url)
        for key in (server, host_and_port(server), proxy.name if proxy else ""):
            if key in self._unreachable:
                raise TransportError(
                    f"{_request(method, url)}: skipped, because an earlier request of this run failed: "
                    f"{self._unreachable[key]}"
                )

    def _proxy(self, url: str) -> Proxy | None:
        if self._proxies is None:
            self._proxies = urllib.request.getproxies_environment() if self._connection.use_proxy else {}
        return proxy_for(url, self._proxies)

    def _error(self, method: str, url: str, error: BaseException, is_only: bool = True) -> Exception:
        fault = fault_of(error)
        server, proxy, endpoint = origin(url), self._proxy(url), self.endpoint(*server_and_scheme(url))
        peer = Peer(
            host_and_port(server),
            proxy,
            self._connection.timeout,
            endpoint.ca_path or self._connection.ca_path,
            endpoint.client_cert or self._connection.client_cert,
            server.startswith("http:") and bool(endpoint.plain_http),
            server.startswith("http:") and not proxy,
        )
        reason = reason_of(error, peer)
        advice = f"{reason.advice} {self.near_miss(peer.server, server.partition(':')[0])}".strip()
        if fault in (Fault.TRANSIENT, Fault.SILENT):
            return Transient(reason.text, advice=advice, server=server if fault is Fault.SILENT else "")
        key = proxy.name if proxy and reason.is_at_proxy else peer.server if reason.is_unconnected else server
        if fault is Fault.UNREACHABLE:
            return Transient(reason.text, advice=advice, server=key, connected=False)
        message = f"{reason.text}. {advice}" if advice else reason.text
        # Beside a connection that works, one that does not proves nothing about the server.
        if fault is Fault.UNUSABLE and is_only:
            self._unreachable[key] = message
        return TransportError(f"{_request(method, url)}: {message}")

    def status_error(self, method: str, url: str, response: t.Any, is_advised: bool = True) -> Exception:
        """Return the error for a response whose status is not accepted, and what to do if the caller does not know."""
        status = response.status_code
        if status in TRANSIENT_STATUSES:
            # A body may never come, and would cost a time-out for each attempt. Only a limit needs its explanation.
            text = registry_errors(self._start(response)) if status == 429 else ""
            return Transient(status_line(response) + text, retry_after(response.headers.get("Retry-After")), status)
        body, server = self._start(response), server_and_scheme(url)
        advice = status_advice(
            response,
            body,
            url,
            proxy=self._proxy(response.url),
            endpoint=self.endpoint(*server),
            near_miss=self.near_miss(*server),
        )
        message = f"{_request(method, url)}: {status_line(response)}{excerpt(body)}"
        elsewhere = not is_from(response.url, url)
        if elsewhere:
            message += f" after a redirect to {one_line(redacted_url(response.url))}"
        return TransportError(message + (advice if is_advised else ""), status, elsewhere=elsewhere)

    def _start(self, response: t.Any) -> bytes:
        """Return the start of the body of an error, without credentials; nothing if it cannot be read."""
        try:
            body = b"" if response.request.method == "HEAD" else self._body(response, _MOST_OF_AN_ERROR, decode=False)
        except (Transient, TransportError):
            return b""
        return self._without_credentials(body, response)

    def _without_credentials(self, body: bytes, response: t.Any) -> bytes:
        """Return the body of an answer without the credentials for its server and for the proxy: some echo them."""
        text, proxy = without_credentials(body.decode("latin-1"), response), self._proxy(response.url)
        return (proxy.redact(text) if proxy else text).encode("latin-1")

    def _body(self, response: t.Any, most: int, decode: bool) -> bytes:
        chunks = self.chunks(response, min(CHUNK, most + 1))
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

    def chunks(self, response: t.Any, amount: int = CHUNK) -> t.Iterator[bytes]:
        """Yield a body undecoded, as it arrives, within `rate_limit`; raises Transient, TransportError."""
        import urllib3

        # read1 returns what has arrived. read waits for all of it, and loses it when the connection breaks meanwhile;
        # urllib3 before 2.2 has only this.
        read = getattr(response.raw, "read1", response.raw.read)
        while True:
            try:
                chunk = read(self._rate_limit.amount(amount), decode_content=False)
            except (urllib3.exceptions.HTTPError, OSError) as e:
                raise self._error(response.request.method, response.url, e) from e
            if not chunk:
                return
            self._rate_limit.wait(len(chunk))
            yield chunk

    def _requests_session(self) -> t.Any:
        if self._session is None:
            try:
                import requests
                import urllib3
            except ImportError:
                raise MissingLibrary("requests", traceback.format_exc()) from None
            check_files(self._connection)
            self._session = requests.Session()
            # A netrc entry would replace our Authorization header; proxies are taken from the environment by hand.
            self._session.trust_env = False
            for scheme in ("http://", "https://") if self._adapter is not None else ():
                self._session.mount(scheme, self._adapter)
            # validate_certs=false is the operator's decision; nobody sees a warning on the stderr of a module.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        return self._session


def basic(username: str, password: str) -> str:
    """Return the value of an Authorization header for a user name and a password."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def _request(method: str, url: str) -> str:
    return f"{method} {redacted_url(url)}"
