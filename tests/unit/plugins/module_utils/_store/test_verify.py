# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was installed is written down in few bytes, and whatever differs later is seen; what is rewritten is not."""

from __future__ import annotations

import os
import shutil

import pytest

from ansible_collections.localai.core.plugins.module_utils._store.verify import contents_at, damage
from ansible_collections.localai.core.tests.support.archives import write_tree
from ansible_collections.localai.core.tests.support.backends import backend_entries


def contents(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        return contents_at(fd, str(path), ("metadata.json",))
    finally:
        os.close(fd)


@pytest.fixture
def tree(tmp_path):
    place = tmp_path / "tree"
    write_tree(place, backend_entries("piper"))
    (place / "metadata.json").write_text("{}")
    (place / ".localai-core.json").write_text("{}")
    return place


def test_the_list_has_paths_types_sizes_and_targets(tree):
    packages = "venv/lib/python3.10/site-packages"
    assert contents(tree) == {
        "": ["4 LICENSE", "25 backend", "133 run.sh"],
        "lib": ["> libggml.so.1/libggml.so", "> libggml.so.1.2/libggml.so.1", "5004 libggml.so.1.2"],
        "venv": [],
        "venv/lib": [],
        "venv/lib/python3.10": [],
        packages: ["14 grpc.py", "14 grpcio.py"],
    }


def overwrite(path, text):
    path.unlink()
    path.write_text(text)


DAMAGE = [
    (lambda tree: (tree / "LICENSE").unlink(), "LICENSE is missing"),
    (lambda tree: (tree / "LICENSE").write_text("MIT"), "LICENSE is changed"),
    (lambda tree: shutil.rmtree(tree / "venv/lib"), "venv/lib is missing"),
    (lambda tree: overwrite(tree / "lib/libggml.so", "x"), "lib/libggml.so is changed"),
    (lambda tree: (tree / "lib").rename(tree / "bib"), "lib is missing"),
    (
        lambda tree: ((tree / "lib").rename(tree / "bib"), (tree / "lib").symlink_to("bib")),
        "lib is missing",
    ),
    (
        lambda tree: ((tree / "lib/libggml.so").unlink(), (tree / "lib/libggml.so").symlink_to("/etc/passwd")),
        "lib/libggml.so is changed",
    ),
    (lambda tree: ((tree / "run.sh").unlink(), (tree / "run.sh").mkdir()), "run.sh is missing"),
    (lambda tree: ((tree / "run.sh").unlink(), os.mkfifo(tree / "run.sh")), "run.sh is changed"),
]


@pytest.mark.parametrize(("spoil", "says"), DAMAGE)
def test_each_difference_is_seen_and_named(tree, spoil, says):
    recorded = contents(tree)
    spoil(tree)
    assert damage(recorded, contents(tree)).startswith(f"not as it was installed: {says}")


REWRITTEN = [
    lambda tree: (tree / "venv/pyvenv.cfg").write_text("home = /elsewhere\n"),
    lambda tree: ((tree / "venv/bin/python3").unlink(), (tree / "venv/bin/python3").symlink_to("../../python")),
    lambda tree: (tree / "venv/bin/pip").write_text("#!/elsewhere\n"),
    lambda tree: ((tree / "venv/lib/__pycache__").mkdir(), (tree / "venv/lib/__pycache__/a.pyc").write_text("x")),
    lambda tree: (tree / "metadata.json").write_text('{"alias": "x"}'),
    lambda tree: (tree / ".localai-core.json").unlink(),
    lambda tree: (tree / "log.txt").write_text("came later"),
]


@pytest.mark.parametrize("rewrite", REWRITTEN)
def test_rewritten_and_additional_files_are_no_damage(tree, rewrite):
    recorded = contents(tree)
    rewrite(tree)
    assert damage(recorded, contents(tree)) == ""


def test_many_differences_are_counted():
    recorded = {"": [f"1 {number}" for number in range(10)]}
    assert damage(recorded, {"": []}) == "not as it was installed: 0 is missing, 1 is missing, 2 is missing and 7 more"
