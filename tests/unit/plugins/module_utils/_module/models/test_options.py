# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Valid options become values; what is wrong is refused (see the tests of the module for all messages)."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import NameRefused, OptionError
from ansible_collections.localai.core.plugins.module_utils._model_request import FileSpec, ModelSpec
from ansible_collections.localai.core.plugins.module_utils._module.models.argspec import MODEL
from ansible_collections.localai.core.plugins.module_utils._module.models.options import model_host, model_options

OPTIONS = MODEL["argument_spec"]
ROW = dict.fromkeys(OPTIONS["models"]["options"])


def params(**given: Any) -> dict[str, Any]:
    return {**{name: option.get("default") for name, option in OPTIONS.items()}, **given}


def specs(**given: Any) -> tuple[ModelSpec, ...]:
    return model_options(params(**given)).models


def test_a_name_is_an_entry_of_the_galleries():
    assert specs(name=[" one ", "g@owner/two"]) == (
        ModelSpec("one", model="one", follows_entry=True),
        ModelSpec("owner__two", model="g@owner__two", follows_entry=True),
    )


def test_a_model_is_renamed_and_configured():
    config = {"a": [1, 2.5, None, True, {"b": "c"}]}
    spec = specs(name=["mine"], model="g@one", variant=" v ", config=config, state="latest")[0]
    assert spec == ModelSpec("mine", "latest", "g@one", variant="v", config=config)
    spec.config["a"].append(1)
    assert len(config["a"]) == 5


def test_files_alone_are_those_of_a_model_of_ones_own():
    rows = [{"filename": "a", "uri": " https://h/a ", "sha256": "AB" * 32}]
    spec = specs(name=["own"], files=rows, config={"backend": "x"})[0]
    assert (spec.model, spec.files) == ("", (FileSpec("a", Address("https://h/a"), "ab" * 32),))
    assert specs(name=["one"], model="one", files=rows)[0].model == "one"


def test_an_address_is_the_source():
    spec = specs(name=["own"], uri=" hf://o/r/f ", revision=" abc ")[0]
    assert (spec.uri, spec.revision, spec.model) == (Address("hf://o/r/f"), "abc", "")


def test_each_of_several_models_has_its_own_state():
    models = [{**ROW, "name": "a"}, {**ROW, "name": "b", "state": "absent"}]
    assert [spec.state for spec in specs(models=models, state="latest")] == ["latest", "absent"]


def test_all_wrong_names_are_in_one_error():
    with pytest.raises(NameRefused) as error:
        specs(name=["../a", ".b", "fine"])
    assert "'../a'" in str(error.value)
    assert "'.b'" in str(error.value)


@pytest.mark.parametrize("value", [{"a": {1, 2}}, {"a": object()}, {"a": float("inf")}])
def test_a_configuration_has_only_what_json_has(value):
    with pytest.raises(OptionError, match="own: config has a value"):
        specs(name=["own"], config=value)


def test_modes_become_numbers():
    options = model_options(params(name=["a"], mode="0640", directory_mode="u=rwx,g=rx,o="))
    assert (options.mode, options.directory_mode) == (0o640, 0o750)


def test_the_host_has_its_path_and_galleries():
    host = model_host(params(models_path="/m/"))
    assert host.models_path.rstrip("/") == "/m"
    assert [gallery.name for gallery in host.galleries] == ["localai"]
    with pytest.raises(OptionError, match="is not an absolute path"):
        model_host(params(models_path="m"))
