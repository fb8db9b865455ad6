# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with configured models."""

from __future__ import annotations

from typing import Any, Mapping

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai.models.contents import Entry, Finding, Listing
from ansible_collections.localai.core.plugins.module_utils._localai.models.model_findings import model_findings
from ansible_collections.localai.core.plugins.module_utils._localai.models.yaml_findings import Configuration


def check(config: Mapping[str, Any]) -> str:
    return "top_k is text, and LocalAI needs a whole number." if config.get("top_k") == "x" else ""


def findings(
    *models: Configuration, entries: tuple[Entry, ...] = (), listing_problems: tuple[str, ...] = ()
) -> list[Finding]:
    results = list(model_findings(Listing(entries, listing_problems), models, check))
    assert all(result.problem.endswith(".") and result.advice.endswith(".") for result in results)
    return results


def problems(*models: Configuration, **settings: Any) -> list[str]:
    return [finding.problem for finding in findings(*models, **settings)]


def model(path: str = "a.yaml", siblings: int = 1, **config: Any) -> Configuration:
    return Configuration(path, {"name": "a", **config}, siblings)


def test_a_good_model_has_no_findings() -> None:
    entries = (Entry("voices/a.gguf"), Entry("m.gguf", "link", target_kind="file"))
    parameters = {"model": "./voices//a.gguf"}
    assert problems(model(backend="llama-cpp", parameters=parameters, mmproj="m.gguf"), entries=entries) == []


@pytest.mark.parametrize("name", [None, "", {}])
def test_a_model_without_a_name(name: Any) -> None:
    assert problems(model(name=name)) == ["It has no name, and LocalAI lists it as a model with an empty name."]


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("own/er", "The name own/er contains a slash."),
        (" a", "starts or ends with a space"),
        ("a\nb", "The name 'a\\nb' starts or ends with a space, or contains a character that cannot be seen."),
        ("a+b", "is not found by requests"),
        ("x[1]", "is not found by requests"),
        ("a\\d", "is not found by requests"),
        ("a{2}", "is not found by requests"),
        ("a^b", "is not found by requests"),
    ],
)
def test_names_that_requests_miss(name: str, part: str) -> None:
    (problem,) = problems(model(name=name))
    assert part in problem


# Also those that are no regular expressions, and those that are not tried.
@pytest.mark.parametrize(
    "name",
    ["a", "a.b", "a:b", "c++", "a|b", "*a", "tugão", "a(b", "a b", "{a}", "a?", "a+a+a+a+a+b", "[[a]]", "[a--b]"],
)
def test_names_that_requests_reach(name: str) -> None:
    assert problems(model(f"{name}.yaml", name=name)) == []


def test_the_name_of_the_file() -> None:
    (finding,) = findings(model("b.yaml"))
    assert finding.problem.startswith(
        "The model in it is called a, and not b. Requests for a work only after a start or a"
    )
    assert finding.advice == "Rename the file to a.yaml."
    assert problems(model("b.yaml", siblings=2)) == []


@pytest.mark.parametrize(("path", "ending"), [("a.yml", ".yml"), ("a.YAML", ".YAML"), ("b.yml", ".yml")])
def test_another_ending_is_not_found_by_a_first_request(path: str, ending: str) -> None:
    (finding,) = findings(model(path))
    assert finding.problem.startswith(
        f"Its name ends in {ending}. LocalAI reads it at a start or a reload, but the first"
    )
    assert finding.advice == "Rename the file to a.yaml."


def test_backends_that_no_model_can_name() -> None:
    (finding,) = findings(model(backend="llama.cpp", mmproj="missing.gguf"))
    assert finding.problem.startswith("The model a: no backend can have the name llama.cpp. LocalAI refuses")
    assert finding.advice.endswith("such as llama-cpp.")
    (finding,) = findings(model(backend="Llama-CPP"))
    assert finding.problem == "The backend Llama-CPP has capitals in its name. LocalAI looks for llama-cpp."


def test_a_configuration_that_localai_refuses_is_not_judged_further() -> None:
    (finding,) = findings(model("b.yaml", top_k="x"))
    assert finding == Finding(
        "b.yaml",
        "The model a: top_k is text, and LocalAI needs a whole number. LocalAI refuses the configuration, and from "
        "LocalAI 4.10 on fails to install and delete models.",
        "Correct it.",
    )
    assert problems(model(name="", top_k="x"))[0].startswith("A model without a name: top_k is text")


@pytest.mark.parametrize(
    ("config", "key", "value"),
    [
        ({"parameters": {"model": "x/a.gguf"}}, "parameters.model", "x/a.gguf"),
        ({"mmproj": "m.gguf"}, "mmproj", "m.gguf"),
        ({"draft_model": "d"}, "draft_model", "d"),
    ],
)
def test_files_that_are_missing(config: dict[str, Any], key: str, value: str) -> None:
    expected = f"The model a: the file {value}, which {key} names, is not in the models path."
    dangling = Entry(value, "link")
    assert problems(model(**config)) == problems(model(**config), entries=(dangling,)) == [expected]
    assert problems(model(**config), entries=(Entry(value),)) == []
    assert problems(model(**config, download_files=[{"filename": f"./{value}"}, "x"])) == []
    # It could be in a part that could not be read.
    assert problems(model(**config), listing_problems=("/models/x: Permission denied.",)) == []


@pytest.mark.parametrize(
    "config",
    [
        {"parameters": {"model": "owner/repository"}},
        {"parameters": {"model": "https://example.com/a.gguf"}},
        {"parameters": {"model": "huggingface://owner/repository/a.gguf"}},
        {"parameters": {"model": "a.gguf"}, "artifacts": [{"name": "model"}]},
        {"parameters": {"model": "linked/a.gguf"}},
        {"mmproj": "github:owner/repository/m.gguf"},
        {"draft_model": None},
        # LocalAI takes it for a path below the models path, too.
        {"draft_model": "/linked/d.gguf"},
        {"parameters": None, "download_files": None},
    ],
)
def test_files_that_need_not_be_there(config: dict[str, Any]) -> None:
    entries = (Entry("linked", "link", target_kind="directory"),)
    assert problems(model(**config), entries=entries) == []


def test_the_last_of_several_models_with_one_name_wins() -> None:
    models = (model("a.yaml"), model("b.yaml", siblings=2), model("b.yaml", siblings=2))
    first, second = findings(*models)
    assert (first.path, second.path) == ("a.yaml", "b.yaml")
    assert first.problem.startswith("The model a is also configured in the file b.yaml, which is later in byte order.")
    assert second.problem == "The model a is also configured in a later item. LocalAI uses that configuration."
    nameless = [model(path, name="") for path in ("a.yaml", "b.yaml")]
    assert len(findings(*nameless)) == 2
    refused = model("b.yaml", siblings=2, top_k="x")
    assert [finding.path for finding in findings(model("a.yaml"), refused)] == ["b.yaml"]


def test_aliases_need_a_model() -> None:
    target, alias = model("a.yaml"), Configuration("b.yaml", {"name": "b", "alias": "a"})
    chained = Configuration("c.yaml", {"name": "c", "alias": "b"})
    assert problems(target, alias) == []
    assert problems(alias)[0] == "The model b is an alias of a, which no file configures. Requests for it fail."
    (finding,) = findings(target, alias, chained)
    assert finding.problem == "The model c is an alias of b, which is an alias itself. Requests for it fail."
    assert finding.advice == "Write alias: a."
