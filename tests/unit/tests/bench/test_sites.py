# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the benchmark's server has: files, and images as a registry stores them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from ansible_collections.localai.core.tests.bench.sites import Elsewhere, Resource, Site, blob_file

BLOB = b"a layer"
MANIFEST = json.dumps({"mediaType": "application/vnd.oci.image.manifest.v1+json"}).encode()


def stored(storage: Path, content: bytes) -> str:
    hexadecimal = hashlib.sha256(content).hexdigest()
    path = blob_file(storage, hexadecimal)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return f"sha256:{hexadecimal}"


@pytest.fixture
def site(tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "x").write_bytes(b"x")
    (tmp_path / "secret").write_bytes(b"secret")
    link = tmp_path / "docker/registry/v2/repositories/bench/small/_manifests/tags/1/current/link"
    link.parent.mkdir(parents=True)
    link.write_text(stored(tmp_path, MANIFEST))
    return Site(tmp_path / "files", tmp_path)


def test_a_file_of_the_directory(site):
    found = site.find("/x")
    assert isinstance(found, Resource)
    assert found.path.read_bytes() == b"x"
    assert found.etag.startswith('"')


@pytest.mark.parametrize(
    "path",
    ["/y", "/", "/../secret", "/v2/bench/small/manifests/2", "/v2/bench/../small/manifests/1", "/v2/a/blobs/sha256:00"],
)
def test_nothing_else(site, path):
    assert site.find(path) is None


@pytest.mark.parametrize("reference", ["1", "sha256:" + hashlib.sha256(MANIFEST).hexdigest()])
def test_a_manifest_by_tag_and_by_digest(site, reference):
    found = site.find(f"/v2/bench/small/manifests/{reference}")
    assert found.path.read_bytes() == MANIFEST
    assert found.content_type == "application/vnd.oci.image.manifest.v1+json"
    assert found.digest == "sha256:" + hashlib.sha256(MANIFEST).hexdigest()


def test_a_blob_is_at_the_registry_or_where_that_redirects(site, tmp_path):
    digest = stored(tmp_path, BLOB)
    assert site.find(f"/v2/bench/small/blobs/{digest}").path.read_bytes() == BLOB
    elsewhere = Site(site.files, site.storage, redirects=True).find(f"/v2/bench/small/blobs/{digest}")
    assert isinstance(elsewhere, Elsewhere)
    assert site.find(elsewhere.path.partition("?")[0]).path.read_bytes() == BLOB
