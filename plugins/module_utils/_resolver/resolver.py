# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers the questions of the planner about galleries and sources."""

from __future__ import annotations

import functools
import typing as t

from .._errors import SignatureError, SourceError
from .._localai.catalog import Catalog
from .._localai.gallery import Entry, Index
from .._planner.questions import FindArtifact, FindSigner, Question, ReadGallery, ServedDigest
from .._request import HostOptions
from .galleries import Access, read_gallery

if t.TYPE_CHECKING:
    from .._oci.platform import Platform
    from .._sources.artifact import Artifact
    from .._sources.source import Sources
    from .network import Network
    from .signatures import SignerFinder


class Resolver:
    """The galleries and sources of a task. Each is queried only once, because its answer may change during the run.

    Skipped entries of galleries are added to `warnings`. `indexes` has the galleries that were read, by name.
    """

    def __init__(
        self, host: HostOptions, platform: Platform, warnings: list[str], network: Network | None = None
    ) -> None:
        """`network` is by default what the options of the host say."""
        self._given = network
        self._platform = platform
        self._host = host
        self._warnings = warnings
        self.indexes: dict[str, Index[Entry]] = {}
        self._artifacts: dict[tuple[FindArtifact, Platform], Artifact] = {}

    def answer(self, question: Question) -> t.Any:
        """Return the answer to a question; raises LocalAIError."""
        if isinstance(question, ReadGallery):
            return self.index(question.name)
        if isinstance(question, FindArtifact):
            return self._find(question, self._platform)
        if isinstance(question, ServedDigest):
            return self.sources.digest(question.origins)
        if isinstance(question, FindSigner):
            try:
                repositories = list(self.sources.repositories(question.origins, question.digests[0]))
            except SourceError as e:
                raise SignatureError(str(e)) from e
            return self._signers.find(repositories, question.digests, question.policies)
        raise TypeError(question)

    def index(self, gallery: str) -> Index[Entry]:
        """Return the index of a gallery; raises GalleryError."""
        if gallery not in self.indexes:
            (source,) = (source for source in self._host.galleries if source.name == gallery)
            index = read_gallery(source, self._access)
            self._warnings += [f"gallery {gallery}: {reason}" for reason in index.skipped.values()]
            self.indexes[gallery] = index
        return self.indexes[gallery]

    def artifact(self, backend: str, question: FindArtifact, platform: Platform) -> Artifact:
        """Return the artifact of a source for a platform; raises SourceError, which names `backend`."""
        try:
            return self._find(question, platform)
        except SourceError as e:
            raise SourceError(f"{backend} cannot be fetched. {e}", e.missing) from e

    def _find(self, question: FindArtifact, platform: Platform) -> Artifact:
        key = (question, platform)
        if key not in self._artifacts:
            self._artifacts[key] = self._sources(platform).find(question.origins, question.sha256)
        return self._artifacts[key]

    @functools.cached_property
    def catalog(self) -> Catalog:
        """All galleries of the task."""
        return Catalog([source.name for source in self._host.galleries], self.index)

    @functools.cached_property
    def sources(self) -> Sources:
        """The sources of builds for the platform of the task."""
        return self._sources(self._platform)

    def _sources(self, platform: Platform) -> Sources:
        from .._localai.backend_tree import BackendTree
        from .._sources.source import Sources

        return Sources(self._network.http, self._network.images, platform, BackendTree())

    @functools.cached_property
    def _signers(self) -> SignerFinder:
        from .signatures import SignerFinder

        return SignerFinder(self._host.signatures, self._warnings)

    @functools.cached_property
    def _access(self) -> Access:
        network = self._network
        documents = network.documents("backends", len(self._host.galleries))
        return Access(network.http, network.images, self._host.signatures, self._warnings, documents)

    @functools.cached_property
    def _network(self) -> Network:
        from .network import network_of

        return self._given or network_of(self._host.connection)
