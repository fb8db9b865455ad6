# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run of `localai_backend_info`: what is listed, what is wrong, and nothing that was not requested."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai.installed import Directory
from ansible_collections.localai.core.plugins.module_utils._localai.listing import Listing, Row
from ansible_collections.localai.core.plugins.module_utils._module.backend_info import problems
from ansible_collections.localai.core.plugins.modules import localai_backend_info
from ansible_collections.localai.core.tests.support.local_host import LocalHost
from ansible_collections.localai.core.tests.support.module import run_module
from ansible_collections.localai.core.tests.support.plans import concrete, installed, meta, unreadable


def info(local: LocalHost, **options: Any) -> dict[str, Any]:
    return run_module(localai_backend_info.main, {**local.params, **options})


def told(*directories: Directory) -> dict[str | None, str]:
    state = installed(*directories)
    return dict(problems(state, Listing(state, "default")))


def test_a_directory_without_a_row_has_its_problem() -> None:
    assert told(
        concrete("piper"),
        meta("m", "piper"),
        Directory("link", "symlink"),
        Directory("empty"),
        Directory("file", "other"),
    ) == {"link": "it is a symlink, which LocalAI does not list", "empty": "it has no run.sh and is not a meta backend"}


def test_metadata_that_cannot_be_read_is_a_problem_of_the_host() -> None:
    assert told(concrete("piper"), unreadable("a"), unreadable("b")) == {
        None: "LocalAI lists no backend at all while it cannot read metadata.json of a, b"
    }


def test_a_leftover_has_its_history() -> None:
    assert told(
        replace(concrete("x"), name="x.backup"), Directory("x.install-tmp", busy=True), Directory("y.upgrade-tmp")
    ) == {
        "x.backup": "it is LocalAI's backup of x, which LocalAI did not put back",
        "x.install-tmp": "LocalAI is installing x in it, or was interrupted less than an hour ago",
        "y.upgrade-tmp": "LocalAI was installing y in it, and was interrupted more than an hour ago",
    }


def test_each_name_is_listed_with_its_metadata_and_only_if_it_is_requested(local: LocalHost) -> None:
    local.install("speech", "whisper")
    result = info(local)
    assert [(row["name"], row["kind"], row["backend"]) for row in result["backends"]] == [
        ("piper", "concrete", "piper"),
        ("speech", "meta", "piper"),
        ("whisper", "concrete", "whisper"),
    ]
    assert result["backends"][1]["metadata"]["meta_backend_for"] == "piper"
    assert result["backends"][0]["run_file"] == str(local.path / "piper/run.sh")
    assert [row["name"] for row in info(local, name=["g@SPEECH", "nobody"])["backends"]] == ["speech"]
    assert (result["problems"], result["previous"], result["in_progress"], result["capability"]) == (
        [],
        [],
        None,
        "default",
    )


def test_many_names_that_no_model_can_use_need_each_row_a_few_times(
    local: LocalHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(100):
        (local.path / f"X{number}").mkdir(parents=True)
        (local.path / f"X{number}" / "run.sh").touch(0o755)
    built: list[str] = []
    build = Listing.__getitem__

    def counted(rows: Listing, name: str) -> Row:
        built.append(name)
        return build(rows, name)

    monkeypatch.setattr(Listing, "__getitem__", counted)
    assert {row["problem"] for row in info(local)["backends"]} == {
        "no model can use it: a model names its backend with a-z, 0-9, - and _ only"
    }
    assert len(built) <= 10 * 100


def test_what_needs_time_or_a_gallery_is_returned_on_request_only(local: LocalHost) -> None:
    local.install("piper")
    result = info(local, galleries=[{"name": "dead", "url": "/no/such/gallery.yaml"}])
    assert not result["failed"]
    assert {"available", "upgrades", "pins"} & set(result) == set()
    assert "disk_usage" not in result["backends"][0]
    measured = info(local, disk_usage=True)["backends"][0]["disk_usage"]
    assert measured >= sum(os.path.getsize(path) for path in (local.path / "piper").rglob("*") if path.is_file())
    assert {row["name"] for row in info(local, available=True)["available"]} == {"speech", "piper", "whisper"}


def test_previous_versions_are_listed_by_their_build(local: LocalHost) -> None:
    local.install("piper")
    local.install("piper", force=True, keep_previous=1)
    (row,) = info(local)["previous"]
    assert (row["backend"], row["uri"]) == ("piper", str(local.sources / "piper"))
    assert os.path.isdir(row["path"])
    assert len(info(local, name=["piper"])["previous"]) == 1
    assert info(local, name=["whisper"])["previous"] == []


def test_the_capability_is_explained(local: LocalHost) -> None:
    assert info(local)["capability_evidence"] == {
        "rule": "forced",
        "forced_by": "option capability",
        "gpus": [],
        "vram": None,
        "cuda": [],
        "unreadable": [],
    }


def test_the_two_paths_must_not_be_the_same_directory(local: LocalHost) -> None:
    assert "set them to different directories" in info(local, backends_system_path=str(local.path))["msg"]
