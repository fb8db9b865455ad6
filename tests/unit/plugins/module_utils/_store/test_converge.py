# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Owner, group and mode of a tree: what is counted is changed, and nothing outside the tree is given away."""

from __future__ import annotations

import os

import pytest

from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._localai.backend_tree import BACKEND_FILES
from ansible_collections.localai.core.plugins.module_utils._store.converge import converge, count_differing
from ansible_collections.localai.core.tests.support.host import IS_ROOT, mode, snapshot

ONLY_ROOT = pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")


@pytest.fixture
def tree(tmp_path):
    place = tmp_path / "tree"
    (place / "lib").mkdir(parents=True)
    for name in ("run.sh", "metadata.json", ".localai-core.json", "lib/x"):
        (place / name).write_text("x")
    (place / "run.sh").chmod(0o755)
    (place / "metadata.json").chmod(0o644)
    (place / "link").symlink_to("../outside")
    os.link(place / "lib/x", place / "lib/y")
    place.chmod(0o755)
    (tmp_path / "outside").write_text("precious")
    return place


class Opened:
    """The tree, held open."""

    def __init__(self, place):
        self.place = place

    def __enter__(self):
        self.fd = os.open(self.place, os.O_RDONLY)
        return self.fd, str(self.place)

    def __exit__(self, *_exception):
        os.close(self.fd)


def counted(place, **requested):
    with Opened(place) as (fd, where):
        return count_differing(fd, where, FileAttributes(**requested), BACKEND_FILES)


def changed(place, **requested):
    with Opened(place) as (fd, where):
        converge(fd, where, FileAttributes(**requested), BACKEND_FILES)


def test_where_nothing_is_requested_nothing_differs(tree):
    assert counted(tree) == 0
    assert counted(tree, owner=str(os.geteuid()), group=str(os.stat(tree).st_gid), mode="0755") == 0


def test_nothing_belongs_to_an_account_that_does_not_exist_yet(tree):
    assert counted(tree, owner="no-user-of-that-name") == len(snapshot(tree))


@ONLY_ROOT
@pytest.mark.parametrize("requested", [{"owner": "1"}, {"group": "1"}, {"owner": "1", "group": "1"}])
def test_the_whole_tree_changes_hands_and_what_links_point_to_does_not(tree, requested):
    outside = snapshot(tree.parent)["outside"]
    assert counted(tree, **requested) == len(snapshot(tree))
    changed(tree, **requested)
    assert counted(tree, **requested) == 0
    owners = {entry[1:3] for entry in snapshot(tree).values()}
    assert owners == {(int(requested.get("owner", 0)), int(requested.get("group", 0)))}
    assert snapshot(tree.parent)["outside"] == outside


@ONLY_ROOT
def test_a_file_that_has_a_name_outside_is_not_given_away(tree):
    os.link(tree.parent / "outside", tree / "mine")
    changed(tree, owner="1")
    assert (tree.parent / "outside").stat().st_uid == 0
    assert (tree / "lib/x").stat().st_uid == 1
    assert counted(tree, owner="1") == 0


def test_the_top_gets_the_mode_and_what_is_in_it_does_not(tree):
    assert counted(tree, mode="0750") == 1
    changed(tree, mode="0750")
    assert (mode(tree), mode(tree / "lib")) == ("0o750", "0o755")


@pytest.mark.parametrize(
    ("name", "wrong", "right"),
    [
        ("run.sh", 0o640, "0o750"),
        ("run.sh", 0o444, "0o555"),
        ("metadata.json", 0o600, "0o644"),
        ("metadata.json", 0o666, "0o644"),
    ],
)
def test_the_files_that_localai_needs_get_the_mode_that_they_were_installed_with(tree, name, wrong, right):
    (tree / name).chmod(wrong)
    assert counted(tree) == 1
    changed(tree)
    assert mode(tree / name) == right
    assert counted(tree) == 0


def test_a_tree_without_our_record_keeps_its_modes(tree):
    (tree / ".localai-core.json").unlink()
    (tree / "metadata.json").chmod(0o600)
    assert counted(tree) == 0
