# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where base files are, and how they are read."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError
from ansible_collections.localai.core.plugins.module_utils._http.client import Http
from ansible_collections.localai.core.plugins.module_utils._localai.models.gallery import model_index_of
from ansible_collections.localai.core.plugins.module_utils._oci.image import Images
from ansible_collections.localai.core.plugins.module_utils._oci.registry import Registry
from ansible_collections.localai.core.plugins.module_utils._request import Connection, GallerySource, SignatureOptions
from ansible_collections.localai.core.plugins.module_utils._resolver.config_yaml import to_yaml
from ansible_collections.localai.core.plugins.module_utils._resolver.galleries import Access
from ansible_collections.localai.core.plugins.module_utils._resolver.model_galleries import (
    ModelGalleries,
    base_file,
    configuration_file,
    locations_of,
    without_paths,
)
from ansible_collections.localai.core.tests.support.files import FileServer

GITHUB = "github:mudler/LocalAI/gallery/virtual.yaml@master"


@pytest.mark.parametrize(
    ("url", "gallery", "locations"),
    [
        (GITHUB, "https://index.localai.io/models", (GITHUB,)),
        (GITHUB, "/none/index.yaml", (GITHUB,)),
        ("https://h/b.yaml", "/g/index.yaml", ("https://h/b.yaml",)),
        ("/srv/b.yaml", "https://h/index.yaml", ("/srv/b.yaml",)),
        ("b.yaml", "https://h/x/index.yaml", ("https://h/x/b.yaml", "https://h/b.yaml")),
        (
            "gallery/b.yaml",
            "https://h/gallery/index.yaml",
            ("https://h/gallery/gallery/b.yaml", "https://h/gallery/b.yaml"),
        ),
        ("b.yaml", "https://h/index.yaml", ("https://h/b.yaml",)),
        ("b.yaml", "/g/index.yaml", ("/g/b.yaml", "/b.yaml")),
        ("b.yaml", "file:///g/x/index.yaml", ("/g/x/b.yaml", "/g/b.yaml")),
        ("b.yaml", "oci://r/g:models", ("oci://r/g:models#b.yaml",)),
    ],
)
def test_a_base_file_is_beside_its_gallery_or_where_its_address_says(url, gallery, locations):
    assert locations_of(url, gallery) == locations


def test_a_base_file_of_github_is_beside_a_gallery_on_this_host(tmp_path):
    (tmp_path / "virtual.yaml").touch()
    for gallery in (f"{tmp_path}/index.yaml", f"file://{tmp_path}/index.yaml"):
        assert locations_of(GITHUB, gallery) == (f"{tmp_path}/virtual.yaml",)


@pytest.mark.parametrize("url", ["../b.yaml", "a/../../b.yaml", "a\\b.yaml", "a\nb.yaml"])
def test_a_base_file_outside_of_its_gallery_is_refused(url):
    with pytest.raises(GalleryError, match="is not a plain path in its gallery"):
        locations_of(url, "https://h/index.yaml")


def test_a_base_file_has_its_configuration():
    base = base_file(b"name: b\nconfig_file: |\n  f16: yes\n  threads: 0o17\n")
    assert (base.base.name, base.config) == ("b", {"f16": "yes", "threads": 15})
    assert base_file(b"name: b").config == {}
    with pytest.raises(GalleryError, match="its config_file: its configuration is not a mapping"):
        base_file(b"config_file: '- a'")


def test_a_configuration_file_may_be_a_base_file_or_a_configuration():
    assert configuration_file(b"config_file: 'a: 1'\nname: b").config == {"a": 1}
    plain = configuration_file(b"# mine\nbackend: x\n")
    assert (plain.config, plain.base.config_text) == ({"backend": "x"}, "# mine\nbackend: x\n")
    with pytest.raises(GalleryError):
        configuration_file(b"- a")


@pytest.fixture
def server():
    with FileServer() as files:
        yield files


def galleries(warnings, *sources):
    http = Http(Connection(retries=0, timeout=2))
    return ModelGalleries(sources, Access(http, Images(http, Registry(http, None)), SignatureOptions(), warnings))


def test_galleries_and_base_files_are_read_once(server):
    server.pages["/g/index.yaml"] = b"- {name: a, url: base.yaml}\n- {name: b, url: base.yaml}\n- {name: ../c}\n"
    server.pages["/base.yaml"] = b"config_file: 'backend: x'"
    warnings: list = []
    read = galleries(warnings, GallerySource("g", Address(f"{server.url}/g/index.yaml")))
    for _time in range(2):
        assert list(read.index("g").entries) == ["a", "b"]
        assert read.base("g", "base.yaml").config == {"backend": "x"}
    assert [request.path for request in server.requests] == ["/g/index.yaml", "/g/base.yaml", "/base.yaml"]
    assert len(warnings) == 1
    assert warnings[0].startswith("gallery g: its entry 3 is skipped: ")


def test_what_cannot_be_read_is_an_error_that_names_all_locations(server):
    server.pages["/g/index.yaml"] = b"- {name: a, url: base.yaml}"
    read = galleries([], GallerySource("g", Address(f"{server.url}/g/index.yaml")))
    read.index("g")
    with pytest.raises(GalleryError, match=r"The base file could not be read\. Tried .*/g/base\.yaml: .*/base\.yaml: "):
        read.base("g", "base.yaml")
    with pytest.raises(GalleryError, match=r"The configuration could not be read\. Tried "):
        read.document(Address(f"{server.url}/none.yaml"))


def test_a_server_names_no_files_of_this_host() -> None:
    index = model_index_of(
        [
            {"name": "good", "files": [{"filename": "a.gguf", "uri": "https://x.example/a.gguf"}]},
            {"name": "Thief", "files": [{"filename": "a.gguf", "uri": "/etc/shadow"}]},
            {"name": "other", "files": [{"filename": "a.gguf", "uri": "FILE:///etc/shadow"}]},
        ],
        "g",
        to_yaml,
    )
    result = without_paths(index)
    assert list(result.entries) == ["good"]
    assert result.skipped["thief"] == (
        "its entry Thief is skipped: Thief: its file a.gguf is at a path of this host (/etc/shadow), which only a "
        "gallery on this host can name"
    )


def test_a_base_file_on_a_server_names_no_files_of_this_host(server):
    server.pages["/index.yaml"] = b"- {name: m, url: base.yaml}\n- {name: n, url: /etc/passwd}\n"
    server.pages["/base.yaml"] = b"files: [{filename: a.gguf, uri: /etc/shadow}]\nconfig_file: 'backend: llama-cpp'\n"
    read = galleries([], GallerySource("g", Address(f"{server.url}/index.yaml")))
    read.index("g")
    with pytest.raises(GalleryError, match="at a path of this host"):
        read.base("g", "base.yaml")
    with pytest.raises(GalleryError, match="Its base file is at a path of this host"):
        read.base("g", "/etc/passwd")
