# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of documents that strangers wrote: each has the right type and a bounded size, or it is refused."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import SignatureError
from ansible_collections.localai.core.plugins.module_utils._sigstore.fields import (
    Fields,
    from_base64,
    quoted,
    read_json,
    time_of,
)
from ansible_collections.localai.core.tests.support.hostile import VALUES, documents, hostile

DOCUMENT = Fields(
    {
        "map": {"inner": {"text": "x"}},
        "list": [{"number": 1}, {}],
        "text": "x",
        "empty": "",
        "null": None,
        "number": 7,
        "digits": "9223372036854775807",
        "data": "AAE=",
        "datas": ["AAE=", ""],
    },
    "the document",
)


@pytest.mark.parametrize(
    ("method", "key", "value"),
    [
        ("text", "text", "x"),
        ("text", "empty", ""),
        ("optional_text", "text", "x"),
        ("optional_text", "null", ""),
        ("optional_text", "missing", ""),
        ("data", "data", b"\0\1"),
        ("data", "empty", b""),
        ("datas", "datas", (b"\0\1", b"")),
        ("datas", "missing", ()),
        ("datas", "null", ()),
        ("number", "number", 7),
        ("number", "digits", 2**63 - 1),
        ("number", "missing", 0),
        ("number", "null", 0),
        ("inners", "missing", ()),
        ("__contains__", "text", True),
        ("__contains__", "null", False),
        ("__contains__", "missing", False),
    ],
)
def test_a_value_of_the_right_type_is_returned(method, key, value):
    assert getattr(DOCUMENT, method)(key) == value


def test_mappings_know_where_they_are():
    assert DOCUMENT.inner("map").inner("inner").text("text") == "x"
    assert DOCUMENT.inner("map").inner("inner").name == "the document.map.inner"
    first, second = DOCUMENT.inners("list")
    assert (first.number("number"), second.name) == (1, "the document.list[1]")


@pytest.mark.parametrize(
    ("method", "value", "problem"),
    [
        ("text", None, "the document has no key"),
        ("text", 1, "the document.key is not a text"),
        ("text", ["x"], "the document.key is not a text"),
        ("text", "\ud800", "the document.key is not a text"),
        ("optional_text", {}, "the document.key is not a text"),
        ("data", None, "the document has no key"),
        ("data", "AAE", "the document.key is not Base64"),
        ("data", 1, "the document.key is not a text"),
        ("datas", "AAE=", "the document.key is not a list of at most 64 entries"),
        ("datas", ["AAE=", 1], r"the document.key\[1\] is not Base64"),
        ("datas", [""] * 65, "the document.key is not a list of at most 64 entries"),
        ("inner", None, "the document has no key"),
        ("inner", "x", "the document.key is not a mapping"),
        ("inner", [], "the document.key is not a mapping"),
        ("inners", {}, "the document.key is not a list"),
        ("inners", [{}, 1], r"the document.key\[1\] is not a mapping"),
        ("inners", [{}] * 65, "the document.key is not a list of at most 64 entries"),
        *(
            ("number", value, "the document.key is not a number from 0 to 9223372036854775807")
            for value in (
                -1,
                "-1",
                1.0,
                "1.0",
                True,
                False,
                "",
                " 1",
                "1\n",
                "0x1",
                "٣",
                2**63,
                str(2**63),
                "1" * 20,
                [],
            )
        ),
    ],
)
def test_another_value_is_refused(method, value, problem):
    with pytest.raises(SignatureError, match=problem):
        getattr(Fields({"key": value}, "the document"), method)("key")


def test_a_list_may_have_a_limit_of_its_own():
    assert len(Fields({"key": [{}] * 65}, "x").inners("key", 65)) == 65
    with pytest.raises(SignatureError, match="at most 2 entries"):
        Fields({"key": [{}] * 3}, "x").inners("key", 2)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "the document is not valid JSON: Expecting value"),
        (b"[]", "the document is not a mapping"),
        (b"null", "the document is not a mapping"),
        (b'{"a": 1} x', "the document is not valid JSON: Extra data"),
        (b'\xef\xbb\xbf{"a": 1}', "the document is not valid JSON"),
        (b'{"a": "\xff"}', "the document is not valid JSON"),
        (b'{"a": 1, "a": 1}', "the document is not valid JSON: a key is there twice"),
        (b'{"a": {"b": 1, "b": 2}}', "the document is not valid JSON: a key is there twice"),
        (b'{"a": 1, "\\u0061": 2}', "the document is not valid JSON: a key is there twice"),
        (b'{"a": NaN}', "the document is not valid JSON: NaN is no number"),
        (b'{"a": -Infinity}', "the document is not valid JSON: -Infinity is no number"),
        (b'{"a": %s}' % (b"9" * 401), "the document is not valid JSON: a number has more than 400 digits"),
        (b'{"a": %s1%s}' % (b"[" * 33, b"]" * 33), "the document is not valid JSON: it has more than 32 levels"),
        (b'{"a": %s' % (b"[" * 100_000), "the document is not valid JSON"),
        (b"{" + b" " * 8 * 1024**2 + b"}", "the document is larger than 8 MiB"),
    ],
)
def test_a_document_that_readers_may_understand_differently_is_refused(content, problem):
    with pytest.raises(SignatureError, match=problem):
        read_json(content, "the document")


def test_a_document_at_the_limits_is_read():
    content = b'{"a": %s1%s, "b": %s}' % (b"[" * 31, b"]" * 31, b"9" * 400)
    assert "b" in read_json(content + b" " * (8 * 1024**2 - len(content)), "the document")


@pytest.mark.parametrize("content", [b'{"a":' + b"9" * 8_000_000 + b"}", b'{"a":[' + b"[]," * 300_000 + b"[]]}"])
def test_a_document_that_is_meant_to_take_long_does_not(content):
    start = time.process_time()
    with pytest.raises(SignatureError):
        read_json(content, "the document").number("a")
    assert time.process_time() - start < 2


@pytest.mark.parametrize("text", ["", "QQ==", "QUI=", "QUJD", "+/+/"])
def test_base64_is_decoded(text):
    assert len(from_base64(text, "x")) == len(text) // 4 * 3 - text.count("=")


@pytest.mark.parametrize(
    "value", ["Q", "QQ", "QQ=", "QUJD\n", " QUJD", "QU JD", "-_-_", "QÜJD", "====", b"QUJD", None, 1]
)
def test_what_is_not_base64_is_refused(value):
    with pytest.raises(SignatureError, match="x is not Base64"):
        from_base64(value, "x")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01t00:00:01z", 1),
        ("1970-01-01T00:00:00.5Z", 0.5),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T23:00:00-01:00", 0),
        ("2026-06-01T12:00:00.123456789Z", 1780315200.123456789),
        ("0001-01-01T00:00:00Z", -62135596800),
    ],
)
def test_a_time_is_read(text, seconds):
    assert time_of(text, "the time") == seconds


@pytest.mark.parametrize(
    "text",
    [
        *("", "2026-06-01", "2026-06-01T12:00:00", "2026-06-01 12:00:00Z", "2026-6-1T12:00:00Z", "2026-06-01T12:00Z"),
        *("2026-13-01T00:00:00Z", "2026-02-30T00:00:00Z", "2026-06-01T24:00:00Z", "2026-06-01T12:00:60Z"),
        *("0000-01-01T00:00:00Z", "2026-06-01T12:00:00Z\n", "\uff12026-06-01T12:00:00Z", "2026-06-01T12:00:00.Z"),
    ],
)
def test_what_is_not_a_time_is_refused(text):
    with pytest.raises(SignatureError, match="the time is not a time such as"):
        time_of(text, "the time")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x y", '"x y"'),
        ("\x1b[31mred\n", '"?[31mred?"'),
        ("\ud800\u202e", '"??"'),
        ("a" * 100, '"' + "a" * 100 + '"'),
        ("a" * 101, '"' + "a" * 100 + '…"'),
    ],
)
def test_texts_of_strangers_are_short_and_printable(text, shown):
    assert quoted(text) == shown


@given(st.dictionaries(st.just("key"), VALUES), st.sampled_from(["text", "data", "datas", "number", "inner", "inners"]))
@hostile
def test_any_value_is_returned_or_refused(value, method):
    try:
        getattr(Fields(value, "x"), method)("key")
    except SignatureError as e:
        message = str(e)
        assert message.isprintable()


@given(documents({"a": [{"b": 1.5, "c": "d"}], "e": {"f": None}}))
@hostile
def test_any_document_is_read_or_refused(content):
    try:
        read_json(content, "x")
    except SignatureError as e:
        message = str(e)
        assert len(message) < 300
