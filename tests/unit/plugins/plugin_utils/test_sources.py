# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Mistakes in lists of galleries and of endpoints."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._module.argspec import BACKEND
from ansible_collections.localai.core.plugins.plugin_utils._sources import (
    ENDPOINT_KEYS,
    GALLERY_KEYS,
    problems_of_endpoints,
    problems_of_galleries,
)

GALLERY = {"name": "company", "url": "https://files.example/index.yaml"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, []),
        ([], []),
        ([GALLERY, {**GALLERY, "mirrors": ["/srv/x"], "sha256": None}], []),
        ("https://me:s3cret@files.example", ["g is text, not a list of mappings"]),
        ({"company": "https://files.example"}, ["g is a mapping, not a list of mappings"]),
        (["https://me:s3cret@files.example"], ["g, item 1: it is text, not a mapping"]),
        ([GALLERY, 1], ["g, item 2: it is a single value, not a mapping"]),
        ([[GALLERY]], ["g, item 1: it is a list, not a mapping"]),
        ([{"url": "x"}], ["g, item 1: it has no name"]),
        ([{"name": " ", "url": None}], ["g, item 1: it has no name and no url"]),
        ([{"id": "x", "url": "x"}], [f"g, item 1: unknown key id; the keys are {', '.join(GALLERY_KEYS)}"]),
    ],
)
def test_galleries(value: Any, expected: list[str]) -> None:
    assert list(problems_of_galleries({"g": value}, "present", False)) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([{"host": "h", "username": "me", "password": 1}], []),
        ({"h": {"password": "s3cret"}}, ["e is a mapping, not a list of mappings"]),
        ([{"host": "h", "user": "s3cret"}], [f"e, item 1: unknown key user; the keys are {', '.join(ENDPOINT_KEYS)}"]),
        ([{"username": "me", "password": "s3cret"}], ["e, item 1: it has no host"]),
    ],
)
def test_endpoints(value: Any, expected: list[str]) -> None:
    assert list(problems_of_endpoints({"e": value}, "present", False)) == expected


def test_the_keys_are_those_of_the_modules() -> None:
    options = BACKEND["argument_spec"]
    assert sorted(GALLERY_KEYS) == sorted(options["galleries"]["options"])
    assert sorted(ENDPOINT_KEYS) == sorted(options["endpoints"]["options"])
