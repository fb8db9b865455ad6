# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Downloaded trees: at most one for each backend, complete, and out of sight until they are installed."""

from __future__ import annotations

import errno
import os

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._fs import sync
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._localai.scan import scan
from ansible_collections.localai.core.plugins.module_utils._store.contents import record_file
from ansible_collections.localai.core.plugins.module_utils._store.record import Record
from ansible_collections.localai.core.tests.support.host import failing, mode
from ansible_collections.localai.core.tests.support.trees import names, opened

KEY, OTHER = "0" * 32, "1" * 32


def download(path, key=KEY, content=b"new", name="piper"):
    with opened(path) as store, store.stage() as tree:
        tree.file("run.sh", 0o755, [content])
        tree.file(".localai-core.json", 0o644, [record_file(Record(), {})])
        store.keep(tree, name, key)


def downloaded(path):
    return path / ".localai-core" / "downloaded"


def test_a_download_is_kept_complete_and_out_of_sight(path):
    download(path)
    tree = downloaded(path) / "piper" / KEY
    assert (names(path), names(tree)) == ([".localai-core"], [".localai-core.json", "run.sh"])
    assert (mode(tree), (tree / "run.sh").read_bytes()) == ("0o755", b"new")
    assert names(path / ".localai-core" / "staging") == []
    found = scan(str(path), "/none")
    assert {name: build.path for name, build in found.downloaded.items()} == {
        "piper": f".localai-core/downloaded/piper/{KEY}"
    }
    assert (found.directories, found.previous) == ((), ())


def test_the_next_one_replaces_it(path):
    download(path)
    download(path, OTHER, b"newer")
    assert names(downloaded(path) / "piper") == [OTHER]


def test_it_is_installed_by_a_rename(path):
    download(path)
    inode = os.stat(downloaded(path) / "piper" / KEY).st_ino
    with opened(path) as store:
        store.restore(f".localai-core/downloaded/piper/{KEY}", "piper", FileAttributes())
        assert store.downloads.discard("piper")
    assert os.stat(path / "piper").st_ino == inode
    assert not downloaded(path).exists()


def test_discarding_what_is_not_there_is_no_error(path):
    with opened(path) as store:
        assert not store.downloads.discard("piper")
    download(path)
    with opened(path) as store:
        assert not store.downloads.discard("other")
        assert store.downloads.discard("piper")
    assert not downloaded(path).exists()


def test_what_has_other_keys_is_deleted(path):
    (downloaded(path) / "m" / KEY).mkdir(parents=True)
    (downloaded(path) / "m" / OTHER).write_text("file")
    with opened(path) as store:
        store.downloads.retain("other", ())
        store.downloads.retain("m", {OTHER})
    assert names(downloaded(path) / "m") == [OTHER]


@pytest.mark.parametrize("removal", ["remove", "retire"])
def test_it_leaves_with_its_backend(path, removal):
    download(path)
    (path / "piper").mkdir()
    download(path, name="other")
    with opened(path) as store:
        store.remove("piper") if removal == "remove" else store.retire("piper", 1)
    assert names(downloaded(path)) == ["other"]


def test_a_backend_that_is_only_downloaded_can_be_removed(path):
    download(path)
    with opened(path) as store:
        store.remove("piper")
        with pytest.raises(HostError, match="piper"):
            store.remove("piper")


def test_pruning_leaves_it_alone(path):
    download(path)
    with opened(path) as store, store.stage() as tree:
        tree.file("run.sh", 0o755, [b"installed"])
        store.publish(tree, "piper")
    (path / ".localai-core/kept/piper/1").mkdir(parents=True)
    with opened(path) as store:
        store.prune("piper", 0)
    assert names(downloaded(path) / "piper") == [KEY]


@pytest.mark.parametrize("taken", ["downloaded", "downloaded/piper"])
def test_nothing_is_written_through_a_symlink(path, tmp_path, taken):
    with opened(path):
        pass
    outside = tmp_path / "outside"
    outside.mkdir()
    place = path / ".localai-core" / taken
    place.parent.mkdir(exist_ok=True)
    place.symlink_to(outside)
    if taken == "downloaded":
        with pytest.raises(HostError, match=r"is not a directory of this collection\. Remove it\."):
            download(path)
    else:
        # Somebody else's entry in the place of ours is discarded, as in all our directories.
        download(path)
        assert names(downloaded(path) / "piper") == [KEY]
    assert names(outside) == []


def test_a_tree_that_cannot_be_synced_is_not_kept(path, monkeypatch):
    with opened(path):
        pass
    monkeypatch.setattr(sync, "write_out_entries", failing(errno.EIO))
    with pytest.raises(HostError):
        download(path)
    assert not (downloaded(path) / "piper" / KEY).exists()
