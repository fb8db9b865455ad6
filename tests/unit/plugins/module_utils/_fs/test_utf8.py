# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In a locale of UTF-8, os is what it always is. See modules/test_locale.py for the others."""

from __future__ import annotations

import os
import sys

import pytest

from ansible_collections.localai.core.plugins.module_utils._fs import utf8
from ansible_collections.localai.core.plugins.module_utils._fs.utf8 import native


def test_in_a_locale_of_utf8_it_is_the_module_itself():
    assert (utf8.os is os) == (sys.getfilesystemencoding() == "utf-8")


@pytest.mark.parametrize("name", ["größe", "日本", "raw\udcff"])
def test_a_library_opens_the_file_with_the_same_bytes(name):
    assert os.fsencode(native(name)) == name.encode("utf-8", "surrogateescape")
