# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options of localai_bundle and the file of a survey: what they mean, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._bundle.contents import Contents
from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError, OptionError
from ansible_collections.localai.core.plugins.module_utils._localai.machine import Machine
from ansible_collections.localai.core.plugins.module_utils._module.argspec import LOCALAI_GALLERY
from ansible_collections.localai.core.plugins.module_utils._module.bundle.argspec import RELEASES
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform
from ansible_collections.localai.core.tests.support.bundles import bundle_options_of as options

HERE = Platform("linux", Machine().architecture)
TARGET = {"capability": "amd", "platform": "linux/amd64"}
PIN = {
    "name": "piper",
    "capability": "default",
    "platform": "linux/amd64",
    "backend": "piper",
    "uri": "quay.example/x:v1",
    "digest": "sha256:" + "1" * 64,
}
PINS = {"format": 2, "backends": [PIN]}


def refused(**given: Any) -> str:
    with pytest.raises(OptionError) as caught:
        options(**given)
    return str(caught.value)


def survey(**changes: Any) -> dict[str, Any]:
    return {"format": 1, "targets": [{**TARGET, "backends": ["piper"]}], **changes}


def test_the_defaults_are_one_host_like_this_one() -> None:
    found = options(backends=["piper"])
    (target,) = found.targets
    assert (target.capability, target.platform, target.models) == ("default", HERE, ())
    assert [row["name"] for row in target.backends] == ["piper"]
    assert [source.name for source in found.galleries] == [LOCALAI_GALLERY["name"]]
    assert (str(found.release_url), found.is_exact, found.known) == (RELEASES, False, Contents())
    assert (found.path, found.prune, found.versions) == ("/srv/bundle", False, ())


def test_each_capability_is_wanted_on_each_platform_that_it_can_have() -> None:
    platforms = ["linux/amd64", "linux/arm64"]
    found = options(models=["m"], capabilities=["default", "nvidia-l4t"], platforms=platforms)
    pairs = [(target.capability, str(target.platform)) for target in found.targets]
    assert pairs == [("default", "linux/amd64"), ("default", "linux/arm64"), ("nvidia-l4t", "linux/arm64")]


def test_versions_are_wanted_for_each_architecture_once() -> None:
    found = options(server_versions=["v4.11.0", " latest"], platforms=["linux/amd64", "linux/arm64", "linux/amd64"])
    assert found.versions == (("v4.11.0", "amd64"), ("v4.11.0", "arm64"), ("latest", "amd64"), ("latest", "arm64"))


def test_rows_may_be_mappings_and_absent_ones_are_not_wanted() -> None:
    rows = ["piper", {"name": "x", "uri": "quay.example/x:v1"}, {"name": "gone", "state": "absent"}]
    (target,) = options(backends=rows).targets
    assert [(row["name"], row["uri"]) for row in target.backends] == [("piper", None), ("x", "quay.example/x:v1")]


def test_a_survey_has_its_own_galleries_pins_and_versions(tmp_path: Path) -> None:
    targets = [
        {**TARGET, "backends": ["piper"], "pins": 0, "server_version": "v4.11.0", "backends_release": "v4.11.0"},
        {"capability": "default", "platform": "linux/arm64", "models": ["m"], "models_backends": False},
    ]
    galleries = [{"name": "own", "url": "https://g.example/index.yaml"}]
    document = survey(targets=targets, pins=[PINS], galleries=galleries)
    path = tmp_path / "survey.yml"
    path.write_text(yaml.safe_dump(document))
    for value in (document, str(path), f" {path} "):
        found = options(survey=value)
        first, second = found.targets
        assert (first.capability, first.release, first.models_backends) == ("amd", "v4.11.0", True)
        assert first.pins is not None
        assert first.pins["backends"][0]["name"] == "piper"
        assert (second.pins, second.models_backends) == (None, False)
        assert [source.name for source in found.galleries] == ["own"]
        assert (found.versions, found.is_exact) == ((("v4.11.0", "amd64"),), True)
    given = options(survey=document, pins={**PINS, "backends": [{**PIN, "name": "other"}]}, galleries=galleries * 1)
    assert [target.pins["backends"][0]["name"] for target in given.targets if target.pins] == ["other", "other"]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("/no/such/survey.yml", "survey: /no/such/survey.yml: No such file or directory. Write it with the playbook"),
        ("/", "survey: /: Is a directory."),
        ({}, "survey is not a survey of the format 1"),
        ([], "survey is not a survey of the format 1"),
        ({"format": 2, "targets": []}, "survey is not a survey of the format 1"),
        ({"format": 1, "targets": {}}, "survey is not a survey of the format 1"),
        ({"format": 1, "targets": []}, "The bundle would be empty."),
        (survey(targets=["x"]), "survey: target 1 has no capability, or no platform. Write the survey again."),
        (survey(targets=[{"capability": "x"}]), "survey: target 1 has no capability, or no platform."),
        (survey(targets=[{**TARGET, "platform": 5}]), "survey: target 1 has no capability, or no platform."),
        (survey(targets=[{**TARGET, "backends": "piper"}]), "survey: target 1: backends is not a list"),
        (survey(targets=[{**TARGET, "backends": [5]}]), "survey: target 1: backends, item 1: missing required"),
        (survey(targets=[{**TARGET, "models": [{"name": "m", "x": 1}]}]), "survey: target 1: models, item 1: "),
        (survey(targets=[{**TARGET, "backends": ["x"], "pins": 0}]), "has pins that are not in the survey"),
        (survey(targets=[{**TARGET, "backends": ["x"], "pins": "0"}]), "has pins that are not in the survey"),
        (survey(pins=[5]), "pins is not a set of pins."),
        (survey(pins=[{"format": 2, "backends": [{"name": "x"}]}]), "pins: missing required arguments"),
        (survey(pins=5), "pins is not a list of sets of pins."),
        (survey(targets=[{**TARGET, "server_version": "a/b"}]), "server_versions: 'a/b' is not a version."),
        (survey(galleries=[{"name": "x"}]), "galleries: missing required arguments"),
        (survey(model_galleries=5), "model_galleries: "),
    ],
)
def test_a_wrong_survey_is_refused(value: Any, says: str) -> None:
    assert says in refused(survey=value)


@pytest.mark.parametrize("text", ["- [", "just text", "a: 1\na: 2\n", "", "<html>"])
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "survey.yml"
    path.write_text(text)
    assert refused(survey=str(path)).startswith(("survey: ", "survey is not"))


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["name", "uri", "url", "x"]), inner),
    max_leaves=6,
)
KEYS = ("capability", "platform", "backends", "models", "pins", "server_version", "backends_release", "models_backends")


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, ANY)),
    st.fixed_dictionaries({}, optional=dict.fromkeys(("pins", "galleries", "model_galleries"), ANY)),
)
def test_any_survey_is_read_or_refused(row: dict[str, Any], more: dict[str, Any]) -> None:
    try:
        options(survey=survey(targets=[{**TARGET, "backends": ["piper"], **row}], **more))
    except LocalAIError:
        return


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({}, "The bundle would be empty. Set survey to that of hosts that want something, or set backends, models or"),
        ({"backends": [{"name": "x", "state": "absent"}]}, "The bundle would be empty."),
        ({"backends": [5]}, "backends, item 1: missing required arguments: name."),
        ({"backends": [{"name": "x", "unknown": 1}]}, "backends, item 1: "),
        ({"backends": [{"name": "x", "uri": "u", "release": "v1"}]}, "backends, item 1: "),
        ({"models": [{"name": "x", "state": "old"}]}, "models, item 1: "),
        ({"backends": ["x"], "capabilities": [" "]}, "capabilities has an empty item."),
        ({"backends": ["x"], "platforms": ["amd64/linux/x/y"]}, "platform"),
        ({"server_versions": ["../x"]}, "server_versions: '../x' is not a version. Write a release such as v4.11.0."),
        ({"server_versions": [""]}, "server_versions: '' is not a version."),
        ({"backends": ["x"], "release_url": "ftp://x"}, "release_url: "),
        ({"backends": ["x"], "lock_timeout": -1}, "lock_timeout"),
        ({"backends": ["x"], "galleries": [{"url": "x"}]}, "galleries: missing required arguments"),
        ({"backends": ["x"], "pins": {"format": 2, "backends": [5]}}, "pins: "),
        ({"backends": ["x"], "known": "/no/such.json"}, "known: /no/such.json: No such file or directory. Set it to"),
        ({"backends": ["x"], "known": {"a": 1}}, "known: its bundle.json is not that of a bundle."),
        ({"backends": ["x"], "known": 5}, "known: its bundle.json is not that of a bundle."),
        ({"backends": ["x"], "known": {"format": 9}}, "known: it has the format 9"),
    ],
)
def test_wrong_options_are_refused(given: dict[str, Any], says: str) -> None:
    assert says in refused(**given)


def test_what_a_site_has_is_a_path_or_a_document(tmp_path: Path) -> None:
    document = Contents(created="then").to_json()
    (tmp_path / "bundle.json").write_bytes(document)
    for value in (str(tmp_path / "bundle.json"), json.loads(document)):
        assert options(backends=["x"], known=value).known.created == "then"


def test_a_bundle_is_not_read_to_fill_another_one() -> None:
    assert options(backends=["x"], bundle="/srv/other").connection.bundle is None
