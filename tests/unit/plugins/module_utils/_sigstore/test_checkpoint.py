# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checkpoints: signed notes about the state of a log."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import SignatureError
from ansible_collections.localai.core.plugins.module_utils._sigstore.checkpoint import read_checkpoint
from ansible_collections.localai.core.plugins.module_utils._sigstore.keys import key_from_der
from ansible_collections.localai.core.plugins.module_utils._sigstore.periods import Period
from ansible_collections.localai.core.plugins.module_utils._sigstore.trusted_root import Log
from ansible_collections.localai.core.tests.support.hostile import TEXTS, hostile
from ansible_collections.localai.core.tests.support.sigstore import notes
from ansible_collections.localai.core.tests.support.sigstore.keys import key
from ansible_collections.localai.core.tests.support.sigstore.moments import NOW

NAME = "log.example"
ROOT = bytes(range(32))
KEY, OTHER = key("log", "ed25519"), key("other", "ed25519")
IDENTIFIER = notes.note_id(NAME, KEY)
LOG = Log(f"https://{NAME}", IDENTIFIER, IDENTIFIER, key_from_der(KEY.spki, "x"), Period(0))
TEXT = notes.checkpoint(NAME, 7, ROOT)


def line(text=TEXT, name=NAME, hint=IDENTIFIER, by=KEY):
    return notes.line(name, hint, by.sign(text.encode()))


WITNESS = notes.Witness("witness.example", key("witness", "ed25519")).line(TEXT, NOW)


def test_a_checkpoint_is_read():
    checkpoint = read_checkpoint(notes.signed(TEXT, [line(), WITNESS]))
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (NAME, 7, ROOT)
    assert checkpoint.signed == TEXT.encode()
    assert [item.name for item in checkpoint.signatures] == [NAME, "witness.example"]
    assert [len(item.signature) for item in checkpoint.signatures] == [64, 72]


LONGER = notes.checkpoint("log.example - 123", 0, ROOT, ["Timestamp: 1", "more"])


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (TEXT, [line()]),
        (TEXT, [WITNESS, line()]),
        (TEXT, [line(by=OTHER), line()]),  # another key may have the same hint
        (TEXT, [line(name="another.example"), line()]),
        (LONGER, [line(LONGER)]),
        (TEXT, [line()[:-1]]),
        (TEXT, [WITNESS] * 63 + [line()]),
    ],
)
def test_one_good_signature_of_the_log_is_enough(text, lines):
    read_checkpoint(notes.signed(text, lines)).check(LOG, NAME)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        ([], "the checkpoint has no signature of the log https://log.example"),
        ([WITNESS], "the checkpoint has no signature of the log"),
        ([line(hint=b"abcd")], "the checkpoint has no signature of the log"),
        ([line(name="another.example")], "the checkpoint has no signature of the log"),
        ([line(name=NAME.upper())], "the checkpoint has no signature of the log"),
        ([WITNESS] * 64 + [line()], "the checkpoint has no signature of the log"),
        ([line(by=OTHER)], "the signature of the log https://log.example under the checkpoint is not valid"),
        ([line(TEXT + "more\n")], "the signature of the log https://log.example under the checkpoint is not valid"),
        ([notes.line(NAME, IDENTIFIER, b"")], "under the checkpoint is not valid"),
        ([f"\N{EM DASH} {NAME} AAA=\n"], "the checkpoint has no signature of the log"),
    ],
)
def test_other_signatures_do_not_count(lines, problem):
    with pytest.raises(SignatureError, match=problem):
        read_checkpoint(notes.signed(TEXT, lines)).check(LOG, NAME)


def test_the_name_may_be_unimportant():
    read_checkpoint(notes.signed(TEXT, [line(name="another.example")])).check(LOG, None)


B64 = base64.b64encode(ROOT).decode()


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "does not have an origin, a size, a root hash and signatures"),
        (TEXT, "does not have an origin, a size, a root hash and signatures"),
        (f"{NAME}\n7\n\n{line()}", "does not have an origin, a size, a root hash and signatures"),
        (f"\n7\n{B64}\n\n{line()}", "does not begin with an origin and a size"),
        (f"{NAME}\n\n{B64}\n\n{line()}", "does not have an origin, a size, a root hash and signatures"),
        *(
            (f"{NAME}\n{size}\n{B64}\n\n{line()}", "does not begin with an origin and a size")
            for size in ("07", "-7", "7 ", "x", "٣", "1" * 20)
        ),
        (f"{NAME}\n7\nx\n\n{line()}", "the root hash of the checkpoint is not Base64"),
        (f"{NAME}\n7\n{B64}\n\n- {NAME} AAAA\n", "a line after its text that is not a signature"),
        (f"{NAME}\n7\n{B64}\n\n\N{EM DASH} {NAME}\n", "a line after its text that is not a signature"),
        (f"{NAME}\n7\n{B64}\n\nmore\n\n{line()}", "a line after its text that is not a signature"),
        (f"{NAME}\n7\n{B64}\n\n\N{EM DASH} {NAME} x\n", "a signature of the checkpoint is not Base64"),
        (TEXT + "\n" + line() * 700, "does not have an origin, a size, a root hash and signatures"),
    ],
)
def test_what_is_not_a_checkpoint_is_refused(text, problem):
    with pytest.raises(SignatureError, match=problem):
        read_checkpoint(text)


GOOD = notes.signed(TEXT, [line()])


@given(st.one_of(TEXTS, st.tuples(st.integers(0, len(GOOD)), st.text(max_size=2), st.integers(0, 3))))
@hostile
def test_any_change_is_refused_or_changes_nothing_that_is_signed(change):
    if isinstance(change, tuple):
        position, text, length = change
        change = GOOD[:position] + text + GOOD[position + length :]
    if any("\ud800" <= character <= "\udfff" for character in change):
        return  # no document has such a text
    try:
        checkpoint = read_checkpoint(change)
        checkpoint.check(LOG, NAME)
    except SignatureError as e:
        message = str(e)
        assert len(message) < 300
        return
    assert (checkpoint.origin, checkpoint.size, checkpoint.root, checkpoint.signed) == (NAME, 7, ROOT, TEXT.encode())
