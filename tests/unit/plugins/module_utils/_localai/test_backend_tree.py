# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backend is a tree with a `run.sh` at its top, which becomes executable."""

from __future__ import annotations

import contextlib
import stat
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._fs.tree import Tree
from ansible_collections.localai.core.plugins.module_utils._localai.backend_tree import BackendTree
from ansible_collections.localai.core.plugins.module_utils._unpack.unpack import unpack
from ansible_collections.localai.core.tests.support.archives import directory, file, symlink, tar


@pytest.fixture
def top(tmp_path):
    path = tmp_path / "tree"
    path.mkdir()
    return path


@pytest.mark.parametrize(
    ("run_file", "is_backend"),
    [
        (file("run.sh", "", 0o600), True),
        (symlink("run.sh", "backend"), True),
        (symlink("run.sh", "missing"), False),
        (symlink("run.sh", "/bin/sh"), False),
        (symlink("run.sh", "../../../../bin/sh"), False),
        (directory("run.sh"), False),
        (file("piper/run.sh"), False),
    ],
)
def test_the_run_file_is_a_file_of_the_tree(top, run_file, is_backend):
    with Tree(str(top)) as tree:
        unpack(iter([tar([run_file, file("backend", "", 0o755)])]), tree, is_layer=False)
        with (
            contextlib.nullcontext()
            if is_backend
            else pytest.raises(SourceError, match=r"^it has no run\.sh at its top, so it is not a LocalAI backend\.$")
        ):
            BackendTree().tree(tree)


def test_whoever_may_read_the_run_file_may_execute_it(top):
    with Tree(str(top)) as tree:
        tree.file("run.sh", 0o640, [b"#!/bin/sh\n"])
        BackendTree().tree(tree)
    assert stat.S_IMODE((top / "run.sh").stat().st_mode) == 0o750


@pytest.mark.parametrize(
    ("make", "is_backend"),
    [
        (Path.touch, True),
        (Path.mkdir, False),
        (lambda path: path.symlink_to("missing"), False),
        (lambda path: None, False),
    ],
    ids=["file", "directory", "broken symlink", "nothing"],
)
def test_a_directory_needs_a_run_file(tmp_path, make, is_backend):
    make(tmp_path / "run.sh")
    with contextlib.nullcontext() if is_backend else pytest.raises(SourceError, match=r"has no run\.sh, so it is not"):
        BackendTree().directory(str(tmp_path))
