# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration of a model that is only a file."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import OptionError, SourceError
from ansible_collections.localai.core.plugins.module_utils._model_request import ModelSpec
from ansible_collections.localai.core.plugins.module_utils._planner.models.importer import (
    imported,
    is_configuration,
    weights_of,
)

HUB = "huggingface://owner/repo/dir/w.gguf"


@pytest.mark.parametrize(
    ("uri", "is_one"),
    [
        ("https://example.com/a.yaml", True),
        ("https://example.com/a.YML?x=1", True),
        ("/srv/a.yaml", True),
        ("github:o/r/a.yaml@main", True),
        ("https://example.com/a.gguf?file=a.yaml", False),
        ("https://example.com/a.yaml.gguf", False),
        (HUB, False),
    ],
)
def test_a_configuration_is_known_by_its_name(uri, is_one):
    assert is_configuration(Address(uri)) is is_one


@pytest.mark.parametrize(
    ("uri", "filename"),
    [
        (HUB, "w.gguf"),
        ("https://example.com/dir/w%20x.gguf?token=a", "w x.gguf"),
        ("/srv/w.gguf", "w.gguf"),
        ("ollama://gemma:2b", "gemma__2b.gguf"),
        ("oci://registry.example/dir/w:tag", "registry.example__dir__w__tag.gguf"),
        ("github:o/r/w.gguf@main", "w.gguf"),
    ],
)
def test_the_file_is_named_after_its_address(uri, filename):
    file = weights_of(Address(uri), "")
    assert (file.filename, file.uri.text, file.sha256) == (filename, uri, "")


def test_a_revision_is_part_of_the_address():
    assert weights_of(Address(HUB), "abc").uri.text == "https://huggingface.co/owner/repo/resolve/abc/dir/w.gguf"
    with pytest.raises(SourceError, match="has no revisions"):
        weights_of(Address("https://example.com/w.gguf"), "abc")


@pytest.mark.parametrize(
    "uri",
    [
        *("https://example.com/", "huggingface://owner/repo", "hf://o/r/w@main", "/", "/srv/"),
        *("https://huggingface.co/owner/repo", "https://hf.co/owner/repo/"),
    ],
)
def test_an_address_without_a_file_is_an_error(uri):
    with pytest.raises(OptionError, match="does not name a file"):
        weights_of(Address(uri), "")


def test_a_gguf_file_is_for_llama_cpp():
    spec = ModelSpec("own", uri=Address(HUB))
    config = imported(spec, weights_of(spec.uri, ""))
    assert (config["backend"], config["parameters"], config["options"]) == (
        "llama-cpp",
        {"model": "w.gguf"},
        ["use_jinja:true"],
    )


def test_the_backend_of_another_file_has_to_be_named():
    spec = ModelSpec("own", uri=Address("https://example.com/w.bin"), config={"backend": "whisper"})
    assert imported(spec, weights_of(spec.uri, "")) == {"parameters": {"model": "w.bin"}}
    bare = ModelSpec("own", uri=spec.uri)
    with pytest.raises(OptionError, match=r"own: w\.bin is no GGUF file, so its backend is unknown"):
        imported(bare, weights_of(spec.uri, ""))
