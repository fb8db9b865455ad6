# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a bundle has to have: each thing once, however many hosts want it."""

from __future__ import annotations

from typing import Any

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._module.bundle.wanted import Wanted, WantedFile, WantedImage
from ansible_collections.localai.core.plugins.module_utils._oci.manifest import Manifest, parse_manifest
from ansible_collections.localai.core.plugins.module_utils._oci.parts import Parts
from ansible_collections.localai.core.tests.support.sample import IMAGE, INDEX

TOP = parse_manifest(INDEX.manifest, INDEX.media_type, INDEX.digest)
CHILD = parse_manifest(IMAGE.manifest, IMAGE.media_type, IMAGE.digest)
A, B = Address("quay.example/x:a"), Address("quay.example/x:b")
ONE, TWO = "1" * 64, "2" * 64


def image(origin: Address, platform: str, *documents: Manifest) -> WantedImage:
    return WantedImage((origin,), TOP.digest, Parts(TOP, documents), (origin.text,), (platform,))


def file(url: str, **values: Any) -> WantedFile:
    return WantedFile(Address(url), "name", keys=(url,), **values)


def test_an_image_gets_all_names_origins_and_platforms() -> None:
    wanted = Wanted()
    wanted.add_image(image(A, "linux/amd64"))
    wanted.add_image(image(B, "linux/arm64", CHILD))
    wanted.add_image(image(A, "linux/amd64"))
    (found,) = wanted.images.values()
    assert (found.origins, found.names) == ((A, B), (A.text, B.text))
    assert found.platforms == ("linux/amd64", "linux/arm64")
    assert found.parts.documents == (CHILD,)


def test_files_with_one_checksum_are_one_file() -> None:
    wanted = Wanted()
    wanted.add_file(file("https://h/a", sha256=ONE))
    wanted.add_file(file("https://h/b", sha256=ONE, size=5))
    wanted.add_file(file("https://h/c", sha256=TWO))
    first, second = wanted.files.values()
    assert (first.keys, first.size) == (("https://h/a", "https://h/b"), 5)
    assert second.keys == ("https://h/c",)


def test_who_does_not_know_the_checksum_gets_what_others_know_of_a_url() -> None:
    known, unknown = file("https://h/a", sha256=ONE, size=5), file("https://h/a", version="v1")
    for order in ((known, unknown), (unknown, known)):
        wanted = Wanted()
        for item in order:
            wanted.add_file(item)
        (found,) = wanted.files.values()
        assert (found.sha256, found.size, found.keys) == (ONE, 5, ("https://h/a",))


def test_a_file_of_a_release_is_not_one_of_a_model() -> None:
    wanted = Wanted()
    wanted.add_file(file("https://h/a", sha256=ONE))
    assert wanted.files[ONE].directory == "files"
    assert file("https://h/a", version="v1").identity == file("https://h/a", version="v1").identity
    assert file("https://h/a", version="v1").identity != file("https://h/a", version="v2").identity


def test_a_secret_is_not_part_of_an_identity() -> None:
    assert "hunter2" not in file("https://h/a?token=hunter2").identity


def test_entries_are_names_in_lower_case() -> None:
    wanted = Wanted()
    wanted.add_entries("models", "g", ["A", "", "b"])
    wanted.add_entries("models", "g", ["C"])
    wanted.add_entries("backends", "g", ["d"])
    assert wanted.entries == {("models", "g"): {"a", "b", "c"}, ("backends", "g"): {"d"}}
