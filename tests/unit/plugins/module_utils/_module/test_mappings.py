# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Options that take mappings take JSON text too, and any other text is an error that shows what to write."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._module.argspec import BACKEND
from ansible_collections.localai.core.plugins.module_utils._module.mappings import all_errors, read_mappings
from ansible_collections.localai.core.plugins.modules import localai_backend
from ansible_collections.localai.core.tests.support.module import run_raw

SPEC = BACKEND["argument_spec"]
GALLERY = {"name": "g", "url": "/no/such.yaml"}


@pytest.mark.parametrize(
    "text", [json.dumps([GALLERY]), " \n" + json.dumps([GALLERY], indent=2), json.dumps([json.dumps(GALLERY)])]
)
def test_json_text_is_read(text: str) -> None:
    params: dict[str, Any] = {"galleries": text, "name": "[x]"}
    assert read_mappings(params, SPEC) == ""
    assert [json.loads(item) if isinstance(item, str) else item for item in params["galleries"]] == [GALLERY]
    assert params["name"] == "[x]"


@pytest.mark.parametrize(
    "params",
    [
        {"galleries": [GALLERY]},
        {"galleries": []},
        {"galleries": None},
        {"galleries": "name=g url=/x"},
        {"galleries": ["name=g url=/x"]},
        {"endpoints": [{"host": "h"}], "pins": {"format": 1, "backends": []}},
        {"pins": "format=1"},
        {"galleries": [{**GALLERY, "mirrors": ["/x"], "verification": None}]},
        {"galleries": [{**GALLERY, "verification": '{"issuer": "x"}'}, {**GALLERY, "verification": "issuer=x"}]},
        {"endpoints": [{"host": "h", "mirrors": [{"url": "https://m"}]}]},
        {},
    ],
)
def test_what_ansible_takes_for_a_mapping_stays(params: dict[str, Any]) -> None:
    assert read_mappings(dict(params), SPEC) == ""


@pytest.mark.parametrize(
    ("params", "says"),
    [
        (
            {"galleries": "https://files.example/index.yaml"},
            "galleries: it is text, not a list of mappings. Write, for",
        ),
        ({"galleries": ""}, "galleries: it is text, not a list"),
        ({"galleries": "[{'name': 'g'}]"}, "galleries: it is text, not a list"),
        ({"galleries": "[" * 100000}, "galleries: it is text, not a list"),
        ({"galleries": GALLERY}, "galleries: it is one mapping, not a list"),
        ({"galleries": json.dumps(GALLERY)}, "galleries: it is one mapping, not a list"),
        ({"galleries": 7}, "galleries: it is a number, not a list"),
        ({"galleries": True}, "galleries: it is a boolean, not a list"),
        ({"galleries": [GALLERY, "https://h/x?name=1"]}, "galleries: its item 2 is text, not a mapping"),
        ({"galleries": [["x"]]}, "galleries: its item 1 is a list, not a mapping"),
        ({"galleries": [None]}, "galleries: its item 1 is something else, not a mapping"),
        ({"endpoints": "quay.io"}, "endpoints: it is text, not a list"),
        ({"pins": "/srv/pins.yml"}, "pins: it is text, not a mapping. Write, for example: pins: "),
        ({"pins": [1]}, "pins: it is a list, not a mapping"),
        ({"backends": "llama-cpp,whisper"}, "backends: it is text, not a list of mappings"),
        ({"backends": ["llama-cpp"]}, "backends: its item 1 is text, not a mapping"),
    ],
)
def test_what_is_no_mapping_is_an_error_with_an_example(params: dict[str, Any], says: str) -> None:
    problem = read_mappings(dict(params), SPEC)
    assert problem.startswith(says)
    assert f"Write, for example: {next(iter(params))}: " in problem


@pytest.mark.parametrize(
    ("params", "says"),
    [
        (
            {"galleries": [{**GALLERY, "verification": "strict"}]},
            "galleries, item 1, verification: it is text, not a m",
        ),
        (
            {"galleries": [GALLERY, {**GALLERY, "artifact_verification": []}]},
            "galleries, item 2, artifact_verification: ",
        ),
        (
            {"endpoints": [{"host": "h", "mirrors": ["https://m"]}]},
            "endpoints, item 1, mirrors: its item 1 is text, not",
        ),
        ({"endpoints": [{"host": "h", "mirrors": "https://m"}]}, "endpoints, item 1, mirrors: it is text, not a list"),
    ],
)
def test_what_is_no_mapping_inside_an_option_is_named(params: dict[str, Any], says: str) -> None:
    problem = read_mappings(dict(params), SPEC)
    assert problem.startswith(says)
    key = says.partition(":")[0].rpartition(" ")[2]
    assert f"Write, for example: {key}: " in problem
    assert read_mappings(dict(params), {"galleries": {"type": "bool"}, "endpoints": {"type": "bool"}}) == ""


def run(**options: Any) -> dict[str, Any]:
    return json.loads(run_raw(localai_backend.main, {"name": ["x"], "backends_path": "/no/such", **options}))


def test_the_module_reads_json_text() -> None:
    assert "gallery g could not be read. Tried /no/such.yaml" in run(galleries=json.dumps([GALLERY]))["msg"]


def test_the_module_shows_the_form_and_no_secret() -> None:
    secret = {"host": "quay.io", "username": "me", "password": "hunter2"}
    result = run(galleries="https://me:hunter3@files.example/index.yaml", endpoints=[secret])
    assert result["msg"].startswith("galleries: it is text, not a list of mappings.")
    assert "hunter" not in json.dumps(result)
    result = run(galleries=["https://me:hunter3@files.example/index.yaml"], endpoints=[secret])
    assert result["msg"].startswith("galleries: its item 1 is text, not a mapping.")
    assert "hunter" not in json.dumps(result)
    result = run(endpoints='[{"host": "quay.io", "username": "me", "password": "hunter2"')
    assert result["msg"].startswith("endpoints: it is text, not a list of mappings.")
    assert "hunter" not in json.dumps(result)


def test_an_unknown_key_is_refused_with_the_known_ones() -> None:
    message = run(galleries=[{**GALLERY, "mirror": "/x"}])["msg"]
    for key in ("galleries.mirror", "artifact_verification", "mirrors", "name", "url", "verification"):
        assert key in message
    message = run(galleries=[{**GALLERY, "verification": {"issuers": "x"}}])["msg"]
    for key in (
        "galleries.verification.issuers",
        "identity",
        "identity_regex",
        "issuer",
        "issuer_regex",
        "not_before",
        "source_repository",
    ):
        assert key in message


def test_all_errors_of_a_validation_are_one_text() -> None:
    class UnsupportedError(Exception):
        """As Ansible names it."""

    result = SimpleNamespace(errors=[ValueError("first"), UnsupportedError("x, y. Supported: z."), ValueError("third")])
    assert all_errors("first", None) == "first"
    assert all_errors("first", SimpleNamespace(errors=[ValueError("first")])) == "first"
    assert all_errors("first", result) == "first. Unsupported: x, y. Supported: z. third."


@pytest.mark.parametrize(
    ("endpoints", "says"),
    [
        ([["host=a", "hunter2"]], "endpoints: its item 1 is a list, not a mapping."),
        ([[{"host": "a", "password": "hunter2"}]], "endpoints: its item 1 is a list, not a mapping."),
        ([{"host": "a"}, "hunter2"], "endpoints: its item 2 is text, not a mapping."),
        ([{"host": "a", "mirrors": "https://me:hunter2@m"}], "endpoints, item 1, mirrors: it is text, not a list"),
        ([{"host": "a", "mirrors": ["https://me:hunter2@m"]}], "endpoints, item 1, mirrors: its item 1 is text, not"),
    ],
)
def test_the_module_names_the_item_that_ansible_refuses(endpoints: list[Any], says: str) -> None:
    result = run(endpoints=endpoints)
    assert result["msg"].startswith(says)
    assert "hunter" not in json.dumps(result)
