# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Attributes of managed files, and our own records of models."""

from __future__ import annotations

import os

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.tests.support.host import (
    mode,
    umask,
)
from ansible_collections.localai.core.tests.support.managed import (
    ONLY_ROOT,
    SERVICE,
    attributes_of,
    listing,
    opened,
)
from ansible_collections.localai.core.tests.support.trees import names, staging_of

# attributes


def test_a_file_and_a_directory_get_the_requested_mode(path):
    (path / "sub").mkdir()
    (path / "sub/x").touch()
    with opened(path) as (_store, files):
        files.set_attributes("sub/x", FileAttributes(mode="0600"))
        files.set_attributes("sub", FileAttributes(mode="02770"))
        files.set_attributes("sub", FileAttributes())
    assert (mode(path / "sub"), mode(path / "sub/x")) == ("0o2770", "0o600")


@ONLY_ROOT
def test_a_file_gets_the_requested_owner_and_group(path):
    (path / "x").touch()
    (path / "x").chmod(0o604)
    with opened(path) as (_store, files):
        files.set_attributes("x", FileAttributes(owner="1"))
        assert attributes_of(path / "x") == (1, 0, "0o604")
        files.set_attributes("x", FileAttributes(group="2", mode="0640"))
        assert attributes_of(path / "x") == (1, 2, "0o640")
        with pytest.raises(HostError, match="this host has no 'nosuch'"):
            files.set_attributes("x", FileAttributes(owner="nosuch"))


@pytest.mark.parametrize("what", ["symlink", "pipe", "hard link", "missing"])
def test_attributes_of_anything_else_are_not_changed(path, tmp_path, what):
    outside = tmp_path / "outside"
    outside.write_text("precious")
    outside.chmod(0o600)
    if what == "symlink":
        (path / "x").symlink_to(outside)
    elif what == "pipe":
        os.mkfifo(path / "x")
    elif what == "hard link":
        os.link(outside, path / "x")
    sentence = {
        "symlink": "neither a file nor a directory",
        "pipe": "neither a file nor a directory",
        "hard link": r"has 2 hard links.*Replace it by a copy",
        "missing": "No such file",
    }[what]
    with opened(path) as (_store, files), pytest.raises(HostError, match=rf"{path}/x.*{sentence}"):
        files.set_attributes("x", FileAttributes(mode="0777"))
    assert mode(outside) == "0o600"


@pytest.mark.parametrize("what", ["symlink", "hard link", "another file"])
def test_a_file_that_is_exchanged_before_its_attributes_change_is_an_error(path, tmp_path, monkeypatch, what):
    outside = tmp_path / "outside"
    outside.write_text("precious")
    outside.chmod(0o600)
    (path / "x").touch()
    status = os.stat

    def exchanged(name, **settings):
        before = status(name, **settings)
        if name == "x" and settings.get("dir_fd", -1) != -1 and len(asked) < 2:
            asked.append(name)
            if len(asked) == 2:
                (path / "x").unlink()
                {
                    "symlink": lambda: (path / "x").symlink_to(outside),
                    "hard link": lambda: os.link(outside, path / "x"),
                    "another file": lambda: outside.rename(path / "x"),
                }[what]()
        return before

    with opened(path) as (opened_store, files):
        assert opened_store.keeps.modes
        asked = []
        monkeypatch.setattr(os, "stat", exchanged)
        with pytest.raises(HostError, match=rf"{path}/x was replaced while its owner and mode were being changed"):
            files.set_attributes("x", FileAttributes(mode="0777"))
    assert len(asked) == 2
    assert mode(outside if outside.exists() else path / "x") == "0o600"


# records


def test_a_record_is_written_replaced_and_removed(path):
    with umask(0o077), opened(path) as (_store, files):
        files.remove_record("never written")
        for content in (b"{}", b'{"format": 1}'):
            files.write_record("phi-4:latest", content)
        files.write_record(".hidden", b"{}")
        place = path / ".localai-core/models"
        assert names(place) == [".hidden.json", "phi-4:latest.json"]
        assert (place / "phi-4:latest.json").read_bytes() == b'{"format": 1}'
        assert (mode(place), mode(place / "phi-4:latest.json")) == ("0o755", "0o644")
        for name in ("phi-4:latest", "phi-4:latest", ".hidden"):
            files.remove_record(name)
        assert names(place) == []
    assert (listing(path), names(staging_of(path))) == ({}, [])


@ONLY_ROOT
def test_a_record_belongs_to_the_owner_of_the_managed_directory(path):
    os.chown(path, 3, 4)
    with opened(path, SERVICE) as (_store, files):
        files.write_record("phi", b"{}")
    assert attributes_of(path / ".localai-core/models") == (3, 4, "0o755")
    assert attributes_of(path / ".localai-core/models/phi.json") == (3, 4, "0o644")


@pytest.mark.parametrize("name", ["", "a/b", "../x", "a\0b"])
def test_a_name_that_no_file_can_have_gets_no_record(path, name):
    with opened(path) as (_store, files):
        for act in (lambda: files.write_record(name, b"{}"), lambda: files.remove_record(name)):
            with pytest.raises(HostError, match="cannot be the name of a model"):
                act()
    assert not (path / ".localai-core/models").exists()


@pytest.mark.parametrize("what", ["symlink", "file"])
def test_what_has_the_name_of_the_directory_of_records_is_not_followed(path, tmp_path, what):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.json").write_text("precious")
    with opened(path) as (_store, files):
        place = path / ".localai-core/models"
        place.symlink_to(outside) if what == "symlink" else place.write_text("x")
        for act in (lambda: files.write_record("x", b"{}"), lambda: files.remove_record("x")):
            with pytest.raises(HostError, match=rf"{place} is "):
                act()
    assert (outside / "x.json").read_text() == "precious"


@pytest.mark.parametrize("what", ["directory", "symlink"])
def test_what_has_the_name_of_a_record_is_replaced(path, tmp_path, what):
    outside = tmp_path / "outside"
    outside.write_text("precious")
    with opened(path) as (_store, files):
        place = path / ".localai-core/models/x.json"
        place.parent.mkdir()
        (place / "deep").mkdir(parents=True) if what == "directory" else place.symlink_to(outside)
        files.write_record("x", b"{}")
        assert (place.read_bytes(), outside.read_text()) == (b"{}", "precious")
