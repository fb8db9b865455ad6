# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory on this host is copied as it is."""

from __future__ import annotations

import os

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import (
    LocalAIError,
    SourceError,
)
from ansible_collections.localai.core.tests.support.archives import (
    write_tree,
)
from ansible_collections.localai.core.tests.support.delivery import (
    ENTRIES,
    Stage,
    deliver,
    listed,
    sources,
)
from ansible_collections.localai.core.tests.support.host import (
    directory_of_ordinary_user,
    ordinary_user,
    snapshot,
)


def test_a_directory_is_copied_as_it_is(stage, source):
    os.utime(source / "LICENSE", (1000, 1000))
    source.joinpath("venv").chmod(0o750)
    before = snapshot(source)
    kinds = sources()
    with kinds.deliver(kinds.find((Address(str(source)),)), stage) as (tree, delivered):
        tree.finish(0o755)
        assert listed(tree.path) == listed(source)
        assert os.stat(os.path.join(tree.path, "LICENSE")).st_mtime == 1000
    assert (delivered.served_by, delivered.transferred, delivered.artifact.digest) == (str(source), 0, None)
    assert snapshot(source) == before


def test_symlinks_of_a_directory_are_copied_and_not_followed(stage, source, tmp_path):
    (tmp_path / "outside").mkdir()
    (source / "to-outside").symlink_to(tmp_path / "outside")
    (source / "loop").symlink_to(".")
    _delivered, tree = deliver(stage, str(source))
    assert (tree["to-outside"], tree["loop"]) == (str(tmp_path / "outside").encode(), b".")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda path: path.joinpath("run.sh").unlink(), "has no run.sh"),
        (lambda path: path.rename(path.with_name("moved")), "no such file or directory"),
        (lambda path: os.mkfifo(path / "venv/pipe"), "'venv/pipe' cannot be copied: it is not a file"),
    ],
)
def test_a_directory_that_is_no_backend_is_refused(stage, source, change, message):
    change(source)
    with pytest.raises(SourceError, match=message):
        deliver(stage, str(source))


@pytest.mark.parametrize("uri", ["/nowhere", "/a\0b"])
def test_what_is_no_directory_is_refused(uri):
    with pytest.raises(SourceError, match="there is no such file or directory on this host"):
        sources().find((Address(uri),))


@pytest.mark.parametrize("sealed", ["LICENSE", "venv"])
def test_a_directory_that_may_not_be_read_is_an_error_that_names_the_path(sealed):
    with directory_of_ordinary_user() as path, ordinary_user():
        write_tree(path / "source", ENTRIES)
        (path / "source" / sealed).chmod(0)
        with pytest.raises(SourceError, match=rf"/source: '?{sealed}'?( cannot be copied)?: Permission denied"):
            deliver(Stage(path), str(path / "source"))
        (path / "source" / sealed).chmod(0o700)


def test_a_directory_cannot_be_copied_into_itself(source):
    inside = Stage(source / "venv")
    with pytest.raises(LocalAIError):
        deliver(inside, str(source))
