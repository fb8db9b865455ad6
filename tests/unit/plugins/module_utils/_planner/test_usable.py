# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A name that no model can use is not created; one that exists stays, and can be removed."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import NameRefused
from ansible_collections.localai.core.plugins.module_utils._localai.gallery import Entry
from ansible_collections.localai.core.plugins.module_utils._localai.installed import Directory, Installed
from ansible_collections.localai.core.plugins.module_utils._planner.changes import Changes
from ansible_collections.localai.core.plugins.module_utils._planner.facts import Facts
from ansible_collections.localai.core.plugins.module_utils._planner.targets import Target
from ansible_collections.localai.core.plugins.module_utils._planner.usable import check_alias, check_usable
from ansible_collections.localai.core.plugins.module_utils._request import BackendOptions
from ansible_collections.localai.core.tests.support import plans
from ansible_collections.localai.core.tests.support.plans import (
    CPU_HOST,
    concrete,
    decide,
    entry,
    installed,
    meta_entry,
    short,
    want,
)

SOURCE = Address("quay.io/org/x")


def check(target: Target, state: Installed, request: BackendOptions) -> None:
    check_usable(target, Changes(request, Facts(CPU_HOST), state))


@pytest.mark.parametrize(
    ("name", "usable", "reason"),
    [
        ("Piper", "piper", "it has capitals"),
        ("whisper.cpp", "whisper-cpp", "it has characters other than"),
        ("a b", "a-b", "it has characters other than"),
        ("grün", "gr-n", "it has characters other than"),
        ("Whisper.CPP", "whisper-cpp", "it has characters other than"),
    ],
)
def test_a_new_name_that_no_model_can_use_is_refused_with_one_that_can(name: str, usable: str, reason: str) -> None:
    with pytest.raises(NameRefused) as caught:
        decide(want(name, uri=SOURCE), installed())
    message = str(caught.value)
    assert message.startswith(f"{name}: LocalAI would list this name")
    assert reason in message
    assert message.endswith(f"Use the name {usable}.")


def test_a_name_that_no_model_can_use_is_shown_as_the_task_has_it() -> None:
    with pytest.raises(NameRefused, match=r"^Org/Piper: LocalAI would list this name"):
        decide(want("Org__Piper", uri=SOURCE, spellings={"Org__Piper": "Org/Piper"}), installed())


def test_an_alias_that_no_model_can_use_is_refused() -> None:
    with pytest.raises(NameRefused, match=r"alias: My\.Alias: .*Use the alias my-alias\."):
        decide(want("x-cpu", uri=SOURCE, alias="My.Alias"), installed())
    with pytest.raises(NameRefused, match="Use the alias foo"):
        decide(want("x-cpu", uri=SOURCE, alias="Foo"), installed(concrete("x-cpu", uri=SOURCE.text)))


def test_an_existing_alias_stays() -> None:
    state = installed(concrete("x-cpu", "Foo", uri=SOURCE.text))
    assert short(decide(want("x-cpu", uri=SOURCE, alias="Foo"), state)) == "none: "
    check_alias("Foo", "x-cpu", Changes(want(), Facts(CPU_HOST), state))


@pytest.mark.parametrize(
    ("rows", "name", "message"),
    [
        (
            [entry("Upper")],
            "upper",
            r"Upper: .* capitals\. Rename it to upper .* install quay\.io/Upper .* name=upper\.",
        ),
        ([entry("v1.5")], "v1.5", "Rename it to v1-5"),
        ([entry("cpu-y"), meta_entry("Meta", default="cpu-y")], "meta", "Meta: .* capitals"),
        ([entry("Upper", "Alias")], "Upper", "Upper: .* capitals"),
    ],
)
def test_an_entry_of_a_gallery_is_refused_if_models_would_need_its_name(
    monkeypatch: pytest.MonkeyPatch, rows: list[Entry], name: str, message: str
) -> None:
    monkeypatch.setattr(plans, "GALLERY", rows)
    with pytest.raises(NameRefused, match=message):
        decide(want(name), installed())


@pytest.mark.parametrize(
    ("rows", "name", "expected"),
    [
        ([entry("CUDA12.8-y"), meta_entry("y", default="CPU.y"), entry("CPU.y")], "y", "install: fetch CPU.y, meta y"),
        ([entry("CPU.y", "y")], "CPU.y", "install: fetch CPU.y"),
        ([entry("y__z-1")], "y__z-1", "install: fetch y__z-1"),
    ],
)
def test_a_build_behind_a_meta_backend_or_an_alias_may_have_any_name(
    monkeypatch: pytest.MonkeyPatch, rows: list[Entry], name: str, expected: str
) -> None:
    monkeypatch.setattr(plans, "GALLERY", rows)
    assert short(decide(want(name), installed())) == expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, "none: "),
        ({"force": True}, "replace: fetch Old.Name"),
        ({"state": "latest"}, "upgrade: fetch Old.Name"),
        ({"state": "absent"}, "remove: remove Old.Name"),
    ],
)
def test_an_existing_backend_is_kept_repaired_and_removed(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], expected: str
) -> None:
    monkeypatch.setattr(plans, "GALLERY", [entry("Old.Name")])
    assert short(decide(want("old.name", **options), installed(concrete("Old.Name")))) == expected


def test_a_damaged_one_is_repaired(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "GALLERY", [entry("Old.Name")])
    assert short(decide(want("Old.Name"), installed(concrete("Old.Name", runnable=False)))) == "repair: fetch Old.Name"


def test_a_target_that_exists_or_is_usable_passes() -> None:
    check(Target("x", "x"), installed(), want("x"))
    check(Target("X", "X"), installed(concrete("X")), want("X"))
    for state in (installed(), installed(Directory("X", "other")), installed(Directory("X", "symlink"))):
        with pytest.raises(NameRefused):
            check(Target("X", "X", origins=(SOURCE,)), state, want("X"))


@pytest.mark.parametrize("name", ["ö", "日本", "-.-"])
def test_a_name_of_which_nothing_is_left_is_refused_without_a_suggestion(name: str) -> None:
    for request in (want(name, uri=SOURCE), want(name)):
        with pytest.raises(NameRefused, match=r"Choose another one, such as my-backend\.$"):
            check(Target(name, name, origins=(SOURCE,)), installed(), request)
    with pytest.raises(NameRefused, match=r"Choose another one, such as my-backend\.$"):
        check_alias(name, "x", Changes(want("x"), Facts(CPU_HOST), installed()))
