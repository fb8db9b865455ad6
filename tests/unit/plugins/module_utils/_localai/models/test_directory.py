# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The models path on a real disk, whatever is in it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai.models import directory
from ansible_collections.localai.core.plugins.module_utils._localai.models.contents import Entry, Listing
from ansible_collections.localai.core.plugins.module_utils._localai.models.directory import list_directory, yaml_texts
from ansible_collections.localai.core.tests.support.host import ordinary_user, temporary_directory


def put(path: Path, content: bytes = b"") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def by_path(listing: Listing) -> dict[str, Entry]:
    return {entry.path: entry for entry in listing.entries}


def test_all_kinds_of_entries_are_listed_with_what_is_known_of_them(tmp_path: Path) -> None:
    weights = put(tmp_path / "voices/de/a.onnx", b"12345")
    weights.chmod(0o640)
    os.utime(weights, (7, 7))
    put(tmp_path / ".artifacts/.locks/x.lock")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "nowhere").symlink_to("missing")
    (tmp_path / "alias.onnx").symlink_to("voices/de/a.onnx")
    (tmp_path / "chain").symlink_to("alias.onnx")
    (tmp_path / "all").symlink_to(tmp_path / "voices")
    (tmp_path / "outside").symlink_to("/")
    (tmp_path / "loop").symlink_to("loop")
    listing = list_directory(str(tmp_path))
    assert listing.problems == ()
    assert [(entry.path, entry.kind, entry.target_kind, entry.target) for entry in listing.entries] == [
        (".artifacts", "directory", "", ""),
        (".artifacts/.locks", "directory", "", ""),
        (".artifacts/.locks/x.lock", "file", "", ""),
        ("alias.onnx", "link", "file", "voices/de/a.onnx"),
        ("all", "link", "directory", "voices"),
        ("chain", "link", "file", "voices/de/a.onnx"),
        ("loop", "link", "", ""),
        ("nowhere", "link", "", ""),
        ("outside", "link", "directory", ""),
        ("pipe", "other", "", ""),
        ("voices", "directory", "", ""),
        ("voices/de", "directory", "", ""),
        ("voices/de/a.onnx", "file", "", ""),
    ]
    entry = by_path(listing)["voices/de/a.onnx"]
    assert (entry.size, entry.mode, entry.uid, entry.gid, entry.mtime) == (5, 0o640, os.getuid(), os.getgid(), 7.0)


def test_entries_are_in_byte_order_and_names_may_be_any_bytes(tmp_path: Path) -> None:
    for name in (b"Z", b"a", b"\xc3\xa4", b"\xff"):
        Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), name))).touch()
    assert [os.fsencode(entry.path) for entry in list_directory(str(tmp_path)).entries] == [
        b"Z",
        b"a",
        b"\xc3\xa4",
        b"\xff",
    ]


def test_our_own_directory_is_left_out_at_the_top_only(tmp_path: Path) -> None:
    put(tmp_path / ".localai-core/staging/a")
    put(tmp_path / "x/.localai-core/a")
    assert list(by_path(list_directory(str(tmp_path)))) == ["x", "x/.localai-core", "x/.localai-core/a"]


def test_a_models_path_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    assert list_directory(str(tmp_path / "models")) == Listing(())


def test_a_models_path_may_be_a_symlink_but_not_a_file(tmp_path: Path) -> None:
    put(tmp_path / "real/a.yaml", b"name: a")
    (tmp_path / "models").symlink_to("real")
    listing = list_directory(str(tmp_path / "models"))
    assert list(by_path(listing)) == ["a.yaml"]
    assert yaml_texts(str(tmp_path / "models"), listing) == {"a.yaml": b"name: a"}
    assert list_directory(str(tmp_path / "real/a.yaml")) == Listing((), (f"{tmp_path}/real/a.yaml: Not a directory.",))


def test_unreadable_parts_are_problems_and_the_rest_is_listed() -> None:
    with temporary_directory() as top:
        put(top / "closed/a.gguf")
        put(top / "open/b.gguf")
        put(top / "x.yaml", b"name: x").chmod(0)
        top.chmod(0o755)
        (top / "closed").chmod(0)
        with ordinary_user():
            listing = list_directory(str(top))
            texts = yaml_texts(str(top), listing)
        assert list(by_path(listing)) == ["closed", "open", "open/b.gguf", "x.yaml"]
        assert len(listing.problems) == 1
        assert listing.problems[0].startswith(f"{top}/closed: Permission denied.")
        assert texts == {}


def test_the_number_of_entries_is_limited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in "abc":
        put(tmp_path / name)
    monkeypatch.setattr(directory, "MOST_ENTRIES", 3)
    assert list_directory(str(tmp_path)).problems == ()
    monkeypatch.setattr(directory, "MOST_ENTRIES", 2)
    listing = list_directory(str(tmp_path))
    assert list(by_path(listing)) == ["a", "b"]
    assert listing.problems == (f"{tmp_path}: it has more than 2 entries. The others are not checked.",)


def test_a_deep_tree_is_a_problem(tmp_path: Path) -> None:
    fd = os.open(tmp_path, os.O_RDONLY)
    for _level in range(300):
        os.mkdir("d", dir_fd=fd)
        below = os.open("d", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.close(fd)
    listing = list_directory(str(tmp_path))
    assert len(listing.entries) == 201
    assert listing.problems[0].endswith("is nested too deeply to be checked.")


def test_yaml_files_of_every_depth_are_read(tmp_path: Path) -> None:
    for name in ("a.yaml", "B.YML", "._gallery_a.yaml", "x/y/z.yaml", "a.json", "a.yaml~"):
        put(tmp_path / name, name.encode())
    (tmp_path / "directory.yaml").mkdir()
    (tmp_path / "linked.yaml").symlink_to("a.yaml")
    (tmp_path / "dangling.yaml").symlink_to("missing.yaml")
    (tmp_path / "directory-link.yaml").symlink_to("x")
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "pipe-link.yaml").symlink_to("pipe.yaml")
    names = ("._gallery_a.yaml", "B.YML", "a.yaml", "x/y/z.yaml")
    texts = {**{name: name.encode() for name in names}, "linked.yaml": b"a.yaml"}
    assert yaml_texts(str(tmp_path), list_directory(str(tmp_path))) == texts


def test_what_was_exchanged_after_the_listing_is_not_read(tmp_path: Path) -> None:
    put(tmp_path / "secret", b"secret")
    put(tmp_path / "models/a.yaml", b"name: a")
    put(tmp_path / "models/b.yaml", b"name: b")
    put(tmp_path / "models/x/c.yaml", b"name: c")
    listing = list_directory(str(tmp_path / "models"))
    (tmp_path / "models/a.yaml").unlink()
    (tmp_path / "models/a.yaml").symlink_to("../secret")
    (tmp_path / "models/b.yaml").unlink()
    os.mkfifo(tmp_path / "models/b.yaml")
    (tmp_path / "models/x").rename(tmp_path / "x")
    (tmp_path / "models/x").symlink_to("../x")
    assert yaml_texts(str(tmp_path / "models"), listing) == {}


def test_a_link_leads_nobody_to_a_file_that_its_owner_may_not_read(tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("needs root")
    put(tmp_path / "secret", b"name: secret").chmod(0o600)
    put(tmp_path / "public", b"name: public").chmod(0o644)
    put(tmp_path / "own", b"name: own").chmod(0o600)
    os.chown(tmp_path / "own", 4242, 4242)
    for name in ("secret", "public", "own"):
        put(tmp_path / "models/x").with_name(f"{name}.yaml").symlink_to(f"../{name}")
        os.lchown(tmp_path / f"models/{name}.yaml", 4242, 4242)
    (tmp_path / "models/by-root.yaml").symlink_to("../own")
    texts = yaml_texts(str(tmp_path / "models"), list_directory(str(tmp_path / "models")))
    assert texts == {"by-root.yaml": b"name: own", "own.yaml": b"name: own", "public.yaml": b"name: public"}


def test_large_files_are_left_out_and_the_upper_levels_come_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path / "a/nested.yaml", b"1234")
    put(tmp_path / "large.yaml", b"12345")
    put(tmp_path / "top.yaml", b"1234")
    monkeypatch.setattr(directory, "MOST_BYTES_OF_A_FILE", 4)
    listing = list_directory(str(tmp_path))
    assert yaml_texts(str(tmp_path), listing) == {"top.yaml": b"1234", "a/nested.yaml": b"1234"}
    monkeypatch.setattr(directory, "MOST_BYTES", 7)
    assert yaml_texts(str(tmp_path), listing) == {"top.yaml": b"1234"}


def test_a_models_path_that_vanishes_after_the_listing_has_no_texts(tmp_path: Path) -> None:
    put(tmp_path / "models/a.yaml")
    listing = list_directory(str(tmp_path / "models"))
    (tmp_path / "models").rename(tmp_path / "gone")
    assert yaml_texts(str(tmp_path / "models"), listing) == {}
    assert yaml_texts(str(tmp_path / "models"), Listing(())) == {}
