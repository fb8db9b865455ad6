# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In one plan, names can have a state, a source and a version of their own."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError
from ansible_collections.localai.core.plugins.module_utils._planner.steps import Fetch
from ansible_collections.localai.core.plugins.module_utils._request import BackendOptions, Pin
from ansible_collections.localai.core.tests.support.plans import (
    DIGEST,
    OLD_DIGEST,
    concrete,
    decide,
    installed,
    short,
    want,
)

OWN = Address("quay.io/me/own:v1")


def rows(*names: str, task: dict[str, Any] | None = None, **single: dict[str, Any]) -> BackendOptions:
    """A task in which the names in `single` have options of their own; `_` in a name means `-`."""
    own = {name.replace("_", "-"): options for name, options in single.items()}
    return want(
        *names,
        single={name: want(*names, subject=name, **options) for name, options in own.items()},
        **(task or {}),
    )


def test_only_names_with_state_latest_are_upgraded() -> None:
    state = installed(concrete("piper"), concrete("cpu-m"))
    assert short(decide(rows("piper", "cpu-m", cpu_m={"state": "latest"}), state)) == "none, upgrade: fetch cpu-m"
    newest = rows("piper", "cpu-m", task={"state": "latest"}, piper={"state": "present"})
    assert short(decide(newest, state)) == "none, upgrade: fetch cpu-m"


def test_only_one_name_has_the_source_and_the_alias() -> None:
    options = rows("own", "piper", own={"uri": OWN, "alias": "other"})
    decided = decide(options, installed())
    assert short(decided) == "install, install: fetch own, fetch piper"
    own, piper = (step for step in decided.steps if isinstance(step, Fetch))
    assert (own.metadata.alias, own.metadata.uri) == ("other", OWN)
    assert (piper.metadata.alias, piper.metadata.uri) == ("", Address("quay.io/piper"))


def test_a_source_replaces_only_its_own_name() -> None:
    state = installed(concrete("piper", uri="quay.io/else"), concrete("cpu-m", uri="quay.io/else"))
    assert short(decide(rows("piper", "cpu-m", piper={"uri": OWN}), state)) == "replace, none: fetch piper"


def test_a_digest_pins_only_its_own_name() -> None:
    state = installed(concrete("piper"), concrete("cpu-m"))
    decided = decide(rows("piper", "cpu-m", piper={"digest": DIGEST}), state)
    assert short(decided) == "replace, none: fetch piper"
    assert [step.build.fixed for step in decided.steps if isinstance(step, Fetch)] == [True]
    assert short(decide(rows("piper", "cpu-m", piper={"digest": OLD_DIGEST}), state)) == "none, none: "


def test_each_name_has_its_own_release() -> None:
    tagged = (concrete(name, uri=f"quay.io/{name}:v9-{name}") for name in ("piper", "cpu-m"))
    options = rows("piper", "cpu-m", task={"release": "v9"}, piper={"release": "v8"})
    decided = decide(options, installed(*tagged))
    assert short(decided) == "replace, none: fetch piper"
    assert [str(step.metadata.uri) for step in decided.steps if isinstance(step, Fetch)] == ["quay.io/piper:v8-piper"]


def test_pins_are_for_the_names_without_a_source_of_their_own() -> None:
    pin = Pin("piper", "default", "linux/amd64", "piper", Address("quay.io/piper"), DIGEST)
    decided = decide(rows("piper", "own", task={"pins": {"piper": pin}}, own={"uri": OWN}), installed())
    assert short(decided) == "install, install: fetch piper, fetch own"
    assert [step.record.pinned for step in decided.steps if isinstance(step, Fetch)] == [True, False]


def test_the_options_of_a_name_are_not_used_for_its_neighbours_after_an_error() -> None:
    with pytest.raises(LocalAIError) as failed:
        decide(rows("nowhere", "own", "no", own={"uri": OWN}, no={"state": "latest"}), installed())
    assert "nowhere and no are in no gallery" in str(failed.value)
