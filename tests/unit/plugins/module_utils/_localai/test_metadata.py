# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""metadata.json is read as Go reads it."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._localai.metadata import Metadata

READ_LIKE_GO = [
    ("keys in any case", b'{"NAME": "a", "Gallery_URL": "u"}', Metadata(name="a", gallery_url=Address("u"))),
    (
        "letters that fold",
        '{"in\u017ftalled_at": "t", "uri": "u"}'.encode(),
        Metadata(installed_at="t", uri=Address("u")),
    ),
    ("the last of several counts", b'{"name": "a", "name": "b"}', Metadata(name="b")),
    ("also when they differ in case", b'{"name": "a", "Name": "b", "nAME": "c"}', Metadata(name="c")),
    ("null is empty", b'{"alias": null, "name": "a"}', Metadata(name="a")),
    ("null leaves what was before", b'{"alias": "x", "alias": null}', Metadata(alias="x")),
    ("the document is null", b"null", Metadata()),
    (
        "unknown keys of any type",
        b'{"x": [1, {"name": "b"}, 1e999], "size": 1, "name": "a"}',
        Metadata(name="a", extra=(('"x"', '[1, {"name": "b"}, 1e999]'), ('"size"', "1"))),
    ),
    (
        "a number with very many digits",
        b'{"x": ' + b"9" * 5000 + b', "name": "a"}',
        Metadata(name="a", extra=(('"x"', "9" * 5000),)),
    ),
    ("white space around", b' \r\n\t{"name":"a"}\n\n', Metadata(name="a")),
    ("bytes that are not UTF-8", b'{"name": "a\xffb"}', Metadata(name="a\ufffdb")),
    ("a pair of surrogates", b'{"name": "\\ud83d\\ude00"}', Metadata(name="😀")),
    ("half a pair, before text", b'{"name": "\\ud83da"}', Metadata(name="\ufffda")),
    ("half a pair, at the end", b'{"name": "a\\uD83D"}', Metadata(name="a\ufffd")),
    ("the other half", b'{"name": "\\ude00a"}', Metadata(name="\ufffda")),
    ("halves the wrong way round", b'{"name": "\\ude00\\ud83d"}', Metadata(name="\ufffd\ufffd")),
    ("a NUL", b'{"name": "a\\u0000b"}', Metadata(name="a\0b")),
    ("escapes that need none", b'{"\\u006eame": "\\u0061\\/"}', Metadata(name="a/")),
]


@pytest.mark.parametrize(("data", "metadata"), [row[1:] for row in READ_LIKE_GO], ids=[row[0] for row in READ_LIKE_GO])
def test_it_is_read_as_go_reads_it(data: bytes, metadata: Metadata) -> None:
    assert Metadata.parse(data) == metadata


REFUSED_LIKE_GO = [
    (b"", "it is empty"),
    (b" \n\t ", "it is empty"),
    (b"[]", "not a JSON object"),
    (b"1", "not a JSON object"),
    (b"true", "not a JSON object"),
    (b'"name"', "not a JSON object"),
    (b'[{"name": "a"}]', "not a JSON object"),
    (b'{"name": 1}', "its name is not a string"),
    (b'{"name": 1.5}', "its name is not a string"),
    (b'{"Name": true}', "its name is not a string"),
    (b'{"alias": ["a"]}', "its alias is not a string"),
    (b'{"alias": {}}', "its alias is not a string"),
    (b'{"alias": {"x": "y"}}', "its alias is not a string"),
    (b'{"name": 1, "name": "a"}', "its name is not a string"),
    (b'{"name": "a"', "not valid JSON"),
    (b'{"name": "a"}x', "not valid JSON"),
    (b'{"name": "a"} {}', "not valid JSON"),
    (b'{"name": "a",}', "not valid JSON"),
    (b"{'name': 'a'}", "not valid JSON"),
    (b'{name: "a"}', "not valid JSON"),
    (b'{"name": "a\nb"}', "not valid JSON"),
    (b'{"name": "a\x01"}', "not valid JSON"),
    (b'{"name": "\\x41"}', "not valid JSON"),
    (b'{"name": "\\u12"}', "not valid JSON"),
    (b'{"x": 01}', "not valid JSON"),
    (b'{"x": NaN}', "NaN"),
    (b'{"x": -Infinity}', "-Infinity"),
    (b"\xef\xbb\xbf{}", "not valid JSON"),
    (b"\xff\xfe{\0}\0", "not valid JSON"),
    (b"\x7fELF\x02\x01\x01\0\0\0", "not valid JSON"),
    (b'{"x":' + b"[" * 100000, "nested too deeply"),
    (b'{"x":' * 100000, "nested too deeply"),
]


@pytest.mark.parametrize(("data", "says"), REFUSED_LIKE_GO)
def test_what_go_refuses_is_refused_with_the_reason(data: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Metadata.parse(data)
