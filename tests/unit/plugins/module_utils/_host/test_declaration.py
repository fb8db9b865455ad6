# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a task declares, and what contradicts itself."""

from __future__ import annotations

import os
import pwd
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import OptionError
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._host.declaration import (
    Directory,
    File,
    GeneratedFile,
    declaration,
    unknown_accounts,
)

OWN = {"owner": "root", "group": "root", "mode": "0644"}


def options(**given: Any) -> dict[str, Any]:
    names = ("directories", "files", "secrets", "generated", "absent")
    return {name: given.get(name, []) for name in names}


def row(path: str, **given: Any) -> dict[str, Any]:
    return {"path": path, **OWN, "content": "", "template": "", **given}


def test_all_is_declared_in_order() -> None:
    declared = declaration(
        options(
            directories=[row("/d", mode="750")],
            files=[row("//f/", content="größe")],
            secrets=[row("/s", content="x")],
            generated=[row("/g", template="{token}")],
            absent=["/a/b", "/a//b/"],
        )
    )
    attributes = FileAttributes("root", pwd_group(0), "0644")
    assert declared.directories == (Directory("/d", FileAttributes("root", pwd_group(0), "0750")),)
    assert declared.files == (
        File("/f", attributes, "größe".encode(), is_secret=False),
        File("/s", attributes, b"x", is_secret=True),
        GeneratedFile("/g", attributes, "{token}"),
    )
    assert declared.absent == ("/a/b",)


def pwd_group(gid: int) -> str:
    import grp

    return grp.getgrgid(gid).gr_name


def test_numbers_and_names_of_an_account_are_the_same() -> None:
    uid = os.geteuid()
    by_number = declaration(options(files=[row("/f", owner=str(uid))])).files[0]
    by_name = declaration(options(files=[row("/f", owner=pwd.getpwuid(uid).pw_name)])).files[0]
    assert by_number == by_name


def test_unknown_accounts_are_named_with_their_paths() -> None:
    declared = declaration(
        options(directories=[row("/d", group="no-group")], files=[row("/f", owner="no-user", group="no-group")])
    )
    assert unknown_accounts(declared) == ["group no-group of /d", "owner no-user of /f", "group no-group of /f"]
    assert unknown_accounts(declaration(options(files=[row("/f", owner="4000000", group="4000000")]))) == []


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"files": [row("relative")]}, "'relative' is not an absolute path"),
        ({"files": [row("/a/../b")]}, "is not an absolute path without '..'"),
        ({"directories": [row("/")]}, "'/' is not an absolute path"),
        ({"files": [row("/a\0b")]}, "is not an absolute path"),
        ({"files": [row("/f", mode="u=rw")]}, "/f: the mode 'u=rw' is not an octal mode such as 0644"),
        ({"secrets": [row("/f", mode="99")]}, "the mode '99' is not an octal mode"),
        ({"files": [row("/f", content="\udc00\ud800")]}, "/f: the content has characters"),
        ({"files": [row("/f")], "secrets": [row("/f")]}, "/f is declared twice"),
        ({"files": [row("/f"), row("//f")]}, "/f is declared twice"),
        ({"directories": [row("/f")], "files": [row("/f")]}, "/f is declared twice"),
        ({"files": [row("/a/b")], "absent": ["/a/b"]}, "/a/b is declared, and /a/b is in absent"),
        ({"files": [row("/a/b/c")], "absent": ["/a/b"]}, "/a/b/c is declared, and /a/b is in absent"),
        ({"absent": ["/etc"]}, "/etc is a top-level directory"),
        ({"absent": ["/"]}, "is not an absolute path"),
    ],
)
def test_what_cannot_be_meant_is_an_error(given: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message.replace(".", "[.]")):
        declaration(options(**given))


def test_a_path_with_the_same_beginning_contradicts_nothing() -> None:
    assert declaration(options(files=[row("/a/bc")], absent=["/a/b"])).absent == ("/a/b",)
