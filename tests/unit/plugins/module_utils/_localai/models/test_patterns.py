# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A pattern selects the files that Go's path.Match selects; the answers here are Go's."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError
from ansible_collections.localai.core.plugins.module_utils._localai.models.patterns import Pattern, selected


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("config.json", "config.json", True),
        ("*.json", "config.json", True),
        ("*.json", "a/config.json", True),  # a pattern without a slash is of names too
        ("a/*.json", "a/config.json", True),
        ("a/*.json", "a/b/config.json", False),
        ("*/*", "a/b/c", False),
        ("*", "a/b/c", True),
        ("model-0000?-of-*.safetensors", "model-00001-of-00002.safetensors", True),
        ("a?b/c", "a/b/c", False),
        ("[a-c]*.bin", "b.bin", True),
        ("[^a-c]*.bin", "b.bin", False),
        ("x/[^a]", "x//", True),  # a class takes a slash too
        ("[z-a]/x", "m/x", False),
        (r"a\*/b", "a*/b", True),
        (r"a\*/b", "ax/b", False),
        ("é?/x", "éé/x", True),
        ("*b*", "aabaa", True),
        ("a*b*c/x", "abbc/x", True),
        ("", "x", False),
    ],
)
def test_a_pattern_matches_like_in_go(pattern, path, expected):
    assert Pattern(pattern).matches(path) is expected


@pytest.mark.parametrize("pattern", ["[", "[a", "[]", "[]a]", "[-]", "[a-]", "[^]", "a\\", "[\\", "x/[a-\\"])
def test_a_malformed_pattern_is_refused(pattern):
    with pytest.raises(GalleryError, match="malformed pattern"):
        Pattern(pattern)


def test_a_pattern_of_many_stars_is_compared_quickly():
    assert not Pattern("*a" * 200 + "b").matches("a" * 4000)


@pytest.mark.parametrize(
    ("allow", "ignore", "expected"),
    [
        ([], [], ["a.bin", "a.json", "x/b.json"]),
        (["*.json"], [], ["a.json", "x/b.json"]),
        (["a.*", "x/*"], ["*.bin"], ["a.json", "x/b.json"]),
        ([], ["x/*"], ["a.bin", "a.json"]),
    ],
)
def test_a_file_is_selected_by_one_list_and_left_out_by_the_other(allow, ignore, expected):
    patterns = [*map(Pattern, allow)], [*map(Pattern, ignore)]
    assert [path for path in ("a.bin", "a.json", "x/b.json") if selected(path, *patterns)] == expected
