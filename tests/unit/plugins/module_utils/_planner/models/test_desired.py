# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a requested model must be."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError
from ansible_collections.localai.core.plugins.module_utils._localai.models.installed import InstalledModel
from ansible_collections.localai.core.plugins.module_utils._model_request import FileSpec, ModelSpec
from ansible_collections.localai.core.plugins.module_utils._planner.models.desired import desired_of
from ansible_collections.localai.core.plugins.module_utils._planner.models.facts import ModelFacts
from ansible_collections.localai.core.plugins.module_utils._planner.models.questions import ReadConfiguration, ReadIndex
from ansible_collections.localai.core.tests.support.model_plans import A, B, ModelsPath, entry, row, want


def resolved(path, spec, installed=None, again=False):
    """What a model must be, with all that is asked for it."""
    questions = (ReadIndex("g"), *([ReadConfiguration(spec.uri)] if spec.uri else []))
    facts = ModelFacts(("g",)).learn({question: path.answer(question) for question in questions})
    return desired_of(spec, installed, facts, again=again)


def test_a_configuration_at_an_address_is_that_of_the_model():
    uri = Address("https://example.com/own.yaml")
    file = FileSpec("w.bin", Address("https://example.com/w.bin"))
    model = resolved(ModelsPath(), ModelSpec("own", uri=uri, files=(file,), config={"threads": 2}))
    assert model.config == {"name": "own", "backend": "whisper", "threads": 2}
    assert (model.files, model.backend, model.served_name, model.gallery) == ((file,), "whisper", "own", "")


def test_an_entry_is_spelled_as_in_its_gallery_unless_it_is_renamed():
    path = ModelsPath([entry("Qwen", row("a.gguf", A))])
    assert resolved(path, want("qwen")).name == "Qwen"
    assert resolved(path, want("mine", model="qwen")).name == "mine"
    assert resolved(path, want("g@x", model="g@QWEN")).gallery == "g"


def test_what_was_resolved_once_stays_until_it_is_resolved_again():
    path = ModelsPath([entry("one", row("a.gguf", A))])
    path.run(want("one"))
    installed = InstalledModel("one", record=path.records["one"])
    path.gallery[0] = entry("one", row("b.gguf", B))
    assert [file.filename for file in resolved(path, want("one"), installed).files] == ["a.gguf"]
    assert [file.filename for file in resolved(path, want("one"), installed, again=True).files] == ["b.gguf"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"overrides": {}}, "m: it has no configuration"),
        ({"overrides": {"backend": ["x"]}}, "m: LocalAI refuses its configuration: backend is a list"),
        ({"overrides": {"backend": "x", "stopwords": [" a\nb"]}}, r"m: stopwords\[0\] is text of several lines"),
        ({"files": [row("a", A), row("a", B)]}, "m: its file a is listed with two digests"),
    ],
)
def test_what_localai_refuses_is_an_error(more, message):
    with pytest.raises(GalleryError, match=message):
        resolved(ModelsPath([entry("m", row("a.gguf", A), **more)]), want("m"))


def test_a_variant_with_variants_is_an_error():
    path = ModelsPath([entry("m", variants=[{"model": "n"}]), entry("n", variants=[{"model": "m"}])])
    with pytest.raises(GalleryError, match="m: its variant n has variants itself"):
        resolved(path, want("m", variant="n"))
