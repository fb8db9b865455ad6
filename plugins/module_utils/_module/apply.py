# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One step of a plan -> the change on disk."""

from __future__ import annotations

import contextlib
import time
import typing as t
from dataclasses import replace

from .._errors import SourceError
from .._localai.metadata import METADATA, Metadata
from .._planner.changes import Step
from .._resolver.resolver import Resolver
from .._sources.progress import Progress
from .._store.looks import Wanted
from .._store.record import RECORD, Record
from .._store.store import Store
from .._store.verify import contents_of
from .result import Fetched


def take(step: Step, store: Store, resolver: Resolver, wanted: Wanted) -> Fetched | None:
    """Take one step, C(wanted) being the look of trees that are there already; returns what came of a build."""
    if step.kind == "fetch":
        return _fetch(step, store, resolver)
    if step.kind == "meta":
        with store.stage() as tree:
            tree.file(METADATA, 0o644, [_dated(t.cast(Metadata, step.metadata)).to_json()])
            store.publish(tree, step.backend, step.keep)
    elif step.kind == "metadata":
        store.rewrite_metadata(step.backend, t.cast(Metadata, step.metadata).to_json())
    elif step.kind == "restore":
        store.restore(step.place, step.backend, wanted, step.keep, step.build)
    elif step.kind == "chown":
        store.make_alike(step.backend, wanted)
    elif step.kind == "prune":
        store.prune(step.backend, step.keep)
    elif step.kind == "retire":
        store.retire(step.backend, step.keep)
    else:
        store.remove(step.backend)
    return None


def _fetch(step: Step, store: Store, resolver: Resolver) -> Fetched:
    """Bring a build, complete with its metadata, and put it in its place."""
    start = time.monotonic()
    try:
        with contextlib.ExitStack() as stack:
            artifact = resolver.found(step.backend)
            progress = Progress(stack.enter_context(store.progress()), step.backend, artifact.size)
            tree, delivered = stack.enter_context(resolver.sources.deliver(artifact, store.stage, progress.update))
            record = replace(t.cast(Record, step.record), size=tree.size, entries=tree.entries)
            contents = contents_of(tree.contents)
            metadata = t.cast(Metadata, step.metadata)
            if delivered.artifact is not artifact:
                # Content without a digest came from another origin.
                metadata = replace(metadata, uri=delivered.artifact.uri)
            tree.file(METADATA, 0o644, [_dated(metadata).to_json()])
            tree.file(RECORD, 0o644, [record.to_json(contents)])
            store.publish(tree, step.backend, step.keep, step.build)
    except SourceError as e:
        raise SourceError(f"{step.backend} cannot be fetched. {e}") from e
    return Fetched(metadata.uri, delivered.served_by, delivered.transferred, round(time.monotonic() - start, 3))


def _dated(metadata: Metadata) -> Metadata:
    return replace(metadata, installed_at=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
