# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A download that goes on where a broken connection stopped, and never mixes two versions of a file."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from .._address import redacted_url
from .._errors import TransportError
from .._unpack.compression import GZIP
from .redact import status_line
from .retry import Transient


class Download:
    """The body of `url` from `offset` on, over one or more responses.

    `size` is the length in bytes of content with a known digest; any other content must not change on the server
    between two responses. `begun` gets what the first of them states: see `validator_of` and `whole_length`.
    """

    def __init__(
        self, url: str, size: int | None, offset: int, begun: t.Callable[[str, int | None], None] | None = None
    ) -> None:
        self._url = url
        self._size = size
        self._length = size
        self._offset = offset
        self._version: _Version | None = None
        self._has_checksum = False
        self._begun = begun
        # Where the bytes of a response are no longer needed, because other connections fetch the following ones.
        self.until: int | None = None

    @property
    def offset(self) -> int:
        """The next byte to arrive."""
        return self._offset

    @property
    def is_complete(self) -> bool:
        """Whether the last byte of a body has arrived whose length was known before."""
        return self._offset > 0 and self._offset == self._length

    def headers(self) -> dict[str, str]:
        """Return the headers that request the rest of the body."""
        if not self._offset:
            return {}
        headers = {"Range": f"bytes={self._offset}-"}
        if self._version and self._version.validator:
            headers["If-Range"] = self._version.validator
        return headers

    def body(self, response: t.Any, chunks: t.Iterator[bytes]) -> t.Iterator[bytes]:
        """Yield the bytes of a response that are new.

        Raises Transient for a response that ends early, TransportError for one that does not continue the download.
        """
        if self._size is None and response.status_code == 416 and whole_length(response) == self._offset:
            return
        to_skip = self._bytes_to_skip(response)
        length = self._size if self._size is not None else whole_length(response)
        self._version = _version_of(response) if self._size is None else None
        if self._begun is not None:
            self._begun(validator_of(response.headers), whole_length(response))
            self._begun = None
        for chunk in chunks:
            if not self._offset:
                # A part of another version would not pass.
                self._has_checksum = chunk.startswith(GZIP.magic)
            new = chunk[to_skip:]
            to_skip -= len(chunk) - len(new)
            if self.until is not None:
                new = new[: self.until - self._offset]
            self._offset += len(new)
            # What follows has been cut off, also if it is needed by the time that this function goes on.
            is_last = self._offset == self.until
            if new:
                yield new
            if is_last:
                return
        if length is not None and self._offset < length:
            raise Transient(f"the body ended after {self._offset} of {length} bytes")

    def hand_over(self, split: Split, meanwhile: int) -> None:
        """Let other connections fetch what follows the next `meanwhile` bytes."""
        self._length = split.length
        self.until = self._offset + meanwhile

    def arrived(self, count: int) -> None:
        """Note that the next `count` bytes have arrived over other connections."""
        self._offset += count

    def split(self, response: t.Any) -> Split | None:
        """Return how parts of the body have to be requested.

        None if nothing that `response` states, which sends the whole, proves that its parts belong together.
        """
        version = _version_of(response)
        length = self._size if self._size is not None else version.length
        is_proved = self._size is not None or self._has_checksum or bool(version.validator)
        is_refused = response.headers.get("Accept-Ranges", "").strip().lower() == "none"
        if not length or not is_proved or is_refused or not _is_undecoded(response):
            return None
        return Split(length, version if self._size is None else None)

    def _bytes_to_skip(self, response: t.Any) -> int:
        """Return how many bytes of a response have arrived before; raises as `body` does."""
        status = response.status_code
        if status == 416 and self._offset:
            raise self._error(f"the body ended after {self._offset} bytes, which is too short.")
        if status not in (200, 206):
            raise TransportError(f"GET {redacted_url(self._url)}: {status_line(response)}", status)
        start = re.match(r"bytes ([0-9]{1,18})-", response.headers.get("Content-Range", ""))
        if status == 206 and (start is None or int(start.group(1)) != self._offset):
            raise self._error(f"requested the bytes from {self._offset} on, but the server sent another range.")
        if self._version and _version_of(response).differs_from(self._version):
            raise self._error("the file changed on the server during the transfer.")
        return self._offset if status == 200 else 0

    def _error(self, text: str) -> TransportError:
        return TransportError(f"GET {redacted_url(self._url)}: {text}")


class _Version(t.NamedTuple):
    """The statements of a response about its whole file; the length is in bytes."""

    etag: str
    modified: str
    length: int | None

    @property
    def validator(self) -> str:
        """The value for the header If-Range, which takes no weak ETag (RFC 9110, section 13.1.5)."""
        return self.etag if self.etag.startswith('"') else self.modified

    def differs_from(self, earlier: _Version) -> bool:
        """Return whether this is another file; only a strong ETag has to be stated again."""
        if earlier.etag.startswith('"') and self.etag != earlier.etag:
            return True
        return any(then and now and then != now for then, now in zip(earlier, self))


@dataclass(frozen=True)
class Split:
    """A body that can be requested in parts: its length in bytes, and its version unless a digest proves its bytes."""

    length: int
    version: _Version | None

    def headers(self, position: int, end: int) -> dict[str, str]:
        """Return the headers that request the bytes from `position` to before `end`."""
        validator = self.version.validator if self.version is not None else ""
        return {"Range": f"bytes={position}-{end - 1}", **({"If-Range": validator} if validator else {})}

    def has_part(self, response: t.Any, position: int, end: int) -> bool:
        """Return whether a response has exactly the requested bytes, of the same version."""
        content_range = response.headers.get("Content-Range", "")
        return (
            response.status_code == 206
            and content_range in (f"bytes {position}-{end - 1}/{total}" for total in (self.length, "*"))
            and not (self.version is not None and _version_of(response).differs_from(self.version))
            and _is_undecoded(response)
        )


def _version_of(response: t.Any) -> _Version:
    etag, modified = (str(response.headers.get(name, "")).strip() for name in ("ETag", "Last-Modified"))
    return _Version(etag, modified, whole_length(response))


def _is_undecoded(response: t.Any) -> bool:
    """Return whether a body is as it was requested, not compressed on its way."""
    return response.headers.get("Content-Encoding", "identity").strip().lower() in ("", "identity")


def validator_of(headers: t.Mapping[str, str]) -> str:
    """Return what tells the version of a file from others: its strong ETag, else its date, else nothing."""
    etag, modified = (str(headers.get(name, "")).strip() for name in ("ETag", "Last-Modified"))
    return _Version(etag, modified, None).validator


def whole_length(response: t.Any) -> int | None:
    """Return the length of the whole body, also if the response has a part of it, or none; None if it is not stated."""
    if response.status_code in (206, 416):
        return whole_number(response.headers.get("Content-Range", "").rpartition("/")[2])
    return whole_number(response.headers.get("Content-Length", ""))


def whole_number(text: str) -> int | None:
    """Return the number of bytes that a header states; None if it states no plausible one."""
    return int(text) if re.fullmatch(r"[0-9]{1,18}", text) else None
