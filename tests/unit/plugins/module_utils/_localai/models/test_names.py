# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of models: they become names of files, wherever they come from."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import NameRefused
from ansible_collections.localai.core.plugins.module_utils._localai.models.names import (
    gallery_file_name,
    matches_itself,
    model_name,
    of_gallery_file,
    requested_model,
    yaml_name,
)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("qwen3-4b", "qwen3-4b"),
        ("owner/model", "owner__model"),
        ("a:b", "a:b"),
        ("tugão", "tugão"),
        ("Q b", "Q b"),
        ("x" * 240, "x" * 240),
    ],
)
def test_a_name_becomes_the_name_of_a_file(name, written):
    assert model_name(name, "name") == written


@pytest.mark.parametrize(
    "name",
    ["", " a", "a ", ".a", "..", "a..b", "a\\b", "a\nb", "a\0b", "a\u202eb", "x" * 241, "ü" * 121, "a/" * 81, "\ud800"],
)
def test_other_names_are_refused_with_a_sentence(name):
    with pytest.raises(NameRefused) as error:
        model_name(name, "name")
    message = str(error.value)
    assert message.startswith("name: ")
    assert message.endswith(".")
    assert message.isprintable()


def test_the_files_of_a_model_are_named_after_it():
    assert yaml_name("m") == "m.yaml"
    assert gallery_file_name("m") == "._gallery_m.yaml"
    assert of_gallery_file("._gallery_m.yaml") == "m"


@pytest.mark.parametrize("name", ["m.yaml", "._gallery_m.yml", "_gallery_m.yaml", "._gallery_m"])
def test_other_files_are_of_no_model(name):
    assert of_gallery_file(name) == ""


@pytest.mark.parametrize(
    ("text", "gallery", "name"),
    [("m", "", "m"), ("g@m", "g", "m"), ("a@b@m", "a@b", "m"), ("g@owner/m", "g", "owner__m")],
)
def test_a_gallery_can_be_selected(text, gallery, name):
    assert requested_model(text, "name") == (gallery, name)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("@m", "no gallery before the @"),
        ("g@", "is empty"),
        ("['a', 'b']", "list was passed as text"),
        ("https://user:secret@example.com/m.gguf", "is an address"),
        ("huggingface://owner/m.gguf", "set uri to the address"),
    ],
)
def test_what_is_no_name_is_refused_with_advice(text, part):
    with pytest.raises(NameRefused, match=part) as error:
        requested_model(text, "name")
    assert "secret" not in str(error.value)


# Tried on a server of LocalAI 4.10: requests find these models.
@pytest.mark.parametrize(
    "name", ["a", "with.dot", "c:d", "q?", "a|b", "[b]", "100%", "tick'", 'quo"te', "#hash", "sp ace", "tugão", "c++"]
)
def test_requests_find_most_names(name):
    assert matches_itself(name)


@pytest.mark.parametrize("name", ["a+b", "p$", "m(1)", "f(x)"])
def test_requests_do_not_find_names_that_mean_something_else_as_regular_expressions(name):
    assert not matches_itself(name)


@pytest.mark.parametrize("name", ["m(1", "(a+)+b", "a+a+a+a+a+b"])
def test_names_that_are_no_expressions_or_that_take_long_count_as_found(name):
    assert matches_itself(name)
