# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What backends need, as hosts that have none would plan their installation."""

from __future__ import annotations

from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError
from ansible_collections.localai.core.plugins.module_utils._module.bundle.backends import add_backends
from ansible_collections.localai.core.plugins.module_utils._module.bundle.wanted import Wanted
from ansible_collections.localai.core.plugins.module_utils._resolver.recording import RecordingNetwork
from ansible_collections.localai.core.tests.support.bundles import bundle_options_of
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.gallery import REPOSITORY
from ansible_collections.localai.core.tests.support.registry import Registry
from ansible_collections.localai.core.tests.support.world import World

AMD64 = ["linux/amd64"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with Registry() as registry, FileServer() as files:
        yield World(registry, files, tmp_path_factory.mktemp("gallery"))


def found(world: World, *backends: Any, **given: Any) -> tuple[Wanted, list[str]]:
    galleries = [{"name": "test", "url": world.gallery}]
    task = {"galleries": galleries, "platforms": AMD64, "retries": 0, "timeout": 5, "backends": list(backends), **given}
    options = bundle_options_of(**task)
    wanted, warnings = Wanted(), list[str]()
    add_backends(options, options.targets, RecordingNetwork(options.connection, {}), warnings, wanted)
    return wanted, warnings


def test_an_image_is_wanted_with_the_pin_and_the_entries_for_it(world: World) -> None:
    wanted, warnings = found(world, "llama-cpp")
    (image,) = wanted.images.values()
    assert image.digest == world.digest("cpu-llama-cpp")
    assert image.names == (f"{world.repository}:latest-cpu-llama-cpp",)
    ((pin, _nothing),) = wanted.pins.items()
    assert (pin.name, pin.backend, pin.capability, pin.digest) == (
        "llama-cpp",
        "cpu-llama-cpp",
        "default",
        image.digest,
    )
    assert {"llama-cpp", "cpu-llama-cpp", "cuda12-llama-cpp"} <= wanted.entries["backends", "test"]
    assert warnings == []


def test_hosts_of_two_capabilities_want_one_image_once(world: World) -> None:
    wanted, _warnings = found(world, "piper", "llama-cpp", capabilities=["default", "nvidia-cuda-12"])
    assert len(wanted.images) == 3
    assert len(wanted.pins) == 4


def test_all_origins_of_an_image_and_an_archive_are_known(world: World) -> None:
    wanted, _warnings = found(world, "silero-vad", "archived-tar")
    (image,) = wanted.images.values()
    assert "localai/localai-backends:latest-cpu-silero-vad" in [origin.text for origin in image.origins]
    (file,) = wanted.files.values()
    assert (file.keys, file.sha256) == ((f"{world.files.url}/archived.tar",), "")
    assert file.version


def test_a_backend_at_a_path_of_the_hosts_is_not_fetched(world: World) -> None:
    wanted, warnings = found(world, "from-directory")
    assert (wanted.images, wanted.files) == ({}, {})
    assert [warning for warning in warnings if "is on the hosts themselves, so it is not in the bundle." in warning]


def test_a_row_with_its_own_source_needs_no_gallery(world: World) -> None:
    uri = f"{world.registry.host}/{REPOSITORY}:latest-piper"
    wanted, _warnings = found(world, {"name": "x", "uri": uri}, galleries=[{"name": "no", "url": "/no/such"}])
    assert (list(wanted.images), wanted.entries) == ([world.digest("piper")], {})


def test_a_name_for_one_capability_is_left_out_for_others(world: World) -> None:
    wanted, warnings = found(world, "vllm", capabilities=["default", "amd", "nvidia-cuda-12"])
    assert [pin.capability for pin in wanted.pins] == ["nvidia-cuda-12"] or len(wanted.pins) == 1
    assert all(warning.startswith("vllm for ") and " is left out: " in warning for warning in warnings)
    assert warnings


def test_a_name_for_no_capability_is_an_error_with_all_others(world: World) -> None:
    with pytest.raises(LocalAIError) as caught:
        found(world, "vllm", "nowhere", "piper", "image-missing")
    for name in ("vllm", "nowhere", "image-missing"):
        assert name in str(caught.value)


def test_pins_decide_what_is_fetched(world: World) -> None:
    first, _warnings = found(world, "piper")
    ((pin, _nothing),) = first.pins.items()
    row = {key: getattr(pin, key) for key in ("name", "capability", "platform", "backend", "digest")}
    pins = {"format": 2, "backends": [{**row, "uri": pin.uri.text if hasattr(pin.uri, "text") else str(pin.uri)}]}
    world.publish("2")
    try:
        wanted, _warnings = found(world, "piper", pins=pins)
        assert list(wanted.images) == [pin.digest] != [world.digest("piper")]
        with pytest.raises(LocalAIError, match="llama-cpp"):
            found(world, "llama-cpp", pins=pins)
    finally:
        world.publish("1")
