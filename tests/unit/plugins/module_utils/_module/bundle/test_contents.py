# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a bundle gets, and what of it is missing."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._bundle.contents import (
    Contents,
    Stored,
    StoredFile,
    StoredGallery,
    StoredImage,
    stored_blob,
)
from ansible_collections.localai.core.plugins.module_utils._module.bundle.contents import (
    images_of,
    merged,
    merged_model_pins,
    merged_pins,
    missing_of,
    stored_of,
)
from ansible_collections.localai.core.plugins.module_utils._module.bundle.wanted import Wanted, WantedFile, WantedImage
from ansible_collections.localai.core.plugins.module_utils._oci.manifest import Descriptor, parse_manifest
from ansible_collections.localai.core.plugins.module_utils._oci.parts import Parts
from ansible_collections.localai.core.tests.support.sample import IMAGE, INDEX, LOWER, UPPER

TOP = parse_manifest(INDEX.manifest, INDEX.media_type, INDEX.digest)
BLOBS = tuple(Descriptor(layer.digest, len(layer.blob), "t") for layer in (LOWER, UPPER))
NAME, URL, ONE, TWO = "quay.example/x/y:v1", "https://h.example/a", "1" * 64, "2" * 64


def wanted(name: str = NAME, **file: Any) -> Wanted:
    found = Wanted()
    parts = Parts(TOP, (parse_manifest(IMAGE.manifest, IMAGE.media_type, IMAGE.digest),), BLOBS)
    found.add_image(WantedImage((Address(name),), TOP.digest, parts, (name,), ("linux/amd64",)))
    if file:
        found.add_file(WantedFile(Address(URL), "a", keys=(URL,), **file))
    return found


def nothing(_file: Stored) -> bool:
    return False


def everything(_file: Stored) -> bool:
    return True


def test_without_anything_all_is_missing() -> None:
    missing = missing_of(wanted(sha256=ONE, size=7), Contents(), Contents(), nothing)
    assert [blob.digest for _image, blob in missing.blobs] == [blob.digest for blob in BLOBS]
    assert [file.sha256 for file in missing.files] == [ONE]
    assert missing.size == sum(blob.size for blob in BLOBS) + 7


def test_what_is_there_or_at_the_site_is_not_missing() -> None:
    held = {stored_blob(BLOBS[0].digest, BLOBS[0].size)}
    known = Contents(blobs={BLOBS[1].digest: BLOBS[1].size})
    assert missing_of(wanted(), Contents(), Contents(), held.__contains__).blobs[0].blob == BLOBS[1]
    assert missing_of(wanted(), Contents(), known, held.__contains__).blobs == ()


ROW = StoredFile(URL, Stored("files/a", ONE, 7), "v1")


@pytest.mark.parametrize(
    ("file", "is_there"),
    [({"sha256": ONE}, True), ({"sha256": TWO}, False), ({"version": "v1"}, True), ({"version": "v2"}, False)],
)
def test_a_file_is_there_if_it_is_the_same(file: dict[str, str], is_there: bool) -> None:
    row, old = WantedFile(Address(URL), "a", keys=(URL,), **file), Contents(files=(ROW,))
    assert (stored_of(row, old, Contents(), everything) == ROW.file) is is_there
    assert stored_of(row, old, Contents(), nothing) is None
    assert (stored_of(row, Contents(), old, nothing) == ROW.file) is is_there


def test_a_file_of_an_unknown_version_is_fetched_each_time() -> None:
    old = Contents(files=(ROW._replace(version=""),))
    assert stored_of(WantedFile(Address(URL), "a", keys=(URL,)), old, Contents(), everything) is None


def kept(name: str, digest: str) -> StoredImage:
    return StoredImage(name, digest, "t", 1, (), (), (), ())


def test_a_tag_that_moved_leaves_the_earlier_image_with_its_digest() -> None:
    old = f"sha256:{ONE}"
    new = Contents(images=images_of(wanted()))
    found = merged(new, Contents(images=(kept(NAME, old), kept("quay.example/other:v1", old)))).images
    assert [(row.name, row.digest) for row in found] == [
        ("quay.example/other:v1", old),
        (NAME, TOP.digest),
        (f"quay.example/x/y@{old}", old),
    ]


def test_the_same_image_is_listed_once_with_all_its_blobs() -> None:
    other = kept(NAME, TOP.digest)._replace(platforms=("linux/arm64",), blobs=(f"sha256:{ONE}",))
    (row,) = merged(Contents(images=images_of(wanted())), Contents(images=(other,))).images
    assert set(row.blobs) == {TOP.digest, IMAGE.digest, LOWER.digest, UPPER.digest, f"sha256:{ONE}"}
    assert row.platforms == ("linux/amd64", "linux/arm64")


@pytest.mark.parametrize(
    "origin", ["h.example:5000/x/y", "oci://h.example:5000/x/y", "h.example:5000/x/y@sha256:" + TWO]
)
def test_an_image_without_a_tag_has_its_digest_in_its_name(origin: str) -> None:
    found = wanted()
    image = found.images[TOP.digest]
    found.images[TOP.digest] = image._replace(origins=(Address(origin),), names=())
    (row,) = images_of(found)
    assert row.name == f"h.example:5000/x/y@{TOP.digest}"


def test_a_list_keeps_what_it_does_not_replace() -> None:
    def gallery(name: str, path: str) -> StoredGallery:
        return StoredGallery("models", name, "u", "l", Stored(path, ONE, 1))

    new = Contents(galleries=(gallery("a", "new"),), files=(ROW,), blobs={"x": 1}, others=(Stored("p", ONE, 1),))
    old = Contents(
        galleries=(gallery("a", "old"), gallery("b", "old")),
        files=(ROW._replace(version="old"), ROW._replace(url="https://z")),
        blobs={"y": 2},
        others=(Stored("p", TWO, 1), Stored("q", TWO, 1)),
    )
    found = merged(new, old)
    assert [(row.name, row.file.path) for row in found.galleries] == [("a", "new"), ("a", "old"), ("b", "old")]
    assert [(row.url, row.version) for row in found.files] == [(URL, "v1"), ("https://z", "v1")]
    assert found.blobs == {"x": 1, "y": 2}
    assert [(row.path, row.sha256) for row in found.others] == [("p", ONE), ("q", TWO)]


def pin(name: str, capability: str, digest: str, platform: str = "linux/amd64") -> dict[str, str]:
    return {"name": name, "capability": capability, "platform": platform, "backend": f"b-{name}", "digest": digest}


def test_pins_stay_unless_they_name_another_version_of_a_build() -> None:
    new = [pin("a", "default", "2")]
    kept_pins = [
        pin("a", "default", "1"),
        pin("a", "amd", "1"),
        pin("a", "default", "2", "linux/arm64"),
        pin("c", "default", "1"),
    ]
    found = merged_pins(new, kept_pins)
    assert [(row["name"], row["platform"], row["digest"]) for row in found] == [
        ("a", "linux/amd64", "2"),
        ("a", "linux/arm64", "2"),
        ("c", "linux/amd64", "1"),
    ]
    assert [row["name"] for row in merged_model_pins([{"name": "n"}], [{"name": "m"}, {"name": "n"}])] == ["m", "n"]


def test_a_bundle_has_one_version_of_the_collection() -> None:
    new = Contents(others=(Stored("collections/two", ONE, 1),))
    old = Contents(others=(Stored("collections/one", ONE, 1), Stored("releases/v1/sums", ONE, 1)))
    assert [row.path for row in merged(new, old).others] == ["collections/two", "releases/v1/sums"]
    assert [row.path for row in merged(Contents(), old).others] == ["collections/one", "releases/v1/sums"]
