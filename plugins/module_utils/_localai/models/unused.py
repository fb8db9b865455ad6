# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of the models path that no YAML document mentions, and which of them may be deleted. Pure.

For the files that LocalAI leaves, it follows LocalAI's `pkg/downloader/partial.go`, `pkg/modelartifacts/partial.go` and
`core/gallery/models.go`.
"""

from __future__ import annotations

import posixpath
import re
import typing as t

from .contents import ARTIFACTS, PARTIAL, PARTIAL_SNAPSHOTS, SNAPSHOTS, Entry, Listing, is_yaml
from .mentions import Document, Mentions, unread_documents
from .names import of_gallery_file, parents

_HOUR = 3600
_DAY = 24 * _HOUR
_KEY = re.compile("[0-9a-f]{64}")
# LocalAI writes a configuration to such a file in the models path, and then renames it.
_TEMPORARIES = (".model-config-", ".artifact-binding-")
_HUB_REPOSITORY = re.compile("(?:models|datasets|spaces)--(.+)")
_HUB_DIRECTORIES = ("hub", "xet", ".locks")
_CONFIGURATION = re.compile(r"([^.].*?)\.ya?ml")
_LOCKS = f"{ARTIFACTS}/.locks"


class Unused(t.NamedTuple):
    """A file that no YAML document mentions, or a directory as a whole. `reason` is what it is and why it may go."""

    path: str
    size: int
    prunable: bool
    reason: str


class _Tree(t.NamedTuple):
    """A directory that is judged as a whole."""

    path: str
    size: int
    mtime: float


def unused_of(
    listing: Listing,
    mentions: Mentions,
    ledger: t.Collection[str],
    now: float,
    in_use: t.Collection[str] = (),
) -> list[Unused]:
    """Return the files that no document mentions, in the order of the listing.

    `ledger` has the files that records of ours list, and `in_use` those of them whose model is still installed: files
    that were unpacked from an archive are needed though no document mentions them. If parts of the models path or a
    YAML file could not be read, whatever that part could mention is not prunable.
    """
    return _Decision(listing, mentions, ledger, now, in_use).unused()


class _Decision:
    def __init__(
        self,
        listing: Listing,
        mentions: Mentions,
        ledger: t.Collection[str],
        now: float,
        in_use: t.Collection[str],
    ) -> None:
        self._listing = listing
        self._mentions = mentions.within(listing)
        self._now = now
        self._in_use, self._ledger = frozenset(in_use), frozenset(ledger)
        top = {entry.path for entry in listing.entries if entry.is_top}
        self._abandoned = _abandoned_gallery_files(top, mentions.documents)
        self._left_by_localai = {
            path
            for document in mentions.documents
            if document.path in self._abandoned
            for path in files_of_document(document)
        }
        self._unread_documents = unread_documents(listing, mentions.documents)
        self._without = self._abandoned.union(self._unread_documents)

    def unused(self) -> list[Unused]:
        trees: dict[str, list[Entry]] = {}
        results: list[Unused | None] = []
        for entry in self._listing.entries:
            tree = _tree_of(entry.path)
            if not tree:
                results.append(self._file(entry) if entry.kind != "directory" else None)
            elif tree != _LOCKS:
                trees.setdefault(tree, []).append(entry)
        results += [self._tree(_summary(path, entries)) for path, entries in trees.items()]
        order = {entry.path: number for number, entry in enumerate(self._listing.entries)}
        return sorted((result for result in results if result), key=lambda result: order.get(result.path, 0))

    def _file(self, entry: Entry) -> Unused | None:
        if entry.is_top and is_yaml(entry.name) and entry.path not in self._abandoned and _is_read_by_localai(entry):
            return None
        if _lists(self._in_use, entry.path) or self._is_mentioned(entry.path):
            return None
        age = self._now - entry.mtime
        if entry.kind == "file" and entry.name.endswith(PARTIAL):
            return _unused(entry, "It is an unfinished download", age > _HOUR, "it changed less than an hour ago")
        if entry.kind == "file" and entry.is_top and entry.name.startswith(_TEMPORARIES):
            return _unused(entry, "It is a temporary file of LocalAI", age > _HOUR, "it changed less than an hour ago")
        if entry.path in self._abandoned:
            what = f"It is LocalAI's gallery entry of the model {of_gallery_file(entry.name)}, which is not there"
            return _unused(entry, what, not self._unread, self._unread)
        if _lists(self._ledger, entry.path):
            return _unused(entry, "This collection installed it for a model", not self._unread, self._unread)
        if entry.path in self._left_by_localai:
            what = "LocalAI installed it for a model that is not there"
            return _unused(entry, what, not self._unread, self._unread)
        return _unused(entry, "No YAML file mentions it", False, "it is not known who installed it")

    def _tree(self, tree: _Tree) -> Unused | None:
        parent, name = posixpath.split(tree.path)
        age = self._now - tree.mtime
        if parent == SNAPSHOTS:
            if _lists(self._in_use, tree.path) or self._is_mentioned(tree.path):
                return None
            what, why_not = "It is a snapshot of LocalAI that no YAML file mentions", self._unread
            if age <= _HOUR:
                why_not = "it changed less than an hour ago"
            return _unused(tree, what, not why_not, why_not)
        if parent == PARTIAL_SNAPSHOTS:
            is_old = age > _DAY
            return _unused(tree, "It is an unfinished snapshot of LocalAI", is_old, "it changed in the last 24 hours")
        repository = _HUB_REPOSITORY.fullmatch(name)
        if repository and self._is_mentioned(repository.group(1).replace("--", "/")):
            return None
        return _unused(tree, "It is a cache of the Hugging Face library", False, "backends load models from it")

    @property
    def _unread(self) -> str:
        """Why a file that is not mentioned could be mentioned after all; empty if all was read."""
        if self._unread_documents:
            return f"{self._unread_documents[0]} could not be read and may mention it"
        return "parts of the models path could not be read" if self._listing.problems else ""

    def _is_mentioned(self, path: str) -> bool:
        return bool(self._mentions.of(path, self._without))


def _unused(entry: Entry | _Tree, what: str, prunable: bool, why_not: str) -> Unused:
    reason = f"{what}." if prunable else f"{what}, and {why_not}."
    return Unused(entry.path, entry.size, prunable, reason)


def _lists(paths: t.AbstractSet[str], path: str) -> bool:
    """Return whether a record lists a path, or a directory that it is in."""
    return path in paths or any(parent in paths for parent in parents(path))


def _is_read_by_localai(entry: Entry) -> bool:
    return not entry.name.startswith(".") or bool(of_gallery_file(entry.name))


def _abandoned_gallery_files(top: t.AbstractSet[str], documents: t.Sequence[Document]) -> frozenset[str]:
    """Return LocalAI's gallery files whose model has no configuration, not even one with another ending.

    An operator disables a model by renaming its file, for example to `x.yaml.off`.
    """
    names = [document.path for document in documents if of_gallery_file(document.path)]
    models = {match.group(1) for match in map(_CONFIGURATION.match, (name.casefold() for name in top)) if match}
    return frozenset(name for name in names if of_gallery_file(name).casefold() not in models)


def files_of_document(document: Document) -> t.Iterator[str]:
    """Yield the paths of the files that a gallery entry lists."""
    content = document.content if isinstance(document.content, dict) else {}
    files = content.get("files")
    for file in files if isinstance(files, list) else []:
        name = file.get("filename") if isinstance(file, dict) else None
        if isinstance(name, str):
            yield posixpath.normpath(name)


def _tree_of(path: str) -> str:
    """Return the directory that is judged as a whole and that a path belongs to; empty if there is none."""
    parts = path.split("/")
    if len(parts) > 1 and (parts[0] in _HUB_DIRECTORIES or _HUB_REPOSITORY.fullmatch(parts[0])):
        return parts[0]
    if path.startswith(_LOCKS + "/"):
        return _LOCKS
    directory = "/".join(parts[:2])
    is_snapshot = len(parts) > 2 and (directory == PARTIAL_SNAPSHOTS or _KEY.fullmatch(parts[2]) is not None)
    return "/".join(parts[:3]) if is_snapshot and directory in (SNAPSHOTS, PARTIAL_SNAPSHOTS) else ""


def _summary(path: str, entries: t.Sequence[Entry]) -> _Tree:
    return _Tree(path, sum(entry.size for entry in entries), max(entry.mtime for entry in entries))
