# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The keys of a model configuration, and the type that LocalAI gives each of them. Data, and nothing but data.

Follows `ModelConfig` in LocalAI's `core/config/model_config.go` and the structures in it: `core/schema/prediction.go`,
`pkg/functions/parse.go`, `pkg/reasoning/config.go` and `pkg/modelartifacts/types.go`. LocalAI ignores all other keys.
"""

from __future__ import annotations

import enum
import typing as t


class Scalar(enum.Enum):
    """The type of a value that has no values inside."""

    TEXT = enum.auto()
    INTEGER = enum.auto()
    INTEGER_32 = enum.auto()
    NUMBER = enum.auto()
    BOOLEAN = enum.auto()
    BOOLEAN_OR_INTEGER = enum.auto()
    ANYTHING = enum.auto()


class ListOf(t.NamedTuple):
    """A list whose items all have one type."""

    item: Type


class MappingOf(t.NamedTuple):
    """A mapping with keys of the user's choice, whose values all have one type."""

    value: Type


class Keys(t.NamedTuple):
    """A mapping with keys that LocalAI knows, each with its type. LocalAI ignores other keys."""

    types: t.Mapping[str, Type]


Type = t.Union[Scalar, ListOf, MappingOf, Keys]


def _all(type_of_all: Type, keys: str) -> dict[str, Type]:
    """Return the keys, which are separated by spaces, with one type."""
    return dict.fromkeys(keys.split(), type_of_all)


TEXT, INTEGER, INTEGER_32, NUMBER, BOOLEAN, BOOLEAN_OR_INTEGER, ANYTHING = Scalar
TEXTS = ListOf(TEXT)

PARAMETERS = Keys(
    {
        **_all(TEXT, "model language negative_prompt tokenizer encoding_format pooling"),
        **_all(INTEGER, "n top_k max_tokens batch repeat_last_n n_keep seed top_logprobs clip_skip"),
        **_all(INTEGER, "pooling_half_life_tokens"),
        **_all(NUMBER, "top_p min_p temperature repeat_penalty frequency_penalty presence_penalty tfz typical_p"),
        **_all(NUMBER, "rope_freq_base rope_freq_scale negative_prompt_scale"),
        **_all(BOOLEAN, "translate echo ignore_eos"),
        "logprobs": BOOLEAN_OR_INTEGER,
        "logit_bias": MappingOf(NUMBER),
    }
)

_ARTIFACT = Keys(
    {
        **_all(TEXT, "name target"),
        "source": Keys({**_all(TEXT, "type repo revision token_env"), **_all(TEXTS, "allow_patterns ignore_patterns")}),
        "resolved": Keys(_all(TEXT, "endpoint revision cache_key primary_file")),
    }
)

_FUNCTION = Keys(
    {
        **_all(TEXT, "no_action_function_name no_action_description_name function_name_key function_arguments_key"),
        **_all(TEXT, "argument_regex_key_name argument_regex_value_name xml_format_preset"),
        **_all(TEXTS, "response_regex json_regex_match argument_regex capture_llm_results"),
        **_all(BOOLEAN, "disable_no_action automatic_tool_parsing_fallback disable_peg_parser"),
        **_all(ListOf(Keys(_all(TEXT, "key value"))), "replace_function_results replace_llm_results"),
        "grammar": Keys(
            {
                **_all(TEXT, "prefix properties_order schema_type"),
                **_all(BOOLEAN, "parallel_calls disable_parallel_new_lines mixed_mode no_mixed_free_string disable"),
                **_all(BOOLEAN, "expect_strings_after_json"),
                "triggers": ListOf(Keys(_all(TEXT, "word"))),
            }
        ),
        "xml_format": Keys(
            {
                **_all(TEXT, "scope_start tool_start tool_sep key_start key_val_sep key_val_sep2 val_end tool_end"),
                **_all(TEXT, "scope_end last_val_end last_tool_end"),
                **_all(BOOLEAN, "raw_argval trim_raw_argval allow_toolcall_in_think"),
            }
        ),
    }
)

_CLASSIFIER_OPTION = Keys(
    {
        **_all(TEXT, "id description reply"),
        "tool": Keys(
            {
                "name": TEXT,
                "arguments": MappingOf(ANYTHING),
                "slots": ListOf(Keys({**_all(TEXT, "name type default hint"), "values": TEXTS})),
            }
        ),
    }
)

_VOICE_RECOGNITION = Keys(
    {
        **_all(TEXT, "model mode when on_reject"),
        **_all(BOOLEAN, "anti_spoofing enforce"),
        "threshold": NUMBER,
        "allow": Keys(_all(TEXTS, "names labels")),
        "references": ListOf(Keys(_all(TEXT, "name audio"))),
        "identity": Keys(
            _all(BOOLEAN, "announce announce_unknown personalize inject_name inject_system_note note_unknown")
        ),
    }
)

_PIPELINE = Keys(
    {
        **_all(TEXT, "tts llm transcription vad sound_detection reasoning_effort"),
        **_all(INTEGER, "sound_detection_window_ms sound_detection_hop_ms max_history_items"),
        **_all(BOOLEAN, "disable_thinking disable_warmup"),
        "streaming": Keys(_all(BOOLEAN, "llm tts transcription clause_chunking")),
        "compaction": Keys(
            {"enabled": BOOLEAN, "summary_model": TEXT, **_all(INTEGER, "trigger_items max_summary_tokens")}
        ),
        "voice_recognition": _VOICE_RECOGNITION,
        "turn_detection": Keys({**_all(TEXT, "type eagerness"), "retranscribe": BOOLEAN, "vad_window_sec": NUMBER}),
        "classifier": Keys(
            {
                **_all(TEXT, "model normalization"),
                "enabled": BOOLEAN,
                "threshold": NUMBER,
                "history_items": INTEGER,
                "fallback": Keys(_all(TEXT, "mode reply")),
                "options": ListOf(_CLASSIFIER_OPTION),
                "address": Keys({**_all(TEXT, "mode reply"), "names": TEXTS}),
            }
        ),
    }
)

_ROUTER = Keys(
    {
        **_all(TEXT, "classifier fallback classifier_model classifier_system_template score_normalization"),
        "classifier_cache_size": INTEGER,
        "activation_threshold": NUMBER,
        "policies": ListOf(Keys(_all(TEXT, "label description"))),
        "candidates": ListOf(Keys({"model": TEXT, "labels": TEXTS})),
        "embedding_cache": Keys(
            {**_all(TEXT, "embedding_model store_name"), **_all(NUMBER, "similarity_threshold confidence_threshold")}
        ),
        "knn": Keys(
            {
                **_all(TEXT, "embedding_model embedding_revision store_name"),
                "k": INTEGER,
                **_all(NUMBER, "similarity_threshold vote_threshold"),
            }
        ),
    }
)

# What is in `LLMConfig`, which LocalAI reads at the top level.
_LANGUAGE_MODEL: dict[str, Type] = {
    **_all(TEXT, "system_prompt tensor_split main_gpu prompt_cache_path grammar lora_adapter lora_base draft_model"),
    **_all(TEXT, "quantization load_format dtype mmproj flash_attention cache_type_k cache_type_v rope_scaling type"),
    **_all(TEXTS, "stopwords cutstrings extract_regex trimspace trimsuffix lora_adapters"),
    **_all(INTEGER, "mirostat gpu_layers context_size swap_space max_model_len tensor_parallel_size"),
    **_all(INTEGER_32, "ngqa n_draft"),
    **_all(NUMBER, "rms_norm_eps mirostat_eta mirostat_tau lora_scale gpu_memory_utilization cfg_scale"),
    **_all(NUMBER, "yarn_ext_factor yarn_attn_factor yarn_beta_fast yarn_beta_slow"),
    **_all(BOOLEAN, "prompt_cache_all prompt_cache_ro mmap mmlock low_vram reranking numa no_mulmatq"),
    **_all(BOOLEAN, "trust_remote_code enforce_eager disable_log_stats no_kv_offloading"),
    "lora_scales": ListOf(NUMBER),
    "limit_mm_per_prompt": Keys(_all(INTEGER, "image video audio")),
    "engine_args": MappingOf(ANYTHING),
}

ROOT = Keys(
    {
        **_LANGUAGE_MODEL,
        **_all(TEXT, "name alias backend reasoning_effort description usage"),
        **_all(TEXTS, "known_usecases known_input_modalities known_output_modalities concurrency_groups options"),
        **_all(TEXTS, "overrides"),
        **_all(INTEGER, "threads step"),
        **_all(BOOLEAN, "f16 debug embeddings cuda disabled pinned"),
        "parameters": PARAMETERS,
        "artifacts": ListOf(_ARTIFACT),
        "roles": MappingOf(TEXT),
        "template": Keys(
            {
                **_all(TEXT, "chat chat_message completion edit function multimodal reply_prefix"),
                "join_chat_messages_by_character": TEXT,
                "use_tokenizer_template": BOOLEAN,
            }
        ),
        "pipeline": _PIPELINE,
        "function": _FUNCTION,
        "reasoning": Keys(
            {
                **_all(BOOLEAN, "disable_reasoning_tag_prefill disable strip_reasoning_only"),
                "thinking_start_tokens": TEXTS,
                "tag_pairs": ListOf(Keys(_all(TEXT, "start end"))),
            }
        ),
        "compression": Keys(
            {
                **_all(TEXT, "compressor_model on_post_compression_overflow"),
                **_all(INTEGER, "keep_tail_tokens max_summary_tokens"),
                "enabled": BOOLEAN,
                "trigger_at_ratio": NUMBER,
            }
        ),
        "chat_template_kwargs": MappingOf(ANYTHING),
        "feature_flags": MappingOf(BOOLEAN),
        "diffusers": Keys(
            {
                **_all(TEXT, "pipeline_type scheduler_type enable_parameters clip_model clip_subfolder control_net"),
                **_all(BOOLEAN, "cuda img2img"),
                "clip_skip": INTEGER,
            }
        ),
        "grpc": Keys(_all(INTEGER, "attempts attempts_sleep_time")),
        "tts": Keys({**_all(TEXT, "voice audio_path"), "voice_cloning": BOOLEAN}),
        "download_files": ListOf(Keys(_all(TEXT, "filename sha256 uri"))),
        "mcp": Keys(_all(TEXT, "remote stdio")),
        "agent": Keys(
            {
                **_all(INTEGER, "max_attempts max_iterations loop_detection max_adjustment_attempts"),
                **_all(BOOLEAN, "enable_reasoning enable_planning enable_mcp_prompts enable_plan_re_evaluator"),
                **_all(BOOLEAN, "disable_sink_state force_reasoning_tool"),
            }
        ),
        "pii": Keys(
            {
                **_all(TEXT, "reversible_token_prefix reversible_token_suffix"),
                **_all(BOOLEAN, "enabled reversible_redactions"),
                "detectors": TEXTS,
            }
        ),
        "pii_detection": Keys(
            {
                "min_score": NUMBER,
                "default_action": TEXT,
                "entity_actions": MappingOf(TEXT),
                "builtins": TEXTS,
                "patterns": ListOf(Keys({**_all(TEXT, "name match action"), "min_len": INTEGER})),
            }
        ),
        "router": _ROUTER,
        "proxy": Keys(
            {
                **_all(TEXT, "upstream_url mode provider api_key_env api_key_file upstream_model"),
                "request_timeout_seconds": INTEGER,
                "cache_prompt": BOOLEAN,
            }
        ),
        "mitm": Keys({"hosts": TEXTS}),
        "limits": Keys(_all(INTEGER, "max_concurrent retry_after_seconds")),
    }
)
