# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Managed files on disks that fail, are full or keep little, and the order in which they are written."""

from __future__ import annotations

import errno
import os
import re
import subprocess

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._fs import sync
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._store import managed_files, numbered_trees, store
from ansible_collections.localai.core.tests.support.host import (
    ANYBODY,
    IS_ROOT,
    failing,
    mode,
)
from ansible_collections.localai.core.tests.support.managed import (
    ONLY_ROOT,
    SERVICE,
    listing,
    opened,
)
from ansible_collections.localai.core.tests.support.trees import names, staging_of


def change(name, opened_store, files):
    """Make one change of a file or a tree that exists already."""
    if name in ("remove", "attributes", "record", "record that goes"):
        {
            "remove": lambda: files.remove("sub/x"),
            "attributes": lambda: files.set_attributes("sub/x", FileAttributes(mode="0600")),
            "record": lambda: files.write_record("x", b"{}"),
            "record that goes": lambda: files.remove_record("theirs"),
        }[name]()
        return
    with opened_store.stage() as tree:
        tree.file("x", 0o600, [b"new"])
        if name == "install":
            files.install(tree, "x", "sub/x")
        elif name == "merge":
            tree.file("y", 0o600, [b"new"])
            files.merge(tree, "sub")
        else:
            files.publish(tree, "sub")


# a: attributes of what is staged, f: a file is synced, s: the file system is, m: a move, e: directory entries are
# synced, r: something is removed
ORDERS = {
    "install": "a+fmer+",
    "merge": "a+smmer+",
    "publish": "a+smeer+",
    "remove": "meer",
    "attributes": "ae",
    "record": "a?fmre",
    "record that goes": "re",
}


@pytest.mark.parametrize("name", ORDERS)
def test_content_is_synced_before_it_is_visible_and_its_name_before_anything_is_deleted(path, monkeypatch, name):
    (path / "sub").mkdir()
    for inner in ("x", "theirs"):
        (path / "sub" / inner).write_text("old")
    (path / ".localai-core/models").mkdir(parents=True)
    (path / ".localai-core/models/theirs.json").touch()
    done = []

    def noted(what, act):
        return lambda *arguments, **settings: (done.append(what), act(*arguments, **settings))[1]

    calls = {
        "a": [(os, "fchmod"), (os, "chmod")],
        "f": [(os, "fsync")],
        "s": [(managed_files, "write_out")],
        "m": [(os, "rename"), (os, "replace"), (store, "exchange")],
        "e": [(module, "write_out_entries") for module in (sync, managed_files)],
        "r": [(module, "remove") for module in (store, numbered_trees, managed_files)],
    }
    with opened(path) as (opened_store, files):
        assert opened_store.keeps.modes
        for module in (sync, managed_files):
            # Otherwise it would count as the sync of a file.
            monkeypatch.setattr(module, "write_out_entries", lambda _fd: None)
        for what, functions in calls.items():
            for module, function in functions:
                monkeypatch.setattr(module, function, noted(what, getattr(module, function)))
        change(name, opened_store, files)
        order = "".join(done)
    assert re.fullmatch(ORDERS[name], order), order


@pytest.mark.parametrize(
    ("name", "module", "call"),
    [
        ("install", os, "fsync"),
        ("merge", managed_files, "write_out"),
        ("publish", managed_files, "write_out"),
        ("publish", sync, "write_out_entries"),
        ("remove", sync, "write_out_entries"),
    ],
)
@pytest.mark.usefixtures("any_kernel")
def test_a_failed_sync_is_an_error_and_the_old_content_stays(path, monkeypatch, name, module, call):
    (path / "sub").mkdir()
    (path / "sub/x").write_text("old")
    before = listing(path)
    with opened(path) as (opened_store, files):
        assert opened_store.keeps.modes
        monkeypatch.setattr(module, call, failing(errno.EIO))
        with pytest.raises(HostError, match=rf"{path}/sub(/x)?: Input/output error\. The disk may be failing"):
            change(name, opened_store, files)
    assert listing(path) == before
    assert (path / "sub/x").read_text() == "old"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 kB with a managed directory."""
    top = tmp_path / "disk"
    top.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k,mode=755", "tmpfs", str(top)]
    if not IS_ROOT or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("nothing can be mounted here")
    yield top
    subprocess.run(["umount", str(top)], check=True)


def test_on_a_full_disk_the_old_file_stays_and_removal_makes_room(small_disk):
    path = small_disk / "models"
    with opened(path) as (_store, files):
        files.write("sub/x.gguf", b"1" * 20_000)
        for target in ("sub/x.gguf", "sub/y.gguf", "new/z.gguf"):
            with pytest.raises(HostError, match=r"No space left on device\. Free some space"):
                files.write(target, b"2" * 100_000)
        assert (path / "sub/x.gguf").read_bytes() == b"1" * 20_000
        assert names(path / "sub") == ["x.gguf"]
        assert files.remove("sub/x.gguf")
        files.write("new/z.gguf", b"3" * 20_000)
    assert listing(path) == {"new": "0o40750", "new/z.gguf": "0o100640"}
    assert names(staging_of(path)) == []


@ONLY_ROOT
def test_a_directory_on_another_file_system_is_an_error_that_says_so(small_disk, tmp_path):
    path = tmp_path
    with opened(path) as (opened_store, files):
        with opened_store.stage() as tree:
            tree.file("x", 0o644, [b"x"])
            for act in (
                lambda: files.install(tree, "x", "disk/x"),
                lambda: files.merge(tree, "disk"),
                lambda: files.publish(tree, "disk/x"),
                lambda: files.write("disk/deep/x", b"x"),
            ):
                with pytest.raises(HostError, match=rf"{path}/disk.* is on another file system than {path}"):
                    act()
        (small_disk / "theirs").touch()
        assert files.remove("disk/theirs")
    assert names(small_disk) == []


@pytest.mark.parametrize("kept", ["nothing", "modes", "owners"])
def test_what_the_file_system_does_not_keep_is_not_set(path, monkeypatch, kept):
    refused = {"nothing": ("fchmod", "fchown"), "modes": ("fchown",), "owners": ("fchmod",)}[kept]
    calls = []

    def refuse(call):
        def fail(*arguments):
            calls.append(call)
            failing(errno.EPERM)()

        return fail

    owner = SERVICE if IS_ROOT else ANYBODY
    for call in refused:
        monkeypatch.setattr(os, call, refuse(call))
    with opened(path, owner) as (opened_store, files):
        keeps = opened_store.keeps
        del calls[:]
        with opened_store.stage() as tree:
            tree.file("x", 0o644, [b"x"])
            files.install(tree, "x", "sub/x")
        with opened_store.stage() as tree:
            tree.file("x", 0o644, [b"x"])
            files.publish(tree, "tree")
        files.set_attributes("sub/x", FileAttributes(mode="0600"))
        assert calls == []
    assert (keeps.owners, keeps.modes) == (kept == "owners", kept == "modes")
    assert (path / "sub/x").read_bytes() == b"x"
    if kept == "modes":
        assert [mode(path / name) for name in ("sub", "tree", "tree/x", "sub/x")] == [
            *("0o750", "0o750", "0o640", "0o600")
        ]
    else:
        assert mode(path / "sub/x") != "0o600"
