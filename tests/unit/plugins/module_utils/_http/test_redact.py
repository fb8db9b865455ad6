# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Texts of servers and libraries about an error, as they may be printed."""

from __future__ import annotations

import pytest
import requests

from ansible_collections.localai.core.plugins.module_utils._http.redact import (
    excerpt,
    innermost_reason,
    one_line,
    registry_errors,
    without_secrets,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ""),
        ("Not  Found\r\n", "Not Found"),
        ("a\x1b[2J\x9b1mb\x00c\u202ed\ud800e", "a [2J 1mb c d e"),
        ("\x1b" * 54000, ""),
        ("\x1b" * 54000 + "x" * 300, "x" * 200),
    ],
)
def test_a_text_of_others_is_one_short_printable_line(text, expected):
    assert one_line(text) == expected


def test_the_reason_of_an_error_of_requests_is_the_innermost_one():
    inner = OSError("it is broken ?token=hunter2")
    assert innermost_reason(requests.exceptions.ConnectionError(Exception(inner))) == "it is broken"
    assert innermost_reason(requests.exceptions.ConnectionError()) == "ConnectionError"
    # As urllib3 has it: an object and a text, or a text and an exception.
    assert (
        innermost_reason(Exception(object(), "Connection to a.example timed out."))
        == "Connection to a.example timed out."
    )
    assert innermost_reason(Exception("Connection aborted.", OSError(104, "reset by peer"))) == "reset by peer"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", ""),
        (b"<html><b>Not</b> here</html>", " (Not here)"),
        (b"see https://h/x?sig=hunter2 'now'", " (see https://h/x 'now')"),
        (b"a\x00b\xff", ""),
        (b"\x1f\x8b\x08" + bytes(range(256)), ""),
        (
            b"an error\x07 page with one strange byte, which is \xe9",
            " (an error page with one strange byte, which is \N{REPLACEMENT CHARACTER})",
        ),
        (b"x" * 5000, f" ({'x' * 200})"),
    ],
)
def test_an_excerpt_is_short_and_has_no_tags_and_no_queries(body, expected):
    assert excerpt(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"errors": [{"code": "DENIED", "message": "no"}, {"code": "TOO\\nBAD"}, {}]}', " (no; TOO BAD)"),
        (b'{"errors": []}', ""),
        (b'{"errors": 1}', ""),
        (b"[]", ""),
        (b"not JSON", ""),
    ],
)
def test_the_errors_of_a_registry_are_its_messages(body, expected):
    assert registry_errors(body) == expected


@pytest.mark.parametrize(
    ("secret", "text", "expected"),
    [
        ("p\u00e4ssword1", "p\u00e4ssword1", "(hidden)"),
        ("p\u00e4ssword1", "xp\u00e4ssword1x", "x(hidden)x"),
        ("p\u00e4ssword1", "p\u00c3\u00a4ssword1", "(hidden)"),
        ("p\u00e4ssword1", '{"message": "p\\u00e4ssword1"}', '{"message": "(hidden)"}'),
        ('p\u00e4"ss', 'p\u00e4\\"ss, p\u00c3\u00a4\\"ss', "(hidden), (hidden)"),
        ("\u20ac\u20ac", "\u00e2\u0082\u00ac\u00e2\u0082\u00ac", "(hidden)"),
        ("pw", "pw, pwd", "(hidden), pwd"),
        ("", "text", "text"),
    ],
)
def test_a_secret_is_hidden_in_all_forms_in_which_a_server_echoes_it(secret, text, expected):
    assert without_secrets(text, [secret]) == expected
