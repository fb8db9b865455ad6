# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The text of a document is UTF-8, or UTF-16 with a byte order mark."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError
from ansible_collections.localai.core.plugins.module_utils._resolver.text import text_of
from ansible_collections.localai.core.tests.support.hostile import hostile

TEXT = "- name: größe-模型-🙂\n"


@pytest.mark.parametrize(
    ("mark", "codec"),
    [
        (b"", "utf-8"),
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ],
)
def test_a_document_is_utf_8_or_utf_16_with_a_mark(mark: bytes, codec: str) -> None:
    assert text_of(mark + TEXT.encode(codec)) == TEXT
    assert text_of(mark) == ""


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (TEXT.encode("latin-1", "replace"), "it is not valid UTF-8: byte 10, 0xf6, is not part of a character"),
        (b"caf\xe9", "it is not valid UTF-8: byte 3, 0xe9"),
        (codecs.BOM_UTF8 + b"\xff", "it is not valid UTF-8: byte 3, 0xff"),
        (codecs.BOM_UTF16_LE + b"a", "it is not valid UTF-16: byte 2"),
        (codecs.BOM_UTF16_LE + b"\0\xd8a\0", "it is not valid UTF-16: byte 2"),
        (codecs.BOM_UTF16_BE + b"\xdc\0", "it is not valid UTF-16: byte 2"),
        (TEXT.encode("utf-16-le"), "it looks like UTF-16 or UTF-32 without a byte order mark"),
        (TEXT.encode("utf-16-be"), "it looks like UTF-16 or UTF-32 without a byte order mark"),
        (TEXT.encode("utf-32-be"), "it looks like UTF-16 or UTF-32 without a byte order mark"),
        (TEXT.encode("utf-32"), "it is UTF-32, which is not supported"),
        (codecs.BOM_UTF32_BE + TEXT.encode("utf-32-be"), "it is UTF-32, which is not supported"),
    ],
)
def test_another_encoding_is_an_error_that_says_what_to_do(data: bytes, says: str) -> None:
    with pytest.raises(GalleryError) as caught:
        text_of(data)
    assert says in str(caught.value)
    assert str(caught.value).endswith("Save it as UTF-8")
    assert "codec" not in str(caught.value)


@given(st.sampled_from([b"", codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE]), st.binary(max_size=30))
@hostile
def test_any_bytes_are_text_or_refused(mark: bytes, data: bytes) -> None:
    try:
        assert isinstance(text_of(mark + data), str)
    except GalleryError as e:
        message = str(e)
        assert len(message) < 200
