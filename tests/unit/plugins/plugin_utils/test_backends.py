# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lists of names and mappings are merged, and each mistake in them is named with its place."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.plugin_utils._backends import problems

MINE = {"name": "mine", "uri": "quay.io/me/mine:v1", "alias": "chat"}
ONLY = "because LocalAI allows only a-z, 0-9, - and _ there"

IMAGE = "to install an image, use a mapping with name and uri"
REFERENCE = "write the digest into the uri, as in repository:tag@sha256:…"


def wrong(*items: Any, state: str = "present", pinned: bool = False) -> list[str]:
    """The mistakes in one list, without its name."""
    return [
        text.replace("localai_backends, ", "") for text in problems({"localai_backends": list(items)}, state, pinned)
    ]


@pytest.mark.parametrize(
    "items",
    [
        [],
        ["a", "g@b/c", "d_e-1"],
        [MINE],
        [{"name": "a", "digest": "sha256:x"}, {"name": "b", "release": "v4.9.0", "state": "latest"}],
        [{"name": "Old.One", "state": "absent"}],
        [{"name": "a", "uri": None, "alias": None, "state": None}],
    ],
)
def test_a_list_without_mistakes_has_none(items: list[Any]) -> None:
    assert wrong(*items) == []


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (None, []),
        ("a,b", ['x is text, not a list; on the command line, use JSON: -e \'{"x": ["llama-cpp"]}\'']),
        ({"name": "a"}, ["x is not a list"]),
        (7, ["x is not a list"]),
    ],
)
def test_a_variable_must_be_a_list(value: Any, says: list[str]) -> None:
    assert list(problems({"x": value}, "present", False)) == says


@pytest.mark.parametrize(
    ("item", "says"),
    [
        (7, "item 1: it is neither a name in quotes nor a mapping"),
        (None, "item 1: it is neither a name in quotes nor a mapping"),
        (["a"], "item 1: it is neither a name in quotes nor a mapping"),
        ({"uri": "/x"}, "item 1: it has no name"),
        (" ", "item 1: it has no name"),
        (
            {"name": "a", "version": "1", "sha": "2"},
            "item 1 (a): unknown key version, sha; the keys are name, state, uri, alias, release, digest",
        ),
        ({"name": "a", "release": 4.9}, "item 1 (a): release must be text in quotes"),
        ({"name": "a", "state": "gone"}, "item 1 (a): its state is gone, not one of present, latest, absent"),
        ("Llama-CPP", f"item 1 (Llama-CPP): no model could use the name Llama-CPP, {ONLY}; write llama-cpp"),
        ("g@x.y", f"item 1 (g@x.y): no model could use the name x.y, {ONLY}"),
        (
            "quay.io/x/y:v1",
            f"item 1 (quay.io/x/y:v1): no model could use the name quay.io/x/y:v1, {ONLY}; {IMAGE}",
        ),
        ({**MINE, "alias": "Chat"}, f"item 1 (mine): no model could use the alias Chat, {ONLY}; write chat"),
        ({**MINE, "name": "a/b"}, f"item 1 (a/b): no model could use the name a/b, {ONLY}"),
        ({**MINE, "state": "absent"}, "item 1 (mine): uri cannot be used with the state absent"),
        (
            {"name": "a", "release": "v9", "digest": "sha256:x"},
            "item 1 (a): release and digest cannot be used together",
        ),
        (
            {**MINE, "digest": "sha256:x"},
            f"item 1 (mine): uri and digest cannot be used together; {REFERENCE}",
        ),
        ({"name": "a", "alias": "b"}, "item 1 (a): alias needs uri"),
        (
            {**MINE, "name": "g@mine"},
            "item 1 (g@mine): a backend with uri is in no gallery, so its name must not contain an @",
        ),
        (
            {"name": "a", "digest": "x", "state": "latest"},
            "item 1 (a): digest pins a build, so the state cannot be latest",
        ),
    ],
)
def test_each_mistake_has_its_place(item: Any, says: str) -> None:
    assert wrong(item) == [says]


def test_the_state_and_the_pins_of_the_role_count() -> None:
    assert wrong(MINE, "B", state="absent") == ["item 1 (mine): uri cannot be used with the state absent"]
    pinned = "localai_pins pins its build, so the state cannot be latest"
    assert wrong("a", MINE, {"name": "b", "state": "present"}, state="latest", pinned=True) == [f"item 1 (a): {pinned}"]
