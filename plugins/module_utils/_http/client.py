# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""HTTP as every source needs it: patient, resumable, and careful about who gets credentials.

This is the only user of C(requests). Bodies are read undecoded unless asked for, so that digests hold. Nothing that
this file raises or returns holds a query string, a user name or a password.
"""

from __future__ import annotations

import base64
import re
import time
import traceback
import typing as t
from dataclasses import dataclass
from datetime import timezone
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

from .._address import redacted_url
from .._errors import MissingLibrary, OptionError, SourceError, TransportError
from .._request import Connection, Endpoint
from .._unpack.compression import decompressed
from .redact import excerpt, status_line, why, without_credentials
from .retry import Again, Patience
from .url import checked_url, is_from, is_loopback, origin

USER_AGENT = "ansible-localai.core"
CHUNK = 256 * 1024
MOST_REDIRECTS = 10
MOST_PATIENCE = 120.0
_TRANSIENT = (408, 429, 500, 502, 503, 504)
_ADVICE = {
    401: " Give the credentials for this host in endpoints.",
    403: " Give the credentials for this host in endpoints.",
    407: " The proxy wants credentials; they belong into the variable that names it.",
}
_REDIRECTS = (301, 302, 303, 307, 308)
_DOCKER_HUB = ("docker.io", "index.docker.io", "registry-1.docker.io")

HeaderSource = t.Callable[[], t.Mapping[str, str]]


@dataclass(frozen=True)
class Answer:
    """An HTTP answer; C(headers) look names up in any case, C(url) is where the last redirect led."""

    url: str
    status: int
    headers: t.Mapping[str, str]
    body: bytes


class Http:
    """One run's HTTP client: keeps connections alive, and does not call again on hosts that are dead."""

    def __init__(
        self,
        connection: Connection,
        adapter: t.Any = None,
        sleep: t.Callable[[float], None] = time.sleep,
    ) -> None:
        self._connection = connection
        self._adapter = adapter
        self._sleep = sleep
        self._session: t.Any = None
        self._dead: dict[str, str] = {}

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
        """Return the answer to one request, with a body of at most C(limit) bytes.

        C(decode) undoes a Content-Encoding. With C(first), only so many bytes of the body are read, then the
        connection is dropped. Raises TransportError for other statuses than C(accept), for a body that is too long,
        and when the server stays silent.
        """
        for patience in self._patience(method, url):
            with patience:
                with self._open(method, url, headers or {}) as response:
                    if response.status_code in _TRANSIENT and response.status_code not in accept:
                        raise _transient(response)
                    body = b"" if method == "HEAD" else self._body(response, first or limit, decode)
                if first is None and len(body) > limit:
                    raise TransportError(
                        f"{redacted_url(url)} sent more than {limit} bytes, which is not believable here."
                    )
                if response.status_code >= 300:
                    body = without_credentials(body.decode("latin-1"), response).encode("latin-1")
                answer = Answer(
                    redacted_url(response.url), response.status_code, response.headers, body[: first or limit]
                )
                if answer.status not in accept:
                    said = f"{method} {redacted_url(url)}: {status_line(response)}{excerpt(body)}"
                    raise TransportError(said + _ADVICE.get(answer.status, ""), answer.status)
                return answer
        raise AssertionError("unreachable: _patience ends in an exception")

    def download(
        self,
        url: str,
        *,
        headers: HeaderSource,
        size: int | None = None,
        renew: t.Callable[[str], None] | None = None,
        offset: int = 0,
    ) -> t.Iterator[bytes]:
        """Yield the body of C(url) undecoded from C(offset) on, going on where a broken connection stopped.

        C(size) is the length in bytes of content that is known; what is not known must not change on the server
        meanwhile. C(headers) is asked anew for every request. When the server wants other credentials, C(renew) is told
        its challenge, once until bytes arrive. The retry budget renews with every byte. Raises TransportError.
        """
        version: _Version | None = None
        renewed = False
        patience = self._patience("GET", url)
        for attempt in patience:
            with attempt:
                if offset and offset == size:
                    return
                wanted = dict(headers())
                if offset:
                    wanted["Range"] = f"bytes={offset}-"
                    if version and version.validator:
                        wanted["If-Range"] = version.validator
                with self._open("GET", url, wanted) as response:
                    if response.status_code == 401 and renew is not None and not renewed and is_from(response.url, url):
                        renew(response.headers.get("WWW-Authenticate", ""))
                        renewed = True
                        continue
                    if size is None and response.status_code == 416 and _whole_length(response) == offset:
                        return
                    to_skip = _bytes_to_skip(response, offset, version, url)
                    expected = size if size is not None else _whole_length(response)
                    # Content of a known size has a digest that proves it.
                    version = _version_of(response) if size is None else None
                    for chunk in self._chunks(response):
                        new = chunk[to_skip:]
                        to_skip -= len(chunk) - len(new)
                        if new:
                            offset += len(new)
                            renewed = False
                            patience.renew()
                            yield new
                if expected is not None and offset < expected:
                    raise Again(f"the body ended after {offset} of {expected} bytes")
                return

    def endpoint(self, host: str) -> Endpoint | None:
        """Return the settings of the option C(endpoints) for C(host), a name or name:port; None when it has none."""
        wanted = _one_name(host)
        return next((known for known in self._connection.endpoints if _one_name(known.host) == wanted), None)

    def authorization(self, url: str) -> dict[str, str]:
        """Return the headers that carry the credentials of the endpoint which C(url) points at, if it has any."""
        endpoint = self.endpoint(checked_url(url).netloc)
        if endpoint is None:
            return {}
        if endpoint.token:
            return {"Authorization": f"Bearer {endpoint.token}"}
        if endpoint.username and endpoint.password is not None:
            return {"Authorization": basic(endpoint.username, endpoint.password)}
        return {}

    def _patience(self, method: str, url: str) -> Patience:
        return Patience(f"{method} {redacted_url(url)}", self._connection.retries, self._sleep, self._give_up)

    def _give_up(self, fault: Again) -> None:
        if fault.silent:
            self._dead[fault.silent] = str(fault)

    def _open(self, method: str, url: str, headers: t.Mapping[str, str]) -> t.Any:
        """Send a request and follow redirects; credentials never leave the scheme, host and port they are for."""
        session = self._requests_session()
        wanted = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity", **headers}
        home, target = origin(url), url
        for _hop in range(MOST_REDIRECTS):
            if origin(target) != home:
                wanted.pop("Authorization", None)
            response = self._send(session, method, target, wanted)
            # urllib3 before 2 takes a body that ends early for a whole one.
            response.raw.enforce_content_length = True
            location = response.headers.get("Location")
            if response.status_code not in _REDIRECTS or not location:
                return response
            response.close()
            try:
                following = urljoin(target, location)
                scheme = checked_url(following).scheme
            except (ValueError, OptionError):
                raise TransportError(
                    f"{redacted_url(target)} redirects to {redacted_url(location)}, which is no http:// or https:// URL "
                    "of a host."
                ) from None
            if urlsplit(target).scheme == "https" and scheme != "https":
                raise TransportError(
                    f"{redacted_url(target)} redirects to {redacted_url(following)}, which is not HTTPS: refused."
                )
            target = following
        raise TransportError(f"{redacted_url(url)} redirects more than {MOST_REDIRECTS} times.")

    def _send(self, session: t.Any, method: str, url: str, headers: t.Mapping[str, str]) -> t.Any:
        import requests

        parts = checked_url(url)
        server = origin(url)
        if server in self._dead:
            raise TransportError(f"{method} {redacted_url(url)}: {self._dead[server]} (so it is not asked again)")
        endpoint = self.endpoint(parts.netloc) or Endpoint(parts.netloc)
        proxies = requests.utils.get_environ_proxies(url) if self._connection.use_proxy else {}
        proxy = requests.utils.select_proxy(url, proxies)
        if proxy and not _has_host(proxy):
            raise TransportError(f"The proxy that the environment gives for {server} is not a valid URL.")
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
                f"{method} {redacted_url(url)}: the credentials have characters that no header can hold."
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
        except (requests.exceptions.SSLError, requests.exceptions.ProxyError, requests.exceptions.ConnectTimeout) as e:
            raise self._bury(server, method, url, e) from e
        except requests.exceptions.Timeout as e:
            raise self._silence(server) from e
        except requests.exceptions.ConnectionError as e:
            if "NewConnectionError" in repr(e) or "NameResolutionError" in repr(e):
                raise self._bury(server, method, url, e) from e
            raise Again(why(e)) from e
        except (OSError, ValueError) as e:
            # Certificate files that are missing, addresses that are malformed.
            raise TransportError(f"{method} {redacted_url(url)}: {why(e)}") from e

    def _silence(self, server: str) -> Again:
        return Again(f"no byte for {self._connection.timeout} s", silent=server)

    def _bury(self, server: str, method: str, url: str, error: Exception) -> TransportError:
        reason = why(error)
        if "CERTIFICATE_VERIFY_FAILED" in reason:
            reason += ". Give the certificate of its authority in ca_path, for all hosts or in endpoints"
        self._dead[server] = reason
        return TransportError(f"{method} {redacted_url(url)}: {reason}")

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
            # urllib3 would undo all that it read at once, and gzip in gzip too.
            chunks = decompressed(chunks, "gzip")
        elif encoding not in ("", "identity"):
            raise TransportError(f"{redacted_url(response.url)} is encoded in a way that it was not asked for.")
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
        while True:
            chunk = self._read(response, amount)
            if not chunk:
                return
            yield chunk

    def _read(self, response: t.Any, amount: int) -> bytes:
        import urllib3

        try:
            # read1 hands out what has arrived, read waits for all of it and loses it when the connection breaks
            # meanwhile; urllib3 before 2.2 has only the latter.
            read = getattr(response.raw, "read1", response.raw.read)
            return t.cast(bytes, read(amount, decode_content=False))
        except urllib3.exceptions.ReadTimeoutError as e:
            raise self._silence(origin(response.url)) from e
        except (urllib3.exceptions.HTTPError, OSError) as e:
            raise Again(why(e)) from e

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
            # validate_certs=false is the operator's decision; a warning on stderr of a module reaches nobody.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        return self._session


def basic(username: str, password: str) -> str:
    """Return the value of an Authorization header for a user name and a password."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


def _transient(response: t.Any) -> Again:
    return Again(status_line(response), _retry_after(response.headers.get("Retry-After")), response.status_code)


def _retry_after(value: str | None) -> float | None:
    """Return the seconds that a Retry-After header asks for, bounded; None where it has neither a number nor a date."""
    if value is None:
        return None
    if re.fullmatch(r"\s*\d{1,9}\s*", value):
        return min(float(value), MOST_PATIENCE)
    try:
        moment = parsedate_to_datetime(value)
        seconds = moment.replace(tzinfo=moment.tzinfo or timezone.utc).timestamp() - time.time()
    except (ValueError, TypeError, IndexError, OverflowError):
        # What Python's several versions raise for what is no date.
        return None
    return min(max(seconds, 0.0), MOST_PATIENCE)


def _whole_length(response: t.Any) -> int | None:
    """Return the length of the whole body as the answer states it, for all of it, a part, and a part beyond its end."""
    if response.status_code in (206, 416):
        return whole_number(response.headers.get("Content-Range", "").rpartition("/")[2])
    length = response.headers.get("Content-Length", "")
    return whole_number(length)


def whole_number(text: str) -> int | None:
    """Return the number of bytes that a header states, or None when it states none that can be."""
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None


def _one_name(host: str) -> str:
    """Return one spelling of a host for its several names."""
    name = host.lower()
    name = name[: -len(":443")] if name.endswith(":443") else name
    return _DOCKER_HUB[0] if name in _DOCKER_HUB else name


def _has_host(url: str) -> bool:
    try:
        return bool(urlsplit(url if "://" in url else f"http://{url}").hostname)
    except ValueError:
        return False


class _Version(t.NamedTuple):
    """What an answer states of the file that it is a part of; a length in bytes."""

    etag: str
    modified: str
    length: int | None

    @property
    def validator(self) -> str:
        """What the header If-Range takes; a weak ETag is not for it."""
        return self.etag if self.etag.startswith('"') else self.modified

    def differs_from(self, earlier: _Version) -> bool:
        """Return whether this is another file; only a strong ETag has to be stated again."""
        if earlier.etag.startswith('"') and self.etag != earlier.etag:
            return True
        return any(then and now and then != now for then, now in zip(earlier, self))


def _version_of(response: t.Any) -> _Version:
    etag, modified = (str(response.headers.get(name, "")).strip() for name in ("ETag", "Last-Modified"))
    return _Version(etag, modified, _whole_length(response))


def _bytes_to_skip(response: t.Any, offset: int, version: _Version | None, url: str) -> int:
    """Return how many bytes of this answer we have already; raises for one that does not go on with what we have."""
    status = response.status_code
    if status in _TRANSIENT:
        raise _transient(response)
    if status == 416 and offset:
        raise TransportError(f"GET {redacted_url(url)}: the body ended after {offset} bytes, which is too short.")
    if status not in (200, 206):
        raise TransportError(f"GET {redacted_url(url)}: {status_line(response)}{_ADVICE.get(status, '')}", status)
    found = re.match(r"bytes ([0-9]{1,18})-", response.headers.get("Content-Range", ""))
    if status == 206 and (found is None or int(found.group(1)) != offset):
        raise TransportError(
            f"GET {redacted_url(url)}: asked for the bytes from {offset} on, the server sent another range."
        )
    if version and _version_of(response).differs_from(version):
        raise TransportError(f"GET {redacted_url(url)}: the file changed on the server during the transfer.")
    return offset if status == 200 else 0
