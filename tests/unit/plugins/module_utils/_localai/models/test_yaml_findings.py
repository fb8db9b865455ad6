# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with YAML files, before their models are judged."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai.models.contents import Entry, Finding, Reader
from ansible_collections.localai.core.plugins.module_utils._localai.models.mentions import Document
from ansible_collections.localai.core.plugins.module_utils._localai.models.yaml_findings import (
    Configuration,
    configurations_of,
    is_read_at_start,
    text_of,
    yaml_findings,
)


def findings(entry: Entry, document: Document | None = None, reader: Reader | None = None) -> list[Finding]:
    return list(yaml_findings([entry], [document] if document else [], reader))


def problems(content: Any, text: str = "x", path: str = "a.yaml") -> list[str]:
    return [finding.problem for finding in findings(Entry(path), Document(path, text, content))]


def only(all_of_them: list[Finding]) -> Finding:
    (finding,) = all_of_them
    assert finding.advice.endswith(".")
    assert finding.problem.endswith(".")
    return finding


def test_a_good_file_has_no_findings() -> None:
    assert problems({"name": "a"}, "name: a\n") == []
    assert problems([{"name": "a"}], "- name: a\n") == []
    assert problems({"name": "a"}, "# The model\n---\nname: a\n...\n") == []


@pytest.mark.parametrize(
    ("path", "is_read"),
    [
        ("a.yaml", True),
        ("A.YML", True),
        (".a.yaml", False),
        ("x/a.yaml", False),
        ("a.json", False),
        ("._gallery_a.yaml", False),
    ],
)
def test_which_files_localai_reads_at_its_start(path: str, is_read: bool) -> None:
    assert is_read_at_start(path) is is_read
    assert bool(problems("no mapping", path=path)) is is_read


@pytest.mark.parametrize("text", ["name: [a", "x: y: z", "a: b\n####\n  - c", "#" * 5000 + "\n{"])
def test_what_is_not_yaml(text: str) -> None:
    assert problems(None, text)[0].startswith("It is not valid YAML. LocalAI skips it at its start.")


@pytest.mark.parametrize(
    "text", ["", "\n", "# nothing\n#", "---\n", "---\n...\n", "null\n", "~", "\ufeff", "%YAML 1.1\n---\n"]
)
def test_an_empty_file_is_listed(text: str) -> None:
    assert problems(None, text) == ["It is empty, and LocalAI lists it as a model with an empty name."]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("text", "It is neither a mapping nor a list."),
        (7, "It is neither a mapping nor a list."),
        ([], "It is a list of something else than models."),
        (["a"], "It is a list of something else than models."),
        ([{"name": "a"}, "b"], "It is a list of something else than models."),
        ([{"name": "a"}, None], "Its list has an empty item. LocalAI crashes when it reads it."),
        ([{"name": "a"}, {"name": "b"}], "It configures 2 models."),
        ([{"name": "a", "url": "x"}], "It is a gallery."),
        ([{"name": "a"}, {"name": "b", "files": []}], "It is a gallery."),
        ({"name": "a", "config_file": "x"}, "It is the base file of a gallery entry, and LocalAI lists it as a model."),
    ],
)
def test_what_is_no_configuration_of_one_model(content: Any, problem: str) -> None:
    assert [text for text in problems(content) if text.startswith(problem)] == problems(content)
    assert len(problems(content)) == 1


def test_only_the_first_document_is_read() -> None:
    problem = "It has several YAML documents, and LocalAI reads only the first."
    assert problems({"name": "a"}, "name: a\n---\nname: b\n") == [problem]
    assert problems({"name": "a"}, "---\nname: a\n---\n") == [problem]
    assert problems({"name": "a"}, "---\nname: a\nx: |\n  ---\n  y\n") == []


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (Entry("a.yaml", "directory"), "It is a directory, and its name is that of a configuration."),
        (Entry("a.YML", "other"), "It is neither a file nor a directory, and its name is that of a configuration."),
        (Entry("a.yaml", "link"), "It is a symlink that leads nowhere. LocalAI skips it"),
        (Entry("a.yaml", "link", target_kind="directory"), "It is a symlink that does not lead to a file."),
        (Entry(".a.yaml", "link", target_kind="file"), "It is a symlink. From LocalAI 4.10 on, deleting models"),
        (Entry("a.yaml"), "It could not be checked: it is too large, or cannot be read."),
    ],
)
def test_what_is_no_file(entry: Entry, problem: str) -> None:
    assert only(findings(entry)).problem.startswith(problem)


@pytest.mark.parametrize(
    "entry",
    [Entry(".a.yaml", "directory"), Entry(".a.yaml", "link"), Entry("x/a.yaml", "link"), Entry("x/a.yaml", "other")],
)
def test_what_localai_does_not_read_is_not_judged(entry: Entry) -> None:
    assert findings(entry) == []


def test_a_symlink_to_a_file_is_judged_like_the_file() -> None:
    entry = Entry("a.yaml", "link", mode=0o777, target_kind="file")
    assert [finding.problem[:20] for finding in findings(entry, Document("a.yaml", "", None))] == [
        "It is a symlink. Fro",
        "It is empty, and Loc",
    ]


def test_a_file_that_the_service_may_not_read() -> None:
    entry, document = Entry("a.yaml", mode=0o600, uid=0), Document("a.yaml", "name: a", {"name": "a"})
    finding = only(findings(entry, document, Reader(998, frozenset({998}))))
    assert finding.problem.startswith("The user of the service (998) may not read it. LocalAI skips it at its start.")
    assert findings(entry, document, Reader(0, frozenset())) == findings(entry, document) == []


def test_configurations_are_in_the_order_in_which_localai_reads_them() -> None:
    documents = [
        Document("b.yaml", "", [{"name": "b1"}, {"name": "b2"}]),
        Document("ä.yaml", "", {"name": "c"}),
        Document("B.yaml", "", {"name": 7, "parameters": {"model": "a.gguf"}}),
        Document(".hidden.yaml", "", {"name": "x"}),
        Document("x/y.yaml", "", {"name": "x"}),
        Document("broken.yaml", "{", None),
        Document("list.yaml", "", [{"name": "x"}, "y"]),
        Document("gallery.yaml", "", [{"name": "x", "url": "y"}]),
    ]
    models = configurations_of(documents)
    assert [(model.path, model.name, model.siblings) for model in models] == [
        ("B.yaml", "7", 1),
        ("b.yaml", "b1", 2),
        ("b.yaml", "b2", 2),
        ("ä.yaml", "c", 1),
    ]
    assert [model.model_file for model in models] == ["a.gguf", "", "", ""]
    assert Configuration("a.yaml", {"parameters": []}).model_file == ""


def test_scalars_are_text() -> None:
    assert [text_of(value) for value in ("a", 7, None, [], {}, True)] == ["a", "7", "", "", "", "True"]
