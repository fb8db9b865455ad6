# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The declared files and the files on the host -> the steps of `localai_service_files`. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._errors import HostError
from .._fs.file_attributes import FileAttributes
from .declaration import Declaration, Directory, File, GeneratedFile
from .path_entry import Kind, PathEntry

Entries = t.Mapping[str, PathEntry]


@dataclass(frozen=True)
class CreateDirectory:
    """Create a directory, with the missing ones above it."""

    path: str
    attributes: FileAttributes


@dataclass(frozen=True)
class WriteFile:
    """Write a file, which replaces any other file or symlink of that name."""

    path: str
    attributes: FileAttributes
    content: bytes
    before: PathEntry
    is_secret: bool


@dataclass(frozen=True)
class GenerateFile:
    """Create a file from a template with a new token."""

    path: str
    attributes: FileAttributes
    template: str
    before: PathEntry


@dataclass(frozen=True)
class SetAttributes:
    """Give a file or a directory the requested owner, group and mode."""

    path: str
    attributes: FileAttributes
    before: PathEntry


@dataclass(frozen=True)
class Remove:
    """Remove a file, a symlink, or a directory with its content."""

    path: str
    before: PathEntry


Step = t.Union[CreateDirectory, WriteFile, GenerateFile, SetAttributes, Remove]


def plan(declared: Declaration, entries: Entries) -> list[Step]:
    """Return the steps in their order; raises HostError for a path that has something that must not be replaced."""
    steps: list[Step] = []
    for directory in declared.directories:
        steps += _directory(directory, entries[directory.path])
    for file in declared.files:
        steps += _file(file, entries[file.path])
    for path in declared.absent:
        steps += _absent(path, entries[path])
    return steps


def _directory(directory: Directory, entry: PathEntry) -> list[Step]:
    if entry.kind == Kind.MISSING:
        return [CreateDirectory(directory.path, directory.attributes)]
    if entry.kind != Kind.DIRECTORY:
        raise HostError(f"{directory.path} is not a directory. Move it away.")
    return _attributes(directory, entry)


def _file(file: File | GeneratedFile, entry: PathEntry) -> list[Step]:
    if entry.kind == Kind.DIRECTORY:
        raise HostError(f"{file.path} is a directory. Move it away.")
    if isinstance(file, GeneratedFile):
        if entry.kind != Kind.FILE:
            return [GenerateFile(file.path, file.attributes, file.template, entry)]
        if entry.has_other_names and entry.content is not None and entry.attributes.difference(file.attributes):
            return [WriteFile(file.path, file.attributes, entry.content, entry, is_secret=True)]
        return _attributes(file, entry)
    # Whoever made a hard link must not get the attributes changed of a file that is elsewhere too.
    is_written = entry.content == file.content and not (
        entry.has_other_names and entry.attributes.difference(file.attributes)
    )
    if entry.kind == Kind.FILE and is_written:
        return _attributes(file, entry)
    return [WriteFile(file.path, file.attributes, file.content, entry, file.is_secret)]


def _attributes(item: Directory | File | GeneratedFile, entry: PathEntry) -> list[Step]:
    if not entry.attributes.difference(item.attributes):
        return []
    return [SetAttributes(item.path, item.attributes, entry)]


def _absent(path: str, entry: PathEntry) -> list[Step]:
    if entry.mounts:
        raise HostError(f"{path} is not removed, because something is mounted there: {', '.join(entry.mounts)}.")
    return [] if entry.kind == Kind.MISSING else [Remove(path, entry)]
