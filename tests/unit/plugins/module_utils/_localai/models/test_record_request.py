# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of a model has the request that it was installed for."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._localai.models.definition import Definition, Parts
from ansible_collections.localai.core.plugins.module_utils._localai.models.record import Record, parse_record
from ansible_collections.localai.core.plugins.module_utils._model_request import FileSpec, ModelSpec

REQUEST = ModelSpec(
    name="mine",
    model="g@chat",
    variant="small",
    config={"f16": True},
    files=(FileSpec("w.gguf", Address("https://x.example/w?token=1"), "a" * 64),),
    uri=Address("ollama://m:tag"),
    revision="v1",
)
RECORD = Record("mine", {"name": "mine"}, Parts(Definition(name="mine")), model="g@chat", request=REQUEST)


@pytest.mark.parametrize("request_", [REQUEST, ModelSpec(name="mine", model="g@chat"), None])
def test_a_request_is_read_as_it_was_written(request_: ModelSpec | None) -> None:
    record = replace(RECORD, request=request_)
    assert parse_record(record.to_json()) == record


def test_the_source_of_a_recorded_request_is_that_of_the_task() -> None:
    record = parse_record(RECORD.to_json())
    assert record is not None
    assert record.request is not None
    assert (record.request.source, record.request.overrides) == (REQUEST.source, REQUEST.overrides)


def test_a_record_without_a_request_is_read() -> None:
    document = json.loads(RECORD.to_json())
    del document["request"]
    assert parse_record(json.dumps(document).encode()) == replace(RECORD, request=None)


@pytest.mark.parametrize(
    "change",
    [
        {"config": []},
        {"uri": 5},
        {"variant": None},
        {"files": {}},
        {"files": [{"filename": "../x", "uri": "", "sha256": ""}]},
        {"files": [{"filename": "x"}]},
        {"revision": True},
    ],
)
def test_a_record_whose_request_cannot_be_one_is_none(change: dict[str, Any]) -> None:
    document = json.loads(RECORD.to_json())
    document["request"].update(change)
    assert parse_record(json.dumps(document).encode()) is None


def test_a_request_that_is_no_mapping_makes_a_record_none() -> None:
    assert parse_record(json.dumps({**json.loads(RECORD.to_json()), "request": "x"}).encode()) is None
