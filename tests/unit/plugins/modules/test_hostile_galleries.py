# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Any gallery, any reference file and any artifact in a registry is entries or an error in few words."""

from __future__ import annotations

import contextlib
import functools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError
from ansible_collections.localai.core.plugins.module_utils._localai.gallery_url import readable_url
from ansible_collections.localai.core.plugins.module_utils._localai.names import checked_name
from ansible_collections.localai.core.plugins.module_utils._request import GallerySource
from ansible_collections.localai.core.plugins.module_utils._resolver.galleries import parse_index
from ansible_collections.localai.core.tests.support import gallery_artifacts, images
from ansible_collections.localai.core.tests.support.client import Client, Internet
from ansible_collections.localai.core.tests.support.galleries import Galleries
from ansible_collections.localai.core.tests.support.host import temporary_directory
from ansible_collections.localai.core.tests.support.hostile import FEWER, TEXTS, documents, hostile, written

ENTRY = {
    "name": "cpu-x",
    "uri": "quay.io/x/y:latest-cpu-x",
    "mirrors": ["localai/x:latest-cpu-x", "https://h/x.tar.gz?sig=1"],
    "alias": "x",
    "version": "1.10",
    "sha256": "0" * 64,
    "tags": ["a", "b"],
    "license": "MIT",
    "description": "d",
}
GALLERY = [{"name": "x", "capabilities": {"default": "cpu-x", "amd": "rocm-x"}}, ENTRY, {**ENTRY, "name": "rocm-x"}]


def reencoded(data, codec):
    """A document in another encoding, with a byte order mark."""
    return ("\ufeff" + data.decode("utf-8", "replace")).encode(codec, "surrogatepass")


ENCODINGS = st.sampled_from([bytes, *(functools.partial(reencoded, codec=f"utf-16-{end}") for end in ("le", "be"))])


@FEWER
@given(documents(GALLERY), ENCODINGS, st.sampled_from(["x", "cpu-x", "g@X", "rocm-x", "no"]))
@hostile
def test_any_gallery_is_entries_or_an_error(data, encoded, asked):
    with temporary_directory() as path:
        (path / "index.yaml").write_bytes(encoded(data))
        galleries = Galleries([GallerySource("g", Address(str(path / "index.yaml")))], Client(Internet()))
        for capability in ("default", "amd", "disable"):
            with contextlib.suppress(GalleryError):
                assert galleries.resolve(asked, capability).concrete.uri
        with contextlib.suppress(GalleryError):
            for entry in galleries.entries():
                assert checked_name(entry.name, "name")
                assert not entry.alias or checked_name(entry.alias, "alias")
        assert all(isinstance(warning, str) for warning in galleries.warnings)


@given(documents(GALLERY))
@hostile
def test_any_bytes_as_an_index_are_refused_in_few_words(data):
    try:
        parse_index(data, "g", Address("u"))
    except GalleryError as e:
        message = str(e)
        assert len(message) < 2000


@given(st.one_of(TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass")), documents(["index.yaml"])))
@hostile
def test_a_reference_file_leads_to_what_stands_beside_it_or_nowhere(data):
    with temporary_directory() as path:
        (path / "g").mkdir()
        (path / "g/index.ref").write_bytes(data)
        (path / "outside.yaml").write_bytes(written(GALLERY))
        galleries = Galleries([GallerySource("g", Address(str(path / "g/index.ref")))], Client(Internet()))
        with pytest.raises(GalleryError):
            galleries.entries()


ARTIFACT = gallery_artifacts.artifact({"index.yaml": written(GALLERY), "models/a.yaml": b""})
LISTED = gallery_artifacts.index_of([ARTIFACT], [gallery_artifacts.GALLERY_TYPE])


@FEWER
@given(documents(json.loads(ARTIFACT.manifest), json.loads(LISTED.manifest)), st.booleans())
@hostile
def test_any_manifest_of_a_gallery_is_entries_or_an_error(data, is_index):
    url, index = "https://registry.example/v2/x/y/", written(GALLERY)
    pages = {
        f"{url}manifests/v1": (200, {"Content-Type": images.OCI_INDEX if is_index else images.OCI_MANIFEST}, data),
        f"{url}manifests/{ARTIFACT.digest}": (200, {"Content-Type": images.OCI_MANIFEST}, ARTIFACT.manifest),
        f"{url}blobs/{images.digest(index)}": (200, {}, index),
    }
    source = GallerySource("g", Address("oci://registry.example/x/y:v1"))
    galleries = Galleries([source], Client(Internet(pages), retries=0))
    try:
        assert galleries.find("cpu-x").gallery_url == source.url
    except GalleryError as e:
        message = str(e)
        assert len(message) < 2000


ADDRESSES = ["", "github:", "github://", "file://", "https://h/", "a:", "oci://", "oci://h/"]


@given(st.builds("{}{}".format, st.sampled_from(ADDRESSES), TEXTS))
@hostile
def test_any_address_of_a_gallery_is_read_or_refused(url):
    with contextlib.suppress(GalleryError):
        readable_url(url)
    galleries = Galleries([GallerySource("g", Address(url))], Client(Internet(), retries=0))
    with contextlib.suppress(GalleryError):
        galleries.entries()
