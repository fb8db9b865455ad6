# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Backends from a bundle: with all servers gone, hosts install from it what they install from the network."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from ansible_collections.localai.core.tests.support import images
from ansible_collections.localai.core.tests.support.backends import backend_image
from ansible_collections.localai.core.tests.support.bundles import BundledHost, BundleDirectory, offline, prove_fill
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.gallery import REPOSITORY
from ansible_collections.localai.core.tests.support.gallery_artifacts import artifact
from ansible_collections.localai.core.tests.support.proof import prove
from ansible_collections.localai.core.tests.support.registry import Registry
from ansible_collections.localai.core.tests.support.signed_world import SignedWorld
from ansible_collections.localai.core.tests.support.world import Host, World

NAMES = ("llama-cpp", "whisper", "silero-vad", "mirrored", "docker-types", "layered", "two-platforms")
ARCHIVES = ("archived", "archived-tar")
CAPABILITIES = ("default", "nvidia-cuda-12", "amd")


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """A world whose gallery is on its web server."""
    with Registry() as registry, FileServer() as files:
        world = World(registry, files, tmp_path_factory.mktemp("gallery"))
        files.pages["/gallery.yaml"] = Path(world.gallery).read_bytes()
        world.gallery = f"{files.url}/gallery.yaml"
        yield world


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, world):
    """A bundle with backends for three capabilities; it is filled once."""
    own = [
        {"name": "mine", "uri": f"{world.files.url}/archived.zip"},
        {"name": "own", "uri": f"{world.repository}:latest-kokoro", "alias": "chat"},
    ]
    directory = BundleDirectory(
        tmp_path_factory.mktemp("site") / "bundle",
        galleries=[{"name": "test", "url": world.gallery}],
        backends=[*NAMES, *ARCHIVES, *own],
        capabilities=CAPABILITIES,
    )
    prove_fill(directory)
    return directory


@pytest.fixture(scope="module")
def online(tmp_path_factory, world, bundle):
    """What hosts without a bundle install, by capability: the metadata of their backends by name."""
    found = {}
    for capability in CAPABILITIES:
        host = Host(tmp_path_factory.mktemp("online"), world)
        host.install(*NAMES, *ARCHIVES, capability=capability)
        found[capability] = metadata_of(host)
    return found


@pytest.fixture(params=["path", "url"])
def bundled(request, tmp_path, world, bundle):
    """A function that makes a host with a capability and the bundle, at a path or at a URL; all servers are gone."""
    with FileServer(directory=bundle.path) as site, offline(world.registry, world.files):

        def make(capability="default", **options):
            where = site.url if request.param == "url" else str(bundle.path)
            return BundledHost(tmp_path / capability, world, where, capability=capability, **options)

        yield make


def metadata_of(host):
    """The metadata of all backends by name, without the times."""
    return {name: {**host.metadata(name), "installed_at": None} for name in host.names}


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_hosts_install_from_a_bundle_what_they_install_from_the_network(online, bundled, capability):
    host = bundled(capability)
    result = prove(host, *NAMES, *ARCHIVES, action="install")
    assert result["warnings"] == []
    metadata = metadata_of(host)
    # The layout answers for each registry, also for one that is down.
    metadata["mirrored"]["uri"] = online[capability]["mirrored"]["uri"]
    assert metadata == online[capability]


def test_rows_with_sources_of_their_own_are_installed_from_a_bundle(bundled, world):
    host = bundled()
    rows = [
        {"name": "mine", "uri": f"{world.files.url}/archived.zip"},
        {"name": "own", "uri": f"{world.repository}:latest-kokoro", "alias": "chat"},
    ]
    prove(host, action="install", backends=rows)
    assert host.metadata("own")["alias"] == "chat"


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_the_pins_of_a_bundle_install_from_it(bundled, bundle, capability):
    host = bundled(capability)
    pins = yaml.safe_load((bundle.path / "pins.yml").read_text())
    assert {row["capability"] for row in pins["backends"]} == set(CAPABILITIES)
    prove(host, "llama-cpp", "whisper", "archived", action="install", pins=pins)


def test_the_newest_build_is_the_one_of_the_bundle(bundled):
    host = bundled()
    prove(host, "llama-cpp", "archived", "archived-tar", action="install", state="latest")


def test_the_available_backends_are_those_of_the_bundle(bundled):
    host = bundled("amd")
    host.install("llama-cpp")
    result = host.info(available=True, upgrades=True)
    assert not result["failed"], result
    assert {"llama-cpp", "cpu-llama-cpp", "whisper"} <= {row["name"] for row in result["available"]}
    assert "piper" not in {row["name"] for row in result["available"]}


def test_a_name_that_is_not_in_the_bundle_is_an_error_that_says_what_to_do(bundled):
    host = bundled()
    for check in (True, False):
        result = host.backend("piper", check=check)
        assert (result["failed"], host.path.exists()) == (True, False)
        assert "piper is in no gallery" in result["msg"]


def test_an_image_that_is_not_in_the_bundle_is_an_error_that_lists_what_it_has(bundled):
    host = bundled()
    result = host.backend("llama-cpp", release="v9.9.9")
    assert result["failed"]
    assert "There is no image of release v9.9.9 for llama-cpp" in result["msg"]


def test_a_bundle_needs_no_gallery_of_the_same_name(bundled):
    host = bundled(galleries=[{"name": "other", "url": "https://galleries.example/index.yaml"}])
    prove(host, "llama-cpp", action="install")


def test_two_galleries_need_the_names_that_the_bundle_has(bundled):
    galleries = [{"name": name, "url": "https://galleries.example/index.yaml"} for name in ("one", "two")]
    result = bundled(galleries=galleries).backend("llama-cpp")
    assert result["failed"]
    assert "gallery one is not in the bundle" in result["msg"]
    assert "Its galleries of backends: test." in result["msg"]


def test_endpoints_are_for_the_server_of_the_bundle(tmp_path, world, bundle):
    authorization = "Basic dTpw"
    with FileServer(directory=bundle.path, authorization=authorization) as site, offline(world.registry, world.files):
        host = BundledHost(tmp_path, world, site.url)
        refused = host.backend("llama-cpp")
        assert "401" in refused["msg"]
        assert refused["failed"]
        endpoint = {"host": site.host, "username": "u", "password": "p"}
        prove(host, "llama-cpp", "archived", action="install", endpoints=[endpoint])


def test_check_mode_predicts_a_change_if_an_earlier_task_puts_the_bundle_there(tmp_path, world):
    host = Host(tmp_path, world)
    missing = str(tmp_path / "not there")
    predicted = host.backend("piper", check=True, bundle=missing)
    assert (predicted["failed"], predicted["changed"]) == (False, True)
    assert predicted["msg"] == f"Would install from {missing}."
    (warning,) = predicted["warnings"]
    assert warning.startswith(f"{missing} is not there yet")
    result = host.backend("piper", bundle=missing)
    assert result["failed"]
    assert f"{missing}/bundle.json: No such file or directory." in result["msg"]


def test_only_the_wanted_platforms_are_in_the_bundle(tmp_path, world):
    arm, amd, other = (images.Platform(name) for name in ("arm64", "amd64", "s390x"))
    image = backend_image("many", platforms=[arm, amd, other])
    uri = world.registry.put(REPOSITORY, "many", image)
    directory = BundleDirectory(tmp_path / "bundle", backends=[{"name": "many", "uri": uri}])
    platforms = ["linux/arm64", "linux/amd64"]
    prove_fill(directory, platforms=platforms)
    (row,) = directory.contents["images"]
    assert (row["name"], row["digest"], sorted(row["platforms"])) == (uri, image.digest, sorted(platforms))
    held = {name.rpartition("/")[2] for name in directory.files}
    assert [child.digest[7:] in held for child in image.images] == [True, True, False]
    with offline(world.registry):
        for platform in platforms:
            host = BundledHost(tmp_path / platform[-5:], world, str(directory.path), platform=platform)
            prove(host, action="install", backends=[{"name": "many", "uri": uri}])
        host = BundledHost(tmp_path / "s390x", world, str(directory.path), platform="linux/s390x")
        assert host.backend(backends=[{"name": "many", "uri": uri}])["failed"]


def test_manifests_of_docker_are_in_the_bundle_byte_for_byte(tmp_path, world):
    image = backend_image("docked", docker=True)
    uri = world.registry.put(REPOSITORY, "docked", image)
    directory = BundleDirectory(tmp_path / "bundle", backends=[{"name": "docked", "uri": uri}])
    prove_fill(directory)
    files = directory.files
    for document in (image, *image.images):
        assert files[f"images/blobs/sha256/{document.digest[7:]}"] == document.manifest
    (row,) = json.loads(files["images/index.json"])["manifests"]
    assert row["mediaType"] == images.DOCKER_INDEX
    (listed,) = json.loads(files["bundle.json"])["images"]
    assert listed["manifests"] == [image.digest, *(child.digest for child in image.images)]


def test_a_release_is_installed_from_a_bundle(tmp_path, world):
    world.registry.put(REPOSITORY, "v1.2.3-cpu-llama-cpp", backend_image("llama-cpp", "1.2.3"))
    galleries = [{"name": "test", "url": world.gallery}]
    directory = BundleDirectory(tmp_path / "bundle", galleries=galleries)
    prove_fill(directory, backends=[{"name": "llama-cpp", "release": "v1.2.3"}])
    with offline(world.registry, world.files):
        host = BundledHost(tmp_path, world, str(directory.path))
        prove(host, "llama-cpp", action="install", release="v1.2.3")


def test_a_gallery_in_a_registry_is_read_from_the_bundle(tmp_path, world):
    index = artifact({"index.yaml": world.files.pages["/gallery.yaml"]})
    world.registry.put("local-ai/galleries", "backends", index)
    galleries = [{"name": "test", "url": f"oci://{world.registry.host}/local-ai/galleries:backends"}]
    directory = BundleDirectory(tmp_path / "bundle", galleries=galleries, backends=["llama-cpp"])
    prove_fill(directory)
    with offline(world.registry, world.files):
        host = BundledHost(tmp_path, world, str(directory.path), galleries=galleries)
        prove(host, "llama-cpp", action="install")
    assert host.metadata("cpu-llama-cpp")["gallery_url"] == galleries[0]["url"]


@pytest.mark.parametrize("referrers", [True, False], ids=["referrers", "fallback tag"])
def test_signatures_travel_with_their_images(tmp_path, world, referrers):
    with Registry(referrers=referrers) as registry:
        signed = SignedWorld(registry, tmp_path)
        signed.sign()
        directory = BundleDirectory(tmp_path / "bundle", backends=["piper"], **signed.options)
        prove_fill(directory)
        pins = yaml.safe_load((directory.path / "pins.yml").read_text())
        (pin,) = pins["backends"]
        assert pin["signer"]["identity"].startswith("https://github.com/mudler/LocalAI/")
        with offline(registry):
            host = BundledHost(tmp_path, world, str(directory.path), **signed.options)
            prove(host, "piper", action="install")
            (row,) = host.info()["backends"]
            assert row["signer"] == {**pin["signer"], "time": row["signer"]["time"]}
            host.install("piper", state="absent")
            prove(host, "piper", action="install", pins=pins)


def test_an_image_without_a_signature_does_not_get_into_a_bundle_with_enforce(tmp_path, world):
    with Registry(referrers=True) as registry:
        signed = SignedWorld(registry, tmp_path)
        directory = BundleDirectory(tmp_path / "bundle", backends=["piper"], **signed.options)
        for check in (True, False):
            result = directory.run(check)
            assert (result["failed"], result["changed"], directory.path.exists()) == (True, False, False)
            assert "piper: its signature is not verified" in result["msg"]
