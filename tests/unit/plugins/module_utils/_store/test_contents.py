# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The list of what was installed: any name survives it, it takes few bytes, a damaged one is none."""

from __future__ import annotations

import json
import os

import pytest

from ansible_collections.localai.core.plugins.module_utils._store.contents import parse_contents, record_file
from ansible_collections.localai.core.plugins.module_utils._store.record import Record
from ansible_collections.localai.core.plugins.module_utils._store.verify import contents_at, damage


def contents(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        return contents_at(fd, str(path), ("metadata.json",))
    finally:
        os.close(fd)


@pytest.mark.parametrize("name", ["a b", "> a", "\u00e4", b"\xff".decode("utf-8", "surrogateescape"), "a\nb"])
def test_any_name_survives_in_the_list(tmp_path, name):
    (tmp_path / name).write_text("x")
    (tmp_path / "link").symlink_to(f"{name}/../{name}")
    written = record_file(Record(), contents(tmp_path))
    recorded = parse_contents(written)
    assert Record.parse(written) == Record(listed=True)
    assert recorded is not None
    assert damage(recorded, contents(tmp_path)) == ""
    (tmp_path / name).unlink()
    assert damage(recorded, contents(tmp_path)) == f"not as it was installed: {name} is missing"


def test_a_record_takes_few_bytes():
    files = [f"1234 module{number}.py" for number in range(100)]
    found = {f"venv/lib/python3.10/site-packages/package{number}": files for number in range(30)}
    assert len(record_file(Record(), found)) < 3000 * 25


@pytest.mark.parametrize("contents", ["{", "[]", '{"a": "b"}', '{"a": [1]}', '{"a": null}', "[" * 100_000])
def test_a_damaged_list_is_none(contents):
    written = record_file(Record(True), {}).replace(b"{}}", contents.encode() + b"}")
    assert parse_contents(written) is None
    assert Record.parse(written) == Record(True, listed=True)


@pytest.mark.parametrize("written", [b"", b"[]", record_file(Record())])
def test_a_record_can_have_no_list(written):
    assert parse_contents(written) is None


def test_a_record_is_one_json_document_and_its_first_line_tells_all_but_the_contents():
    written = record_file(Record(True, size=7), {"": ["1 run.sh"]})
    document = json.loads(written)
    assert (document["requested"], document["size"], document["contents"]) == (True, 7, {"": ["1 run.sh"]})
    assert Record.parse(written.splitlines()[0]) == Record(True, size=7, listed=True)
