# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of the keys of a model configuration."""

from __future__ import annotations

import re
import typing as t

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai.models.config_types import (
    PARAMETERS,
    ROOT,
    Keys,
    ListOf,
    MappingOf,
    Scalar,
    Type,
)

TYPES: dict[str, Type] = {
    "name": Scalar.TEXT,
    "backend": Scalar.TEXT,
    "main_gpu": Scalar.TEXT,
    "flash_attention": Scalar.TEXT,
    "context_size": Scalar.INTEGER,
    "ngqa": Scalar.INTEGER_32,
    "cfg_scale": Scalar.NUMBER,
    "f16": Scalar.BOOLEAN,
    "stopwords": ListOf(Scalar.TEXT),
    "lora_scales": ListOf(Scalar.NUMBER),
    "roles": MappingOf(Scalar.TEXT),
    "feature_flags": MappingOf(Scalar.BOOLEAN),
    "engine_args": MappingOf(Scalar.ANYTHING),
    "parameters": PARAMETERS,
    "parameters.model": Scalar.TEXT,
    "parameters.temperature": Scalar.NUMBER,
    "parameters.top_k": Scalar.INTEGER,
    "parameters.logprobs": Scalar.BOOLEAN_OR_INTEGER,
    "parameters.logit_bias": MappingOf(Scalar.NUMBER),
    "template.use_tokenizer_template": Scalar.BOOLEAN,
    "function.grammar.triggers.word": Scalar.TEXT,
    "reasoning.tag_pairs.start": Scalar.TEXT,
    "pipeline.voice_recognition.references.audio": Scalar.TEXT,
    "pipeline.classifier.options.tool.arguments": MappingOf(Scalar.ANYTHING),
    "artifacts.source.allow_patterns": ListOf(Scalar.TEXT),
    "router.knn.k": Scalar.INTEGER,
    "download_files.sha256": Scalar.TEXT,
}


def keys_of(expected: Type) -> t.Iterator[str]:
    """Yield all keys of a type, those inside too."""
    if isinstance(expected, ListOf):
        yield from keys_of(expected.item)
    elif isinstance(expected, MappingOf):
        yield from keys_of(expected.value)
    elif isinstance(expected, Keys):
        for key, inner in expected.types.items():
            yield key
            yield from keys_of(inner)


@pytest.mark.parametrize("path", TYPES)
def test_a_key_has_the_type_of_localai(path: str) -> None:
    expected: Type = ROOT
    for key in path.split("."):
        expected = expected.item if isinstance(expected, ListOf) else expected
        assert isinstance(expected, Keys)
        expected = expected.types[key]
    assert expected == TYPES[path]


def test_no_key_belongs_both_at_the_top_level_and_in_parameters() -> None:
    assert set(ROOT.types).isdisjoint(PARAMETERS.types)


def test_keys_are_written_as_in_yaml() -> None:
    assert [key for key in keys_of(ROOT) if not re.fullmatch(r"[a-z][a-z0-9_]*", key)] == []
