# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The fingerprint changes with what a file says, and with nothing else."""

from __future__ import annotations

import hashlib
import re

import pytest

from ansible_collections.localai.core.plugins.module_utils._host.fingerprint import fingerprint

TEXT = b"[Unit]\nDescription=LocalAI\n"


@pytest.mark.parametrize(
    "same",
    [
        b"# managed\n[Unit]\nDescription=LocalAI\n",
        b"[Unit]\n\n \t\nDescription=LocalAI\n",
        b"[Unit]\n  ; a comment\nDescription=LocalAI\n#\n",
    ],
)
def test_comments_and_blank_lines_do_not_count(same: bytes) -> None:
    assert fingerprint(same) == fingerprint(TEXT) == hashlib.sha256(TEXT).hexdigest()


@pytest.mark.parametrize(
    "other", [b"", b"[Unit]\nDescription=LocalAI", b"[Unit]\nDescription=LocalAI # x\n", TEXT + b"\xff\n"]
)
def test_everything_else_counts(other: bytes) -> None:
    assert fingerprint(other) != fingerprint(TEXT)


def test_the_role_removes_the_same_lines() -> None:
    """Ansible applies the pattern to text, with the filters regex_replace and hash."""
    text = "# größe\n; x\n\n \t\nA=größe\n  # y\nB=1"
    filtered = re.sub(r"(?m)^[ \t]*([#;].*)?\n", "", text)
    assert fingerprint(text.encode()) == hashlib.sha256(filtered.encode()).hexdigest()
