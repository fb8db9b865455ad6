# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that LocalAI has for a model configuration beyond the types of its keys. Pure.

Follows `ModelConfig.Validate` in LocalAI's `core/config/model_config.go`. Three of its checks are missing, because they
need a parser of LocalAI's: the YAML texts in `mcp`, the regular expressions in `pii_detection.patterns`, and the Go
template in `router.classifier_system_template`.
"""

from __future__ import annotations

import math
import re
import typing as t

from ..._address import redacted_text
from .config_values import Section, is_list, written

Rule = t.Callable[[Section], str]

# The only characters in the name of a backend.
_BACKEND = re.compile(r"[a-zA-Z0-9_-]+")
_CHANNELS = ("-development", "-quantization")
_MOST_NEIGHBOURS = 1024
_LONGEST_PATTERN = 256
_POOLED_BY_LOCALAI = ("mean", "last", "decayed_mean")
_POOLING_OPTIONS = ("pooling", "pooling_type")
_OVERFLOWS = ("error", "drop_oldest_summary")
_PROXY_MODES = ("passthrough", "translate")
_NORMALIZATIONS = ("raw", "mean")
# The names in `core/services/routing/piipattern/builtins.go`.
_PATTERNS = (
    "anthropic_api_key",
    "openai_api_key",
    "github_token",
    "github_pat",
    "aws_access_key",
    "google_api_key",
    "slack_token",
    "stripe_key",
    "jwt",
    "private_key_block",
)


def broken_rule(config: t.Mapping[str, t.Any]) -> str:
    """Return one sentence about the rule that a configuration breaks, or nothing. The types of its keys are right."""
    root = Section(config)
    rules = _ALIAS_RULES if root.text("alias") else _RULES
    return next((sentence for sentence in (rule(root) for rule in (_compression, *rules)) if sentence), "")


def _quoted(text: str) -> str:
    """Return text of the configuration for a message: on one line, not too long, without credentials."""
    line = " ".join(redacted_text(text).split())
    return f'"{line[:100]}…"' if len(line) > 100 else f'"{line}"'


def _unknown(where: str, value: str, known: t.Sequence[str]) -> str:
    """Return the sentence about a word that LocalAI does not know, or nothing. The empty word is the default."""
    if not value or value in known:
        return ""
    return f"{where} is {_quoted(value)}, and LocalAI knows only {', '.join(known[:-1])} and {known[-1]}."


def _outside(where: str, number: float, most: float) -> str:
    """Return the sentence about a number that is not between 0 and the highest one, or nothing."""
    return "" if 0 <= number <= most else f"{where} is {written(number)}, and LocalAI needs a number from 0 to {most}."


def _compression(root: Section) -> str:
    compression = root.section("compression")
    if not compression.is_on("enabled"):
        return ""
    if root.text("backend") == "cloud-proxy" and root.section("proxy").text("mode") in ("", "passthrough"):
        return "compression.enabled is true, and the backend cloud-proxy compresses only with proxy.mode translate."
    ratio = compression.number("trigger_at_ratio")
    # Not _outside(): LocalAI accepts a ratio that is no number (NaN) here.
    if ratio < 0 or ratio > 1:
        return f"compression.trigger_at_ratio is {written(ratio)}, and LocalAI needs a number from 0 to 1."
    for key in ("keep_tail_tokens", "max_summary_tokens"):
        if compression.integer(key) < 0:
            return f"compression.{key} is {compression.integer(key)}, and LocalAI needs 0 or more."
    key = "on_post_compression_overflow"
    return _unknown(compression.where(key), compression.text(key), _OVERFLOWS)


def _alias(root: Section) -> str:
    """An alias redirects to another model: it has a name, and nothing to run."""
    alias, name = root.text("alias"), root.text("name")
    if root.sections("artifacts"):
        return "artifacts is set beside alias, and an alias of LocalAI has no files of its own."
    if not name:
        return "name is not set, and LocalAI needs one beside alias."
    if alias == name:
        return f"alias is {_quoted(alias)}, which is the name of this model itself."
    if root.text("backend"):
        return "backend is set beside alias, and an alias of LocalAI only points to another model."
    if root.section("parameters").text("model"):
        return "parameters.model is set beside alias, and an alias of LocalAI only points to another model."
    return ""


def _paths(root: Section) -> str:
    """Absolute paths and paths that lead out of the models path are refused, wherever there are two dots."""
    named = [("backend", root.text("backend")), ("parameters.model", root.section("parameters").text("model"))]
    named.append(("mmproj", root.text("mmproj")))
    named += [(file.where("filename"), file.text("filename")) for file in root.sections("download_files")]
    for where, path in named:
        if path.startswith("/"):
            return f"{where} is {_quoted(path)}, and LocalAI needs a path relative to the models path."
        if ".." in path:
            return f'{where} is {_quoted(path)}, and LocalAI refuses paths with ".." in them.'
    return ""


def _backend(root: Section) -> str:
    backend = root.text("backend")
    if not backend or _BACKEND.fullmatch(backend):
        return ""
    return f"backend is {_quoted(backend)}, and LocalAI needs a name of letters, digits, hyphens and underscores."


def _engine_args(root: Section) -> str:
    """The arguments go to the backend as JSON, which LocalAI tries when it reads the configuration."""
    arguments = root.section("engine_args").content
    # LocalAI drops the key null, and makes text of the others.
    problems = (_not_json(value, f"engine_args.{written(key)}") for key, value in arguments.items() if key is not None)
    return next((problem for problem in problems if problem), "")


def _not_json(value: object, where: str) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f"{where} is {written(value)}, which LocalAI cannot pass on as JSON."
    inner: t.Iterable[tuple[str, object]] = ()
    if isinstance(value, t.Mapping):
        for key in value:
            if not isinstance(key, str):
                return f"{where} has the key {written(key)}, and LocalAI needs keys that are text there."
        inner = ((f"{where}.{key}", item) for key, item in value.items())
    elif is_list(value):
        inner = ((f"{where}[{number}]", item) for number, item in enumerate(t.cast("list[object]", value)))
    return next((problem for problem in (_not_json(item, name) for name, item in inner) if problem), "")


def _proxy(root: Section) -> str:
    proxy = root.section("proxy")
    if proxy.text("api_key_env") and proxy.text("api_key_file"):
        return "proxy.api_key_env and proxy.api_key_file are both set, and LocalAI takes only one of them."
    if proxy.text("mode") == "translate" and not proxy.text("provider"):
        return "proxy.provider is not set, and LocalAI needs openai or anthropic beside proxy.mode translate."
    return _unknown("proxy.mode", proxy.text("mode"), _PROXY_MODES)


def _pii_detection(root: Section) -> str:
    detection = root.section("pii_detection")
    for name in detection.texts("builtins"):
        # No key of LocalAI has an empty default here.
        if name not in _PATTERNS:
            return f"pii_detection.builtins has {_quoted(name)}, and LocalAI knows only {', '.join(_PATTERNS)}."
    for pattern in detection.sections("patterns"):
        if not pattern.text("name"):
            return f"{pattern.where('name')} is not set, and LocalAI needs it."
        if not pattern.text("match"):
            return f"{pattern.where('match')} is not set, and LocalAI needs it."
        if len(pattern.text("match").encode()) > _LONGEST_PATTERN:
            return f"{pattern.where('match')} is longer than {_LONGEST_PATTERN} bytes, which LocalAI refuses."
    return ""


def _router(root: Section) -> str:
    router = root.section("router")
    key = "score_normalization"
    unknown = _unknown(router.where(key), router.text(key), _NORMALIZATIONS)
    neighbours = router.section("knn")
    return (
        unknown
        or _outside(neighbours.where("k"), neighbours.integer("k"), _MOST_NEIGHBOURS)
        or _outside(neighbours.where("similarity_threshold"), neighbours.number("similarity_threshold"), 1)
        or _outside(neighbours.where("vote_threshold"), neighbours.number("vote_threshold"), 1)
    )


def _pooling(root: Section) -> str:
    parameters = root.section("parameters")
    pooling, half_life = parameters.text("pooling"), parameters.integer("pooling_half_life_tokens")
    unknown = _unknown("parameters.pooling", pooling, ("backend", *_POOLED_BY_LOCALAI))
    if unknown:
        return unknown
    if half_life < 0:
        return f"parameters.pooling_half_life_tokens is {half_life}, and LocalAI needs 0 or more."
    if half_life > 0 and pooling != "decayed_mean":
        return "parameters.pooling_half_life_tokens is set, and LocalAI then needs parameters.pooling decayed_mean."
    return _llama_cpp_pooling(root, pooling) if _is_llama_cpp(root.text("backend")) else ""


def _llama_cpp_pooling(root: Section, pooling: str) -> str:
    """Either LocalAI or llama.cpp pools: llama.cpp decides when it loads a model whether it returns all vectors."""
    options = [option.partition(":") for option in root.texts("options")]
    chosen = [value for name, separator, value in options if separator and name in _POOLING_OPTIONS]
    if not chosen:
        return ""
    if pooling in _POOLED_BY_LOCALAI and chosen[-1] != "none":
        return (
            f"parameters.pooling is {pooling}, and LocalAI then needs the pooling option none or no such option, not "
            f"{_quoted(chosen[-1])}."
        )
    if pooling not in _POOLED_BY_LOCALAI and chosen[-1] == "none":
        return (
            "options has pooling:none, and LocalAI then needs parameters.pooling with one of "
            f"{', '.join(_POOLED_BY_LOCALAI)}."
        )
    return ""


def _is_llama_cpp(backend: str) -> bool:
    """Return whether a name means llama.cpp for any hardware. No name means it too.

    Follows `IsLlamaCppBackend` in LocalAI's `core/config/backend_capabilities.go`.
    """
    for channel in _CHANNELS:
        if backend.endswith(channel):
            backend = backend[: -len(channel)]
    if not backend:
        return True
    return f"-{backend}".endswith("-llama-cpp") and not backend.endswith("ik-llama-cpp")


_ALIAS_RULES: tuple[Rule, ...] = (_alias,)
_RULES: tuple[Rule, ...] = (_paths, _backend, _engine_args, _proxy, _pii_detection, _router, _pooling)
