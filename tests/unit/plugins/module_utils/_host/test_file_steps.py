# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which steps follow from what is declared and what is there."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._host.declaration import (
    Declaration,
    Directory,
    File,
    GeneratedFile,
)
from ansible_collections.localai.core.plugins.module_utils._host.file_steps import (
    CreateDirectory,
    GenerateFile,
    Remove,
    SetAttributes,
    Step,
    WriteFile,
    plan,
)
from ansible_collections.localai.core.plugins.module_utils._host.path_entry import MISSING, Kind, PathEntry

WANTED = FileAttributes("root", "root", "0644")
OTHER = FileAttributes("root", "root", "0600")
PLAIN = File("/f", WANTED, b"x", is_secret=False)
GENERATED = GeneratedFile("/f", WANTED, "{token}")


def status(links: int) -> os.stat_result:
    return cast("os.stat_result", SimpleNamespace(st_nlink=links))


def steps_of(entry: PathEntry, **declared: Any) -> list[Step]:
    full = {"directories": (), "files": (), "absent": (), **declared}
    paths = {item.path: entry for name in ("directories", "files") for item in full[name]}
    return plan(Declaration(**full), {**paths, **dict.fromkeys(full["absent"], entry)})


def test_a_directory_is_created_or_gets_its_attributes() -> None:
    directory = Directory("/d", WANTED)
    wrong = PathEntry(Kind.DIRECTORY, OTHER)
    assert steps_of(MISSING, directories=(directory,)) == [CreateDirectory("/d", WANTED)]
    assert steps_of(wrong, directories=(directory,)) == [SetAttributes("/d", WANTED, wrong)]
    assert steps_of(PathEntry(Kind.DIRECTORY, WANTED), directories=(directory,)) == []


@pytest.mark.parametrize("kind", [Kind.FILE, Kind.LINK, Kind.OTHER])
def test_something_else_in_place_of_a_directory_is_an_error(kind: Kind) -> None:
    with pytest.raises(HostError, match="/d is not a directory"):
        steps_of(PathEntry(kind), directories=(Directory("/d", WANTED),))


@pytest.mark.parametrize(
    "entry",
    [
        MISSING,
        PathEntry(Kind.FILE, WANTED, b"y"),
        PathEntry(Kind.FILE, WANTED, None),
        PathEntry(Kind.LINK, WANTED, target="x"),
        PathEntry(Kind.OTHER, WANTED),
        PathEntry(Kind.FILE, OTHER, b"x", status=status(2)),
    ],
)
def test_a_file_is_written(entry: PathEntry) -> None:
    assert steps_of(entry, files=(PLAIN,)) == [WriteFile("/f", WANTED, b"x", entry, is_secret=False)]


def test_a_file_with_the_right_content_gets_its_attributes_only() -> None:
    entry = PathEntry(Kind.FILE, OTHER, b"x", status=status(1))
    assert steps_of(entry, files=(PLAIN,)) == [SetAttributes("/f", WANTED, entry)]
    assert steps_of(PathEntry(Kind.FILE, WANTED, b"x", status=status(2)), files=(PLAIN,)) == []


@pytest.mark.parametrize("entry", [MISSING, PathEntry(Kind.LINK, WANTED, target="x"), PathEntry(Kind.OTHER, WANTED)])
def test_a_token_is_generated_once(entry: PathEntry) -> None:
    assert steps_of(entry, files=(GENERATED,)) == [GenerateFile("/f", WANTED, "{token}", entry)]
    assert steps_of(PathEntry(Kind.FILE, WANTED, b""), files=(GENERATED,)) == []
    assert steps_of(PathEntry(Kind.FILE, WANTED, None), files=(GENERATED,)) == []


def test_a_generated_file_keeps_its_content_when_its_attributes_are_wrong() -> None:
    alone = PathEntry(Kind.FILE, OTHER, b"token", status=status(1))
    linked = PathEntry(Kind.FILE, OTHER, b"token", status=status(2))
    assert steps_of(alone, files=(GENERATED,)) == [SetAttributes("/f", WANTED, alone)]
    assert steps_of(linked, files=(GENERATED,)) == [WriteFile("/f", WANTED, b"token", linked, is_secret=True)]


@pytest.mark.parametrize("file", [PLAIN, GENERATED])
def test_a_directory_is_not_replaced(file: File | GeneratedFile) -> None:
    with pytest.raises(HostError, match="/f is a directory"):
        steps_of(PathEntry(Kind.DIRECTORY), files=(file,))


def test_what_is_absent_is_removed() -> None:
    entry = PathEntry(Kind.DIRECTORY, WANTED)
    assert steps_of(entry, absent=("/a/b",)) == [Remove("/a/b", entry)]
    assert steps_of(MISSING, absent=("/a/b",)) == []


def test_a_mount_point_is_not_removed() -> None:
    with pytest.raises(HostError, match="/a/b is not removed, because something is mounted there: /a/b/c"):
        steps_of(PathEntry(Kind.DIRECTORY, mounts=("/a/b/c",)), absent=("/a/b",))


def test_the_order_is_that_of_the_kinds() -> None:
    declared = Declaration((Directory("/d", WANTED),), (PLAIN, GENERATED), ("/a/b",))
    entries = {"/d": MISSING, "/f": MISSING, "/a/b": PathEntry(Kind.FILE)}
    order = [CreateDirectory, WriteFile, GenerateFile, Remove]
    assert [step.__class__ for step in plan(declared, entries)] == order
