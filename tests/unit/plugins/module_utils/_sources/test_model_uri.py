# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The URI of a model's file has the parts that LocalAI reads in it, or is refused with the right form."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError, OptionError, SourceError
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Reference
from ansible_collections.localai.core.plugins.module_utils._sources.model_uri import (
    HUB,
    GithubUri,
    HubUri,
    OllamaUri,
    hub_file,
    parse_model_uri,
    with_revision,
)
from ansible_collections.localai.core.plugins.module_utils._sources.uri import (
    HttpUri,
    ImageUri,
    LayoutUri,
    PathUri,
    parse_uri,
)

COMMIT = "5f0b1a2c3d4e5f60718293a4b5c6d7e8f9012345"


@pytest.mark.parametrize("prefix", ["huggingface://", "hf://", "hf.co/"])
def test_a_file_of_the_hub_is_on_its_main_branch(prefix):
    address = Address(f"{prefix}mudler/Qwen3-GGUF/sub/qwen3.Q4_K_M.gguf")
    uri = parse_model_uri(address)
    assert uri == HubUri(address, "mudler", "Qwen3-GGUF", "sub/qwen3.Q4_K_M.gguf", "main")
    assert uri.url(Address(HUB)).text == f"{HUB}/mudler/Qwen3-GGUF/resolve/main/sub/qwen3.Q4_K_M.gguf"


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("github:mudler/LocalAI/gallery/x.yaml@v4.9.0", "mudler/LocalAI/v4.9.0/gallery/x.yaml"),
        ("github://mudler/LocalAI/gallery/x.yaml@feature/x", "mudler/LocalAI/feature/x/gallery/x.yaml"),
        ("github:mudler/LocalAI/x.yaml", "mudler/LocalAI/main/x.yaml"),
        ("github:mudler/LocalAI/x.yaml@", "mudler/LocalAI/main/x.yaml"),
    ],
)
def test_a_file_on_github_is_a_raw_file_of_its_branch(text, url):
    uri = parse_model_uri(Address(text))
    assert isinstance(uri, GithubUri)
    assert uri.url.text == f"https://raw.githubusercontent.com/{url}"


@pytest.mark.parametrize(
    ("text", "repository", "tag"),
    [
        ("ollama://gemma", "library/gemma", "latest"),
        ("ollama://gemma:2b", "library/gemma", "2b"),
        ("ollama://MFDoom/deepseek-r1:8b-q4_K_M", "MFDoom/deepseek-r1", "8b-q4_K_M"),
    ],
)
def test_a_model_of_ollama_is_an_image_of_its_registry(text, repository, tag):
    uri = parse_model_uri(Address(text))
    assert isinstance(uri, OllamaUri)
    assert uri.reference == Reference("registry.ollama.ai", repository, tag)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (f"{HUB}/o/r/resolve/main/f", HttpUri),
        ("http://host/f", HttpUri),
        ("file:///srv/f", PathUri),
        ("/srv/f", PathUri),
        ("oci://quay.io/x/y:tag", ImageUri),
        ("quay.io/x/y:tag", ImageUri),
        ("ocilayout:/srv/x", LayoutUri),
    ],
)
def test_the_other_kinds_are_those_of_backends(text, kind):
    assert parse_model_uri(Address(text)).__class__ is kind


@pytest.mark.parametrize("text", ["huggingface://o/r/f@main", "hf://o/r@main/f", "hf.co/o@x/r/f"])
def test_a_revision_after_an_at_is_refused_with_what_to_write(text):
    with pytest.raises(SourceError, match=rf"option revision, or write {HUB}/owner/repository/resolve/<commit>/"):
        parse_model_uri(Address(text))


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("huggingface://o/r", "huggingface://owner/repository/path/to/file"),
        ("hf://o", "huggingface://owner/repository/path/to/file"),
        ("hf://o//f", "huggingface://owner/repository/path/to/file"),
        ("hf://o/r/../f", "huggingface://owner/repository/path/to/file"),
        ("hf://o/r/f?token=x", "huggingface://owner/repository/path/to/file"),
        ("hf://o/r/f/", "huggingface://owner/repository/path/to/file"),
        ("github:o/r", "github:organization/repository/path/to/file@branch"),
        ("github:o/r/f@a/../b", "branch or a tag"),
        ("ollama://", "ollama://name:tag"),
        ("ollama://a/b/c", "ollama://user/name:tag"),
        ("ollama://../x", "ollama://user/name:tag"),
        ("ollama://x:", "ollama://user/name:tag"),
        ("model.gguf", "an absolute path"),
        ("", "an absolute path"),
        ("s3://bucket/f", "an absolute path"),
        ("file://f", "three slashes"),
    ],
)
def test_a_wrong_form_is_refused_with_the_right_one(text, form):
    with pytest.raises(SourceError) as caught:
        parse_model_uri(Address(text))
    assert form in str(caught.value)


def test_a_url_with_credentials_is_refused():
    with pytest.raises(OptionError, match="credentials in endpoints"):
        parse_model_uri(Address("https://me:hunter2@host/f"))


@pytest.mark.parametrize("text", ["ollama://gemma", "huggingface://o/r/f", "hf://o/r/f"])
def test_a_backend_is_at_none_of_these(text):
    with pytest.raises(LocalAIError, match="source of models only"):
        parse_uri(Address(text))


@pytest.mark.parametrize(
    ("text", "revision", "path"),
    [
        ("hf://o/r/d/f.gguf", "main", "d/f.gguf"),
        (f"{HUB}/o/r/resolve/main/d/f.gguf", "main", "d/f.gguf"),
        (f"{HUB}/o/r/resolve/main/d/f.gguf?download=true", "main", "d/f.gguf"),
        (f"https://hub.example/o/r/resolve/{COMMIT}/d/f.gguf", COMMIT, "d/f.gguf"),
        (f"{HUB}/o/r/resolve/refs%2Fpr%2F1/d/a%20b", "refs/pr/1", "d/a%20b"),
    ],
)
def test_both_spellings_name_a_file_of_the_hub(text, revision, path):
    address = Address(text)
    assert hub_file(address) == HubUri(address, "o", "r", path, revision)
    assert with_revision(address, COMMIT).text == f"{HUB}/o/r/resolve/{COMMIT}/{path}"
    assert hub_file(with_revision(address, "refs/pr/2")).revision == "refs/pr/2"


@pytest.mark.parametrize(
    "text",
    [f"{HUB}/o/r/blob/main/f", f"{HUB}/o/r", "https://host/f", "github:o/r/f", "/srv/f", "hf://o/r", "ollama://x"],
)
def test_no_other_address_has_a_revision(text):
    assert hub_file(Address(text)) is None
    with pytest.raises(SourceError, match="Only a file of Hugging Face"):
        with_revision(Address(text), COMMIT)


@pytest.mark.parametrize("revision", ["", "a\nb"])
def test_a_revision_has_characters_and_all_are_printable(revision):
    with pytest.raises(SourceError, match="is not a revision"):
        with_revision(Address("hf://o/r/f"), revision)
