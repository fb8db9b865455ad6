# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bombs: a few bytes never become a tree that fills the disk or the memory."""

from __future__ import annotations

import os

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import IntegrityError, SourceError, TransportError
from ansible_collections.localai.core.plugins.module_utils._fs.tree import Tree
from ansible_collections.localai.core.plugins.module_utils._unpack import limits
from ansible_collections.localai.core.plugins.module_utils._unpack.limits import Limits
from ansible_collections.localai.core.plugins.module_utils._unpack.unpack import unpack
from ansible_collections.localai.core.tests.support.archives import (
    directory,
    file,
    tar,
    tar_archive,
)
from ansible_collections.localai.core.tests.support.unpacking import fill, sparse


def test_the_number_of_entries_is_limited(top):
    ten = Limits(entries=10)
    fill(top, tar([file(str(number)) for number in range(10)]), limits=ten)
    with pytest.raises(SourceError, match="more than 10 entries"):
        fill(top, tar([directory(str(number)) for number in range(11)]), limits=ten)


def test_directories_that_are_only_implied_are_entries(top):
    with pytest.raises(SourceError, match="more than 10 entries"):
        fill(top, tar([file("/".join("abcdefghijkl")), file("x")]), limits=Limits(entries=10))


def test_entries_are_counted_over_all_layers(top):
    layer = tar([file("a"), file("b"), file("c")])
    with pytest.raises(SourceError, match="more than 5 entries"):
        fill(top, layer, layer, limits=Limits(entries=5))


@pytest.mark.parametrize("layers", [1, 2])
def test_the_size_is_limited_over_all_layers(top, layers):
    most = Limits(size=100_000 * layers + 15_000)
    fill(top, *[tar([file(f"{number}/a", b"x" * 100_000)]) for number in range(layers)], limits=most)
    with pytest.raises(SourceError, match=f"more than {most.size} bytes"):
        fill(top, *[tar([file(f"{number}/a", b"x" * 120_000)]) for number in range(layers)], limits=most)


@pytest.mark.parametrize("compression", ["gzip", "bzip2", "xz"])
def test_a_bomb_is_found_by_its_ratio(top, monkeypatch, compression):
    monkeypatch.setattr(limits, "WITHOUT_RATIO", 1024**2)
    archive = tar_archive([file("zeros", bytes(3_000_000))], compression)
    with pytest.raises(SourceError, match="more than 20 times its size"):
        fill(top, archive, limits=Limits(ratio=20), step=100)
    fill(top, archive, limits=Limits(ratio=100_000))


def test_a_bomb_of_holes_is_found_by_its_ratio(top, monkeypatch):
    monkeypatch.setattr(limits, "WITHOUT_RATIO", 1024**2)
    with pytest.raises(SourceError, match="more than 20 times its size"):
        fill(top, sparse("hole", 3_000_000) + bytes(1024), limits=Limits(ratio=20))


def test_a_digest_mismatch_is_the_error_also_where_it_is_found_before_the_bad_archive(top):
    def chunks():
        yield b"<html>Please log in</html>"
        raise IntegrityError("another digest")

    with Tree(str(top)) as tree, pytest.raises(IntegrityError, match="another digest"):
        unpack(chunks(), tree, is_layer=True, proved=True)


@pytest.mark.parametrize(
    ("error", "proved", "expected", "message"),
    [
        (IntegrityError("another digest"), True, IntegrityError, "another digest"),
        # Where the rest cannot be read, the bytes are not proved.
        (TransportError("silent"), True, IntegrityError, "leads out"),
        (None, True, SourceError, "leads out"),
        (IntegrityError("another digest"), False, SourceError, "leads out"),
    ],
)
def test_a_bad_archive_is_distinguished_from_a_digest_mismatch(top, error, proved, expected, message):
    read = []

    def chunks():
        for start in range(0, len(archive), 1000):
            read.append(archive[start : start + 1000])
            yield read[-1]
        if error is not None:
            raise error

    archive = tar([file("../x"), file("noise", os.urandom(100_000))])
    with Tree(str(top)) as tree, pytest.raises(SourceError, match=message) as caught:
        unpack(chunks(), tree, is_layer=False, proved=proved)
    assert caught.value.__class__ is expected
    assert not proved or b"".join(read) == archive
