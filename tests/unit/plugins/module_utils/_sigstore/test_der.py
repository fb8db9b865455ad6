# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ASN.1 in DER: what the tests' writer writes is read back, and damaged structures are refused in a short time."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import SignatureError
from ansible_collections.localai.core.plugins.module_utils._sigstore.der import (
    INTEGER,
    OCTETS,
    OID,
    SEQUENCE,
    SET,
    UTF8,
    Element,
    Reader,
    parse,
    texts,
)
from ansible_collections.localai.core.tests.support.hostile import damaged, hostile
from ansible_collections.localai.core.tests.support.sigstore import der

NESTED = der.sequence(der.integer(5), der.set_of(der.octets(b"x" * 300)), der.context(0, der.oid("1.2.840")), der.NULL)


@pytest.mark.parametrize("size", [0, 1, 127, 128, 255, 256, 65535, 65536])
def test_lengths_of_all_forms_are_read(size):
    content = b"x" * size
    assert parse(der.octets(content)) == Element(OCTETS, content, der.octets(content))


def test_elements_are_read_one_after_another():
    reader = Reader(parse(NESTED))
    assert reader.optional(OCTETS) is None
    assert reader.next(INTEGER).number() == 5
    assert [child.content for child in reader.next(SET).children()] == [b"x" * 300]
    assert Reader(reader.next(0xA0), 0xA0).any().oid() == "1.2.840"
    assert reader.any().encoded == der.NULL
    assert reader.optional(INTEGER) is None


@pytest.mark.parametrize(
    "dotted", ["0.0", "0.39", "1.2", "1.39.1", "2.5.29.17", "2.999.3", "1.3.6.1.4.1.57264.1.18", "1.2.840.113549.1.7.2"]
)
def test_identifiers_have_their_dotted_form(dotted):
    assert parse(der.oid(dotted)).oid() == dotted


@pytest.mark.parametrize(
    ("content", "number"), [(b"\0", 0), (b"\x7f", 127), (b"\0\x80", 128), (b"\xff", -1), (b"\1" + bytes(19), 2**152)]
)
def test_integers_are_read(content, number):
    assert parse(der.tlv(INTEGER, content)).number() == number


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "cut off"),
        (b"\x04", "cut off"),
        (b"\x04\x02x", "cut off"),
        (b"\x04\x00x", "something after the end"),
        (b"\x30\x80\x00\x00", "a length is not valid"),  # indefinite
        (b"\x04\x81\x01x", "a length is not valid"),  # not the shortest
        (b"\x04\x82\x00\x80" + b"x" * 128, "a length is not valid"),
        (b"\x04\x81", "a length is not valid"),
        (b"\x04\x82\x01", "a length is not valid"),
        (b"\x04\x85\x01\x00\x00\x00\x00", "a length is not valid"),
        (b"\x04\x84\xff\xff\xff\xff", "cut off"),
        (b"\x04\xff" + b"\xff" * 127, "a length is not valid"),
        (b"\x1f\x01\x00", "a tag has more than one byte"),
    ],
)
def test_what_is_not_der_is_refused(data, problem):
    with pytest.raises(SignatureError, match=f"an ASN.1 structure is damaged: .*{problem}"):
        parse(data)


@pytest.mark.parametrize(
    ("read", "problem"),
    [
        (lambda: Reader(parse(NESTED), SET), "tag 0x31 is expected and 0x30 is there"),
        (lambda: Reader(parse(NESTED)).next(OCTETS), "tag 0x4 is missing"),
        (lambda: Reader(parse(der.sequence())).any(), "an element is missing"),
        (lambda: Reader(parse(der.sequence())).next(SEQUENCE), "tag 0x30 is missing"),
        (lambda: Reader(parse(b"\x30\x01\x04")), "cut off"),
        (lambda: parse(der.integer(1)).oid(), "an object identifier is expected"),
        (lambda: parse(der.tlv(OID, b"")).oid(), "an object identifier is expected"),
        (lambda: parse(der.tlv(OID, b"\x2a\x86")).oid(), "an object identifier is expected"),
        (lambda: parse(der.tlv(OID, b"\x2a" * 65)).oid(), "an object identifier is expected"),
        (lambda: parse(der.octets(b"\1")).number(), "an integer is expected"),
        (lambda: parse(der.tlv(INTEGER, b"")).number(), "an integer is expected"),
        (lambda: parse(der.tlv(INTEGER, b"\1" * 65)).number(), "an integer is expected"),
    ],
)
def test_another_element_is_refused(read, problem):
    with pytest.raises(SignatureError, match=problem):
        read()


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (der.utf8("ä"), ["ä"]),
        (der.utf8(""), [""]),
        (der.utf8("x") + b"\0", []),
        (der.octets(b"x"), []),
        (der.tlv(UTF8, b"\xff"), []),
        (b"https://x", []),
        (b"", []),
    ],
)
def test_only_a_whole_text_is_one(data, found):
    assert list(texts(data)) == found


@pytest.mark.parametrize(
    "data",
    [der.sequence(*[der.NULL] * 30_000), der.tlv(OID, b"\x81" * 60_000 + b"\1"), der.tlv(INTEGER, b"\1" * 60_000)],
)
def test_a_structure_that_is_meant_to_take_long_does_not(data):
    start = time.process_time()
    element = parse(data)
    for read in (element.children, element.oid, element.number):
        try:
            read()
        except SignatureError as e:
            message = str(e)
            assert len(message) < 200
    assert time.process_time() - start < 1


def walk(element, depth=0):
    for read in (element.oid, element.number):
        with contextlib.suppress(SignatureError):
            read()
    try:
        children = element.children() if depth < 20 else ()
    except SignatureError:
        return
    assert b"".join(child.encoded for child in children) == (element.content if children else b"") or depth >= 20
    for child in children:
        walk(child, depth + 1)


@given(st.one_of(st.binary(max_size=80), damaged(NESTED)))
@hostile
def test_any_bytes_are_an_element_or_refused(data):
    try:
        element = parse(data)
    except SignatureError:
        return
    assert element.encoded == data
    walk(element)
