# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Damaged bundles: one flipped bit, a missing or a truncated file, or a dying server installs nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from ansible_collections.localai.core.tests.support.bundles import BundledHost, BundleDirectory
from ansible_collections.localai.core.tests.support.faults import Corrupt, Cut
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.model_world import BASE, ModelHost, ModelWorld
from ansible_collections.localai.core.tests.support.proof import installed
from ansible_collections.localai.core.tests.support.registry import Registry
from ansible_collections.localai.core.tests.support.world import World

COPY_AGAIN = "does not have the sha256 that is listed. Copy the bundle again."


class Site:
    """Two worlds, and a bundle with a backend in an image, one in an archive, and models."""

    def __init__(self, top: Path, world: World, models: ModelWorld) -> None:
        self.world = world
        self.models = models
        files = models.files
        entries = models.entries()
        entries[2]["url"] = f"{files.url}/base.yaml"
        files.pages["/index.yaml"] = yaml.safe_dump(entries).encode()
        files.pages["/base.yaml"] = yaml.safe_dump(BASE).encode()
        self.galleries = [{"name": "models", "url": f"{files.url}/index.yaml"}]
        self.bundle = BundleDirectory(
            top / "bundle",
            galleries=[{"name": "test", "url": world.gallery}],
            backends=["llama-cpp", "archived", "piper"],
            models=["two", "chatty", "undigested"],
            model_galleries=self.galleries,
        )
        self.bundle.fill()
        self.image = world.content.images["latest-cpu-llama-cpp"].images[0]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with Registry() as registry, FileServer() as files, FileServer() as model_files:
        world = World(registry, files, tmp_path_factory.mktemp("gallery"))
        yield Site(tmp_path_factory.mktemp("site"), world, ModelWorld(tmp_path_factory.mktemp("models"), model_files))


@pytest.fixture
def copy(tmp_path, site):
    """A copy of the bundle that a test may damage."""
    return Path(shutil.copytree(site.bundle.path, tmp_path / "copy"))


@pytest.fixture
def host(tmp_path, site, copy):
    return BundledHost(tmp_path / "host", site.world, str(copy))


@pytest.fixture
def model_host(tmp_path, site, copy):
    host = ModelHost(tmp_path / "host", site.models)
    host.options.update(galleries=site.galleries, bundle=str(copy))
    return host


def flip(path, at=None):
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if at is None else at] ^= 1
    path.write_bytes(bytes(content))


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


DAMAGES = {"a bit": flip, "the last byte": cut, "all of it": Path.unlink}
# The files that an image needs, and those that come without one.
IMAGE_FILES = ("layer", "manifest", "index")
FILES = ("bundle.json", "images/index.json", "galleries/*/backends-test.yaml", *IMAGE_FILES)
MODEL_FILES = ("bundle.json", "galleries/*/models-models.yaml", "*/base.yaml", "files/*/b.gguf", "files/*/a.gguf")


def damaged(copy, site, name):
    """The path of a file of the bundle."""
    content = site.world.content.images["latest-cpu-llama-cpp"]
    digests = {"layer": site.image.layers[0].digest, "manifest": site.image.digest, "index": content.digest}
    if name in digests:
        return copy / "images/blobs/sha256" / digests[name][7:]
    return next(copy.rglob(name)) if "*" in name else copy / name


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", FILES)
def test_a_damaged_file_of_a_backend_installs_nothing(host, copy, site, name, damage):
    DAMAGES[damage](damaged(copy, site, name))
    predicted = host.backend("llama-cpp", check=True)
    result = host.backend("llama-cpp")
    assert (result["failed"], result["changed"]) == (True, False)
    assert installed(host) == {}
    # A layer is read only by a run that needs it.
    is_missing_list = name == "bundle.json" and damage == "all of it"
    assert predicted["failed"] is (name != "layer" and not is_missing_list)
    if damage == "a bit" and name not in IMAGE_FILES:
        assert COPY_AGAIN in result["msg"] or "cannot be used" in result["msg"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_archive_installs_nothing(host, copy, damage):
    DAMAGES[damage](next(copy.glob("files/*/archived.tar.gz")))
    result = host.backend("archived")
    assert (result["failed"], result["changed"], installed(host)) == (True, False, {})


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", MODEL_FILES)
def test_a_damaged_file_of_models_installs_nothing(model_host, copy, site, name, damage):
    DAMAGES[damage](damaged(copy, site, name))
    wanted = "chatty" if "base" in name else "undigested" if "a.gguf" in name else "two"
    result = model_host.model(wanted)
    assert (result["failed"], result["changed"], model_host.files) == (True, False, [])


def test_a_bit_of_any_place_in_the_lists_is_refused(host, copy):
    for name in ("bundle.json", "images/index.json"):
        whole = (copy / name).read_bytes()
        for at in range(0, len(whole), len(whole) // 25):
            flip(copy / name, at)
            result = host.backend("llama-cpp", check=True)
            assert result["failed"], (name, at)
            (copy / name).write_bytes(whole)
    assert host.install("llama-cpp")["changed"]


def test_a_pin_with_another_digest_installs_nothing(host, copy):
    pins = yaml.safe_load((copy / "pins.yml").read_text())
    pins.pop("models")
    (pin,) = [row for row in pins["backends"] if row["name"] == "llama-cpp"]
    pin["digest"] = pin["digest"][:-1] + ("0" if pin["digest"][-1] != "0" else "1")
    for check in (True, False):
        result = host.backend("llama-cpp", pins=pins, check=check)
        assert (result["failed"], installed(host)) == (True, {})


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "its bundle.json is not JSON. Copy the bundle again."),
        (b"[]", "its bundle.json is not that of a bundle. Write the bundle with localai_bundle."),
        (b'{"format": 2}', "it has the format 2, and this version of the collection reads up to 1. Install the"),
        (b'{"format": 1}', "its bundle.json is damaged. Copy the bundle again."),
    ],
)
def test_a_list_of_something_else_is_refused(host, copy, content, says):
    (copy / "bundle.json").write_bytes(content)
    for options in ({}, {"backends": [{"name": "x", "uri": "quay.example/x/y:v1"}]}):
        names = () if options else ("llama-cpp",)
        result = host.backend(*names, **options)
        assert result["failed"]
        assert f"the bundle {copy} cannot be used: {says}" in result["msg"]
        assert "Set bundle to the directory with bundle.json, or to its URL." in result["msg"]


def test_a_server_that_corrupts_the_list_and_an_image_installs_nothing(host, copy, site):
    with FileServer(directory=copy) as web:
        host.options["bundle"] = web.url
        web.faults.append(Corrupt(site.image.layers[0].digest[7:], at=100))
        result = host.backend("llama-cpp")
        assert (result["failed"], installed(host)) == (True, {})
        web.faults[:] = [Corrupt("bundle.json", at=1000)]
        assert host.backend("llama-cpp")["failed"]
        web.faults.clear()
        assert host.install("llama-cpp")["changed"]


def test_a_server_that_dies_in_the_middle_leaves_the_installed_backend(host, copy, site):
    host.install("piper")
    before = installed(host)
    layer = site.world.content.images["latest-piper"].images[0].layers[0]
    with FileServer(directory=copy) as web:
        host.options["bundle"] = web.url
        web.faults.append(Cut(layer.digest[7:], after=len(layer.blob) // 2))
        result = host.backend("piper", force=True)
        assert (result["failed"], result["changed"], installed(host)) == (True, False, before)
        web.faults.clear()
        web.requests.clear()
        assert host.install("piper", force=True)["changed"]
        assert {request.path.split("/")[1] for request in web.requests} <= {
            "bundle.json",
            "SHA256SUMS",
            "galleries",
            "images",
        }


def test_a_model_is_continued_after_the_server_of_the_bundle_died(model_host, copy, site, monkeypatch):
    monkeypatch.setattr("ansible_collections.localai.core.plugins.module_utils._sources.resume._LONG", 0.0)
    (path,) = copy.glob("files/*/b.gguf")
    size = path.stat().st_size
    with FileServer(directory=copy) as web:
        model_host.options["bundle"] = web.url
        web.faults.append(Cut("b.gguf", after=size // 2))
        assert model_host.model("two")["failed"]
        assert [name for name in model_host.files if "partial" not in name] == []
        web.faults.clear()
        web.requests.clear()
        result = model_host.install("two")
        (row,) = result["models"]
        assert row["bytes_transferred"] == size - size // 2
        # The first one looks at the first bytes, which tell the kind of the file.
        request = [request for request in web.requests if request.path.endswith("b.gguf")][-1]
        assert request.headers["range"].startswith(f"bytes={size // 2}-")


@pytest.mark.parametrize("value", ["relative/path", "http://", "https://user@/x", "ftp://host/x", "", "  "])
def test_a_bundle_is_an_absolute_path_or_a_url(host, value):
    result = host.backend("piper", bundle=value)
    assert (result["failed"], result["changed"]) == (True, False)
    assert result["msg"].startswith("bundle: ")


def test_a_directory_of_something_else_is_no_bundle(host, tmp_path):
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "file").write_text("x")
    result = host.backend("piper", bundle=str(tmp_path / "other"))
    assert "cannot be used: " in result["msg"]
    assert "bundle.json: No such file or directory." in result["msg"]
    with FileServer() as web:
        result = host.backend("piper", bundle=f"{web.url}/x")
        assert f"the bundle {web.url}/x cannot be used: " in result["msg"]
        assert "404" in result["msg"]
