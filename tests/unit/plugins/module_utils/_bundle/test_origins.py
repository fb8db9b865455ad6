# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a bundle answers in the place of web servers and registries."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._bundle.bundle import Bundle
from ansible_collections.localai.core.plugins.module_utils._bundle.contents import Contents, Stored, StoredFile
from ansible_collections.localai.core.plugins.module_utils._bundle.origins import BundleClient, BundleImages
from ansible_collections.localai.core.plugins.module_utils._errors import SourceError, TransportError
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Reference
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint
from ansible_collections.localai.core.tests.support.client import Client
from ansible_collections.localai.core.tests.support.layouts import write_oci_layout
from ansible_collections.localai.core.tests.support.sample import IMAGE, INDEX

URL = "https://f.example/dir/a.bin"
CONTENT = b"content " * 100
SHA256 = hashlib.sha256(CONTENT).hexdigest()
NAME = "quay.example/x/y:v1"


@pytest.fixture
def bundle(tmp_path: Path) -> Bundle:
    row = StoredFile(URL, Stored("files/a.bin", SHA256, len(CONTENT)), link='<https://next>; rel="next"')
    document = Contents(files=(row,)).to_json()
    (tmp_path / "files").mkdir()
    (tmp_path / "files/a.bin").write_bytes(CONTENT)
    (tmp_path / "bundle.json").write_bytes(document)
    write_oci_layout(tmp_path / "images", {NAME: INDEX})
    paths = ("bundle.json", "images/index.json")
    sums = [f"{hashlib.sha256((tmp_path / path).read_bytes()).hexdigest()}  {path}\n" for path in paths]
    (tmp_path / "SHA256SUMS").write_text("".join(sums))
    return Bundle(str(tmp_path), Client())


@pytest.fixture
def client(bundle: Bundle) -> BundleClient:
    return BundleClient(bundle)


def test_an_answer_has_the_headers_that_the_server_sent(client: BundleClient) -> None:
    answer = client.fetch(URL)
    assert (answer.status, answer.body, answer.url) == (200, CONTENT, URL)
    assert answer.headers["Content-Length"] == str(len(CONTENT))
    assert answer.headers["Link"] == '<https://next>; rel="next"'
    assert SHA256 in answer.headers["ETag"]


def test_a_head_has_no_body_and_the_first_bytes_are_only_those(client: BundleClient) -> None:
    assert client.fetch(URL, method="HEAD").body == b""
    assert client.fetch(URL, first=5).body == CONTENT[:5]


def test_more_than_is_plausible_is_refused(client: BundleClient) -> None:
    with pytest.raises(TransportError, match="has more than 10 bytes"):
        client.fetch(URL, limit=10)


def test_a_download_begins_where_it_is_told_to(client: BundleClient) -> None:
    begun: list[tuple[Any, ...]] = []
    chunks = client.download(URL, offset=100, begun=lambda *what: begun.append(what))
    assert b"".join(chunks) == CONTENT[100:]
    assert begun == [(SHA256, len(CONTENT))]
    assert client.known_sha256(URL) == SHA256


def test_what_is_not_in_the_bundle_is_not_found(client: BundleClient) -> None:
    for work in (client.fetch, client.known_sha256, lambda url: list(client.download(url))):
        with pytest.raises(TransportError, match="is not in the bundle") as caught:
            work("https://f.example/other")  # type: ignore[operator]
        assert caught.value.status == 404


def test_a_damaged_file_is_an_error_of_the_transfer(client: BundleClient, tmp_path: Path) -> None:
    (tmp_path / "files/a.bin").write_bytes(CONTENT[:-1] + b"x")
    with pytest.raises(TransportError, match="does not have the sha256 that is listed"):
        client.fetch(URL)
    (tmp_path / "files/a.bin").unlink()
    with pytest.raises(TransportError, match="No such file"):
        list(client.download(URL))


def test_no_settings_of_servers_matter(client: BundleClient) -> None:
    assert client.anonymous() is client.hasty(1) is client
    assert client.endpoint("f.example") == Endpoint("f.example")
    assert client.authorization(URL) == {}


def test_images_of_all_registries_are_in_the_layout(bundle: Bundle) -> None:
    found = BundleImages(bundle)
    reference = Reference("quay.example", "x/y", "v1")
    image = found.resolve(reference, Platform("linux", "amd64"))
    assert image.digest == INDEX.digest
    assert found.manifest(reference.at(IMAGE.digest)).digest == IMAGE.digest
    assert found.over(Client()) is found


@pytest.mark.parametrize("reference", [Reference("quay.example", "x/y", "v2"), Reference("other.example", "x/y", "v1")])
def test_an_image_that_the_bundle_lacks_says_how_it_gets_into_it(bundle: Bundle, reference: Reference) -> None:
    with pytest.raises(SourceError, match="Write the bundle again for what this host needs") as caught:
        BundleImages(bundle).manifest(reference)
    assert caught.value.missing
