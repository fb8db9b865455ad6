# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What docker saves: one image, whose digest is that of its configuration."""

from __future__ import annotations

import io
import json
import tarfile

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import IntegrityError, SourceError
from ansible_collections.localai.core.plugins.module_utils._oci.image import image_in_file, resolve
from ansible_collections.localai.core.plugins.module_utils._unpack import limits
from ansible_collections.localai.core.tests.support import images
from ansible_collections.localai.core.tests.support.archives import Entry, compress, file, hardlink, symlink, tar
from ansible_collections.localai.core.tests.support.delivery import sources
from ansible_collections.localai.core.tests.support.layouts import docker_archive
from ansible_collections.localai.core.tests.support.pulls import pull_local, saved, write
from ansible_collections.localai.core.tests.support.sample import AMD64, CONFIG_DIGEST, HOST, IMAGE, LOWER, UPPER


def compressed(compression, *more, layers=(LOWER, UPPER), manifest=None):
    """A docker archive whose layers are compressed by themselves, as crane writes it."""
    with tarfile.open(fileobj=io.BytesIO(saved(manifest, layers=layers))) as archive:
        members = {member.name: archive.extractfile(member).read() for member in archive}
    packed = {name: compress(data, compression) if "layer" in name else data for name, data in members.items()}
    return tar(file(name, data + b"".join(more) * ("layer" in name)) for name, data in packed.items())


@pytest.mark.parametrize(
    ("compression", "more"), [("gzip", b""), ("gzip", b"\0" * 100), ("zstd", b"")], ids=["gzip", "padded gzip", "zstd"]
)
def test_layers_may_be_compressed(tmp_path, compression, more):
    repository = image_in_file(write(tmp_path, compressed(compression, more)))
    digest, layers = pull_local(repository)
    assert (digest, layers) == (
        CONFIG_DIGEST,
        [compress(layer.content, compression) + more for layer in (LOWER, UPPER)],
    )
    assert [layer.compression.name for layer in repository.manifest("").layers] == [compression] * 2
    copy = image_in_file(write(tmp_path, compressed(compression, more)))
    assert b"".join(copy.blob(repository.manifest("").layers[1], 7)) == layers[1][7:]


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (compressed("gzip", layers=(UPPER, LOWER)), IntegrityError),
        (compressed("gzip").replace(b"\x1f\x8b\x08", b"\x1f\x8b\x09"), SourceError),
        (compressed("xz"), IntegrityError),
    ],
    ids=["exchanged", "damaged", "xz"],
)
def test_compressed_layers_are_verified_by_their_content(tmp_path, content, error):
    with pytest.raises(error):
        pull_local(image_in_file(write(tmp_path, content)))


def test_a_compressed_layer_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "WITHOUT_RATIO", 1000)
    bomb = images.layer([file("x", b"\0" * 10**6)])
    with pytest.raises(SourceError, match="unpacks to more than 200 times its size"):
        image_in_file(write(tmp_path, compressed("gzip", layers=(bomb, bomb)))).manifest("")


def test_its_digest_is_the_id_of_the_image(tmp_path):
    repository = image_in_file(write(tmp_path, saved()))
    assert pull_local(repository, CONFIG_DIGEST) == (CONFIG_DIGEST, [LOWER.content, UPPER.content])
    with pytest.raises(SourceError, match=f"has no image '{IMAGE.digest}'; it has {CONFIG_DIGEST}"):
        pull_local(repository, IMAGE.digest)


@pytest.mark.parametrize(
    "link",
    [symlink("c/layer.tar", "../a/layer.tar"), hardlink("c/layer.tar", "a/layer.tar")],
    ids=["symlink", "hard link"],
)
def test_an_older_docker_links_the_layers_that_images_share(tmp_path, link):
    repository = image_in_file(write(tmp_path, saved(names=("c/layer.tar", "b/layer.tar"), extra=[link])))
    image = resolve("", (repository,), (repository,), HOST)
    assert image.size == len(LOWER.content) + len(UPPER.content)
    assert pull_local(repository)[1] == [LOWER.content, UPPER.content]
    assert b"".join(repository.blob(image.layers[0], 1000)) == LOWER.content[1000:]
    assert repository.tail(image.layers[1], 10) == UPPER.content[-10:]


def test_another_file_of_the_same_image_has_its_blobs_too(tmp_path):
    layers = image_in_file(write(tmp_path, saved())).manifest("").layers
    copy = image_in_file(write(tmp_path, saved()))
    assert b"".join(copy.blob(layers[0])) == LOWER.content


def test_a_layer_that_is_not_what_the_image_says_is_refused(tmp_path):
    with pytest.raises(IntegrityError):
        pull_local(image_in_file(write(tmp_path, saved(layers=(UPPER, LOWER)))))


@pytest.mark.parametrize("manifests", [{"manifests": None}, {"manifests": []}, {}], ids=["null", "empty", "missing"])
def test_an_index_without_images_beside_the_manifest_of_docker_is_ignored(tmp_path, manifests):
    index = file("index.json", json.dumps({"schemaVersion": 2, **manifests}).encode())
    assert pull_local(image_in_file(write(tmp_path, saved(extra=[index]))))[0] == CONFIG_DIGEST


@pytest.mark.parametrize("content", [b'{"manifests": null}', b'{"manifests": {}}', b"{}", b"[]", b"null", b"<html>"])
def test_an_index_without_images_and_nothing_beside_it_is_an_error(tmp_path, content):
    with pytest.raises(SourceError):
        pull_local(image_in_file(write(tmp_path, tar([file("index.json", content)]))))


ONE = {"Config": "config.json", "Layers": ["a/layer.tar", "b/layer.tar"]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"manifest": [ONE, {**ONE, "Config": "a/layer.tar"}]}, "holds 2 images where one is needed; it has sha256:"),
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
        pull_local(image_in_file(write(tmp_path, saved(**changes))))


TWO = docker_archive({"h/x/y:v1": IMAGE, "x/y:v2": images.image([UPPER], AMD64)})
SECOND = images.digest(images.image([UPPER], AMD64).config)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("h/x/y:v1", CONFIG_DIGEST),
        ("v1", CONFIG_DIGEST),
        (CONFIG_DIGEST, CONFIG_DIGEST),
        ("x/y:v2", SECOND),
        ("docker.io/x/y:v2", SECOND),
        ("v2", SECOND),
        (SECOND, SECOND),
    ],
)
def test_one_of_several_images_is_found_by_its_name_or_id(tmp_path, name, expected):
    repository = image_in_file(write(tmp_path, TWO))
    assert (pull_local(repository, name)[0], repository.digest(name)) == (expected, expected)


@pytest.mark.parametrize(("name", "says"), [("", "holds 2 images where one is needed"), ("v3", "has no image 'v3'")])
def test_several_images_are_listed_as_they_can_be_requested(tmp_path, name, says):
    path = write(tmp_path, TWO)
    with pytest.raises(SourceError) as caught:
        image_in_file(path).manifest(name)
    assert f"{says}; it has h/x/y:v1, x/y:v2. Request one of them as ocifile://{path}:h/x/y:v1." in str(caught.value)
    assert sources().find((Address(f"ocifile://{path}:h/x/y:v1"),)).digest == CONFIG_DIGEST


def test_a_tag_of_several_images_is_not_enough(tmp_path):
    both = docker_archive({"h/x/y:v1": IMAGE, "x/y:v1": images.image([UPPER], AMD64)})
    with pytest.raises(SourceError, match="holds 2 images where one is needed"):
        image_in_file(write(tmp_path, both)).manifest("v1")


def test_names_are_found_however_they_are_written(tmp_path):
    stream = io.BytesIO(saved())
    with tarfile.open(fileobj=stream) as archive:
        entries = [file("./" + member.name, archive.extractfile(member).read()) for member in archive]
    assert pull_local(image_in_file(write(tmp_path, tar(entries))))[0] == CONFIG_DIGEST


def test_a_damaged_image_does_not_affect_the_others(tmp_path):
    """Its manifest lists the damaged image first, and all of its layers are compressed."""
    broken = {"Config": "config.json", "Layers": ["b/layer.tar", "a/layer.tar"], "RepoTags": ["x/y:v1"]}
    sound = {**ONE, "RepoTags": ["x/y:v2"]}
    content = compressed("gzip", manifest=[broken, sound])
    expected = [compress(layer.content, "gzip") for layer in (LOWER, UPPER)]
    layers = image_in_file(write(tmp_path, content)).manifest("v2").layers
    copy = image_in_file(write(tmp_path, content))
    assert [b"".join(copy.blob(layer)) for layer in layers] == expected
