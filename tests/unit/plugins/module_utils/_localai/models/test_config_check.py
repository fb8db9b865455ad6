# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which configurations LocalAI accepts, and which mistakes it accepts without a message."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._localai.models.config_check import problem_of, warnings_of
from ansible_collections.localai.core.plugins.module_utils._localai.models.config_types import (
    ROOT,
    Keys,
    ListOf,
    MappingOf,
    Scalar,
    Type,
)

Config = t.Dict[str, t.Any]

COMPLETE: Config = {
    "name": "qwen3-4b",
    "backend": "llama-cpp",
    "context_size": 8192,
    "f16": True,
    "mmap": True,
    "gpu_layers": 99,
    "known_usecases": ["chat"],
    "parameters": {"model": "llama-cpp/qwen3-4b.gguf", "temperature": 0.6, "top_k": 20, "seed": None},
    "template": {"use_tokenizer_template": True, "chat": "{{.Input}}\n"},
    "function": {"grammar": {"disable": True, "triggers": [{"word": "<tool>"}]}},
    "stopwords": ["<|im_end|>", "</s>"],
    "options": ["use_jinja:true"],
    "roles": {"user": "USER:", "assistant": "ASSISTANT:"},
    "download_files": [{"filename": "a.gguf", "sha256": "", "uri": "https://example.com/a.gguf"}],
    "engine_args": {"speculative_config": {"method": "mtp", "num_speculative_tokens": 1}},
}

PROBLEMS: list[tuple[Config, str]] = [
    ({"parameters": {"top_k": "a"}}, "parameters.top_k is text, and LocalAI needs a whole number."),
    ({"parameters": {"seed": False}}, "parameters.seed is false, and LocalAI needs a whole number."),
    ({"parameters": {"temperature": "0.7"}}, "parameters.temperature is text, and LocalAI needs a number."),
    (
        {"n_draft": 2**31},
        "n_draft is 2147483648, and LocalAI needs a whole number from -2147483648 to 2147483647.",
    ),
    (
        {"threads": 1e30},
        "threads is 1.0e+30, and LocalAI needs a whole number from -9223372036854775808 to 9223372036854775807.",
    ),
    ({"f16": "true"}, "f16 is text, and LocalAI needs true or false."),
    ({"f16": 1}, "f16 is 1, and LocalAI needs true or false."),
    ({"parameters": {"logprobs": 0.5}}, "parameters.logprobs is 0.5, and LocalAI needs true, false or a whole number."),
    ({"name": ["a"]}, "name is a list, and LocalAI needs text."),
    ({"parameters": {"model": {"a": 1}}}, "parameters.model is a mapping, and LocalAI needs text."),
    ({"stopwords": "</s>"}, "stopwords is text, and LocalAI needs a list."),
    ({"stopwords": {"a": 1}}, "stopwords is a mapping, and LocalAI needs a list."),
    ({"stopwords": [None, "a", ["b"]]}, "stopwords[2] is a list, and LocalAI needs text."),
    ({"parameters": []}, "parameters is a list, and LocalAI needs a mapping."),
    ({"parameters": ""}, "parameters is text, and LocalAI needs a mapping."),
    ({"download_files": [{"uri": []}]}, "download_files[0].uri is a list, and LocalAI needs text."),
    ({"roles": ["user"]}, "roles is a list, and LocalAI needs a mapping."),
    ({"roles": {"user": {}}}, "roles.user is a mapping, and LocalAI needs text."),
    ({"parameters": {"logit_bias": {7: "x"}}}, "parameters.logit_bias.7 is text, and LocalAI needs a number."),
    ({"engine_args": {"a": {1: 1, "1": 2}}}, "engine_args.a has the key 1 twice, as text and as another value."),
    ({True: 1, "true": 1}, "The configuration has the key true twice, as text and as another value."),
    # Types come before rules.
    ({"backend": "/", "f16": 1}, "f16 is 1, and LocalAI needs true or false."),
    ({"backend": "/"}, 'backend is "/", and LocalAI needs a path relative to the models path.'),
]

ACCEPTED: list[Config] = [
    {},
    COMPLETE,
    {"name": 7, "description": True, "usage": 0.5, "stopwords": [1, False]},
    {"parameters": {"top_k": 0.7, "temperature": 1, "logprobs": 5}},
    {"f16": "yes", "mmap": "off"},
    {"no_such_key": [], "parameters": {"no_such_key": {1: 1, "1": 1}}, "template": {"no_such_key": "a"}},
    {"roles": {1: "a", None: []}},
    {None: 1, "context_size": 1},
    {"chat_template_kwargs": {"a": [1, {"b": None}]}},
]

WARNINGS: list[tuple[Config, list[str]]] = [
    (COMPLETE, []),
    (
        {"parameters": {"context_size": 8192, "f16": True}},
        [
            "LocalAI ignores parameters.context_size: write context_size at the top level instead.",
            "LocalAI ignores parameters.f16: write f16 at the top level instead.",
        ],
    ),
    ({"temperature": 0.7}, ["LocalAI ignores temperature at the top level: write parameters.temperature instead."]),
    ({"model": "a.gguf"}, ["LocalAI ignores model at the top level: write parameters.model instead."]),
    (
        {"reasonning": {}},
        ["LocalAI ignores reasonning at the top level: write reasoning at the top level if you mean that."],
    ),
    ({"parameters": {"Top-K": 1}}, ["LocalAI ignores parameters.Top-K: write parameters.top_k if you mean that."]),
    (
        {"parameters": {"contxet_size": 1}},
        ["LocalAI ignores parameters.contxet_size: write context_size at the top level if you mean that."],
    ),
    (
        {"parameters": {"top_": 1}},
        ["LocalAI ignores parameters.top_: write parameters.top_k or parameters.top_p if you mean that."],
    ),
    (
        {"download_files": [{}, {"filname": "a"}]},
        ["LocalAI ignores download_files[1].filname: write download_files[1].filename if you mean that."],
    ),
    (
        {"parameters": {"top_k": 1.7, "min_p": 0.1}},
        ["LocalAI reads parameters.top_k as the whole number 1, not as 1.7."],
    ),
    ({"parameters": {"top_k": 2.0}, "limits": {"max_concurrent": "a"}}, []),
    ({"mmapp": True}, ["LocalAI ignores mmapp at the top level: write mmap at the top level if you mean that."]),
    # These are like no known key, or like one that is too short to tell.
    (
        {"voice": "a", "temparetur": 1, "contaxt_siza": 1, "parameters": {"m": 1, "xyz": 2}, "mcq": {}, 1: 2, None: 3},
        [],
    ),
    ({"engine_args": {"temperature": 1}, "roles": {"model": "a"}}, []),
]


def scalars_of(expected: Type, *steps: str) -> t.Iterator[tuple[str, ...]]:
    """Yield the way to each scalar of a type: its keys, and [0] for a list."""
    if isinstance(expected, ListOf):
        yield from scalars_of(expected.item, *steps, "[0]")
    elif isinstance(expected, MappingOf):
        yield from scalars_of(expected.value, *steps, "x")
    elif isinstance(expected, Keys):
        for key, inner in expected.types.items():
            yield from scalars_of(inner, *steps, key)
    elif expected is not Scalar.ANYTHING:
        yield steps


def mapping_at(steps: tuple[str, ...]) -> Config:
    """Return a configuration that has a mapping where a scalar belongs."""
    value: t.Any = {"a": 1}
    for step in reversed(steps):
        value = [value] if step == "[0]" else {step: value}
    return t.cast(Config, value)


@pytest.mark.parametrize(("config", "sentence"), PROBLEMS)
def test_a_configuration_that_localai_refuses_has_a_problem(config: Config, sentence: str) -> None:
    assert problem_of(config) == sentence


@pytest.mark.parametrize("config", ACCEPTED)
def test_a_configuration_that_localai_accepts_has_no_problem(config: Config) -> None:
    assert problem_of(config) == ""


@pytest.mark.parametrize(("config", "sentences"), WARNINGS)
def test_a_silent_mistake_has_a_warning(config: Config, sentences: list[str]) -> None:
    assert warnings_of(config) == sentences


def test_every_known_key_is_checked_and_named() -> None:
    ways = {".".join(steps).replace(".[", "["): steps for steps in scalars_of(ROOT)}
    assert len(ways) > 200
    problems = {path: problem_of(mapping_at(steps)) for path, steps in ways.items()}
    assert [path for path, problem in problems.items() if not problem.startswith(f"{path} is a mapping, and")] == []


@pytest.mark.parametrize("key", ROOT.types)
def test_null_is_accepted_for_every_key(key: str) -> None:
    assert problem_of({key: None}) == ""


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "model", "k", "x y"]), inner),
    max_leaves=8,
)
KEYS = st.sampled_from([*ROOT.types, "modle", "a"])


@given(st.dictionaries(KEYS, VALUES, max_size=5))
def test_any_configuration_gets_an_answer_in_one_line(config: Config) -> None:
    for sentence in [problem_of(config) or "None.", *warnings_of(config)]:
        assert sentence.endswith(".")
        assert "\n" not in sentence
