# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The record of an installed tree."""

from __future__ import annotations

import json

import pytest

from ansible_collections.localai.core.plugins.module_utils._store.contents import record_file
from ansible_collections.localai.core.plugins.module_utils._store.record import Record


def test_the_record_is_read_as_it_was_written() -> None:
    record = Record(True, "sha256:ab", "cd", 1024, 7)
    assert Record.parse(record_file(record)) == record
    assert json.loads(record_file(record))["format"] == 1
    assert Record.parse(record_file(Record())) == Record()


def test_a_record_of_a_later_version_may_hold_more() -> None:
    document = {**json.loads(record_file(Record(True))), "format": 2, "more": [1]}
    assert Record.parse(json.dumps(document).encode()) == Record(True)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"null",
        b"[]",
        b"1",
        b'"requested"',
        b"{}",
        b"\xff",
        b"[" * 100000,
        record_file(Record()).replace(b'"size":0', b'"size":"0"'),
        record_file(Record()).replace(b'"size":0', b'"size":true'),
        record_file(Record()).replace(b'"requested":false', b'"requested":0'),
        record_file(Record()).replace(b'"sha256":""', b'"sha256":null'),
    ],
)
def test_a_damaged_record_is_none(data: bytes) -> None:
    assert Record.parse(data) is None
