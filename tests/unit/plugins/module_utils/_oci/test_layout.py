# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images in layouts, as directories and as tar files."""

from __future__ import annotations

import os
import re

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import IntegrityError, SourceError
from ansible_collections.localai.core.plugins.module_utils._oci.layout import Layout
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Reference
from ansible_collections.localai.core.tests.support import images
from ansible_collections.localai.core.tests.support.archives import file, tar
from ansible_collections.localai.core.tests.support.delivery import sources
from ansible_collections.localai.core.tests.support.layouts import layout_files, write_oci_layout
from ansible_collections.localai.core.tests.support.pulls import pull_local
from ansible_collections.localai.core.tests.support.sample import (
    AMD64,
    CONFIG_DIGEST,
    IMAGE,
    INDEX,
    LOWER,
    PULLED,
    UPPER,
)

OTHER = images.image([UPPER], AMD64)


@pytest.fixture(params=["directory", "tar"])
def layout(request, tmp_path):
    """A function that makes a layout of images by ref name, in both forms; the result is its path."""

    def make(references, **changes):
        files = {**layout_files(references), **changes}
        path = tmp_path / "layout"
        if request.param == "tar":
            path.write_bytes(tar(file("./" + name, data) for name, data in files.items() if data is not None))
            return str(path)
        write_oci_layout(path, references)
        for name, data in changes.items():
            if data is None:
                (path / name).unlink()
            else:
                (path / name).write_bytes(data)
        return str(path)

    return make


@pytest.mark.parametrize("artifact", [IMAGE, INDEX], ids=["image", "index"])
@pytest.mark.parametrize("name", ["", "v1", "digest"])
def test_an_only_image_is_found_by_its_name_its_digest_or_without_any(layout, artifact, name):
    wanted = artifact.digest if name == "digest" else name
    assert pull_local(Layout(layout({"v1": artifact})), wanted) == (artifact.digest, PULLED)


@pytest.mark.parametrize("name", ["v1", "digest"])
def test_one_of_several_images_is_found_by_name_or_digest(layout, name):
    path = layout({"v0": OTHER, "v1": IMAGE})
    assert pull_local(Layout(path), IMAGE.digest if name == "digest" else name) == (IMAGE.digest, PULLED)


def test_an_image_with_several_names_needs_none(layout):
    assert pull_local(Layout(layout({"latest": IMAGE, "v1": IMAGE})), "") == (IMAGE.digest, PULLED)


def test_several_images_need_a_name_and_the_error_lists_them(layout):
    path = layout({"v0": OTHER, "v1": IMAGE})
    with pytest.raises(SourceError, match=r"not just one image, so a name or a digest is needed; it has v0, v1"):
        pull_local(Layout(path))


@pytest.mark.parametrize("references", [{"v1": IMAGE}, {"v0": OTHER, "v1": IMAGE}, {"quay.io/x/y:v1": IMAGE}, {}])
def test_the_error_for_a_missing_name_lists_the_names_as_they_can_be_requested(layout, references):
    path = layout(references)
    with pytest.raises(SourceError) as caught:
        pull_local(Layout(path), "v2")
    assert "has no image 'v2'; it has " in str(caught.value)
    for name, image in references.items():
        assert pull_local(Layout(path), name)[0] == image.digest
        assert name in str(caught.value)
    example = re.search(r"Request one of them as (.*)\.$", str(caught.value))
    assert bool(example) is bool(references)
    if example:
        found = sources().find((Address(example.group(1)),))
        assert found.digest in [image.digest for image in references.values()]


FULL = "registry.example/foo/bar:1.0.0"
OTHER_FULL = "registry.example/foo/bar:1.1.0"


def two_images(one, other):
    """The index of a layout with two images, each with its annotations."""
    keys = {"ref": "org.opencontainers.image.ref.name", "full": "io.containerd.image.name"}
    children = [
        {**images.descriptor(image), "annotations": {keys[key]: name for key, name in names.items()}}
        for image, names in ((IMAGE, one), (OTHER, other))
    ]
    return {"index.json": images.document({"schemaVersion": 2, "manifests": children})}


@pytest.mark.parametrize(
    ("one", "other", "name"),
    [
        ({"ref": FULL}, {"ref": OTHER_FULL}, FULL),
        ({"ref": FULL}, {"ref": OTHER_FULL}, "1.0.0"),
        ({"full": FULL}, {"full": OTHER_FULL}, FULL),
        ({"full": FULL, "ref": "1.0.0"}, {"full": OTHER_FULL, "ref": "1.1.0"}, FULL),
        ({"full": FULL, "ref": "1.0.0"}, {"full": OTHER_FULL, "ref": "1.1.0"}, "1.0.0"),
        ({"full": FULL, "ref": "1.0.0"}, {"full": "registry.example/other:1.0.0", "ref": "1.0.0"}, FULL),
        ({"ref": FULL}, {"ref": "1.1.0"}, "1.0.0"),
        ({"full": OTHER_FULL, "ref": FULL}, {"ref": "1.1.0"}, FULL),
        ({"ref": "1.0.0"}, {"full": OTHER_FULL, "ref": "1.0.0"}, "1.0.0"),
        ({"ref": "localhost:5000/bar:1.0.0"}, {"ref": "bar"}, "localhost:5000/bar:1.0.0"),
        ({"ref": "docker.io/library/bar:1.0.0"}, {"ref": "docker.io/library/bar:1"}, "bar:1.0.0"),
        ({"ref": "x/bar:1.0.0"}, {"ref": "x/bar:1"}, "docker.io/x/bar:1.0.0"),
        ({"ref": "foo/bar"}, {"ref": "bar"}, "foo/bar"),
        ({"ref": "a-b"}, {"ref": "b"}, "a-b"),
    ],
)
def test_an_image_is_found_by_its_full_name_and_by_a_tag_that_only_it_has(layout, one, other, name):
    path = layout({"x": IMAGE, "y": OTHER}, **two_images(one, other))
    assert Layout(path).digest(name) == IMAGE.digest


@pytest.mark.parametrize("tag", [{}, {"ref": "1.0.0"}], ids=["in the name", "beside the name"])
def test_a_tag_of_several_images_is_an_error_that_lists_their_names(layout, tag):
    other = "registry.example/other:1.0.0"
    path = layout({"x": IMAGE, "y": OTHER}, **two_images({"full": FULL, **tag}, {"full": other, **tag}))
    with pytest.raises(SourceError, match=rf"several images '1\.0\.0'; it has {FULL}.*{other}"):
        Layout(path).digest("1.0.0")


def test_a_tag_is_not_the_end_of_another_tag(layout):
    path = layout({"x": IMAGE, "y": OTHER}, **two_images({"ref": FULL}, {"ref": OTHER_FULL}))
    with pytest.raises(SourceError, match=r"has no image '0\.0'"):
        Layout(path).digest("0.0")


def test_a_mirror_has_no_image_of_another_repository_with_the_same_tag(layout):
    full = "quay.io/x/y:v1"
    path = layout({"x": IMAGE, "y": OTHER}, **two_images({"full": full, "ref": "v1"}, {"ref": FULL}))
    assert Layout(path, Reference.parse(full)).digest("v1") == IMAGE.digest
    with pytest.raises(SourceError, match="has no image 'v1'") as caught:
        Layout(path, Reference.parse("quay.io/x/z:v1")).digest("v1")
    assert caught.value.missing
    assert "Request one of them" not in str(caught.value)


def test_children_by_platform_are_one_image_without_a_name(layout):
    pointers = [{**images.descriptor(image), "platform": image.platform.json} for image in INDEX.images]
    index = images.document({"schemaVersion": 2, "manifests": pointers})
    path = layout({"v1": INDEX}, **{"index.json": index})
    assert pull_local(Layout(path)) == (images.digest(index), PULLED)


@pytest.mark.parametrize("key", ["org.opencontainers.image.ref.name", "io.containerd.image.name"])
def test_as_a_mirror_the_full_name_precedes_the_tag(layout, key):
    pointers = [
        {**images.descriptor(OTHER), "annotations": {"org.opencontainers.image.ref.name": "v1"}},
        {**images.descriptor(IMAGE), "annotations": {key: "quay.io/x/y:v1"}},
    ]
    path = layout({"v1": IMAGE, "v0": OTHER}, **{"index.json": images.document({"manifests": pointers})})
    assert Layout(path, Reference.parse("quay.io/x/y:v1")).digest("v1") == IMAGE.digest
    assert Layout(path, Reference.parse("quay.io/x/z:v1")).digest("v1") == OTHER.digest
    assert Layout(path).digest("v1") == OTHER.digest


def test_a_blob_is_read_from_any_byte(layout):
    repository = Layout(layout({"v1": IMAGE}))
    layer = repository.manifest("v1").layers[0]
    for offset in (0, 1, 100, len(LOWER.blob) - 1, len(LOWER.blob)):
        assert b"".join(repository.blob(layer, offset)) == LOWER.blob[offset:]
    assert repository.tail(layer, 4) == LOWER.blob[-4:]


def blob_path(digest):
    return "blobs/" + digest.replace(":", "/")


@pytest.mark.parametrize("spoilt", [IMAGE.digest, CONFIG_DIGEST, LOWER.digest, UPPER.digest])
@pytest.mark.parametrize("content", [b"something else", b"", None], ids=["other", "empty", "missing"])
def test_a_file_that_is_not_what_its_digest_says_is_refused(layout, spoilt, content):
    path = layout({"v1": IMAGE}, **{blob_path(spoilt): content})
    with pytest.raises(IntegrityError if content is not None else SourceError) as caught:
        pull_local(Layout(path), "v1")
    assert spoilt in str(caught.value) or spoilt.partition(":")[2] in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "index.json"),
        (b"", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "are not a list"),
        (b'{"manifests": [{"digest": "sha256:../../../etc/passwd", "size": 1}]}', "instead of a digest"),
        (b" " * 5_000_000, "not plausible"),
    ],
)
def test_an_index_that_is_none_is_an_error(layout, content, message):
    with pytest.raises(SourceError, match=message):
        pull_local(Layout(layout({"v1": IMAGE}, **{"index.json": content})))


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "directory"])
@pytest.mark.parametrize("name", ["index.json", blob_path(IMAGE.digest), blob_path(LOWER.digest)])
def test_what_is_no_file_in_a_layout_is_neither_read_nor_waited_for(tmp_path, make, name):
    write_oci_layout(tmp_path, {"v1": IMAGE})
    (tmp_path / name).unlink()
    make(str(tmp_path / name))
    with pytest.raises(SourceError, match=name):
        pull_local(Layout(str(tmp_path)), "v1")
