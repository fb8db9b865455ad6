# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run of `localai_bundle`: gather what hosts need, and fill the directory with what is missing."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ..._bundle.collection import CollectionArtifact, artifact_at
from ..._bundle.contents import CONTENTS, MOST_BYTES, Contents, Stored, parse_contents
from ..._errors import OptionError, SourceError
from ..._fs.file_attributes import FileAttributes
from ..._fs.read import read_file
from ..._fs.utf8 import os
from ..._store.layout import OWN_DIRECTORY
from ..._store.store import open_store
from ..._store.tree_files import TreeFiles
from ..message import mebibytes
from ..preflight import Contents as Kind
from ..preflight import check_space, check_writable
from ..runner import Run, run_module
from .argspec import BUNDLE
from .contents import Missing, merged, missing_of
from .documents import Directory, Documents, contents_of, documents_of, manifests_of
from .fill import Filler, has_content, lists_of, surplus
from .gather import Gathered, gather
from .options import BundleOptions, bundle_options

_KIND = Kind("the files of a bundle", "path")


def run_bundle() -> None:
    """Run the module `localai_bundle`."""
    run_module(BUNDLE, _run)


@dataclass(frozen=True)
class _Work:
    """What a run has to do, and what it is based on."""

    options: BundleOptions
    gathered: Gathered
    collection: CollectionArtifact | None
    directory: Directory
    documents: Documents
    missing: Missing

    def contents(self, fetched: t.Mapping[str, Stored]) -> Contents:
        """Return the list of the bundle, see `contents_of`."""
        return contents_of(self.options, self.gathered, self.directory, self.documents, fetched)

    @property
    def small_files(self) -> dict[str, bytes]:
        """The small files by path, without the lists."""
        return {**manifests_of(self.gathered, self.options.known), **self.documents.files}

    def has_files(self, contents: Contents) -> bool:
        """Return whether the small files and the lists are there."""
        files = {**self.small_files, **lists_of(contents)}
        return all(has_content(self.options.path, path, content) for path, content in files.items())


def _run(run: Run) -> None:
    run.result.update(fetched=[], removed=[], size=0, bytes_transferred=0, diff=[])
    options = bundle_options(run.params)
    # What is wrong here is told before anything is read from the network.
    _old(options.path)
    collection = artifact_at(options.collection) if options.collection is not None else None
    work = _planned(options, gather(options, run.warnings), collection)
    _report(work, run)
    check_writable(options.path, contents=_KIND)
    check_space(options.path, work.missing.size, lambda: work.missing.size, _KIND)
    contents = work.contents({})
    removed = surplus(options.path, contents) if options.prune else []
    changes = bool(run.result["fetched"] or removed) or not work.has_files(contents)
    if run.check_mode:
        run.result.update(changed=changes, removed=removed)
    elif changes:
        _fill(work, run)
    run.result["msg"] = _message(run)


def _planned(options: BundleOptions, gathered: Gathered, collection: CollectionArtifact | None) -> _Work:
    """Return what a run has to do with the directory as it is now; raises LocalAIError."""
    old = _old(options.path)
    kept = Contents() if options.prune else merged(old, options.known)
    directory = Directory(options.path, old, options.known, kept)
    gathered = gathered._replace(collection=collection.version if collection else old.collection)
    return _Work(
        options,
        gathered,
        collection,
        directory,
        documents_of(gathered, directory, collection),
        missing_of(gathered.wanted, old, options.known, directory.has),
    )


def _report(work: _Work, run: Run) -> None:
    rows = _rows(work.missing)
    run.result.update(fetched=rows, size=work.missing.size, diff=_diff(rows))


def _old(path: str) -> Contents:
    """Return what the directory has; raises OptionError for a directory of something else."""
    try:
        return parse_contents(read_file(os.path.join(path, CONTENTS), MOST_BYTES))
    except FileNotFoundError:
        pass
    except OSError as e:
        raise OptionError(f"path: {path}/{CONTENTS}: {e.strerror}.") from None
    except SourceError as e:
        raise OptionError(f"path: {path} cannot be used: {e} Or choose an empty directory.") from None
    try:
        names = os.listdir(path) if os.path.isdir(path) else []
    except OSError as e:
        raise OptionError(f"path: {path}: {e.strerror}.") from None
    if names and OWN_DIRECTORY not in names:
        raise OptionError(f"path: {path} is neither empty nor a bundle. Choose an empty or a new directory.")
    return Contents()


def _fill(work: _Work, run: Run) -> None:
    """Fetch what is missing, and write the lists last. What was complete before stays so, whatever fails."""
    options = work.options
    with open_store(options.path, FileAttributes(), TreeFiles(), options.lock_timeout) as store:
        # Another run may have filled it meanwhile.
        work = _planned(options, work.gathered, work.collection)
        _report(work, run)
        filler = Filler(store, store.files(0o644, 0o755), work.gathered.sources)
        try:
            for blob in work.missing.blobs:
                filler.fetch_blob(blob)
            fetched = {file.identity: filler.fetch_file(file) for file in work.missing.files}
            contents = work.contents(fetched)
            for path, content in (*work.small_files.items(), *lists_of(contents).items()):
                filler.write(path, content)
            for path in surplus(options.path, contents) if options.prune else ():
                filler.files.remove(path)
                run.result["removed"].append(path)
            store.retain_partials()
        finally:
            run.result["changed"] = bool(filler.written or run.result["removed"])
            run.result["bytes_transferred"] = filler.transferred


def _rows(missing: Missing) -> list[dict[str, t.Any]]:
    """Return what is transferred: images with what is missing of them, and files."""
    images: dict[str, int] = {}
    for image, blob in missing.blobs:
        name = next(iter(image.names), f"{image.origins[0]}")
        images[name] = images.get(name, 0) + blob.size
    rows: list[dict[str, t.Any]] = [{"name": name, "kind": "image", "size": size} for name, size in images.items()]
    return rows + [{"name": str(file.address), "kind": "file", "size": file.size or None} for file in missing.files]


def _diff(rows: t.Sequence[t.Mapping[str, t.Any]]) -> list[dict[str, str]]:
    lines = "".join(f"{row['name']} ({mebibytes(row['size'] or 0)})\n" for row in rows)
    return [{"before_header": "bundle", "after_header": "bundle", "before": "", "after": lines}] if lines else []


def _message(run: Run) -> str:
    rows, removed = run.result["fetched"], run.result["removed"]
    if not run.result["changed"]:
        return "Nothing to change."
    phrases = [
        f"{verb} {count} {noun}{'' if count == 1 else 's'}{size}"
        for verb, count, noun, size in (
            ("fetch" if run.check_mode else "fetched", len(rows), "thing", f" ({mebibytes(run.result['size'])})"),
            ("remove" if run.check_mode else "removed", len(removed), "file", ""),
        )
        if count
    ] or ["write the list" if run.check_mode else "wrote the list"]
    sentence = "; ".join(phrases)
    return f"Would {sentence}." if run.check_mode else f"{sentence[0].upper()}{sentence[1:]}."
