# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Images in tar files are read in place, within limits."""

from __future__ import annotations

import os

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._oci.image import image_in_file
from ansible_collections.localai.core.plugins.module_utils._oci.layout import Layout
from ansible_collections.localai.core.tests.support.archives import compress, file, tar
from ansible_collections.localai.core.tests.support.layouts import docker_archive, layout_files, oci_archive
from ansible_collections.localai.core.tests.support.pulls import pull_local, saved, write
from ansible_collections.localai.core.tests.support.sample import CONFIG_DIGEST, IMAGE, LOWER, PULLED, UPPER


@pytest.mark.parametrize("open_path", [Layout, image_in_file])
@pytest.mark.parametrize("make", [lambda path: None, os.mkfifo], ids=["nothing", "pipe"])
def test_a_path_that_is_no_file_is_neither_read_nor_waited_for(tmp_path, open_path, make):
    path = str(tmp_path / "image.tar")
    make(path)
    with pytest.raises(SourceError, match=r"image\.tar.*: (No such file|it is not a file|Not a directory)"):
        pull_local(open_path(path))


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
    assert pull_local(repository) == (digest, layers)
    assert repository.digest("") == digest


def test_what_newer_dockers_save_is_a_layout_too(tmp_path):
    both = {**layout_files({"v1": IMAGE}), "manifest.json": b"[]"}
    assert pull_local(image_in_file(write(tmp_path, tar(file(*entry) for entry in both.items()))))[0] == IMAGE.digest


@pytest.mark.parametrize("compression", ["gzip", "bzip2", "xz", "zstd"])
@pytest.mark.parametrize("make", [oci_archive, docker_archive])
def test_a_compressed_tar_file_is_refused_with_advice(tmp_path, make, compression):
    with pytest.raises(SourceError, match=r"not a plain tar file .*If it is compressed, decompress it first"):
        image_in_file(write(tmp_path, compress(make({"v1": IMAGE}), compression)))


@pytest.mark.parametrize("content", [b"", tar([]), tar([file("run.sh")]), b"\xff" * 5000], ids=len)
def test_a_file_without_an_image_is_refused(tmp_path, content):
    with pytest.raises(SourceError, match=r"neither an index\.json|not a plain tar file"):
        image_in_file(write(tmp_path, content))


def test_a_tar_file_that_was_cut_is_an_error_wherever_it_ends(tmp_path):
    whole = oci_archive({"v1": IMAGE})
    for length in range(0, len(whole.rstrip(b"\0")), 509):
        with pytest.raises(SourceError):
            pull_local(image_in_file(write(tmp_path, whole[:length])))


def test_a_document_that_is_huge_is_not_read_into_memory(tmp_path):
    with pytest.raises(SourceError, match="not plausible"):
        pull_local(image_in_file(write(tmp_path, saved(config=bytes(5_000_000)))))
