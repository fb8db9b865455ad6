# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The galleries of LocalAI v4.11, and images in local files under the names that these have, in whole runs."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._module.argspec import LOCALAI_GALLERY
from ansible_collections.localai.core.tests.support import images
from ansible_collections.localai.core.tests.support.archives import file, tar
from ansible_collections.localai.core.tests.support.backends import backend_image
from ansible_collections.localai.core.tests.support.gallery_artifacts import artifact
from ansible_collections.localai.core.tests.support.layouts import docker_archive, oci_archive, write_oci_layout
from ansible_collections.localai.core.tests.support.proof import prove

POLICY = {"issuer": "https://issuer.example", "identity_regex": "^https://x$", "not_before": "2026-08-05T00:00:00Z"}
FULL = "registry.example/foo/bar:1.0.0"


@pytest.fixture
def reference(host):
    """The gallery of the world as an artifact in its registry, with a file of a model beside the index."""
    files = {"index.yaml": Path(host.world.gallery).read_bytes(), "models/a.yaml": b"name: a\n"}
    host.world.registry.put("local-ai/galleries", "gallery-backends", artifact(files))
    return f"oci://{host.world.registry.host}/local-ai/galleries:gallery-backends"


def test_a_gallery_in_a_registry_is_like_any_other(host, reference):
    prove(host, "piper", "llama-cpp", action="install", galleries=[{"name": "test", "url": reference}])
    assert host.metadata("piper")["gallery_url"] == reference
    latest = host.install("piper", state="latest", galleries=[{"name": "test", "url": reference}])
    assert latest["changed"] is False


def test_the_third_source_answers_when_two_are_down(host, reference):
    mirrors = ["/no/such/index.yaml", reference]
    gallery = {**LOCALAI_GALLERY, "url": "http://127.0.0.1:1/backends", "mirrors": mirrors}
    result = prove(host, "piper", action="install", galleries=[gallery])
    (warning,) = result["warnings"]
    assert warning.startswith(f"gallery localai: the index was read from {reference} without verifying its signature")
    assert host.metadata("piper")["gallery_url"] == "http://127.0.0.1:1/backends"


@pytest.mark.parametrize("check", [True, False])
def test_the_failures_of_all_sources_are_reported(host, check):
    mirror = f"oci://{host.world.registry.host}/no/gallery:x"
    result = host.backend("piper", check=check, galleries=[{"name": "g", "url": "/no/such.yaml", "mirrors": [mirror]}])
    assert result["failed"]
    assert f"Tried /no/such.yaml: No such file or directory on this host; {mirror}: http" in result["msg"]


def test_a_list_in_the_form_of_localais_variable_is_taken_as_text(host):
    gallery = {"name": "test", "url": host.world.gallery, "mirrors": [], "verification": POLICY}
    text = json.dumps([gallery])
    result = prove(host, "piper", action="install", galleries=text)
    (warning,) = result["warnings"]
    assert warning.startswith("gallery test: its policy verification is not applied, because signatures is ignore.")
    assert host.info(available=True, galleries=text)["available"]


def test_the_documented_list_of_localai_is_valid(host):
    text = (
        '[{"name":"localai","url":"URL","mirrors":["github:mudler/LocalAI/backend/index.yaml@master"],"verification":'
        '{"issuer":"https://token.actions.githubusercontent.com","identity_regex":"^https://github\\\\.com/mudler/LocalAI/'
        '\\\\.github/workflows/backend_merge\\\\.yml@refs/(heads/master|tags/.+)$"}}]'
    )
    text = text.replace("URL", host.world.gallery)
    for galleries in (text, json.loads(text)):
        assert not host.backend("piper", check=True, galleries=galleries)["failed"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_gallery_that_powershell_wrote_is_read(host, tmp_path, encoding):
    path = tmp_path / "gallery.yaml"
    path.write_bytes(Path(host.world.gallery).read_text(encoding="utf-8").encode(encoding))
    prove(host, "piper", action="install", galleries=[{"name": "test", "url": str(path)}])


def test_another_encoding_is_an_error_that_names_the_file(host, tmp_path):
    path = tmp_path / "gallery.yaml"
    path.write_bytes("- name: größe\n".encode("latin-1"))
    result = host.backend("piper", galleries=[{"name": "test", "url": str(path)}])
    assert result["msg"].startswith(f"gallery test could not be read. Tried {path}: it is not valid UTF-8: byte 10")


def two_images() -> dict[str, Any]:
    return {FULL: backend_image("bar", "1"), FULL.replace("1.0.0", "1.1.0"): backend_image("bar", "2")}


@pytest.mark.parametrize("name", [FULL, "1.0.0"])
@pytest.mark.parametrize("place", ["uri", "mirror"])
def test_an_image_in_a_layout_is_installed_by_its_name(host, tmp_path, name, place):
    write_oci_layout(tmp_path / "layout", two_images())
    uri = f"ocilayout:{tmp_path}/layout:{name}"
    if place == "uri":
        result = prove(host, "bar", action="install", uri=uri)
    else:
        gallery = tmp_path / "own.yaml"
        gallery.write_text(json.dumps([{"name": "bar", "uri": f"ocilayout:{tmp_path}/none:x", "mirrors": [uri]}]))
        result = prove(host, "bar", action="install", galleries=[{"name": "own", "url": str(gallery)}])
    assert result["backends"][0]["digest"] == two_images()[FULL].digest


def test_an_image_in_a_layout_is_pinned(host, tmp_path):
    write_oci_layout(tmp_path / "layout", two_images())
    host.install("bar", uri=f"ocilayout:{tmp_path}/layout:{FULL}")
    pins = host.info(pins=True)["pins"]
    assert pins["backends"][0]["uri"].endswith(f"layout:{FULL}")
    host.install("bar", state="absent")
    result = prove(host, "bar", action="install", pins=pins)
    assert result["backends"][0]["digest"] == two_images()[FULL].digest


def test_what_a_layout_lacks_is_listed_as_it_can_be_requested(host, tmp_path):
    write_oci_layout(tmp_path / "layout", two_images())
    result = host.backend("bar", uri=f"ocilayout:{tmp_path}/layout:2.0.0", check=True)
    advised = f"ocilayout:{tmp_path}/layout:{FULL}"
    assert f"it has {', '.join(two_images())}. Request one of them as {advised}." in result["msg"]
    host.install("bar", uri=advised)


@pytest.mark.parametrize("manifests", [{"manifests": None}, {"manifests": []}, {}], ids=["null", "empty", "missing"])
def test_a_docker_archive_whose_index_lists_nothing_is_installed(host, tmp_path, manifests):
    path = tmp_path / "image.tar"
    path.write_bytes(docker_archive({"x/y:v1": backend_image("bar").images[0]}))
    index = tar([file("index.json", json.dumps({"schemaVersion": 2, **manifests}).encode())])
    (tmp_path / "index.tar").write_bytes(index)
    with tarfile.open(path, "a") as archive, tarfile.open(tmp_path / "index.tar") as other:
        archive.addfile(other.getmember("index.json"), other.extractfile("index.json"))
    prove(host, "bar", action="install", uri=f"ocifile://{path}")


def test_an_image_among_several_in_a_file_is_installed_by_its_digest(host, tmp_path):
    path = tmp_path / "image.tar"
    path.write_bytes(oci_archive(two_images()))
    message = host.backend("bar", uri=f"ocifile://{path}")["msg"]
    advised = message.partition("Request one of them as ")[2].rstrip(".")
    assert host.install("bar", uri=advised)["backends"][0]["digest"] == two_images()[FULL].digest


@pytest.mark.parametrize(("host_platform", "image"), [("linux/x86_64", "amd64"), ("linux/aarch64", "arm64")])
@pytest.mark.parametrize("stated", ["x86_64", "aarch64", "amd64", "arm64"])
def test_platforms_are_read_in_any_spelling(host, host_platform, image, stated):
    spelt = images.Platform({"x86_64": "amd64", "aarch64": "arm64"}.get(stated, stated))
    host.world.registry.put("bar", "v1", backend_image("bar", platforms=[images.Platform(stated)]))
    result = host.backend("bar", uri=f"{host.world.registry.host}/bar:v1", platform=host_platform)
    assert result["failed"] is (spelt.architecture != image)
