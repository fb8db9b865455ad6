# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a killed run had transferred over a slow line is a part of the next run, or leaves with it."""

from __future__ import annotations

import hashlib

import pytest

from ansible_collections.localai.core.tests.support import images
from ansible_collections.localai.core.tests.support.archives import file, tar_archive
from ansible_collections.localai.core.tests.support.faults import Rate, Status
from ansible_collections.localai.core.tests.support.host import snapshot
from ansible_collections.localai.core.tests.support.transfers import kept, killed_task, partial_files

MIB = 1024**2
ENTRIES = [file("run.sh", "#!/bin/sh\n", 0o755), file("noise", hashlib.shake_256(b"noise").digest(16 * MIB))]
LAYER = images.layer(ENTRIES)
IMAGE = images.index([images.image([LAYER], images.host_platform())])
ARCHIVE = tar_archive(ENTRIES)


@pytest.fixture(params=["image", "archive"])
def uri(request, world):
    """Something large."""
    if request.param == "image":
        return world.registry.put("large/x", "tag", IMAGE)
    world.files.pages["/large.tar.gz"] = ARCHIVE
    return f"{world.files.url}/large.tar.gz"


@pytest.fixture
def killed(host, uri):
    """A host on which a run was killed that had transferred some of it; how many bytes, and the whole size."""
    for server in (host.world.registry, host.world.files):
        server.faults = [Rate("large", bytes_per_second=4 * MIB)]
    killed_task({**host.options, "name": ["large"], "uri": uri}, lambda: kept(host.path) >= 6 * MIB)
    for server in (host.world.registry, host.world.files):
        server.faults.clear()
    return host


def size_of(uri):
    return len(ARCHIVE) if uri.endswith(".gz") else len(LAYER.blob)


def test_the_next_run_transfers_the_rest(killed, uri):
    length, before = kept(killed.path), snapshot(killed.path)
    predicted = killed.backend("large", uri=uri, check=True)
    assert (predicted["changed"], snapshot(killed.path)) == (True, before)
    assert killed.info()["backends"] == []
    (row,) = killed.install("large", uri=uri)["backends"]
    assert row["bytes_transferred"] == size_of(uri) - length
    assert partial_files(killed.path) == []
    assert killed.install("large", uri=uri)["changed"] is False


def test_a_run_that_fails_leaves_it_to_the_one_after_it(killed, uri):
    length = kept(killed.path)
    for server in (killed.world.registry, killed.world.files):
        # The first request for an archive is the one for the plan.
        server.faults = [Status(LAYER.digest, status=503), Status("large.*gz", status=503, skip=1)]
    assert killed.backend("large", uri=uri)["failed"]
    assert kept(killed.path) == length
    for server in (killed.world.registry, killed.world.files):
        server.faults.clear()
    (row,) = killed.install("large", uri=uri)["backends"]
    assert row["bytes_transferred"] == size_of(uri) - length


@pytest.mark.parametrize("task", [{"state": "absent"}, {}], ids=["with nothing to do", "with something to do"])
def test_a_run_for_something_else_removes_it(killed, task):
    assert killed.backend("piper", check=True, **task)["failed"] is False
    assert len(partial_files(killed.path)) == 1
    killed.install("piper", **task)
    assert partial_files(killed.path) == []
