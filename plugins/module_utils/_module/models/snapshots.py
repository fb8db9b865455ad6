# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Installs snapshots of repositories where LocalAI looks for them, and tells whether one is complete.

Follows `materializeLocked` and `committedResult` in LocalAI's `pkg/modelartifacts/materializer.go`. An unfinished one
is a directory of the kind that LocalAI makes too: the next run, or LocalAI, goes on with it.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import typing as t

from ..._address import Address
from ..._errors import HostError, IntegrityError
from ..._fs.os_errors import errors_at
from ..._fs.read import chunks_of, open_file, read_file
from ..._fs.tree import Tree
from ..._fs.utf8 import os
from ..._localai.models.artifacts import SNAPSHOT, File, is_hub_path, manifest, partial_path, snapshot_path
from ..._model_request import FileSpec
from ..._planner.models.desired import DesiredSnapshot
from ..._planner.models.questions import HubFile
from ..._sources.source import Delivered
from ..._store.managed_files import ManagedFiles
from ..._store.store import Store

MANIFEST = "manifest.json"
_MOST_MANIFEST = 64 * 1024**2
_Transfer = t.Callable[[str, FileSpec, contextlib.ExitStack], t.Tuple[Tree, Delivered]]


class SnapshotInstaller:
    """Installs snapshots into a locked store; `transfer` fetches a file of a model into a staged tree."""

    def __init__(self, store: Store, files: ManagedFiles, transfer: _Transfer) -> None:
        self._store = store
        self._files = files
        self._transfer = transfer

    def install(self, name: str, snapshot: DesiredSnapshot) -> None:
        """Install a snapshot of the model `name` in one step, when all of its files are there; raises LocalAIError."""
        partial = partial_path(snapshot.key)
        self._files.write(f"{partial}/{MANIFEST}", manifest(snapshot.entry, self.download(name, snapshot)))
        self._files.rename(partial, snapshot_path(snapshot.key))

    def download(self, name: str, snapshot: DesiredSnapshot) -> list[File]:
        """Fetch the files of a snapshot that are missing, where LocalAI does not look for them; raises LocalAIError."""
        directory = f"{partial_path(snapshot.key)}/{SNAPSHOT}"
        return [self._file(name, file, f"{directory}/{file.path}") for file in snapshot.files]

    def _file(self, name: str, file: HubFile, path: str) -> File:
        """Install one file, unless an interrupted run has done so."""
        where = os.path.join(self._store.path, path)
        if not _is_right(where, file):
            spec = FileSpec(path, Address(file.url.text), file.sha256)
            with contextlib.ExitStack() as stack:
                tree, _delivered = self._transfer(name, spec, stack)
                self._files.install(tree, path, path)
            # That of a file with a sha256 was verified on its way.
            if not file.sha256 and not _is_right(where, file):
                self._files.remove(path)
                raise IntegrityError(f"{name}: {file.path} is not the file that the Hub lists. Run again.")
        digest = file.sha256 or sha256_of(where)
        return File(file.path, file.size, digest, file.blob_oid, file.sha256, file.xet_hash)


def complete_snapshot(path: str, key: str, *, verify: bool) -> dict[str, int] | None:
    """Return the sizes of the files of a snapshot by path in the models path; None unless it is complete."""
    top = snapshot_path(key)
    try:
        document = json.loads(read_file(os.path.join(path, top, MANIFEST), _MOST_MANIFEST).decode("utf-8"))
        rows = [(row["path"], row["size"], row["sha256"]) for row in document["files"]]
        sizes = {}
        for name, size, digest in rows:
            where = os.path.join(path, top, SNAPSHOT, name)
            if not is_hub_path(name) or os.lstat(where).st_size != size or (verify and sha256_of(where) != digest):
                return None
            sizes[f"{top}/{SNAPSHOT}/{name}"] = size
    except (OSError, ValueError, LookupError, TypeError, RecursionError, HostError):
        return None
    return sizes or None


def sha256_of(path: str) -> str:
    """Return the digits of the sha256 of a file, empty if it is gone; raises HostError if it cannot be read."""
    hasher = hashlib.sha256()
    try:
        with errors_at(path):
            for chunk in chunks_of(open_file(path)):
                hasher.update(chunk)
    except HostError:
        if os.path.lexists(path):
            raise
        return ""
    return hasher.hexdigest()


def _is_right(path: str, file: HubFile) -> bool:
    """Return whether a path is a file with the size and the hash that the Hub lists."""
    try:
        if os.lstat(path).st_size != file.size:
            return False
        if file.sha256:
            return sha256_of(path) == file.sha256
        return not file.blob_oid or _blob_oid(path, file.size) == file.blob_oid
    except (OSError, HostError):
        return False


def _blob_oid(path: str, size: int) -> str:
    """Return the hash that git gives to the content of a file."""
    header = b"blob %d\0" % size
    try:
        hasher = hashlib.new("sha1", header, usedforsecurity=False)
    except TypeError:
        # Python 3.8 has no such argument, and no check of it.
        hasher = hashlib.sha1(header)  # noqa: S324
    with errors_at(path):
        for chunk in chunks_of(open_file(path)):
            hasher.update(chunk)
    return hasher.hexdigest()
