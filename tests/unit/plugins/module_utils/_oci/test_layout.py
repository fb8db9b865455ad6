# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images in files of this host: layouts as directories and as tar files, and what docker saves."""

from __future__ import annotations

import io
import json
import os
import tarfile

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import IntegrityError, SourceError
from ansible_collections.localai.core.plugins.module_utils._oci.image import resolve
from ansible_collections.localai.core.plugins.module_utils._oci.layout import Layout, image_in_file
from ansible_collections.localai.core.plugins.module_utils._oci.manifest import verified
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Reference
from ansible_collections.localai.core.tests.support import images
from ansible_collections.localai.core.tests.support.archives import Entry, compress, file, hardlink, symlink, tar
from ansible_collections.localai.core.tests.support.layouts import (
    docker_archive,
    layout_files,
    oci_archive,
    write_oci_layout,
)

HOST = Platform("linux", "amd64")
AMD64, S390X = images.Platform("amd64"), images.Platform("s390x")
LOWER, UPPER = images.layer([file("run.sh", "x" * 1000)]), images.layer([file("y", "z")], "none")
IMAGE = images.image([LOWER, UPPER], AMD64)
INDEX = images.index([images.image([UPPER], S390X), IMAGE])
OTHER = images.image([UPPER], AMD64)
CONFIG_DIGEST = images.digest(IMAGE.config)


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


def pull(repository, name=""):
    """Return the digest of an image and its layers, as they are stored."""
    image = resolve(name, (repository,), (repository,), HOST)
    return image.digest, [b"".join(verified(repository.blob(layer), layer)) for layer in image.layers]


PULLED = [LOWER.blob, UPPER.blob]


# layouts


@pytest.mark.parametrize("artifact", [IMAGE, INDEX], ids=["image", "index"])
@pytest.mark.parametrize("name", ["", "v1", "digest"])
def test_an_only_image_is_found_by_its_name_its_digest_or_without_any(layout, artifact, name):
    wanted = artifact.digest if name == "digest" else name
    assert pull(Layout(layout({"v1": artifact})), wanted) == (artifact.digest, PULLED)


@pytest.mark.parametrize("name", ["v1", "digest"])
def test_one_of_several_images_is_found_by_name_or_digest(layout, name):
    path = layout({"v0": OTHER, "v1": IMAGE})
    assert pull(Layout(path), IMAGE.digest if name == "digest" else name) == (IMAGE.digest, PULLED)


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_a_docker_archive_with_compressed_layers_is_refused_with_advice(tmp_path, compression):
    plain = docker_archive({"x/y:v1": IMAGE})
    with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
        members = {member.name: archive.extractfile(member).read() for member in archive}
    place = tmp_path / "image.tar"
    packed = {name: compress(data, compression) if "layer" in name else data for name, data in members.items()}
    place.write_bytes(tar(file(name, data) for name, data in packed.items()))
    with pytest.raises(SourceError, match=r"has compressed layers.*skopeo copy"):
        image_in_file(str(place)).manifest("")


def test_an_image_with_several_names_needs_none(layout):
    assert pull(Layout(layout({"latest": IMAGE, "v1": IMAGE})), "") == (IMAGE.digest, PULLED)


def test_several_images_need_a_name_and_the_error_lists_them(layout):
    path = layout({"v0": OTHER, "v1": IMAGE})
    with pytest.raises(SourceError, match=r"not just one image, so a name is needed; it has v0, v1\."):
        pull(Layout(path))


@pytest.mark.parametrize("references", [{"v1": IMAGE}, {"v0": OTHER, "v1": IMAGE}, {}])
def test_a_name_that_is_not_there_is_told_with_those_that_are(layout, references):
    with pytest.raises(SourceError, match=rf"has no image 'v2'; it has {', '.join(references) or 'none'}\."):
        pull(Layout(layout(references)), "v2")


def test_children_by_platform_are_one_image_without_a_name(layout):
    pointers = [{**images.descriptor(image), "platform": image.platform.json} for image in INDEX.images]
    index = images.document({"schemaVersion": 2, "manifests": pointers})
    path = layout({"v1": INDEX}, **{"index.json": index})
    assert pull(Layout(path)) == (images.digest(index), PULLED)


@pytest.mark.parametrize("key", ["org.opencontainers.image.ref.name", "io.containerd.image.name"])
def test_in_place_of_a_registry_the_full_name_goes_before_the_tag(layout, key):
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
        pull(Layout(path), "v1")
    assert spoilt in str(caught.value) or spoilt.partition(":")[2] in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "index.json"),
        (b"", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "are not a list"),
        (b'{"manifests": [{"digest": "sha256:../../../etc/passwd", "size": 1}]}', "where a digest should be"),
        (b" " * 5_000_000, "not believable"),
    ],
)
def test_an_index_that_is_none_is_an_error(layout, content, message):
    with pytest.raises(SourceError, match=message):
        pull(Layout(layout({"v1": IMAGE}, **{"index.json": content})))


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "directory"])
@pytest.mark.parametrize("name", ["index.json", blob_path(IMAGE.digest), blob_path(LOWER.digest)])
def test_what_is_no_file_in_a_layout_is_neither_read_nor_waited_for(tmp_path, make, name):
    write_oci_layout(tmp_path, {"v1": IMAGE})
    (tmp_path / name).unlink()
    make(str(tmp_path / name))
    with pytest.raises(SourceError, match=name):
        pull(Layout(str(tmp_path)), "v1")


@pytest.mark.parametrize("open_path", [Layout, image_in_file])
@pytest.mark.parametrize("make", [lambda path: None, os.mkfifo], ids=["nothing", "pipe"])
def test_a_path_that_is_no_file_is_neither_read_nor_waited_for(tmp_path, open_path, make):
    path = str(tmp_path / "image.tar")
    make(path)
    with pytest.raises(SourceError, match=r"image\.tar.*: (No such file|it is not a file|Not a directory)"):
        pull(open_path(path))


# tar files


def write(tmp_path, content):
    path = tmp_path / "image.tar"
    path.write_bytes(content)
    return str(path)


@pytest.mark.parametrize(
    ("content", "digest", "layers"),
    [
        (oci_archive({"v1": IMAGE}), IMAGE.digest, PULLED),
        (docker_archive({"x/y:v1": IMAGE}), CONFIG_DIGEST, [LOWER.content, UPPER.content]),
    ],
    ids=["oci", "docker"],
)
def test_a_tar_file_is_known_by_what_is_in_it(tmp_path, content, digest, layers):
    repository = image_in_file(write(tmp_path, content))
    assert pull(repository) == (digest, layers)
    assert repository.digest("") == digest


def test_what_newer_dockers_save_is_a_layout_too(tmp_path):
    both = {**layout_files({"v1": IMAGE}), "manifest.json": b"[]"}
    assert pull(image_in_file(write(tmp_path, tar(file(*entry) for entry in both.items()))))[0] == IMAGE.digest


@pytest.mark.parametrize("compression", ["gzip", "bzip2", "xz", "zstd"])
@pytest.mark.parametrize("make", [oci_archive, docker_archive])
def test_a_compressed_tar_file_is_told_to_be_unpacked_first(tmp_path, make, compression):
    with pytest.raises(SourceError, match=r"not a plain tar file .*If it is compressed, undo that first"):
        image_in_file(write(tmp_path, compress(make({"v1": IMAGE}), compression)))


@pytest.mark.parametrize("content", [b"", tar([]), tar([file("run.sh")]), b"\xff" * 5000], ids=len)
def test_a_file_without_an_image_is_refused(tmp_path, content):
    with pytest.raises(SourceError, match=r"neither an index\.json|not a plain tar file"):
        image_in_file(write(tmp_path, content))


def test_a_tar_file_that_was_cut_is_an_error_wherever_it_ends(tmp_path):
    whole = oci_archive({"v1": IMAGE})
    for length in range(0, len(whole.rstrip(b"\0")), 509):
        with pytest.raises(SourceError):
            pull(image_in_file(write(tmp_path, whole[:length])))


# what docker saves


def saved(manifest=None, names=("a/layer.tar", "b/layer.tar"), extra=(), config=IMAGE.config, layers=(LOWER, UPPER)):
    """A docker archive that says of itself what it is told to."""
    said = [{"Config": "config.json", "Layers": list(names)}] if manifest is None else manifest
    entries = [file("config.json", config), file("manifest.json", json.dumps(said))]
    entries += [file(name, layer.content) for name, layer in zip(("a/layer.tar", "b/layer.tar"), layers)]
    return tar([*entries, *extra])


def test_its_digest_is_the_id_of_the_image(tmp_path):
    repository = image_in_file(write(tmp_path, saved()))
    assert pull(repository, CONFIG_DIGEST) == (CONFIG_DIGEST, [LOWER.content, UPPER.content])
    with pytest.raises(SourceError, match=f"has the image {CONFIG_DIGEST}, not {IMAGE.digest}"):
        pull(repository, IMAGE.digest)


@pytest.mark.parametrize(
    "link",
    [symlink("c/layer.tar", "../a/layer.tar"), hardlink("c/layer.tar", "a/layer.tar")],
    ids=["symlink", "hard link"],
)
def test_an_older_docker_links_the_layers_that_images_share(tmp_path, link):
    repository = image_in_file(write(tmp_path, saved(names=("c/layer.tar", "b/layer.tar"), extra=[link])))
    image = resolve("", (repository,), (repository,), HOST)
    assert image.size == len(LOWER.content) + len(UPPER.content)
    assert pull(repository)[1] == [LOWER.content, UPPER.content]
    assert b"".join(repository.blob(image.layers[0], 1000)) == LOWER.content[1000:]
    assert repository.tail(image.layers[1], 10) == UPPER.content[-10:]


def test_another_file_of_the_same_image_has_its_blobs_too(tmp_path):
    layers = image_in_file(write(tmp_path, saved())).manifest("").layers
    copy = image_in_file(write(tmp_path, saved()))
    assert b"".join(copy.blob(layers[0])) == LOWER.content


def test_a_layer_that_is_not_what_the_image_says_is_refused(tmp_path):
    with pytest.raises(IntegrityError):
        pull(image_in_file(write(tmp_path, saved(layers=(UPPER, LOWER)))))


ONE = {"Config": "config.json", "Layers": ["a/layer.tar", "b/layer.tar"]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"manifest": [ONE, ONE]}, "holds 2 images where one is needed"),
        ({"manifest": []}, "holds 0 images"),
        ({"manifest": {}}, "holds no readable list of images"),
        ({"manifest": [7]}, "does not name its files"),
        ({"manifest": [{**ONE, "Config": 7}]}, "does not name its files"),
        ({"manifest": [{**ONE, "Layers": "a"}]}, "does not name its files"),
        ({"manifest": [{**ONE, "Config": "/etc/passwd"}]}, "has no file '/etc/passwd' in it"),
        ({"names": ("../a/layer.tar", "b/layer.tar")}, "has no file '../a/layer.tar' in it"),
        ({"names": ("a/layer.tar",)}, "does not list the layers that the archive has"),
        ({"names": ("c/layer.tar", "b/layer.tar"), "extra": [symlink("c/layer.tar", "/etc/passwd")]}, "plain tar"),
        ({"names": ("c/layer.tar", "b/layer.tar"), "extra": [symlink("c/layer.tar", "layer.tar")]}, "plain tar"),
        ({"names": ("c", "b/layer.tar"), "extra": [Entry("c", tarfile.FIFOTYPE)]}, "is not a file"),
        ({"names": ("c", "b/layer.tar"), "extra": [Entry("c", tarfile.DIRTYPE)]}, "is not a file"),
        ({"config": b"{}"}, "does not list the layers"),
        ({"config": b'{"rootfs": {"diff_ids": ["../x", "y"]}}'}, "does not list the layers"),
        ({"config": b"not JSON"}, "is not JSON"),
    ],
)
def test_what_no_docker_writes_is_an_error(tmp_path, changes, message):
    with pytest.raises(SourceError, match=message):
        pull(image_in_file(write(tmp_path, saved(**changes))))


def test_a_document_that_is_huge_is_not_read_into_memory(tmp_path):
    with pytest.raises(SourceError, match="not believable"):
        pull(image_in_file(write(tmp_path, saved(config=bytes(5_000_000)))))


def test_names_are_found_however_they_are_written(tmp_path):
    stream = io.BytesIO(saved())
    with tarfile.open(fileobj=stream) as archive:
        entries = [file("./" + member.name, archive.extractfile(member).read()) for member in archive]
    assert pull(image_in_file(write(tmp_path, tar(entries))))[0] == CONFIG_DIGEST
