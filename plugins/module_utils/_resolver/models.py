# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The galleries and sources of a task about models."""

from __future__ import annotations

import contextlib
import functools
import typing as t

from .._address import Address
from .._errors import LocalAIError, SourceError, TransportError
from .._model_request import FileSpec, ModelHost
from .._oci.platform import Platform
from .._planner.models.questions import Served
from .._sources.artifact import Artifact
from .._sources.locations import web_address
from .._sources.model_uri import parse_model_uri
from .._sources.source import Sources
from .._sources.uri import PathUri
from .galleries import Access
from .model_galleries import ModelGalleries
from .network import Network, network_of

if t.TYPE_CHECKING:
    from .._fs.tree import Tree
    from .._localai.models.artifacts import Spec
    from .hub import Hub, Snapshot


_HASTY_SECONDS = 5


class _AnyFile:
    """Accepts every file, see `_sources.artifact.Accept`."""

    def directory(self, _path: str) -> None:
        raise SourceError("it is a directory, not a file.")

    def tree(self, _tree: Tree) -> None:
        """A file needs nothing else."""


class ModelResolver:
    """The galleries and sources of a task. Each file is looked for only once, because its answer may change.

    `environ` is the environment of the task. In check mode, a file that cannot be had is no error. Skipped entries of
    galleries are added to `warnings`.
    """

    def __init__(
        self,
        host: ModelHost,
        platform: Platform,
        environ: t.Mapping[str, str],
        warnings: list[str],
        *,
        check_mode: bool,
        network: Network | None = None,
    ) -> None:
        """`network` is by default what the options of the host say."""
        self._host = host
        self._platform = platform
        self._environ = environ
        self._check_mode = check_mode
        self._warnings = warnings
        self._artifacts: dict[FileSpec, Artifact] = {}
        self._silent: SourceError | None = None
        self._network = network = network or network_of(host.connection)
        documents = network.documents("models", len(host.galleries))
        access = Access(network.http, network.images, host.signatures, warnings, documents)
        self.galleries = ModelGalleries(host.galleries, access)

    def located(self, address: Address) -> Address:
        """Return the URL of a file of Hugging Face or GitHub; another address as it is. Raises SourceError."""
        if address.text.startswith("/") or ("://" not in address.text and not address.text.startswith("github:")):
            return address
        return web_address(parse_model_uri(address), self._endpoint) or address

    def artifact(self, file: FileSpec) -> Artifact:
        """Return what the source of a file delivers now; raises SourceError that names the file."""
        if file not in self._artifacts:
            try:
                self._artifacts[file] = self.sources.find_file([file.uri], file.sha256, file.filename)
            except SourceError as e:
                raise SourceError(f"{file.filename} cannot be fetched. {e}", e.missing) from e
        return self._artifacts[file]

    def size(self, file: FileSpec) -> int:
        """Return the size of a file in bytes, 0 if it is unknown.

        Raises SourceError if it cannot be had. In check mode, that is only a warning, if there is no such file: an
        earlier task of the play may put it there.
        """
        if not self._check_mode:
            return self.artifact(file).size
        try:
            return self.sources.stated_size(file.uri)
        except LocalAIError as e:
            if e.missing or isinstance(parse_model_uri(file.uri), PathUri):
                self._warnings.append(f"{file.filename} cannot be fetched now, so a run would fail. {e}")
            return 0

    def served(self, address: Address) -> Served:
        """Return what the server of a file states of it now; nothing if it does not answer."""
        with contextlib.suppress(LocalAIError):
            artifact = self.sources.find_file([address], "", "file")
            version = "" if artifact.digest else next((blob.identity for blob in artifact.content.blobs), "")
            return Served(artifact.size, artifact.digest or version)
        return Served(0, "")

    @functools.cached_property
    def sources(self) -> Sources:
        """The sources of files."""
        return Sources(self._network.http, self._network.images, self._platform, _AnyFile(), self._endpoint)

    def snapshot(self, spec: Spec, revision: str, *, required: bool) -> Snapshot:
        """Return the files of a repository at a revision; raises SourceError, GalleryError.

        If they are not `required`, and in check mode, nobody waits long for the server of Hugging Face, and one that
        did not answer is not asked again.
        """
        is_patient = required and not self._check_mode
        if not is_patient and self._silent is not None:
            raise self._silent
        try:
            return self._hub(is_patient).snapshot(spec.repo, revision, spec.allow, spec.ignore)
        except SourceError as e:
            if isinstance(e.__cause__, TransportError) and e.__cause__.status is None:
                self._silent = e
            raise

    def commit(self, repo: str, revision: str) -> str:
        """Return the commit that a revision of a repository is now; raises SourceError, GalleryError."""
        return self._hub(True).commit(repo, revision)

    def _hub(self, is_patient: bool) -> Hub:
        from .hub import Hub

        http = self._network.http
        return Hub(http if is_patient else http.hasty(_HASTY_SECONDS), self._endpoint)

    @functools.cached_property
    def _endpoint(self) -> Address:
        """The server of the Hub."""
        return self._network.hub(self._environ)
