# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether LocalAI accepts a model configuration, and what in it has another effect than it seems to have. Pure.

LocalAI decodes the YAML file with `gopkg.in/yaml.v3` into `ModelConfig` (`core/config/model_config.go`), and then calls
`ModelConfig.Validate`. What `config_rules` leaves out is left out here too.
"""

from __future__ import annotations

import typing as t

from .config_rules import broken_rule
from .config_types import PARAMETERS, ROOT, Keys, ListOf, MappingOf, Scalar, Type
from .config_values import RANGES, accepts, cut, is_list, resolved, written

# Shorter keys are like too many others.
_SHORTEST_KEY = 4

_NEEDS = {
    Scalar.TEXT: "text",
    Scalar.INTEGER: "a whole number",
    Scalar.INTEGER_32: "a whole number",
    Scalar.NUMBER: "a number",
    Scalar.BOOLEAN: "true or false",
    Scalar.BOOLEAN_OR_INTEGER: "true, false or a whole number",
}


def problem_of(config: t.Mapping[str, t.Any]) -> str:
    """Return one sentence about what LocalAI refuses in a configuration; it names the key. Empty if it accepts it."""
    return _mismatch(config, ROOT, "") or broken_rule(config)


def warnings_of(config: t.Mapping[str, t.Any]) -> list[str]:
    """Return a sentence for each mistake that LocalAI accepts without a message.

    These are keys that it ignores and that seem to mean one that it knows, and numbers that lose their fraction.
    """
    advice = (_advice(path, key, known) for path, key, known in _unknown_keys(config, ROOT, ""))
    return [*(sentence for sentence in advice if sentence), *_lost_fractions(config, ROOT, "")]


def _mismatch(value: object, expected: Type, path: str) -> str:
    """Return the sentence about the first value of a wrong type. LocalAI accepts null for all types."""
    if value is None:
        return ""
    if isinstance(expected, Scalar) and not accepts(expected, value):
        return f"{path} is {_spoken(value)}, and LocalAI needs {_needed(value, expected)}."
    if isinstance(expected, ListOf) and not is_list(value):
        return f"{path} is {_spoken(value)}, and LocalAI needs a list."
    if isinstance(expected, (MappingOf, Keys)) and not isinstance(value, t.Mapping):
        return f"{path} is {_spoken(value)}, and LocalAI needs a mapping."
    problems = (_mismatch(item, wanted, name) for item, wanted, name in _inner(value, expected, path))
    return _repeated_key(value, path) or next((problem for problem in problems if problem), "")


def _inner(value: object, expected: Type, path: str) -> t.Iterator[tuple[object, Type, str]]:
    """Yield the values inside a value, with the type that LocalAI expects and the path."""
    if isinstance(value, t.Mapping):
        for key, item in value.items():
            wanted = _type_at(key, expected)
            if wanted is not None:
                yield item, wanted, _joined(path, key)
    elif is_list(value):
        wanted = expected.item if isinstance(expected, ListOf) else Scalar.ANYTHING
        for number, item in enumerate(t.cast("list[object]", value)):
            yield item, wanted, f"{path}[{number}]"


def _type_at(key: object, expected: Type) -> Type | None:
    """Return the type of a key's value, or None if LocalAI does not read it."""
    if isinstance(expected, Keys):
        return expected.types.get(key) if isinstance(key, str) else None
    if isinstance(expected, MappingOf):
        return expected.value if key is not None else None
    return Scalar.ANYTHING


def _joined(path: str, key: object) -> str:
    return f"{path}.{written(key)}" if path else written(key)


def _repeated_key(value: object, path: str) -> str:
    """Return the sentence about two keys that are written alike, such as 1 and "1", which LocalAI refuses."""
    if isinstance(value, t.Mapping):
        names = set()
        for key in value:
            if written(key) in names:
                return f"{path or 'The configuration'} has the key {written(key)} twice, as text and as another value."
            names.add(written(key))
    return ""


def _spoken(value: object) -> str:
    """Return the words for a value of a wrong type. Text is not shown: it may be long, or a secret."""
    if isinstance(value, str):
        return "text"
    if isinstance(value, t.Mapping):
        return "a mapping"
    return "a list" if is_list(value) else written(value)


def _needed(value: object, expected: Scalar) -> str:
    read = resolved(value)
    is_number = isinstance(read, (int, float)) and not isinstance(read, bool)
    if is_number and expected in RANGES:
        return f"{_NEEDS[expected]} from {RANGES[expected].least} to {RANGES[expected].most}"
    return _NEEDS[expected]


def _unknown_keys(value: object, expected: Type, path: str) -> t.Iterator[tuple[str, str, Keys]]:
    """Yield the keys that LocalAI ignores: the path of their mapping, the key, and the keys that it knows there."""
    if isinstance(expected, Keys) and isinstance(value, t.Mapping):
        for key in value:
            if isinstance(key, str) and key not in expected.types:
                yield path, key, expected
    if expected is not Scalar.ANYTHING:
        for item, wanted, name in _inner(value, expected, path):
            yield from _unknown_keys(item, wanted, name)


def _lost_fractions(value: object, expected: Type, path: str) -> t.Iterator[str]:
    """Yield a sentence for each number that LocalAI makes a whole one."""
    if isinstance(expected, Scalar):
        is_cut = expected in RANGES and isinstance(value, float) and accepts(expected, value)
        if is_cut and cut(t.cast(float, value)) != value:
            yield f"LocalAI reads {path} as the whole number {cut(t.cast(float, value))}, not as {written(value)}."
        return
    for item, wanted, name in _inner(value, expected, path):
        yield from _lost_fractions(item, wanted, name)


def _advice(path: str, key: str, known: Keys) -> str:
    """Return the sentence about a key that LocalAI ignores, or nothing if it is like none that it knows."""
    elsewhere = {"": PARAMETERS, "parameters": ROOT}.get(path)
    if elsewhere and key in elsewhere.types:
        return f"LocalAI ignores {_position(path, key)}: write {_position(_other(path), key)} instead."
    candidates = [(path, name) for name in known.types]
    candidates += [(_other(path), name) for name in (elsewhere.types if elsewhere else ())]
    spelling = key.lower().replace("-", "_")
    meant = [_position(*candidate) for candidate in candidates if candidate[1] == spelling]
    meant = meant or [_position(*candidate) for candidate in candidates if _is_typo(spelling, candidate[1])]
    return f"LocalAI ignores {_position(path, key)}: write {' or '.join(meant)} if you mean that." if meant else ""


def _other(path: str) -> str:
    """Return where a key belongs that is at the top level or in `parameters` by mistake."""
    return "" if path else "parameters"


def _position(path: str, key: str) -> str:
    return f"{path}.{key}" if path else f"{key} at the top level"


def _is_typo(word: str, name: str) -> bool:
    """Return whether a word is one mistake away from a key that LocalAI knows.

    A mistake is a letter that is wrong, missing or too much, or two letters in the wrong order.
    """
    if len(name) < _SHORTEST_KEY:
        return False
    start = _alike_at_start(word, name)
    end = _alike_at_start(word[start:][::-1], name[start:][::-1])
    written_part, known_part = word[start : len(word) - end], name[start : len(name) - end]
    is_swap = len(written_part) == 2 and written_part == known_part[::-1]
    return is_swap or max(len(written_part), len(known_part)) <= 1


def _alike_at_start(one: str, other: str) -> int:
    """Return how many letters two words have in common at their start."""
    pairs = enumerate(zip(one, other))
    return next((number for number, (ours, theirs) in pairs if ours != theirs), min(len(one), len(other)))
