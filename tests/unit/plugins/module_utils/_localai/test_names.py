# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which names may become directories of the backends path."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError, NameRefused
from ansible_collections.localai.core.plugins.module_utils._localai.names import checked_name, requested_name
from ansible_collections.localai.core.tests.support.hostile import TEXTS, hostile

GOOD_NAMES = ["a", "llama-cpp", "Kokoro", "a.b", "x_y", "ärger", "ä" * 127, "a" * 255, "a b", "-", "a:b", "~"]


BAD_NAMES = [
    ("", "is empty"),
    (".", "starts with a dot"),
    ("..", "starts with a dot"),
    (".hidden", "starts with a dot"),
    (".localai-core", "starts with a dot"),
    ("a..b", "two dots in a row"),
    ("a..", "two dots in a row"),
    ("/", "path separator"),
    ("/etc", "path separator"),
    ("a/b", "path separator"),
    ("../x", "path separator"),
    ("a\\b", "path separator"),
    ("a\0b", "NUL"),
    ("a" * 256, "255 bytes"),
    ("ä" * 128, "255 bytes"),
    ("a\ud800", "not valid Unicode"),
]


@pytest.mark.parametrize("name", GOOD_NAMES)
def test_a_plain_name_may_become_a_directory(name: str) -> None:
    assert checked_name(name, "name") == name


@pytest.mark.parametrize(("name", "says"), BAD_NAMES)
def test_a_name_that_leads_elsewhere_is_refused(name: str, says: str) -> None:
    with pytest.raises(NameRefused) as refused:
        checked_name(name, "the alias of x")
    message = str(refused.value)
    assert says in message
    assert message.startswith("the alias of x: ")
    assert message.isprintable()
    assert len(message) < 500


@given(st.one_of(st.text(), TEXTS))
@hostile
def test_a_checked_name_is_one_directory_inside_the_backends_path(name: str) -> None:
    try:
        checked_name(name, "name")
    except NameRefused as e:
        message = str(e)
        assert message.isprintable()
        return
    assert name
    assert not {"/", "\\", "\0"} & set(name)
    assert name not in {".", ".."}
    assert len(name.encode("utf-8")) <= 255


@pytest.mark.parametrize(
    ("asked", "name"),
    [("a", "a"), ("a/b", "a__b"), ("a/b/c", "a__b__c"), ("g@a", "g@a"), ("g@a/b", "g@a__b"), ("x@y@a", "x@y@a")],
)
def test_a_slash_in_a_requested_name_is_written_as_two_underscores(asked: str, name: str) -> None:
    assert requested_name(asked) == name


@given(st.text(alphabet="ab@/.\\\0", max_size=8))
@hostile
def test_a_requested_name_is_refused_or_is_one_directory(asked: str) -> None:
    try:
        name = requested_name(asked)
    except LocalAIError:
        return
    assert checked_name(name.rpartition("@")[2], "name")
    assert requested_name(name) == name or "/" in asked.rpartition("@")[0]


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("[a", "takes a list as JSON"),
        ("b]", "takes a list as JSON"),
        ("[a]", "takes a list as JSON"),
        ('["a"', "takes a list as JSON"),
        (
            "huggingface://foo/bar",
            "foo/bar names a model, not a backend. Install models with the module localai_model.",
        ),
        ("hf://foo/bar", "names a model, not a backend."),
        ("ollama://foo:latest", "names a model, not a backend."),
        ("oci://quay.io/x:y", "is an address. Choose a name, and set uri to the address."),
    ],
)
def test_what_is_no_name_leads_to_what_was_meant(name: str, says: str) -> None:
    with pytest.raises(NameRefused) as refused:
        requested_name(name)
    assert says in str(refused.value)
