# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Single files: where they are, what is there, and where their bytes come from."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from .._address import Address
from .._errors import LocalAIError, SourceError
from .._http.failover import ORIGIN_ERRORS, Failures
from .artifact import Artifact, Context, Source
from .failover import Origin
from .file import FileContent
from .kinds import SOURCES
from .locations import locations
from .model_uri import parse_model_uri
from .uri import Uri

_Answer = t.TypeVar("_Answer")


class Files:
    """The single files at the URIs of models."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def find(self, address: Address, sha256: str, name: str) -> Artifact:
        """Return the artifact of a file, from the first of its locations that answers; raises LocalAIError."""
        return self._first(address, lambda location: self._find_at(location, address, sha256, name))

    def size(self, address: Address) -> int:
        """Return the size of a file in bytes, 0 if it is unknown; raises LocalAIError."""
        return self._first(address, lambda location: self._source(location).size())

    def others(self, artifact: Artifact, failures: Failures) -> t.Iterator[Artifact]:
        """Yield what other locations have in place of a file; for one without a digest, errors are added to `failures`.

        With a digest, these are only artifacts of another size: the location that answered first may have stated that
        of something else, such as a login page.
        """
        content = artifact.content
        if not isinstance(content, FileContent):
            return
        for address, location in self._locations(artifact, failures):
            if location == artifact.location:
                continue
            try:
                candidate = self._find_at(location, address, content.sha256, content.path)
            except LocalAIError as e:
                if not content.sha256:
                    failures.add(address, e)
                continue
            if candidate.size != artifact.size if content.sha256 else candidate.digest is None:
                yield candidate

    def origins(self, artifact: Artifact, content: FileContent, failures: Failures) -> list[Origin]:
        """Return the origins of a file. Without a digest, it is only its own: another one may have another version."""
        if artifact.digest is None:
            location = t.cast(Uri, artifact.location)
            return list(self._source(location).file_origins(content))
        origins: list[Origin] = []
        for address, location in self._locations(artifact, failures):
            try:
                origins += self._source(location).file_origins(content)
            except LocalAIError as e:
                failures.add(address, e)
        return origins

    def _find_at(self, location: Uri, address: Address, sha256: str, name: str) -> Artifact:
        artifact = self._source(location).find_file(sha256, name)
        return replace(artifact, uri=address, location=location)

    def _locations(self, artifact: Artifact, failures: Failures) -> t.Iterator[tuple[Address, Uri]]:
        """Yield the locations of a file, each with the URI that it is of."""
        for address in (artifact.uri, *artifact.mirrors):
            try:
                uris = locations(parse_model_uri(address), self._context)
            except LocalAIError as e:
                failures.add(address, e)
                continue
            yield from ((address, uri) for uri in uris)

    def _first(self, address: Address, ask: t.Callable[[Uri], _Answer]) -> _Answer:
        """Return the first answer of a location; raises SourceError that names every failure."""
        failures = Failures()
        for location in locations(parse_model_uri(address), self._context):
            try:
                return ask(location)
            except ORIGIN_ERRORS as e:
                failures.add("", e)
        raise SourceError(str(failures), failures.missing)

    def _source(self, location: Uri) -> Source:
        return SOURCES[type(location)](location, self._context)
