# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""While a GPU cannot be read, a name keeps the build that is installed for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError, HostError
from ansible_collections.localai.core.plugins.module_utils._localai.capability import HostCapability
from ansible_collections.localai.core.plugins.module_utils._localai.capability_map import Match, match
from ansible_collections.localai.core.plugins.module_utils._localai.catalog import Catalog
from ansible_collections.localai.core.plugins.module_utils._localai.evidence import Evidence, Gpu, Unreadable
from ansible_collections.localai.core.plugins.module_utils._localai.gallery import Entry, Index
from ansible_collections.localai.core.plugins.module_utils._localai.installed import Directory, Installed
from ansible_collections.localai.core.plugins.module_utils._planner.unreadable import (
    check_decided,
    check_known,
    resolve,
    spared_builds,
    staying_build,
    staying_builds,
    warnings_of,
)
from ansible_collections.localai.core.plugins.module_utils._request import Pin
from ansible_collections.localai.core.plugins.module_utils._store.builds import Build
from ansible_collections.localai.core.tests.support.plans import (
    CPU_HOST,
    NVIDIA_HOST,
    concrete,
    entry,
    installed,
    meta,
    meta_entry,
    want,
)

PROBE = Unreadable("nvidia", "nvidia-smi", "exit status 18: mismatch")
# With its compute driver, the GPU may decide; without it, it does not count, but its builds stay.
UNDECIDED = HostCapability(
    "nvidia", Evidence("GPU vendor nvidia", gpus=(Gpu("nvidia", "card0"),), unreadable=(PROBE,)), undecided=True
)
DRIVER_LOST = HostCapability("default", Evidence("no GPU seen", unreadable=(PROBE,)))
CUDA, CPU = concrete("cuda12-x", "x"), concrete("cpu-x", "x")
LOST_BUILDS = replace(installed(), builds={"cuda12-x": Build("sha256:1", meta="x")})

STAYING = [
    # what is installed, name -> the build that stays while undecided, and after the driver is lost
    (installed(), "x", "", ""),
    (installed(meta("x", "cuda12-x"), CUDA), "x", "cuda12-x", "cuda12-x"),
    (installed(meta("x", "cuda12-x"), CUDA), "X", "cuda12-x", "cuda12-x"),
    (installed(meta("x", "cuda12-x")), "x", "cuda12-x", "cuda12-x"),
    (installed(meta("x", "cpu-x"), CPU), "x", "cpu-x", ""),
    (installed(CUDA), "x", "cuda12-x", "cuda12-x"),
    (installed(replace(CUDA, name="cuda12-x.backup")), "x", "cuda12-x", "cuda12-x"),
    (installed(CUDA), "cuda12-x", "cuda12-x", "cuda12-x"),
    (installed(CPU), "cpu-x", "", ""),
    (installed(concrete("piper")), "piper", "", ""),
    (LOST_BUILDS, "x", "cuda12-x", "cuda12-x"),
    (LOST_BUILDS.with_directory(Directory("x")), "x", "cuda12-x", "cuda12-x"),
    (LOST_BUILDS.with_directory(concrete("x")), "x", "", ""),
]


@pytest.mark.parametrize(("state", "name", "undecided", "driver_lost"), STAYING)
def test_a_name_keeps_its_build(state: Installed, name: str, undecided: str, driver_lost: str) -> None:
    assert staying_build(name, state, UNDECIDED) == undecided
    assert staying_build(name, state, DRIVER_LOST) == driver_lost
    assert staying_build(name, state, CPU_HOST) == staying_build(name, state, NVIDIA_HOST) == ""


def test_only_names_that_keep_a_build_are_in_the_mapping() -> None:
    assert staying_builds(["X", "piper"], installed(CUDA, concrete("piper")), UNDECIDED) == {"x": "cuda12-x"}


def test_a_build_for_the_unreadable_gpu_is_spared_also_while_another_one_answers() -> None:
    state = installed(CUDA, CPU, concrete("rocm-x", "x"), concrete("cuda12-y", "y"))
    assert spared_builds(["x"], state, DRIVER_LOST) == {"cuda12-x"}
    assert spared_builds(["x"], state, CPU_HOST) == set()


def catalog(*entries: Entry) -> Catalog:
    return Catalog(["g"], lambda name: Index(name, {row.name.lower(): row for row in entries}, {}))


META = meta_entry("x", default="cpu-x", nvidia="cuda12-x", amd="rocm-x")
BUILDS = (entry("cpu-x"), entry("cuda12-x"), entry("rocm-x"))


@pytest.mark.parametrize("host", [UNDECIDED, DRIVER_LOST])
def test_a_meta_backend_resolves_to_the_build_that_stays(host: HostCapability) -> None:
    resolution = resolve(catalog(META, *BUILDS), "x", installed(meta("x", "cuda12-x"), CUDA), host)
    assert (resolution.entry, resolution.concrete) == (META, BUILDS[1])
    assert resolution.match is not None
    assert resolution.match.key == "nvidia"


def test_a_build_that_left_the_gallery_comes_from_where_it_was_installed() -> None:
    meta_only = meta_entry("x", default="cpu-x")
    state = installed(meta("x", "cuda12-x"), concrete("cuda12-x", "x", uri="quay.io/old"))
    resolution = resolve(catalog(meta_only, BUILDS[0]), "x", state, UNDECIDED)
    assert (resolution.concrete.name, resolution.concrete.uri.text) == ("cuda12-x", "quay.io/old")
    assert resolution.match is not None
    assert not resolution.match.last_resort
    with pytest.raises(GalleryError, match="is in no gallery"):
        resolve(catalog(meta_only, BUILDS[0]), "x", installed(meta("x", "cuda12-x")), UNDECIDED)


def test_the_build_is_not_guessed_where_none_is_installed() -> None:
    with pytest.raises(HostError, match="nvidia-smi: exit status 18: mismatch"):
        resolve(catalog(META, *BUILDS), "x", installed(), UNDECIDED)
    assert resolve(catalog(META, *BUILDS), "x", installed(), DRIVER_LOST).concrete.name == "cpu-x"
    assert (
        resolve(catalog(META, *BUILDS), "rocm-x", installed(), HostCapability("amd", Evidence(""))).concrete.name
        == "rocm-x"
    )


@pytest.mark.parametrize(
    ("capabilities", "is_error"),
    [
        ({"default": "cpu-x", "nvidia": "cuda12-x"}, True),
        ({"nvidia": "cuda12-x"}, True),
        ({"default": "plain"}, False),
        ({"default": "plain", "nvidia": "plain"}, False),
        ({"default": "plain", "amd": "rocm-x"}, False),
    ],
)
def test_the_memory_matters_only_if_builds_depend_on_it(capabilities: dict[str, str], is_error: bool) -> None:
    def match_of(capability: str) -> Match | None:
        return match(capabilities, capability)

    check_decided("x", match_of, NVIDIA_HOST)
    if is_error:
        with pytest.raises(HostError, match="set the option capability, for example to nvidia"):
            check_decided("x", match_of, UNDECIDED)
    else:
        check_decided("x", match_of, UNDECIDED)


def test_pins_of_this_host_need_its_capability() -> None:
    assert (check_known(NVIDIA_HOST), check_known(DRIVER_LOST)) == ("nvidia", "default")
    with pytest.raises(HostError, match="pin_capabilities"):
        check_known(UNDECIDED)


def test_one_warning_tells_that_builds_stay_and_one_which_of_them_the_pins_lack() -> None:
    state = installed(meta("x", "cuda12-x"), CUDA)
    (warning,) = warnings_of(want("x"), state, UNDECIDED)
    assert "nvidia: nvidia-smi: exit status 18: mismatch" in warning
    pin = Pin("x", "nvidia", "linux/amd64", "cuda12-x", Address("quay.io/x"), "sha256:1")
    assert list(warnings_of(want("x", pins={"x": pin}), state, UNDECIDED)) == [warning]
    assert list(warnings_of(want("x", pins={}), state, UNDECIDED)) == [
        warning,
        "x: the set of pins has no row for cuda12-x, which is kept because the GPU cannot be read.",
    ]
    assert list(warnings_of(want("piper"), state, UNDECIDED)) == []
    assert list(warnings_of(want("x", uri=Address("/src")), state, UNDECIDED)) == []


def test_a_build_that_stays_is_no_last_resort_and_a_name_of_its_own_is_itself() -> None:
    state = installed(meta("x", "cpu-x"), CPU)
    resolution = resolve(catalog(meta_entry("x", default="cpu-x", amd="rocm-x"), *BUILDS), "x", state, UNDECIDED)
    assert resolution.concrete == BUILDS[0]
    assert resolution.match is not None
    assert (resolution.match.key, resolution.match.last_resort) == ("", False)
    own = resolve(catalog(META, *BUILDS), "cuda12-x", installed(CUDA), UNDECIDED)
    assert (own.entry, own.concrete, own.match) == (BUILDS[1], BUILDS[1], None)
