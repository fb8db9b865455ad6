# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Challenges are read as RFC 9110 writes them."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._oci.challenge import Challenge, parse_challenge
from ansible_collections.localai.core.tests.support.hostile import hostile

BEARER = Challenge("bearer", "https://r/token", "registry", "repository:x/y:pull,push")


WRITTEN = 'Bearer realm="https://r/token",service="registry",scope="repository:x/y:pull,push"'


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (WRITTEN, BEARER),
        (WRITTEN.lower(), BEARER),
        (WRITTEN.replace(",", " ,  ").replace("pull ,  push", "pull,push"), BEARER),
        (WRITTEN.replace("=", " = "), BEARER),
        ("  " + WRITTEN + ",error=invalid_token", BEARER),
        (f'Basic realm="x", {WRITTEN}', BEARER),
        (f'{WRITTEN}, Basic realm="x"', BEARER),
        (f'Negotiate, {WRITTEN}, Digest realm="d", nonce="n"', BEARER),
        ("Bearer realm=https://r/token", Challenge("bearer", "https://r/token")),
        ('Bearer REALM="a",realm2="b"', Challenge("bearer", "a")),
        (r'Bearer realm="a\"b\\c"', Challenge("bearer", r'a"b\c')),
        ('Basic realm="Our registry, please log in"', Challenge("basic", "Our registry, please log in")),
        ("Basic", Challenge("basic")),
        ("BASIC realm=x", Challenge("basic", "x")),
        ('Bearer service="x", Basic realm="y"', Challenge("basic", "y")),
        (
            'Bearer realm="https://r/t",service="a basic registry"',
            Challenge("bearer", "https://r/t", "a basic registry"),
        ),
        ('Basic realm="not Bearer realm=x"', Challenge("basic", "not Bearer realm=x")),
        ('Negotiate realm="this basic thing"', None),
        ("Notbasic realm=x", None),
        ("Bearer", None),
        ('Bearer realm=""', None),
        ("Negotiate", None),
        ("Basically", None),
        ("", None),
        (",,, ,", None),
    ],
)
def test_a_challenge_is_parsed(header, expected):
    assert parse_challenge(header) == expected


TOKEN = st.text("abcXYZ019-_", min_size=1, max_size=6)


QUOTED = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=15)


def quoted(text):
    return '"{}"'.format(text.replace("\\", "\\\\").replace('"', '\\"'))


@given(realm=QUOTED, service=QUOTED, scope=QUOTED, other=st.dictionaries(TOKEN.map("x-".__add__), QUOTED, max_size=2))
def test_what_is_quoted_is_read_back(realm, service, scope, other):
    values = {"realm": realm, **other, "service": service, "scope": scope}
    header = "Bearer " + ", ".join(f"{key}={quoted(value)}" for key, value in values.items())
    assert parse_challenge(header) == Challenge("bearer", realm, service, scope)


@given(st.one_of(st.text(), st.text('basicBEARER realm=",\\x', max_size=60)))
@hostile
def test_any_header_is_a_challenge_or_none(header):
    challenge = parse_challenge(header)
    assert challenge is None or challenge.scheme == "basic" or (challenge.scheme == "bearer" and challenge.realm)


@pytest.mark.parametrize(
    "header",
    [
        " " * 1500 + "x",
        "Bearer a" + " " * 1500,
        "Bearer " + "a" * 30_000,
        "Bearer " + "a=" * 30_000,
        "Bearer " * 9000,
        'Bearer a="' * 6000,
        'Bearer a="' + 'b=\\"' * 6000,
        "x" + ", " * 4000,
        '"' * 60_000,
    ],
)
def test_a_header_that_is_meant_to_take_long_does_not(header):
    start = time.monotonic()
    parse_challenge(header)
    assert time.monotonic() - start < 10
