# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of models at fixed versions: the commits of the Hub, and digests."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, replace
from urllib.parse import unquote

from ..._address import Address
from ..._errors import LocalAIError, SourceError
from ..._localai.models.artifacts import Spec
from ..._localai.models.record import InstalledFile
from ..._resolver.models import ModelResolver
from ..._sources.model_uri import HUB, HubUri, hub_file, with_revision

if t.TYPE_CHECKING:
    from ..._resolver.hub import HubFile

_COMMIT = re.compile("[0-9a-fA-F]{40}")
# In a pattern of the Hub, such a character has a meaning of its own.
_SPECIAL = re.compile(r"([\\*?\[])")


class _Revision(t.NamedTuple):
    """A revision of a repository."""

    repo: str
    revision: str


@dataclass(frozen=True)
class _State:
    """A revision as the Hub states it: its commit, and the files in it that were looked for, by path."""

    commit: str
    files: t.Mapping[str, HubFile]


class FixedFiles:
    """Fixes the files of several models. The Hub is queried once for each revision of a repository."""

    def __init__(self, resolver: ModelResolver, endpoint: Address, files: t.Iterable[InstalledFile]) -> None:
        """`endpoint` is the server of the Hub, and `files` are all files that will be fixed."""
        self._resolver = resolver
        self._endpoint = endpoint
        self._paths: dict[_Revision, dict[str, None]] = {}
        self._states: dict[_Revision, _State] = {}
        for file in files:
            uri = self._hub_uri(file.uri)
            if uri is not None:
                self._paths.setdefault(_revision(uri), {})[unquote(uri.path)] = None

    def fix(self, file: InstalledFile, warnings: list[str]) -> InstalledFile:
        """Return a file with the commit in its URI, its sha256 and its size, as far as they are known.

        Raises SourceError if the Hub cannot be queried. The sentences that are added to `warnings` begin with the file.
        """
        uri = self._hub_uri(file.uri)
        fixed = self._at_registry(file) if uri is None else self._at_commit(file, uri, warnings)
        if not fixed.sha256:
            warnings.append(
                f"{file.filename} cannot be pinned: no sha256 of it is known. Install the model, or add the sha256 to "
                "its row of files."
            )
        return fixed

    def _hub_uri(self, address: Address) -> HubUri | None:
        """Return the file of the Hub at an address; None for other servers, also if they have a Hub of their own."""
        uri = hub_file(address)
        is_url = address.text.startswith(("http://", "https://"))
        hubs = (f"{HUB}/", f"{self._endpoint.text}/")
        return uri if uri is not None and (not is_url or address.text.startswith(hubs)) else None

    def _at_commit(self, file: InstalledFile, uri: HubUri, warnings: list[str]) -> InstalledFile:
        if _COMMIT.fullmatch(uri.revision) and file.sha256:
            return file
        revision = _revision(uri)
        if revision not in self._states:
            self._states[revision] = self._state(revision)
        state = self._states[revision]
        stated = state.files.get(unquote(uri.path))
        digest = stated.sha256 if stated is not None else ""
        if file.sha256 and digest and digest != file.sha256:
            warnings.append(
                f"{file.filename} has the sha256 {file.sha256}, and {uri.owner}/{uri.repo} has {digest} at "
                f"{uri.revision} now. Its uri is not at a commit, and hosts cannot fetch it from there."
            )
            return file
        size = file.size or (stated.size if stated is not None else 0)
        return replace(file, uri=self._with_commit(uri, state.commit), sha256=file.sha256 or digest, size=size)

    def _with_commit(self, uri: HubUri, commit: str) -> Address:
        address = uri.address
        if address.text.startswith(("http://", "https://")) and not address.text.startswith(f"{HUB}/"):
            return replace(uri, revision=commit).url(self._endpoint)
        return with_revision(address, commit)

    def _state(self, revision: _Revision) -> _State:
        """Ask the Hub for a revision; raises SourceError."""
        commit = revision.revision
        if not _COMMIT.fullmatch(commit):
            commit = self._resolver.commit(revision.repo, revision.revision)
        patterns = [_SPECIAL.sub(r"\\\1", path) for path in self._paths[revision]]
        try:
            spec = Spec(revision.repo, allow=tuple(patterns))
            files = self._resolver.snapshot(spec, commit, required=True).files
        except SourceError:
            # Servers that only imitate the Hub may not list files. The commit is what matters.
            files = ()
        return _State(commit, {file.path: file for file in files})

    def _at_registry(self, file: InstalledFile) -> InstalledFile:
        """Return a file of another server with the digest that it states; registries do, web servers do not."""
        if file.sha256:
            return file
        try:
            artifact = self._resolver.artifact(file.spec)
        except LocalAIError:
            return file
        algorithm, _colon, digest = (artifact.digest or "").partition(":")
        sha256 = digest if algorithm == "sha256" else ""
        return replace(file, sha256=sha256, size=file.size or artifact.size)


def _revision(uri: HubUri) -> _Revision:
    return _Revision(f"{uri.owner}/{uri.repo}", uri.revision)
