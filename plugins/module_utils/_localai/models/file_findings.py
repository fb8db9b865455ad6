# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Problems of the other files in the models path: listed by mistake, unreadable, or left over. Pure.

`loose_names` has LocalAI's rule for the files that it lists.
"""

from __future__ import annotations

import posixpath
import typing as t

from .contents import PARTIAL, PARTIAL_SNAPSHOTS, Entry, Finding, Reader
from .loose_names import is_listed
from .names import gallery_file_name, of_gallery_file, parents

WEIGHTS = (".gguf", ".ggml", ".bin", ".onnx", ".safetensors", ".pt", ".pth", ".ckpt")
_HOUR = 3600
_DAY = 24 * _HOUR
_ARCHIVES = (".tar", ".tgz", ".tbz", ".tbz2", ".txz", ".tar.bz2", ".tar.xz", ".tar.zst", ".7z", ".rar")
_BACKUPS = ("~", ".swp", ".swo", ".swx", ".orig", ".rej", ".save", ".old", ".dpkg-old", ".dpkg-dist", ".rpmnew")
_ANSIBLE = ".ansible_tmp"


def loose_files(entries: t.Sequence[Entry], configured: t.AbstractSet[str]) -> t.Iterator[Finding]:
    """Yield the entries that LocalAI lists as models; those in `configured` are the model file of a configuration."""
    for entry in entries:
        is_link = entry.kind == "link"
        is_directory = entry.kind == "directory" or entry.target_kind == "directory"
        if entry.is_top and entry.path not in configured and is_listed(entry.name, is_directory, is_link):
            what, advice = _kind_of_loose(entry)
            yield Finding(entry.path, f"LocalAI lists {entry.path} as a model. It is {what}.", advice)


def _kind_of_loose(entry: Entry) -> tuple[str, str]:
    """Return what an entry is that LocalAI lists as a model, and what to do with it."""
    name = entry.name
    if entry.kind == "link" and not entry.target_kind:
        return "a symlink that leads nowhere", "Remove it."
    if entry.kind == "link" and entry.target_kind == "directory":
        return "a symlink to a directory", "Use a directory or a bind mount instead: LocalAI does not list these."
    if entry.kind == "other":
        return "neither a file nor a directory", "Move it out of the models path."
    if name.startswith(_ANSIBLE):
        return "a temporary file of an Ansible run that was interrupted", "Remove it if no Ansible run is active."
    if name.endswith(_BACKUPS) or (name.startswith("#") and name.endswith("#")):
        return "a copy that an editor or a package manager left", "Remove it, or move it out of the models path."
    if name.lower().endswith(_ARCHIVES):
        return "an archive", "Remove it if it is unpacked, or move it into a subdirectory."
    if name.startswith("."):
        return "a hidden file", "Remove it, or move it into a subdirectory."
    return "a file that no configuration has as its model", "Move it into a subdirectory, or remove it."


def unreadable_weights(entries: t.Sequence[Entry], reader: Reader) -> t.Iterator[Finding]:
    """Yield the files with weights that the service may not read, or the directory that it may not enter."""
    closed = {entry.path: entry for entry in entries if entry.kind == "directory" and not reader.may_read(entry)}
    reported = set()
    for entry in entries:
        if entry.kind != "file" or not entry.name.lower().endswith(WEIGHTS):
            continue
        obstacle = next((closed[parent] for parent in reversed(list(parents(entry.path))) if parent in closed), None)
        if obstacle is None and reader.may_read(entry):
            continue
        obstacle = obstacle or entry
        if obstacle.path not in reported:
            reported.add(obstacle.path)
            yield _unreadable(obstacle, reader)


def _unreadable(entry: Entry, reader: Reader) -> Finding:
    verb = "enter the directory" if entry.kind == "directory" else "read"
    mode = "directory_mode" if entry.kind == "directory" else "mode"
    return Finding(
        entry.path,
        f"The user of the service ({reader.uid}) may not {verb} {entry.path}: its mode is {entry.mode:04o}, its owner "
        f"{entry.uid} and its group {entry.gid}.",
        f"Change its owner, its group or its mode, for example with the options owner, group and {mode}.",
    )


def leftovers(entries: t.Sequence[Entry], now: float) -> t.Iterator[Finding]:
    """Yield what interrupted downloads and incomplete removals have left; `now` is the time in seconds since 1970."""
    top = {entry.path for entry in entries if entry.is_top}
    newest = _newest_of_snapshots(entries)
    for entry in entries:
        model = of_gallery_file(entry.path)
        if model and entry.path == gallery_file_name(model) and not top & {f"{model}.yaml", f"{model}.yml"}:
            yield Finding(
                entry.path,
                f"It is LocalAI's gallery entry of the model {model}, and there is no {model}.yaml.",
                "Remove it together with the files that it lists if no other model needs them.",
            )
        elif entry.path in newest:
            if now - newest[entry.path] > _DAY:
                yield Finding(
                    entry.path,
                    "It is an unfinished snapshot that did not change in the last 24 hours.",
                    "Remove it, or let LocalAI download the model again, which also removes it.",
                )
        elif _is_unfinished(entry, now) and not any(parent in newest for parent in parents(entry.path)):
            yield Finding(
                entry.path,
                f"It is an unfinished download of {entry.path[: -len(PARTIAL)]}.",
                "Install the model again, or remove the file. LocalAI removes it at a start if it did not change "
                "for 24 hours.",
            )


def _is_unfinished(entry: Entry, now: float) -> bool:
    return entry.kind == "file" and entry.name.endswith(PARTIAL) and now - entry.mtime > _HOUR


def _newest_of_snapshots(entries: t.Sequence[Entry]) -> dict[str, float]:
    """Return the last change in each unfinished snapshot, by the path of its directory."""
    newest: dict[str, float] = {}
    for entry in entries:
        parts = entry.path.split("/")
        path = "/".join(parts[:3])
        if len(parts) > 2 and posixpath.dirname(path) == PARTIAL_SNAPSHOTS:
            newest[path] = max(entry.mtime, newest.get(path, entry.mtime))
    return newest
