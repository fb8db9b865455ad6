# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lengths and positions that an archive states are not trusted."""

from __future__ import annotations

import io
import os

import pytest

from ansible_collections.localai.core.plugins.module_utils._fs.bounded import Bounded


def test_lengths_that_an_archive_states_are_not_trusted():
    bounded = Bounded(io.BytesIO(b"12345"), 3)
    assert (bounded.read(2), bounded.tell(), bounded.read()) == (b"12", 2, b"345")
    with pytest.raises(ValueError, match="not plausible"):
        bounded.read(4)
    with pytest.raises(ValueError, match="before the start of the file"):
        bounded.seek(-1)
    assert (bounded.seek(-2, os.SEEK_END), bounded.read(1)) == (3, b"4")
