# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lists that are written into a bundle."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from ansible_collections.localai.core.plugins.module_utils._bundle.contents import Contents, Stored, StoredImage
from ansible_collections.localai.core.plugins.module_utils._module.bundle.lists import index_of, lists_of
from ansible_collections.localai.core.plugins.module_utils._oci.layout import Layout
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Reference
from ansible_collections.localai.core.tests.support.layouts import write_oci_layout
from ansible_collections.localai.core.tests.support.sample import IMAGE, INDEX, OTHER_DIGEST

NAME = "quay.example/x/y:v1"


def stored_image(name: str, digest: str, *referrers: str) -> StoredImage:
    return StoredImage(name, digest, INDEX.media_type, 1, (), (digest,), (digest,), referrers)


def test_the_index_lists_each_image_by_its_full_name_and_each_referrer_once() -> None:
    rows = [stored_image(NAME, INDEX.digest, OTHER_DIGEST), stored_image("q.example/z:v2", INDEX.digest, OTHER_DIGEST)]
    index = json.loads(index_of(rows, {INDEX.digest: 7, OTHER_DIGEST: 8}))
    assert [(row["digest"], row["size"], row.get("annotations")) for row in index["manifests"]] == [
        (INDEX.digest, 7, {"org.opencontainers.image.ref.name": NAME}),
        (INDEX.digest, 7, {"org.opencontainers.image.ref.name": "q.example/z:v2"}),
        (OTHER_DIGEST, 8, None),
    ]


def test_a_layout_with_that_index_has_the_image(tmp_path: Path) -> None:
    write_oci_layout(tmp_path, {"x": INDEX})
    (tmp_path / "index.json").write_bytes(index_of([stored_image(NAME, INDEX.digest)], {INDEX.digest: 1}))
    reference = Reference("quay.example", "x/y", "v1")
    assert Layout(str(tmp_path), reference).manifest("v1").digest == INDEX.digest


def test_the_own_list_is_written_after_the_layout_and_the_checksums_are_right() -> None:
    sha256 = hashlib.sha256(b"x").hexdigest()
    contents = Contents(others=(Stored("pins.yml", sha256, 1),), blobs={IMAGE.digest: 5})
    lists = lists_of(contents)
    assert list(lists) == ["images/oci-layout", "images/index.json", "bundle.json", "SHA256SUMS"]
    rows = dict(line.split("  ")[::-1] for line in lists["SHA256SUMS"].decode().splitlines())
    assert rows == {
        "pins.yml": sha256,
        f"images/blobs/sha256/{IMAGE.digest[7:]}": IMAGE.digest[7:],
        **{name: hashlib.sha256(lists[name]).hexdigest() for name in list(lists)[:-1]},
    }
    assert lists_of(contents) == lists
