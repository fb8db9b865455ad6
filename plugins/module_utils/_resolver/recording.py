# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The network, with a record of the documents that a task reads: hosts with a bundle read them again from there."""

from __future__ import annotations

import typing as t

from .._http.client import Answer, Http
from .._oci.image import Images
from .._oci.registry import Registry
from .._sources.hub_endpoint import hub_endpoint
from .documents import Documents
from .network import Network

if t.TYPE_CHECKING:
    from .._address import Address
    from .._bundle.bundle import Held
    from .._bundle.contents import Kind
    from .._oci.parts import Parts
    from .._oci.platform import Platform
    from .._oci.reference import Reference
    from .._request import Connection


class Recorded(t.NamedTuple):
    """Read documents: galleries by kind and name, base files by gallery and URL, and answers of the Hub by URL."""

    galleries: dict[tuple[Kind, str], Held]
    bases: dict[tuple[str, str], bytes]
    answers: dict[str, Answer]


class RecordingNetwork(Network):
    """Web servers and registries. `recorded` has what was read of galleries and of the Hub."""

    def __init__(self, connection: Connection, environ: t.Mapping[str, str]) -> None:
        self.recorded = Recorded({}, {}, {})
        self.hub_address = hub_endpoint(environ)
        http = RecordingClient(connection, f"{self.hub_address.text}/api/", self.recorded.answers)
        super().__init__(http, Images(http, Registry(http, connection.auth_file)))
        self._parts: dict[tuple[Reference, tuple[Platform, ...]], Parts] = {}

    def parts(self, reference: Reference, platforms: tuple[Platform, ...], problems: list[str]) -> Parts:
        """Return everything that belongs to an image, see `Images.parts`; each image is asked for only once."""
        key = (reference, platforms)
        if key not in self._parts:
            self._parts[key] = self.images.parts(reference, platforms, problems)
        return self._parts[key]

    def documents(self, kind: Kind, _count: int) -> Documents:
        """Return what notes the galleries of a kind."""
        return RecordedDocuments(kind, self.recorded)

    def hub(self, _environ: t.Mapping[str, str]) -> Address:
        """Return the server of the Hub."""
        return self.hub_address


class RecordingClient(Http):
    """An HTTP client that notes the documents below the URL `below` in `answers`."""

    def __init__(self, connection: Connection, below: str, answers: dict[str, Answer]) -> None:
        super().__init__(connection)
        self._below = below
        self._answers = answers

    def hasty(self, _seconds: int) -> Http:
        """Return this client: what hosts only look at if it answers soon, is needed here."""
        return self

    def note(self, url: str, answer: Answer) -> None:
        """Note the answer for a document, whoever gave it."""
        if url.startswith(self._below) and answer.status == 200:
            self._answers[url] = answer


class RecordedDocuments(Documents):
    """Notes the galleries of a kind, and base files."""

    def __init__(self, kind: Kind, recorded: Recorded) -> None:
        self._kind = kind
        self._recorded = recorded

    def note_gallery(self, name: str, held: Held) -> None:
        """Note a gallery that was read."""
        self._recorded.galleries[self._kind, name] = held

    def note_base(self, gallery: str, url: str, content: bytes) -> None:
        """Note a base file that was read."""
        self._recorded.bases[gallery, url] = content
