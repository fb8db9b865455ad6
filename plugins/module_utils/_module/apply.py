# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Applies the steps of a plan to the disk."""

from __future__ import annotations

import contextlib
import time
import typing as t
from dataclasses import dataclass, replace

from .._address import Address
from .._errors import SourceError
from .._fs.file_attributes import FileAttributes
from .._fs.utf8 import os
from .._localai.backend_tree import BACKEND_FILES
from .._localai.metadata import METADATA, Metadata
from .._localai.metadata_writer import to_json
from .._planner.steps import (
    Download,
    Fetch,
    Prune,
    RecordSigner,
    Remove,
    Restore,
    Retire,
    SetAlias,
    SetAttributes,
    Step,
    WriteMeta,
    discards_download,
)
from .._sources.progress import Progress
from .._store.contents import contents_of, record_file
from .._store.layout import content_key
from .._store.record import RECORD
from .._store.store import Store
from .._store.verify import recorded_contents

if t.TYPE_CHECKING:
    from .._sources.artifact import Artifact
    from .._sources.source import Sources


@dataclass(frozen=True)
class Transfer:
    """The facts about a build that are known only after its transfer; `elapsed` is in seconds."""

    uri: Address
    served_by: str
    transferred: int
    elapsed: float


class Applier:
    """Applies steps to a locked store; `requested` has the attributes that installed trees must have."""

    def __init__(self, store: Store, sources: t.Callable[[], Sources], requested: FileAttributes) -> None:
        self._store = store
        self._sources = sources
        self._requested = requested

    def apply(self, step: Step) -> Transfer | None:
        """Apply one step. Returns the transfer of a build, or None for other steps. Raises LocalAIError."""
        store = self._store
        if isinstance(step, (Download, Fetch)):
            return self._fetch(step)
        if isinstance(step, WriteMeta):
            with store.stage() as tree:
                tree.file(METADATA, 0o644, [to_json(_dated(step.metadata))])
                store.publish(tree, step.backend, step.keep)
        elif isinstance(step, SetAlias):
            store.replace_file(step.backend, METADATA, to_json(step.metadata))
        elif isinstance(step, RecordSigner):
            self._record_signer(step)
        elif isinstance(step, Restore):
            store.restore(step.path, step.backend, self._requested, step.keep, step.build)
        elif isinstance(step, SetAttributes):
            store.converge(step.backend, self._requested)
        elif isinstance(step, Prune):
            store.prune(step.backend, step.keep)
        elif isinstance(step, Retire):
            store.retire(step.backend, step.keep)
        elif isinstance(step, Remove):
            store.remove(step.backend)
        return None

    def _record_signer(self, step: RecordSigner) -> None:
        """Write the record of an installed tree again; the list of what was installed stays as it is."""
        contents = recorded_contents(os.path.join(self._store.path, step.backend))
        self._store.replace_file(step.backend, RECORD, record_file(step.record, contents))

    def _fetch(self, step: Fetch | Download) -> Transfer | None:
        """Install or download a build. Returns None if it was downloaded before."""
        if isinstance(step, Fetch) and step.downloaded:
            self._install_downloaded(step)
            return None
        if discards_download(step):
            self._store.downloads.discard(step.backend)
        return self._transfer(step)

    def _install_downloaded(self, step: Fetch) -> None:
        """Install a downloaded tree, with the metadata and the record of this step."""
        store, contents = self._store, recorded_contents(os.path.join(self._store.path, step.downloaded))
        store.replace_file(step.downloaded, METADATA, to_json(_dated(step.metadata)))
        store.replace_file(step.downloaded, RECORD, record_file(step.record, contents))
        store.restore(step.downloaded, step.backend, self._requested, step.keep, step.build)
        store.downloads.discard(step.backend)

    def _transfer(self, step: Fetch | Download) -> Transfer:
        """Fetch a build with its metadata and its record, and install it or keep it."""
        start, store, artifact = time.monotonic(), self._store, t.cast("Artifact", step.artifact)
        try:
            with contextlib.ExitStack() as stack:
                progress = Progress(stack.enter_context(store.progress()), step.backend, artifact.size)
                delivery = self._sources().deliver(artifact, store.stage, progress.update, store.partials)
                tree, delivered = stack.enter_context(delivery)
                record = replace(step.record, size=tree.size, entries=tree.entries)
                contents = contents_of(tree.contents, BACKEND_FILES.described_by)
                metadata = step.metadata
                if delivered.artifact is not artifact:
                    # Another origin delivered content without a digest, so its address is recorded.
                    metadata = replace(metadata, uri=delivered.artifact.uri)
                tree.file(METADATA, 0o644, [to_json(_dated(metadata))])
                tree.file(RECORD, 0o644, [record_file(record, contents)])
                if isinstance(step, Download):
                    store.keep(tree, step.backend, content_key(delivered.artifact.identity))
                else:
                    store.publish(tree, step.backend, step.keep, step.build)
        except SourceError as e:
            raise SourceError(f"{step.backend} cannot be fetched. {e}") from e
        return Transfer(metadata.uri, delivered.served_by, delivered.transferred, round(time.monotonic() - start, 3))


def _dated(metadata: Metadata) -> Metadata:
    return replace(metadata, installed_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
