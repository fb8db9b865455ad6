# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Statements: what they are about, and what they say."""

from __future__ import annotations

import hashlib
import json

import pytest
from hypothesis import given

from ansible_collections.localai.core.plugins.module_utils._errors import SignatureError
from ansible_collections.localai.core.plugins.module_utils._sigstore.bundle import Envelope
from ansible_collections.localai.core.plugins.module_utils._sigstore.statement import check_subject, predicate_type
from ansible_collections.localai.core.tests.support.hostile import documents, hostile
from ansible_collections.localai.core.tests.support.sigstore.content import COSIGN_SIGN, IN_TOTO, statement

SHA256 = hashlib.sha256(b"an image").digest()
DIGEST = f"sha256:{SHA256.hex()}"
OTHER = "sha256:" + "5a" * 32


def envelope(payload, payload_type=IN_TOTO):
    return Envelope(payload_type, payload, b"")


@pytest.mark.parametrize(
    "payload",
    [
        statement(DIGEST),
        statement(DIGEST, predicate={}, name="an image"),
        statement(OTHER, DIGEST),
        statement(*[OTHER] * 1023, DIGEST),
        statement(DIGEST, _type="https://in-toto.io/Statement/v0.1"),
        statement(subject=[{"digest": {"sha512": "x", "sha256": SHA256.hex()}}]),
    ],
)
def test_a_statement_is_about_its_subjects(payload):
    check_subject(envelope(payload), SHA256)
    assert predicate_type(envelope(payload)) == COSIGN_SIGN


@pytest.mark.parametrize(
    ("payload", "problem"),
    [
        (statement(OTHER), "the statement is about another artifact: none of its subjects has the digest"),
        (statement(), "none of its subjects has the digest"),
        (statement(DIGEST, subject=None), "none of its subjects has the digest"),
        (statement(DIGEST.upper()), "none of its subjects has the digest"),
        (statement(DIGEST[:-1]), "none of its subjects has the digest"),
        (statement(DIGEST + " "), "none of its subjects has the digest"),
        (statement(f"sha512:{SHA256.hex()}"), "none of its subjects has the digest"),
        (statement(subject=[{"name": DIGEST}]), r"the statement.subject\[0\] has no digest"),
        (statement(subject=[{"digest": {"sha256": 5}}]), "digest.sha256 is not a text"),
        (statement(subject=[{"digest": {"sha256": "\ud800"}}]), "digest.sha256 is not a text"),
        (statement(*[OTHER] * 1024, DIGEST), "the statement.subject is not a list of at most 1024 entries"),
        (statement(DIGEST, _type="x"), 'the statement has the type "x"; supported are https://in-toto.io/Statement/v1'),
        (statement(DIGEST, _type=None), "the statement has no _type"),
        (b"x", "the statement is not valid JSON"),
        (b'{"_type":"x","_type":"https://in-toto.io/Statement/v1"}', "a key is there twice"),
    ],
)
def test_other_statements_are_refused(payload, problem):
    with pytest.raises(SignatureError, match=problem):
        check_subject(envelope(payload), SHA256)


@pytest.mark.parametrize("payload_type", ["", "application/json", IN_TOTO + "\n", IN_TOTO.upper()])
def test_payloads_of_other_types_are_no_statements(payload_type):
    with pytest.raises(SignatureError, match=r"the envelope has a payload of the type .*, not application/vnd"):
        check_subject(envelope(statement(DIGEST), payload_type), SHA256)


def test_a_statement_says_something():
    with pytest.raises(SignatureError, match="the statement has no predicateType"):
        predicate_type(envelope(statement(DIGEST, predicateType=None)))


@given(documents(json.loads(statement(DIGEST, predicate={"a": [1]}))))
@hostile
def test_any_payload_is_a_statement_or_refused(payload):
    for read in (predicate_type, lambda item: check_subject(item, SHA256)):
        try:
            read(envelope(payload))
        except SignatureError as e:
            message = str(e)
            assert len(message) < 400
