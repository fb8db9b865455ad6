# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways that are compared: what they need, and commands that write where they shall."""

from __future__ import annotations

import shlex

import pytest

from ansible_collections.localai.core.tests.bench.served import Served
from ansible_collections.localai.core.tests.bench.variants import (
    ARIA2_SUM,
    ARIA2_TAR,
    BSDTAR,
    CRANE,
    CURL,
    SKOPEO,
    TAR,
    UMOCI,
    Place,
    Variant,
)

FILE = Served("x.gguf", "http://host/x.gguf", ("http://host/x.gguf",), 1, sha256="00")


def test_programs_libraries_and_options_can_be_missing():
    needs = ("sh", "no-such-program", "library json", "library no_such_library", "option timeout", "option no_such")
    variant = Variant("x", lambda served, place: [], needs)
    assert variant.missing == ["no-such-program", "library no_such_library", "option no_such"]


@pytest.mark.parametrize(
    "variant", [ARIA2_SUM, ARIA2_TAR, BSDTAR, CRANE, CURL, SKOPEO, TAR, UMOCI], ids=lambda v: v.name
)
def test_commands_know_their_directories_and_end_when_all_is_on_the_disk(variant, tmp_path):
    place = Place(tmp_path / "a tree", tmp_path / "a scratch")
    *_shell, script = variant.command(FILE, place)
    first, *_commands, last = script.splitlines()
    assert shlex.split(first.partition("; ")[2]) == [f"tree={place.tree}", f"scratch={place.scratch}"]
    assert last == 'sync -f "$tree"'
    assert all(program in script for program in variant.needs)
