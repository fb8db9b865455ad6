# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Models from a bundle: with all servers gone, hosts install from it what they install from the network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ansible_collections.localai.core.tests.support import images
from ansible_collections.localai.core.tests.support.archives import tar_archive
from ansible_collections.localai.core.tests.support.backends import backend_entries
from ansible_collections.localai.core.tests.support.bundles import BundleDirectory, offline, prove_fill
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.gallery_artifacts import artifact
from ansible_collections.localai.core.tests.support.hub import Hub, Repo
from ansible_collections.localai.core.tests.support.model_proof import prove
from ansible_collections.localai.core.tests.support.model_world import BASE, OTHER, WEIGHTS, ModelHost, ModelWorld
from ansible_collections.localai.core.tests.support.registry import Registry
from ansible_collections.localai.core.tests.support.server import Server

NAMES = ("one", "two", "chatty", "seeing", "voice", "large", "undigested")
BACKENDS = ("llama-cpp", "piper", "vllm", "whisper")
WRITTEN = b"model " * 900
HUBBED = b"hub " * 900
OLLAMA = b"ollama " * 700
OLLAMA_TYPE = "application/vnd.ollama.image.model"
CONFIG = {"backend": "llama-cpp"}


class Site:
    """A gallery of models and all servers of their files, and what a task needs to use them."""

    def __init__(self, output: Path, files: FileServer, registry: Registry, hub: Hub) -> None:
        self.world = ModelWorld(output, files)
        self.servers: tuple[Server, ...] = (files, registry, hub, hub.cdn)
        entries = self.world.entries()
        entries[2]["url"] = f"{files.url}/base.yaml"
        files.pages["/index.yaml"] = yaml.safe_dump(entries).encode()
        files.pages["/base.yaml"] = yaml.safe_dump(BASE).encode()
        files.pages["/backend.tar"] = tar_archive(backend_entries("any"), "none")
        backends = [{"name": name, "uri": f"{files.url}/backend.tar"} for name in BACKENDS]
        files.pages["/backends.yaml"] = yaml.safe_dump(backends).encode()
        registry.put("x/model", "v1", artifact({"m.gguf": WRITTEN}))
        registry.put("library/gemma", "2b", ollama_model())
        mirror = [{"host": "registry.ollama.ai", "mirrors": [{"url": registry.url, "resolve": True}]}]
        self.options = {"galleries": [{"name": "test", "url": f"{files.url}/index.yaml"}], "endpoints": mirror}
        self.rows: list[dict[str, Any]] = [
            row("plain", f"{files.url}/a.gguf", "x.gguf"),
            row("checked", f"{files.url}/b.gguf", "y.gguf", sha256=images.digest(OTHER)[7:]),
            row("written", f"oci://{registry.host}/x/model:v1", "m.gguf"),
            row("gemma", "ollama://gemma:2b", "g.gguf"),
            row("hubbed", "huggingface://owner/repo/model.safetensors", "h.safetensors"),
            {"name": "own", "uri": f"{files.url}/own.yaml"},
            {"name": "whole", "files": [], "config": {"backend": "vllm", "parameters": {"model": "owner/repo"}}},
        ]


def ollama_model() -> images.Image:
    """A model as Ollama's registry has it."""
    layer = images.Layer(OLLAMA, OLLAMA, "none", images.digest(OLLAMA), images.digest(OLLAMA))
    plain = images.image([layer])
    manifest = plain.manifest.replace(images.OCI_LAYER.encode(), OLLAMA_TYPE.encode())
    return images.Image(manifest, images.OCI_MANIFEST, images.digest(manifest), plain.config, (layer,), plain.platform)


def row(name: str, uri: str, filename: str, **more: str) -> dict[str, Any]:
    """A model with one file and a configuration of its own."""
    file = {"filename": filename, "uri": uri, **more}
    return {"name": name, "files": [file], "config": {**CONFIG, "parameters": {"model": filename}}}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    repo = Repo(small={"config.json": b'{"a": 1}'}, large={"model.safetensors": HUBBED})
    with FileServer() as files, Registry() as registry, Hub({"owner/repo": repo}, page=1) as hub:
        yield Site(tmp_path_factory.mktemp("gallery"), files, registry, hub)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, site):
    """A bundle with all models; it is filled once."""
    directory = BundleDirectory(
        tmp_path_factory.mktemp("site") / "bundle",
        models=[*NAMES, *site.rows],
        galleries=[{"name": "builds", "url": f"{site.world.files.url}/backends.yaml"}],
        model_galleries=site.options["galleries"],
        endpoints=site.options["endpoints"],
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", site.servers[2].url)
        prove_fill(directory)
    return directory


@pytest.fixture(params=["path", "url"])
def host(request, tmp_path, site, bundle):
    """A host with the bundle, at a path or at a URL; all servers are gone."""
    with FileServer(directory=bundle.path) as web, offline(*site.servers):
        host = ModelHost(tmp_path, site.world)
        host.options.update(site.options, bundle=web.url if request.param == "url" else str(bundle.path))
        yield host


@pytest.fixture(scope="module")
def online(tmp_path_factory, site, bundle):
    """The contents of the files that a host without a bundle gets, by path."""
    host = ModelHost(tmp_path_factory.mktemp("online"), site.world)
    host.options.update(site.options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_ENDPOINT", site.servers[2].url)
        host.install(*NAMES)
        host.install(models=site.rows)
    return contents_of(host)


def contents_of(host):
    """The contents of all files by path; the manifest of a snapshot, which has a time, is left out."""
    return {name: (host.path / name).read_bytes() for name in host.files if not name.endswith("manifest.json")}


def test_hosts_install_from_a_bundle_what_they_install_from_the_network(online, host, site):
    result = prove(host, *NAMES)
    assert result["warnings"] == []
    rows = prove(host, models=site.rows)
    assert rows["warnings"] == []
    found = contents_of(host)
    assert sorted(found) == sorted(online)
    assert {name: found[name] for name in online if found[name] != online[name]} == {}


def test_another_variant_and_another_name_are_installed_from_a_bundle(host):
    prove(host, models=[{"name": "mine", "model": "one"}, {"name": "base", "model": "chatty"}])
    assert host.config("base")["f16"] is True


def test_the_newest_files_are_those_of_the_bundle(host, site):
    prove(host, *NAMES, state="latest")
    prove(host, models=[{**row, "state": "latest"} for row in site.rows])


def test_the_pins_of_a_bundle_install_from_it(host, bundle):
    pins = yaml.safe_load((bundle.path / "pins.yml").read_text())
    assert {"one", "two", "chatty", "seeing", "voice"} <= {row["name"] for row in pins["models"]}
    prove(host, "one", "two", "chatty", "seeing", "voice", pins={"format": pins["format"], "models": pins["models"]})


def test_the_whole_document_of_pins_is_accepted(host, bundle):
    pins = yaml.safe_load((bundle.path / "pins.yml").read_text())
    prove(host, "one", pins=pins)


def test_the_hub_of_the_environment_does_not_matter(host, site, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example/prefix")
    prove(host, models=[row for row in site.rows if row["name"] in ("hubbed", "whole")])


def test_a_model_that_is_not_in_the_bundle_is_an_error(host):
    result = host.model("bare")
    assert result["failed"]
    assert "bare" in result["msg"]


def test_a_file_that_is_not_in_the_bundle_is_an_error_that_says_what_to_do(host, site):
    uri = f"{site.world.files.url}/mmproj-other.gguf"
    result = host.model(models=[row("m", uri, "m.gguf")])
    assert (result["failed"], host.files) == (True, [])
    assert f"{uri} is not in the bundle" in result["msg"]
    assert "Write the bundle again for what this host needs, with localai_bundle outside." in result["msg"]


def test_the_backends_that_models_need_are_in_the_bundle_too(bundle):
    entries = yaml.safe_load(bundle.file("galleries/*/backends-builds.yaml"))
    assert {entry["name"] for entry in entries} == set(BACKENDS)
    assert [row["path"] for row in bundle.contents["files"] if row["url"].endswith("/backend.tar")] != []


def test_each_content_is_in_the_bundle_once(bundle):
    contents = [content for name, content in bundle.files.items() if name.startswith(("files/", "images/blobs/"))]
    # This one is that of two URLs, of which only one tells the checksum.
    contents = [content for content in contents if content != HUBBED]
    assert len(contents) == len(set(contents))
    assert contents.count(WEIGHTS) == contents.count(OTHER) == contents.count(WRITTEN) == contents.count(OLLAMA) == 1


def test_the_gallery_of_the_bundle_has_only_the_entries_that_are_needed(bundle):
    entries = yaml.safe_load(bundle.file("galleries/*/models-test.yaml"))
    assert {entry["name"] for entry in entries} == set(NAMES)
