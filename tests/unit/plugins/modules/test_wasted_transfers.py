# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Bytes that are what was promised, and no backend, are the same everywhere: no mirror is asked for them again."""

from __future__ import annotations

import hashlib
import json

import pytest

from ansible_collections.localai.core.tests.support.archives import file, hardlink, tar_archive
from ansible_collections.localai.core.tests.support.backends import backend_entries
from ansible_collections.localai.core.tests.support.images import host_platform, image, layer

NOISE = hashlib.shake_256(b"noise").digest(400_000)
OUTSIDE = file("../outside", "x")
CONTENTS = {
    "no run.sh": [file("noise", NOISE)],
    "an entry that leads out, first": [OUTSIDE, file("noise", NOISE)],
    "an entry that leads out, last": [file("noise", NOISE), OUTSIDE],
    "a hard link to nowhere": [hardlink("b", "a"), file("noise", NOISE)],
}


@pytest.fixture(params=CONTENTS)
def entries(request):
    return CONTENTS[request.param]


def gallery(host, tmp_path, **entry):
    """A gallery of one backend."""
    (tmp_path / "one.yaml").write_text(json.dumps([{"name": "one", **entry}]))
    return [{"name": "one", "url": str(tmp_path / "one.yaml")}]


def test_an_image_that_is_no_backend_is_pulled_once(moving_host, tmp_path, entries):
    registry = moving_host.world.registry
    content = layer(entries)
    artifact = image([content], host_platform())
    uris = [registry.put(f"x/{name}", "tag", artifact) for name in "abcd"]
    galleries = gallery(moving_host, tmp_path, uri=uris[0], mirrors=uris[1:])
    registry.requests.clear()
    result = moving_host.backend("one", galleries=galleries)
    assert result["failed"]
    pulls = [request for request in registry.requests if content.digest in request.path]
    assert len(pulls) == 1
    assert not (moving_host.path / "one").exists()


def test_an_archive_with_its_sha256_that_is_no_backend_is_fetched_once(moving_host, tmp_path, entries):
    files = moving_host.world.files
    archive = tar_archive(entries)
    for name in "ab":
        files.pages[f"/{name}/x.tar.gz"] = archive
    sha256 = hashlib.sha256(archive).hexdigest()
    galleries = gallery(
        moving_host, tmp_path, uri=f"{files.url}/a/x.tar.gz", mirrors=[f"{files.url}/b/x.tar.gz"], sha256=sha256
    )
    files.requests.clear()
    result = moving_host.backend("one", galleries=galleries)
    assert result["failed"]
    assert [request.path for request in files.requests if request.path.startswith("/b/")] == []


def test_wrong_bytes_are_still_fetched_from_a_mirror(moving_host, tmp_path, entries):
    files = moving_host.world.files
    good = tar_archive(backend_entries("one"))
    files.pages["/a/x.tar.gz"] = tar_archive(entries)
    files.pages["/b/x.tar.gz"] = good
    sha256 = hashlib.sha256(good).hexdigest()
    galleries = gallery(
        moving_host, tmp_path, uri=f"{files.url}/a/x.tar.gz", mirrors=[f"{files.url}/b/x.tar.gz"], sha256=sha256
    )
    assert moving_host.install("one", galleries=galleries)["backends"][0]["served_by"].endswith("/b/x.tar.gz")
