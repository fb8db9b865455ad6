# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads from a bundle instead of web servers and registries."""

from __future__ import annotations

import typing as t

from .._address import redacted_url
from .._errors import SourceError, TransportError
from .._http.client import Answer, Http
from .._oci.image import Images
from .._oci.layout import Layout
from .._oci.manifest import OCI_MANIFEST, Descriptor
from .._request import Connection, Endpoint
from .bundle import ADVICE

if t.TYPE_CHECKING:
    from .._oci.manifest import Manifest, Repository
    from .._oci.reference import Reference
    from .bundle import Bundle


class BundleClient(Http):
    """An HTTP client that connects to nothing: the bundle has the files. It sends and needs no credentials."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(Connection())
        self.local = bundle.local
        self._bundle = bundle

    def anonymous(self) -> Http:
        """Return this client."""
        return self

    def hasty(self, _seconds: int) -> Http:
        """Return this client."""
        return self

    def fetch(
        self,
        url: str,
        *,
        method: str = "GET",
        limit: int = 4 * 1024**2,
        first: int | None = None,
        **_others: t.Any,
    ) -> Answer:
        """Return what a server has answered when the bundle was written; raises TransportError."""
        row = self._bundle.file(url)
        stated = {"Content-Length": str(row.file.size), "ETag": f'"{row.file.sha256}"', "Link": row.link}
        body = b""
        if method != "HEAD" and (first is not None or row.file.size <= limit):
            try:
                body = self._bundle.part(row.file, first) if first is not None else self._bundle.content(row.file)
            except SourceError as e:
                raise TransportError(str(e)) from e
        elif method != "HEAD":
            raise TransportError(f"{redacted_url(url)} has more than {limit} bytes, which is not plausible here.")
        return Answer(url, 200, stated, body)

    def download(
        self,
        url: str,
        *,
        offset: int = 0,
        begun: t.Callable[[str, int | None], None] | None = None,
        **_others: t.Any,
    ) -> t.Iterator[bytes]:
        """Yield the content of a file from `offset` on; whoever reads it verifies it. Raises TransportError."""
        row = self._bundle.file(url)
        if begun is not None:
            begun(row.file.sha256, row.file.size)
        try:
            yield from self._bundle.chunks(row.file, offset)
        except SourceError as e:
            raise TransportError(str(e)) from e

    def endpoint(self, host: str, _scheme: str = "") -> Endpoint:
        """Return settings without mirrors: the options are for the server of the bundle itself."""
        return Endpoint(host)

    def known_sha256(self, url: str) -> str:
        """Return the sha256 of a file; raises TransportError if the bundle does not have it."""
        return self._bundle.file(url).file.sha256


class BundleImages(Images):
    """The images of all registries, which are in the layout of a bundle."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    def over(self, _http: Http) -> Images:
        """Return the same images: no server has to be waited for."""
        return self

    def resolve_hosts(self, reference: Reference) -> tuple[Repository, ...]:
        """Return the layout, which knows the tags too."""
        return self.pull_hosts(reference)

    def pull_hosts(self, reference: Reference) -> tuple[Repository, ...]:
        """Return the layout."""
        return (_BundledLayout(self._bundle, reference),)


class _BundledLayout(Layout):
    """The layout of a bundle, whose errors say how an image gets into it."""

    def __init__(self, bundle: Bundle, reference: Reference) -> None:
        super().__init__(bundle.images, reference)
        self._bundle = bundle

    def referrers(self, digest: str) -> tuple[Descriptor, ...]:
        """Return the referrers of the images that have a manifest; raises SourceError, TransportError.

        The list names them, so that the other images of the bundle are not read.
        """
        contents = self._bundle.contents
        rows = [image for image in contents.images if digest in image.manifests]
        about = sorted({referrer for image in rows for referrer in image.referrers})
        return tuple(Descriptor(referrer, contents.blobs[referrer], OCI_MANIFEST) for referrer in about)

    def manifest(self, name: str) -> Manifest:
        """Return a manifest; raises SourceError, TransportError."""
        try:
            return super().manifest(name)
        except SourceError as e:
            if e.missing:
                raise SourceError(f"{e} {ADVICE}", missing=True) from e
            raise
