# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds out which files of releases of the server are needed."""

from __future__ import annotations

import functools
import re
import typing as t

from ..._address import Address
from ..._bundle.contents import RELEASES
from ..._errors import SourceError, TransportError
from ..._http.mirrors import fetch_document
from .wanted import Wanted, WantedFile

if t.TYPE_CHECKING:
    from ..._http.client import Answer, Http
    from ..._sources.source import Sources

_MOST_BYTES = 4 * 1024**2
_LATEST = re.compile(r"/releases/tag/(v[0-9][A-Za-z0-9._+-]*)\Z")
_TEXT = re.compile(r"\Av[0-9][A-Za-z0-9._+-]*(?=\s|\Z)")


class ReleaseFinder:
    """The releases below the URL `url`: adds their binaries and lists of checksums to `wanted`."""

    def __init__(self, url: Address, http: Http, sources: Sources, wanted: Wanted) -> None:
        self._url = url.text
        self._http = http
        self._sources = sources
        self._wanted = wanted

    def add(self, version: str, architecture: str) -> None:
        """Add a version, which may be `latest`, for an architecture; raises SourceError, TransportError."""
        if version == "latest":
            version = self.newest
            self._wanted.documents[f"{RELEASES}/latest"] = f"{version}\n".encode()
        name, sums = f"local-ai-{version}-linux-{architecture}", f"LocalAI-{version}-checksums.txt"
        directory, url = f"{RELEASES}/{version}", f"{self._url}/{version}"
        if f"{directory}/{sums}" not in self._wanted.documents:
            self._wanted.documents[f"{directory}/{sums}"] = self._fetch(f"{url}/{sums}").body
        text = self._wanted.documents[f"{directory}/{sums}"].decode("utf-8", "replace")
        listed = re.search(rf"(?m)^([0-9a-f]{{64}}) [ *](?:\./)?{re.escape(name)}[ \t\r]*$", text)
        if listed is None:
            raise SourceError(
                f"{Address(url)}/{sums} does not list {name}. Check the versions of the server and the platforms: "
                "there are releases for linux/amd64 and linux/arm64."
            )
        address = Address(f"{url}/{name}")
        artifact = self._sources.find_file([address], listed.group(1), name)
        self._wanted.add_file(
            WantedFile(address, name, listed.group(1), artifact.size, keys=(address.text,), directory=directory)
        )

    @functools.cached_property
    def newest(self) -> str:
        """The newest version: GitHub redirects to its page, a mirror has a text file. Raises SourceError."""
        url = re.sub("/releases/download$", "/releases", self._url) + "/latest"
        try:
            answer = self._fetch(url)
        except TransportError as e:
            raise SourceError(f"The newest release cannot be looked up: {e} Name a version.") from e
        match, text = _LATEST.search(answer.url), _TEXT.match(answer.body.decode("utf-8", "replace"))
        if match is None and text is None:
            raise SourceError(f"{answer.url} does not tell the newest release. Name a version.")
        return match.group(1) if match is not None else t.cast("re.Match[str]", text).group()

    def _fetch(self, url: str) -> Answer:
        return fetch_document(self._http, url, limit=_MOST_BYTES)
