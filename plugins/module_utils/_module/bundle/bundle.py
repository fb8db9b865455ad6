# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run of `localai_bundle`: gather what hosts need, and fill the directory with what is missing."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass, replace

from ..._bundle.contents import CONTENTS, DIRECTORIES, MOST_BYTES, Contents, Stored, parse_contents
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
from .documents import Directory, Documents, contents_of, documents_of, has_content, manifests_of
from .fill import Filler, surplus
from .gather import Gathered, gather
from .lists import lists_of
from .options import BundleOptions, bundle_options

_KIND = Kind("the files of a bundle", "path")


def run_bundle() -> None:
    """Run the module `localai_bundle`."""
    run_module(BUNDLE, _run)


@dataclass(frozen=True)
class _Work:
    """The work of a run, and the data that it is based on."""

    options: BundleOptions
    gathered: Gathered
    directory: Directory
    documents: Documents
    missing: Missing

    def contents(self, fetched: t.Mapping[str, Stored]) -> Contents:
        """Return the list of the bundle, see `contents_of`."""
        return contents_of(self.options, self.gathered, self.directory, self.documents, fetched)

    def small_files(self, contents: Contents) -> dict[str, bytes]:
        """Return all files that are made here, the lists last."""
        manifests = manifests_of(self.gathered, self.options.known)
        return {**manifests, **self.documents.files, **lists_of(contents)}


def _run(run: Run) -> None:
    run.result.update(fetched=[], removed=[], size=0, bytes_transferred=0, diff=[])
    options = bundle_options(run.params)
    _old(options.path)
    gathered = gather(options, run.warnings)
    work = _work(options, gathered)
    run.result.update(_result_of(work.missing))
    check_writable(options.path, contents=_KIND)
    check_space(options.path, work.missing.size, lambda: work.missing.size, _KIND)
    contents = work.contents({})
    removed = surplus(options.path, contents, work.missing.files) if options.prune else []
    changes = bool(run.result["fetched"] or removed) or not all(
        has_content(os.path.join(options.path, path), content) for path, content in work.small_files(contents).items()
    )
    if run.check_mode:
        run.result.update(changed=changes, removed=removed)
    elif changes:
        _fill(options, gathered, run)
    run.result["msg"] = _message(run)


def _work(options: BundleOptions, gathered: Gathered) -> _Work:
    """Return what a run has to do for the current state of the directory; raises LocalAIError. Nothing is written."""
    old = _old(options.path)
    directory = Directory(options.path, old, options.known, Contents() if options.prune else _kept(old, options.known))
    _check_hub(directory.kept, gathered)
    documents = documents_of(gathered, directory)
    missing = missing_of(gathered.wanted, old, options.known, directory.has)
    return _Work(options, gathered, directory, documents, missing)


def _kept(old: Contents, known: Contents) -> Contents:
    """Return what stays in the list: what the directory has, and what the site has."""
    return replace(merged(old, known), hub=old.hub or known.hub)


def _check_hub(kept: Contents, gathered: Gathered) -> None:
    """Raise OptionError if what stays was fetched from another server of the Hub, whose URLs hosts would not use."""
    if kept.files and kept.hub != gathered.network.hub_address:
        raise OptionError(
            f"The bundle was filled from {kept.hub}, and HF_ENDPOINT or a variable like it names "
            f"{gathered.network.hub_address} now. Use the same server, or prune."
        )


def _old(path: str) -> Contents:
    """Return what the directory has; raises OptionError for a directory of something else."""
    try:
        names = os.listdir(path) if os.path.isdir(path) else []
    except OSError as e:
        raise OptionError(f"path: {path}: {e.strerror}.") from None
    link = next((name for name in names if name in DIRECTORIES and os.path.islink(os.path.join(path, name))), None)
    if link is not None:
        raise OptionError(f"path: {path}/{link} is a symlink, which is not followed. Put a directory in its place.")
    try:
        return parse_contents(read_file(os.path.join(path, CONTENTS), MOST_BYTES))
    except FileNotFoundError:
        pass
    except OSError as e:
        raise OptionError(f"path: {path}/{CONTENTS}: {e.strerror}.") from None
    except SourceError as e:
        raise OptionError(f"path: {path} cannot be used: {e} Or choose an empty directory.") from None
    if names and OWN_DIRECTORY not in names:
        raise OptionError(f"path: {path} is neither empty nor a bundle. Choose an empty or a new directory.")
    return Contents()


def _fill(options: BundleOptions, gathered: Gathered, run: Run) -> None:
    """Fetch what is missing, and write the lists last. What was complete before stays so, whatever fails."""
    with open_store(options.path, FileAttributes(), TreeFiles(), options.lock_timeout) as store:
        # Another run may have fetched some of it meanwhile.
        work = _work(options, gathered)
        run.result.update(_result_of(work.missing))
        filler = Filler(store, store.files(0o644, 0o755), gathered.sources)
        try:
            for blob in work.missing.blobs:
                filler.fetch_blob(blob)
            contents = work.contents({file.identity: filler.fetch_file(file) for file in work.missing.files})
            for path, content in work.small_files(contents).items():
                filler.write(path, content)
            for path in surplus(options.path, contents) if options.prune else ():
                filler.files.remove(path)
                run.result["removed"].append(path)
            store.retain_partials()
        finally:
            run.result["changed"] = bool(filler.written or run.result["removed"])
            run.result["bytes_transferred"] = filler.transferred


def _result_of(missing: Missing) -> dict[str, t.Any]:
    rows = _rows(missing)
    return {"fetched": rows, "size": missing.size, "diff": _diff(rows)}


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
