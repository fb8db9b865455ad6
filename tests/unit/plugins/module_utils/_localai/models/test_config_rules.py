# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of LocalAI for configurations, beyond types. The expected answers are those of `ModelConfig.Validate`."""

from __future__ import annotations

import math
import typing as t

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai.models.config_rules import broken_rule

Config = t.Dict[str, t.Any]


def pooled(pooling: str | None, *options: str | None, **root: t.Any) -> Config:
    return {"parameters": {"pooling": pooling}, "options": list(options), **root}


ACCEPTED: list[Config] = [
    {},
    {"backend": "cuda12-llama_cpp", "mmproj": "a/b.gguf", "parameters": {"model": "a/b.gguf"}},
    {"backend": "", "mmproj": None, "download_files": [None, {"filename": "a"}, {"uri": "https://example.com/../a"}]},
    {"backend": 12},
    {"alias": "b", "name": "a"},
    {"alias": "b", "name": "a", "backend": None, "parameters": {"model": ""}, "artifacts": [None]},
    # LocalAI looks at nothing else in an alias.
    {"alias": "b", "name": "a", "proxy": {"mode": "fast"}, "mmproj": "/x"},
    {"compression": {"enabled": False, "trigger_at_ratio": 7, "on_post_compression_overflow": "x"}},
    {"compression": {"enabled": True, "trigger_at_ratio": 1, "on_post_compression_overflow": "error"}},
    {"compression": {"enabled": "yes", "trigger_at_ratio": math.nan, "keep_tail_tokens": -0.5}},
    {"compression": {"enabled": True}, "backend": "cloud-proxy", "proxy": {"mode": "translate", "provider": "openai"}},
    {"compression": {"enabled": True}, "backend": "vllm"},
    {"proxy": {"api_key_env": "A", "api_key_file": ""}},
    {"proxy": {"mode": ""}},
    {"router": {"score_normalization": "mean", "knn": {"k": 1024.9, "similarity_threshold": 1, "vote_threshold": 0}}},
    {"router": {"knn": None}},
    {"engine_args": {"a": {"b": [1, None, {"c": 0.5}]}, "empty": {}, 1: True}},
    {"engine_args": {None: math.nan}},
    {"pii_detection": {"patterns": [{"name": "a", "match": "b" * 256}]}},
    {"pii_detection": {"builtins": ["jwt", None], "patterns": [None, {"name": "key", "match": "sk-ant-[a-z]{20}"}]}},
    pooled("backend", "pooling:mean"),
    pooled("mean"),
    pooled("mean", "pooling:none"),
    pooled("last", "pooling:mean", None, "pooling_type:none", backend="cpu-llama-cpp-development"),
    pooled("last", "pooling:mean", backend="vllm"),
    pooled(None, "pooling:none", backend="ik-llama-cpp"),
    pooled(None, "pooling:none", backend="my-llama-cpp-fork"),
    pooled(None, "pooling", "x:none"),
    pooled(None, "pooling:none", "pooling:mean"),
    {"parameters": {"pooling": "decayed_mean", "pooling_half_life_tokens": 128}},
    {"parameters": {"pooling_half_life_tokens": 0.9}},
    # These need a parser of LocalAI's.
    {"mcp": {"remote": "a: ["}, "router": {"classifier_system_template": "{{"}},
]

BROKEN: list[tuple[str, Config]] = [
    ("backend is", {"backend": "/a"}),
    ("backend is", {"backend": "a..b"}),
    ("backend is", {"backend": "a.b"}),
    ("backend is", {"backend": "a b"}),
    ("backend is", {"backend": "vllm\n"}),
    ("backend is", {"backend": "é"}),
    ("backend is", {"backend": 1.5}),
    ("parameters.model is", {"parameters": {"model": "/models/a.gguf"}}),
    ("parameters.model is", {"parameters": {"model": "a/../b"}}),
    ("mmproj is", {"mmproj": "a..gguf"}),
    ("download_files[1].filename is", {"download_files": [None, {"filename": "../a"}]}),
    ("artifacts is", {"alias": "b", "name": "a", "artifacts": [{}]}),
    ("name is", {"alias": "b"}),
    ("alias is", {"alias": "b", "name": "b"}),
    ("alias is", {"alias": 1, "name": "1"}),
    ("backend is", {"alias": "b", "name": "a", "backend": "vllm"}),
    ("parameters.model is", {"alias": "b", "name": "a", "parameters": {"model": "x"}}),
    ("compression.trigger_at_ratio is -1", {"alias": "b", "compression": {"enabled": True, "trigger_at_ratio": -1}}),
    ("compression.trigger_at_ratio is 1.5", {"compression": {"enabled": "on", "trigger_at_ratio": 1.5}}),
    ("compression.keep_tail_tokens is -1", {"compression": {"enabled": True, "keep_tail_tokens": -1.5}}),
    ("compression.max_summary_tokens is", {"compression": {"enabled": True, "max_summary_tokens": -1}}),
    (
        'compression.on_post_compression_overflow is "x"',
        {"compression": {"enabled": True, "on_post_compression_overflow": "x"}},
    ),
    ("compression.enabled is", {"compression": {"enabled": True}, "backend": "cloud-proxy"}),
    (
        "compression.enabled is",
        {"compression": {"enabled": True}, "backend": "cloud-proxy", "proxy": {"mode": "passthrough"}},
    ),
    ("proxy.api_key_env and proxy.api_key_file", {"proxy": {"api_key_env": "A", "api_key_file": "/b"}}),
    ('proxy.mode is "fast"', {"proxy": {"mode": "fast"}}),
    ("proxy.provider is", {"proxy": {"mode": "translate"}}),
    ("router.score_normalization is", {"router": {"score_normalization": "Raw"}}),
    ("router.knn.k is 1025", {"router": {"knn": {"k": 1025}}}),
    ("router.knn.k is -1", {"router": {"knn": {"k": -1}}}),
    ("router.knn.similarity_threshold is .nan", {"router": {"knn": {"similarity_threshold": math.nan}}}),
    ("router.knn.vote_threshold is .inf", {"router": {"knn": {"vote_threshold": math.inf}}}),
    ("router.knn.similarity_threshold is 1.5", {"router": {"knn": {"similarity_threshold": 1.5}}}),
    ("router.knn.vote_threshold is 2.0", {"router": {"knn": {"vote_threshold": 2}}}),
    ("router.knn.vote_threshold is -0.1", {"router": {"knn": {"vote_threshold": -0.1}}}),
    ("engine_args.a.b[1] is .inf", {"engine_args": {"a": {"b": [1, math.inf]}}}),
    ("engine_args.a[0] has the key 1", {"engine_args": {"a": [{1: 2}]}}),
    ("engine_args.a has the key null", {"engine_args": {"a": {None: 2}}}),
    ('pii_detection.builtins has "nope"', {"pii_detection": {"builtins": ["jwt", "nope"]}}),
    ('pii_detection.builtins has ""', {"pii_detection": {"builtins": [""]}}),
    ("pii_detection.patterns[1].name is", {"pii_detection": {"patterns": [None, {"match": "abcdef"}]}}),
    ("pii_detection.patterns[0].match is", {"pii_detection": {"patterns": [{"name": "a"}]}}),
    ("pii_detection.patterns[0].match is", {"pii_detection": {"patterns": [{"name": "a", "match": "é" * 129}]}}),
    ("parameters.pooling is", pooled("none")),
    ("parameters.pooling is mean", pooled("mean", "pooling:none", "pooling:last")),
    ("parameters.pooling is decayed_mean", pooled("decayed_mean", "pooling_type:none:x", backend="llama-cpp")),
    ("options has", pooled(None, "pooling:none")),
    ("options has", pooled("backend", "pooling:none", backend="cuda12-llama-cpp-quantization")),
    ("parameters.pooling_half_life_tokens is -1", {"parameters": {"pooling_half_life_tokens": -1}}),
    ("parameters.pooling_half_life_tokens is", {"parameters": {"pooling_half_life_tokens": 1, "pooling": "mean"}}),
]


@pytest.mark.parametrize("config", ACCEPTED)
def test_a_configuration_by_the_rules_has_no_problem(config: Config) -> None:
    assert broken_rule(config) == ""


@pytest.mark.parametrize(("start", "config"), BROKEN)
def test_a_broken_rule_is_one_sentence_that_begins_with_the_key(start: str, config: Config) -> None:
    sentence = broken_rule(config)
    assert sentence.startswith(start)
    assert sentence.endswith(".")
    assert "\n" not in sentence


def test_a_message_has_no_credentials() -> None:
    sentence = broken_rule({"parameters": {"model": "https://user:secret@example.com/a/../b?token=secret"}})
    assert sentence.startswith("parameters.model")
    assert "secret" not in sentence


def test_a_long_value_is_cut_in_a_message() -> None:
    assert len(broken_rule({"mmproj": "/" + "a" * 5000})) < 250
