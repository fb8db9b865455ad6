# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of the wishes of hosts leaves a site, and how equal hosts become one row."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.localai.core.plugins.module_utils._module.bundle.argspec import BUNDLE
from ansible_collections.localai.core.plugins.module_utils._module.bundle.options import bundle_options
from ansible_collections.localai.core.plugins.module_utils._module.models.pins import pins_of
from ansible_collections.localai.core.plugins.plugin_utils._survey import row_of_host, survey_of

HOST: dict[str, Any] = {
    "capability": "default",
    "platform": "linux/amd64",
    "server_version": "v4.11.0",
    "backends": [],
    "backends_state": "present",
    "release": "",
    "models": [],
    "galleries": None,
    "model_galleries": None,
    "pins": {},
}
SECRET = "s3cret"


def row(**wanted: Any) -> dict[str, Any]:
    return row_of_host({**HOST, **wanted})


def backends(*rows: Any, **wanted: Any) -> Any:
    return row(backends=list(rows), **wanted)["target"]["backends"]


def models(*rows: Any) -> Any:
    return row(models=list(rows))["target"]["models"]


def test_a_host_is_a_row_with_its_keys_in_their_order() -> None:
    target = row(release="v4.10.0")["target"]
    keys = ["capability", "platform", "server_version", "backends_release", "hosts", "backends", "models"]
    assert list(target) == keys
    assert (target["hosts"], target["backends_release"]) == (1, "v4.10.0")


@pytest.mark.parametrize("nothing", [None, ""])
def test_what_is_not_set_is_null_or_left_out(nothing: Any) -> None:
    found = row(server_version=nothing, release=nothing, galleries=nothing, model_galleries=nothing, pins=nothing)
    assert found["target"]["server_version"] is None
    assert "backends_release" not in found["target"]
    assert (found["galleries"], found["model_galleries"], found["pins"]) == (None, None, None)


@pytest.mark.parametrize("unknown", [None, ""])
def test_a_host_with_an_unknown_capability_is_no_target(unknown: Any) -> None:
    assert row(capability=unknown)["target"] is None


def test_rows_are_sorted_by_the_name_on_the_host() -> None:
    assert backends({"name": "whisper"}, {"name": "g@Piper"}) == [{"name": "g@Piper"}, {"name": "whisper"}]


def test_only_the_state_latest_is_kept() -> None:
    rows = [{"name": "a"}, {"name": "b", "state": "present"}, {"name": "c", "state": "latest"}]
    assert [item.get("state") for item in backends(*rows)] == [None, None, "latest"]
    assert [item.get("state") for item in backends(*rows, backends_state="latest")] == ["latest", None, "latest"]


def test_the_release_is_that_of_rows_without_a_build_of_their_own() -> None:
    rows = [
        {"name": "a"},
        {"name": "b", "release": "v4.9.0"},
        {"name": "c", "uri": "quay.io/x/y:z"},
        {"name": "d", "digest": "sha256:0"},
    ]
    assert [item.get("release") for item in backends(*rows, release="v4.11.0")] == ["v4.11.0", "v4.9.0", None, None]
    assert [item.get("release") for item in backends(*rows)] == [None, "v4.9.0", None, None]


def test_of_a_model_only_what_decides_about_its_files_is_kept() -> None:
    whole = {
        "name": "mine",
        "state": "latest",
        "uri": "hf://me/mine/mine.gguf",
        "revision": "main",
        "files": [{"filename": "mmproj.gguf", "uri": "hf://me/mine/mmproj.gguf", "sha256": "0", "note": SECRET}],
        "config": {
            "backend": "vllm",
            "artifacts": [{"source": {"type": "huggingface", "repo": "me/mine"}}],
            "parameters": {"model": "me/mine", "seed": SECRET},
            "system_prompt": SECRET,
        },
    }
    kept = {
        "name": "mine",
        "uri": "hf://me/mine/mine.gguf",
        "revision": "main",
        "files": [{"filename": "mmproj.gguf", "uri": "hf://me/mine/mmproj.gguf", "sha256": "0"}],
        "config": {
            "backend": "vllm",
            "artifacts": [{"source": {"type": "huggingface", "repo": "me/mine"}}],
            "parameters": {"model": "me/mine"},
        },
    }
    assert models(whole) == [kept]
    assert models({"name": "a", "model": "b", "variant": "c"}) == [{"name": "a", "model": "b", "variant": "c"}]


@pytest.mark.parametrize("config", [None, {}, {"name": SECRET}, {"parameters": SECRET}, {"parameters": {"seed": 1}}])
def test_a_configuration_that_decides_nothing_is_left_out(config: Any) -> None:
    assert models({"name": "a", "config": config}) == [{"name": "a"}]


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        (f"https://u:{SECRET}@h.example.com/a.gguf", "https://h.example.com/a.gguf"),
        (f"https://h.example.com/a.gguf?sig={SECRET}", "https://h.example.com/a.gguf"),
        (f"u:{SECRET}@h.example.com/x/y:z@sha256:0", "h.example.com/x/y:z@sha256:0"),
        (f"oci://u:{SECRET}@h.example.com/x/y:z", "oci://h.example.com/x/y:z"),
    ],
)
def test_secrets_are_removed_from_addresses_and_their_rows_are_named(uri: str, shown: str) -> None:
    file = {"filename": "f", "uri": uri}
    gallery = {"name": "g", "url": uri, "mirrors": ["/m.yaml", uri], "password": SECRET, "sha256": None}
    found = row(
        backends=[{"name": "b", "uri": uri}],
        models=[
            {"name": "m", "uri": f" {uri} "},
            {"name": "n", "config": {"backend": "x"}, "files": [file]},
            {"name": "fine", "uri": shown},
        ],
        galleries=[gallery],
        model_galleries=[{**gallery, "name": "h"}],
        pins={"format": 1, "backends": [{"name": "b", "uri": uri}]},
    )
    assert SECRET not in json.dumps(found)
    assert found["shortened"] == ["backend b", "gallery g", "gallery h", "model m", "model n", "pins"]
    assert found["malformed"] == []
    assert found["target"]["backends"] == [{"name": "b", "uri": shown}]
    assert found["galleries"] == [{"name": "g", "url": shown, "mirrors": ["/m.yaml", shown]}]
    assert [model.get("uri") for model in found["target"]["models"]] == [shown, shown, None]


def test_secrets_are_removed_from_addresses_in_configurations() -> None:
    config = {"parameters": {"model": f"https://u:{SECRET}@h.example.com/a.gguf"}}
    found = row(models=[{"name": "m", "config": config}])
    assert found["target"]["models"][0]["config"] == {"parameters": {"model": "https://h.example.com/a.gguf"}}
    assert found["shortened"] == ["model m"]


def test_an_address_that_is_no_url_is_named() -> None:
    found = row(models=[{"name": "m", "uri": f"https://u:p/{SECRET}@h.example.com/a"}, {"name": "n", "uri": "(x)/y"}])
    assert SECRET not in json.dumps(found)
    assert (found["malformed"], found["shortened"]) == (["model m"], [])


def test_the_policies_of_galleries_are_kept() -> None:
    policy = {"issuer": "https://i.example.com", "identity": "https://i.example.com/a/b.yml@refs/heads/main"}
    gallery = {"name": "g", "url": "oci://h/x:y", "verification": policy, "artifact_verification": policy}
    found = row(galleries=[gallery])
    assert found["galleries"] == [gallery]
    assert found["shortened"] == []


def test_pins_stay_valid_without_the_configurations() -> None:
    file = {"filename": "f", "uri": "https://h.example.com/f", "sha256": "0" * 64, "size": 1}
    build = {"name": "b", "uri": "h/x:y", "digest": "sha256:0", "signer": {"identity": "https://i/a.yml@refs/heads/m"}}
    model = {
        "name": "m",
        "model": "m",
        "gallery": "g",
        "variant": None,
        "config": {"name": "m", "backend": "llama-cpp", "system_prompt": SECRET, "parameters": {"model": "f"}},
        "definition": {"name": "m", "config_file": SECRET, "files": [file]},
        "files": [file],
    }
    pins = row(pins={"format": 2, "backends": [build], "models": [model]})["pins"]
    assert SECRET not in json.dumps(pins)
    assert pins["backends"] == [build]
    pin = pins_of(pins)["m"]
    assert pin.config == {"backend": "llama-cpp", "parameters": {"model": "f"}}
    assert [kept.filename for kept in pin.files] == ["f"]


def test_of_pins_only_known_keys_leave_the_site() -> None:
    broken = {"format": 2, "models": ["x", {"name": "m", "definition": 1}], "note": "hunter2"}
    model = {"name": "m", "config": {}, "definition": {"files": []}, "files": []}
    assert row(pins=broken)["pins"] == {"format": 2, "models": [model]}
    backend = {"name": "b", "signer": {"identity": "i", "note": "hunter2"}, "token": "hunter2"}
    kept = {"name": "b", "signer": {"identity": "i"}}
    assert row(pins={"format": 2, "models": None, "backends": [backend]})["pins"] == {"format": 2, "backends": [kept]}


def test_of_artifacts_only_known_keys_leave_the_site() -> None:
    source = {"type": "huggingface", "repo": "o/r", "token": "hunter2", "headers": {"X": "hunter2"}}
    config = {"artifacts": [{"name": "a", "source": source, "note": "hunter2"}, "x"]}
    (model,) = row(models=[{"name": "m", "config": config}])["target"]["models"]
    assert model["config"] == {"artifacts": [{"name": "a", "source": {"type": "huggingface", "repo": "o/r"}}]}


def survey(*, unread: tuple[str, ...] = (), **rows: Any) -> Any:
    return survey_of(rows, [*rows, *unread])


def test_equal_hosts_are_one_row_whatever_their_order() -> None:
    rows = {
        "a": row(backends=[{"name": "x"}, {"name": "y"}]),
        "b": row(capability="amd"),
        "c": row(backends=[{"name": "y"}, {"name": "x"}]),
        "d": row(platform="linux/arm64"),
        "e": row(server_version=None),
    }
    documents = [survey(**dict(order))["document"] for order in itertools.permutations(rows.items())]
    assert all(json.dumps(document) == json.dumps(documents[0]) for document in documents)
    assert [
        (target["capability"], target["platform"], target["server_version"], target["hosts"])
        for target in documents[0]["targets"]
    ] == [
        ("amd", "linux/amd64", "v4.11.0", 1),
        ("default", "linux/amd64", None, 1),
        ("default", "linux/amd64", "v4.11.0", 2),
        ("default", "linux/arm64", "v4.11.0", 1),
    ]


def test_hosts_without_a_row_or_a_capability_are_counted_and_named() -> None:
    found = survey(unread=("u", "v"), a=row(capability=None), b=row(), absent={})
    assert (found["unread"], found["unknown_capability"]) == (["u", "v"], ["a"])
    document = found["document"]
    assert (document["unreachable"], document["unknown_capability"], document["format"]) == (2, 1, 1)
    assert [target["hosts"] for target in document["targets"]] == [1]


def gallery(name: str, url: str = "https://h.example.com/x") -> dict[str, Any]:
    return {"name": name, "url": url}


def test_galleries_are_united_in_an_order_of_their_own() -> None:
    rows = {
        "a": row(galleries=[gallery("z"), gallery("b")]),
        "b": row(galleries=[gallery("b"), gallery("c")]),
        "c": row(model_galleries=[gallery("m")], galleries=[gallery("z"), gallery("b")]),
    }
    for order in itertools.permutations(rows.items()):
        found = survey(**dict(order))
        assert [item["name"] for item in found["document"]["galleries"]] == ["b", "c", "z"]
        assert [item["name"] for item in found["document"]["model_galleries"]] == ["localai", "m"]
        assert found["conflicts"] == []


def test_the_order_of_galleries_is_that_of_the_hosts_if_they_agree() -> None:
    rows = {name: row(galleries=[gallery("z"), gallery("b")]) for name in "ab"}
    assert survey(**rows)["document"]["galleries"] == [gallery("z"), gallery("b")]


def test_without_galleries_the_ones_of_localai_are_meant() -> None:
    document = survey(a=row(), b=row(galleries=None))["document"]
    assert (document["galleries"], document["model_galleries"]) == ([], [])


def test_galleries_that_differ_are_named_with_two_hosts() -> None:
    found = survey(
        a=row(galleries=[gallery("G", "/one"), gallery("localai", "/copy")]),
        b=row(galleries=[gallery("g", "/two")]),
        c=row(galleries=[gallery("g", "/two")]),
        d=row(model_galleries=[gallery("g")]),
        e=row(),
    )
    assert found["conflicts"] == ["localai (on d and a)", "g (on a and b)"]


def test_equal_pins_are_written_once() -> None:
    one, two = {"format": 1, "backends": [{"name": "b"}]}, {"format": 1, "backends": [{"name": "a"}]}
    assert survey(a=row(pins=one), b=row(pins=two), c=row(pins=one), d=row())["document"]["pins"] == [two, one]


def test_what_was_removed_is_named_once_and_what_is_wrong_with_its_host() -> None:
    wrong = row(models=[{"name": "m", "uri": "https://:@/x"}])
    short = row(models=[{"name": "n", "uri": "https://h.example.com/x?y"}])
    found = survey(a=wrong, b=short, c=short)
    assert (found["malformed"], found["shortened"]) == (["model m (on a)"], ["model n"])


def test_the_module_reads_what_the_survey_has() -> None:
    file = {"filename": "f", "uri": "https://h.example.com/f"}
    build = {
        "name": "b",
        "capability": "amd",
        "platform": "linux/amd64",
        "backend": "rocm-b",
        "uri": "h.example.com/x:y",
        "digest": f"sha256:{'0' * 64}",
    }
    found = survey(
        unread=("u",),
        a=row(
            backends=[{"name": "b", "state": "latest"}, {"name": "c", "uri": "h.example.com/x:y", "alias": "d"}],
            models=[{"name": "m", "files": [file], "config": {"backend": "b"}}, {"name": "n", "model": "o"}],
            release="v4.11.0",
            galleries=[gallery("g")],
        ),
        b=row(capability="amd", platform="linux/arm64", backends_state="latest", server_version="latest"),
        c=row(pins={"format": 1, "backends": [build]}),
    )
    validated = ArgumentSpecValidator(**BUNDLE).validate({"path": "/bundle", "survey": found["document"]})
    assert validated.error_messages == []
    options = bundle_options(validated.validated_parameters)
    assert [(target.capability, str(target.platform)) for target in options.targets] == [
        ("amd", "linux/arm64"),
        ("default", "linux/amd64"),
        ("default", "linux/amd64"),
    ]
    backends, models = options.targets[2].backends, options.targets[2].models
    assert [(item["name"], item["release"], item["state"]) for item in backends] == [
        ("b", "v4.11.0", "latest"),
        ("c", None, None),
    ]
    assert [item["name"] for item in models] == ["m", "n"]
    assert options.versions == (("latest", "arm64"), ("v4.11.0", "amd64"))
    assert [source.name for source in options.galleries] == ["localai", "g"]
    assert [target.pins["backends"][0]["backend"] for target in options.targets if target.pins] == ["rocm-b"]
