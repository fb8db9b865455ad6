# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""metadata.json is interchangeable with LocalAI's: the same bytes are written, and the same is read from any bytes."""

from __future__ import annotations

import json
from typing import Any, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._localai.metadata import KNOWN_KEYS, Metadata

# Written by hand as Go's json.MarshalIndent does it: two spaces, no final newline, <, > and & escaped.
CONCRETE = b"""{
  "alias": "llama-cpp",
  "name": "cpu-llama-cpp",
  "gallery_url": "https://index.localai.io/backends",
  "installed_at": "2026-08-21T09:15:02Z",
  "version": "1.10",
  "uri": "quay.io/go-skynet/local-ai-backends:latest-cpu-llama-cpp",
  "digest": "sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0"
}"""
META = b"""{
  "meta_backend_for": "cpu-llama-cpp",
  "name": "llama-cpp",
  "gallery_url": "github:mudler/LocalAI/backend/index.yaml@master",
  "installed_at": "2026-08-21T11:15:02.123456789+02:00"
}"""
ESCAPED = b"""{
  "name": "a \\u003cb\\u003e \\u0026 \\"c\\" \\\\ d",
  "gallery_url": "https://x.example/?a=1\\u0026b=2",
  "version": "\\t\\n\\r\\u0001\\u001f\x7f\\u2028\\u2029",
  "uri": "/srv/\xc3\xa4\xf0\x9f\x98\x80'/"
}"""

GOLDEN = [
    (b"{}", Metadata()),
    (
        CONCRETE,
        Metadata(
            alias="llama-cpp",
            name="cpu-llama-cpp",
            gallery_url=Address("https://index.localai.io/backends"),
            installed_at="2026-08-21T09:15:02Z",
            version="1.10",
            uri=Address("quay.io/go-skynet/local-ai-backends:latest-cpu-llama-cpp"),
            digest="sha256:0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0",
        ),
    ),
    (
        META,
        Metadata(
            meta_backend_for="cpu-llama-cpp",
            name="llama-cpp",
            gallery_url=Address("github:mudler/LocalAI/backend/index.yaml@master"),
            installed_at="2026-08-21T11:15:02.123456789+02:00",
        ),
    ),
    (
        ESCAPED,
        Metadata(
            name='a <b> & "c" \\ d',
            gallery_url=Address("https://x.example/?a=1&b=2"),
            version="\t\n\r\x01\x1f\x7f\u2028\u2029",
            uri=Address("/srv/ä😀'/"),
        ),
    ),
]
KEYS = [
    "alias",
    "meta_backend_for",
    "name",
    "gallery_url",
    "installed_at",
    "version",
    "uri",
    "digest",
]


def stated(texts: Mapping[str, str]) -> Metadata:
    """Return metadata of which these keys are known."""
    fields: dict[str, Any] = {
        key: Address(text) if key in ("gallery_url", "uri") else text for key, text in texts.items()
    }
    return Metadata(**fields)


FULL = stated({key: f"the {key}" for key in KEYS})


@pytest.mark.parametrize(("data", "metadata"), GOLDEN, ids=["empty", "concrete", "meta", "escaped"])
def test_a_file_of_localai_is_read_and_written_back_byte_for_byte(data: bytes, metadata: Metadata) -> None:
    assert Metadata.parse(data) == metadata
    assert metadata.to_json() == data


def test_the_keys_stand_in_the_order_of_localai() -> None:
    assert list(KNOWN_KEYS) == KEYS
    assert list(json.loads(FULL.to_json())) == KEYS


@pytest.mark.parametrize("key", KEYS)
def test_a_key_may_be_there_alone_or_be_the_only_one_missing(key: str) -> None:
    alone = stated({key: "x"})
    assert alone.to_json() == f'{{\n  "{key}": "x"\n}}'.encode()
    assert Metadata.parse(alone.to_json()) == alone
    without = stated({other: f"the {other}" for other in KEYS if other != key})
    assert key not in json.loads(without.to_json())
    assert Metadata.parse(without.to_json()) == without


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
    (b'{"name": 1}', "its name is not text"),
    (b'{"name": 1.5}', "its name is not text"),
    (b'{"Name": true}', "its name is not text"),
    (b'{"alias": ["a"]}', "its alias is not text"),
    (b'{"alias": {}}', "its alias is not text"),
    (b'{"alias": {"x": "y"}}', "its alias is not text"),
    (b'{"name": 1, "name": "a"}', "its name is not text"),
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


TEXTS = st.text(st.characters(blacklist_categories=("Cs",)))


@given(st.fixed_dictionaries(dict.fromkeys(KEYS, TEXTS)))
def test_what_is_written_is_read_again(texts: dict[str, str]) -> None:
    metadata = stated(texts)
    data = metadata.to_json()
    assert Metadata.parse(data) == metadata
    assert json.loads(data) == {key: text for key, text in texts.items() if text}
    assert not set(b"<>&") & set(data)
    assert not data.endswith(b"\n")
