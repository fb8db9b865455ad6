# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What models need, as hosts that have none would plan their installation."""

from __future__ import annotations

from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError
from ansible_collections.localai.core.plugins.module_utils._module.bundle.models import ModelFinder
from ansible_collections.localai.core.plugins.module_utils._module.bundle.wanted import Wanted
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform
from ansible_collections.localai.core.plugins.module_utils._resolver.recording import RecordingNetwork
from ansible_collections.localai.core.tests.support.bundles import bundle_options_of
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.gallery_artifacts import artifact
from ansible_collections.localai.core.tests.support.model_world import OTHER, WEIGHTS, ModelWorld, sha256
from ansible_collections.localai.core.tests.support.registry import Registry


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ModelWorld]:
    with FileServer() as files:
        yield ModelWorld(tmp_path_factory.mktemp("gallery"), files)


def found(world: ModelWorld, *models: Any, **given: Any) -> tuple[Wanted, tuple[str, ...], list[str]]:
    galleries = [{"name": "test", "url": str(world.index)}]
    task = {"model_galleries": galleries, "retries": 0, "timeout": 5, "models": list(models), **given}
    options = bundle_options_of(**task)
    wanted, warnings = Wanted((Platform("linux", "amd64"),)), list[str]()
    finder = ModelFinder(options, RecordingNetwork(options.connection, {}), warnings, wanted)
    (target,) = options.targets
    return wanted, finder.add(target.models, target.pins), warnings


def test_files_entries_pins_and_backends_are_found(world: ModelWorld) -> None:
    wanted, backends, warnings = found(world, "one", "voice")
    assert {file.keys[0].rpartition("/")[2]: file.size for file in wanted.files.values()}["a.gguf"] == len(WEIGHTS)
    assert wanted.entries == {("models", "test"): {"one", "voice"}}
    assert sorted(row["name"] for row in wanted.model_pins) == ["one", "voice"]
    assert (set(backends), warnings) == ({"llama-cpp", "piper"}, [])


def test_without_models_nothing_is_read(world: ModelWorld) -> None:
    wanted, backends, _warnings = found(world, model_galleries=[{"name": "x", "url": "/no"}], backends=["x"])
    assert (wanted.files, backends) == ({}, ())


def test_the_base_file_is_read_and_a_shared_file_is_wanted_once(world: ModelWorld) -> None:
    wanted, _backends, _warnings = found(world, "chatty", "one", "seeing")
    assert [file.sha256 for file in wanted.files.values()].count(sha256(WEIGHTS)) == 1


def test_a_file_without_a_checksum_has_a_version(world: ModelWorld) -> None:
    uri = f"{world.files.url}/b.gguf"
    row = {"name": "m", "files": [{"filename": "sub/x.gguf", "uri": uri}], "config": {"backend": "llama-cpp"}}
    wanted, _backends, _warnings = found(world, row)
    (file,) = wanted.files.values()
    assert (file.keys, file.name, file.size, file.sha256) == ((uri,), "x.gguf", len(OTHER), "")
    assert file.version


def test_a_model_in_a_registry_is_an_image(world: ModelWorld) -> None:
    with Registry() as registry:
        image = artifact({"m.gguf": WEIGHTS})
        registry.put("x/m", "v1", image)
        uri = f"oci://{registry.host}/x/m:v1"
        row = {"name": "m", "files": [{"filename": "m.gguf", "uri": uri}], "config": {"backend": "llama-cpp"}}
        wanted, _backends, _warnings = found(world, row)
    (found_image,) = wanted.images.values()
    assert (found_image.digest, found_image.names) == (image.digest, (f"{registry.host}/x/m:v1",))


def test_a_file_at_a_path_of_the_hosts_is_not_fetched(world: ModelWorld) -> None:
    row = {"name": "m", "files": [{"filename": "m.gguf", "uri": "/srv/m.gguf"}], "config": {"backend": "llama-cpp"}}
    wanted, _backends, warnings = found(world, row)
    assert wanted.files == {}
    assert warnings[0] == "m: m.gguf is at /srv/m.gguf on the hosts themselves, so it is not in the bundle."
    assert [warning.partition(": only")[0] for warning in warnings[1:]] == ["pins: m"]


def test_all_models_that_cannot_be_had_are_named(world: ModelWorld) -> None:
    with pytest.raises(LocalAIError) as caught:
        found(world, "nowhere", "one", "elsewhere")
    assert "nowhere" in str(caught.value)
    assert "elsewhere" in str(caught.value)
