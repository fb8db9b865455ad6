# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Our record of a model: written and read again, and read when it is anybody's."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError
from ansible_collections.localai.core.plugins.module_utils._localai.models.definition import Definition, Parts
from ansible_collections.localai.core.plugins.module_utils._localai.models.gallery import Template
from ansible_collections.localai.core.plugins.module_utils._localai.models.record import (
    InstalledFile,
    Record,
    definition_of,
    parse_record,
)
from ansible_collections.localai.core.plugins.module_utils._model_request import FileSpec

DIGEST = "ab" * 32
FILE = InstalledFile("a/b.gguf", Address("https://user:secret@example.com/b?X-Amz=1"), DIGEST, 5, '"etag"')
DEFINITION = Definition(
    description="d",
    urls=("u",),
    name="n",
    config_text="backend: x\n",
    files=(FileSpec("a/b.gguf", FILE.uri, DIGEST),),
    templates=(Template("chat", "{{.Input}}\n"),),
    entry_name="e",
    resolved_variant="v",
    pinned_variant="p",
)
RECORD = Record(
    name="m",
    config={"name": "m", "f": 0.5, "l": [None, True]},
    parts=Parts(DEFINITION, {"a": 1}, {"b": {"c": 2}}),
    model="g@m",
    gallery="g",
    variant="v",
    source="s",
    overrides_digest="o",
    pinned=True,
    yaml_sha256=DIGEST,
    gallery_sha256=DIGEST,
    files=(FILE,),
    written={"chat.tmpl": 11, "v/x.onnx": 3},
    snapshots=("cd" * 32,),
)


def document(**changes):
    return json.dumps({**json.loads(RECORD.to_json()), **changes}).encode()


def test_a_record_is_read_as_it_was_written():
    assert parse_record(RECORD.to_json()) == RECORD


def test_the_paths_of_a_model_are_its_files_and_what_was_written_for_it():
    assert RECORD.paths == {"a/b.gguf": 5, "chat.tmpl": 11, "v/x.onnx": 3}
    assert RECORD.file("a/b.gguf") == FILE
    assert RECORD.file("chat.tmpl") is None
    assert FILE.spec == FileSpec("a/b.gguf", FILE.uri, DIGEST)


def nested(levels):
    value: dict = {}
    for _level in range(levels):
        value = {"k": value}
    return value


FILE_ROW = {"filename": "a", "uri": "u", "sha256": "", "size": 1, "version": ""}


@pytest.mark.parametrize(
    "changes",
    [
        {"format": 2},
        {"format": None},
        {"name": 1},
        {"name": None},
        {"pinned": 1},
        {"config": []},
        {"definition": "x"},
        {"definition": {"files": [{"filename": "../x", "uri": "u"}]}},
        {"base": None},
        {"files": {}},
        {"files": ["x"]},
        {"files": [{**FILE_ROW, "filename": "../x"}]},
        {"files": [{**FILE_ROW, "filename": "/etc/passwd"}]},
        {"files": [{**FILE_ROW, "filename": ".localai-core/lock"}]},
        {"files": [{**FILE_ROW, "filename": "other.yaml"}]},
        {"files": [{**FILE_ROW, "size": True}]},
        {"files": [{**FILE_ROW, "size": "1"}]},
        {"files": [{"filename": "a"}]},
        {"written": []},
        {"written": {"../x": 1}},
        {"written": {"x": None}},
        {"snapshots": [1]},
        {"snapshots": 5},
        {"config": nested(900)},
        {"base": nested(200)},
    ],
)
def test_a_record_that_is_wrong_is_none(changes):
    assert parse_record(document(**changes)) is None


@pytest.mark.parametrize("data", [b"", b"\xff", b"null", b"[]", b"1", b"{}", b"[" * 100000, b'{"format": 1}'])
def test_what_is_no_record_is_none(data):
    assert parse_record(data) is None


@given(st.data())
def test_any_value_in_any_place_raises_nothing(data):
    values = st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
    key = data.draw(st.sampled_from(sorted(json.loads(RECORD.to_json()))))
    record = parse_record(document(**{key: data.draw(values)}))
    assert record is None or record.name == "m" or key == "name"


def test_a_definition_is_read_from_its_document():
    assert definition_of(DEFINITION.document) == DEFINITION
    with pytest.raises(GalleryError):
        definition_of({"files": "x"})
