# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Regular expressions of Go, as far as Python reads them in the same way (RE2, https://github.com/google/re2/wiki/Syntax).

All others are refused: a policy must not accept here what LocalAI refuses.
"""

from __future__ import annotations

import re
import typing as t

from .._errors import OptionError

_ALLOWED_GROUPS = re.compile(r"\(\?(?::|[is]+:|P<[A-Za-z_]\w*>)", re.ASCII)
_LEADING_FLAGS = re.compile(r"\(\?[is]+\)", re.ASCII)
# Classes, anchors and control characters. Escaped punctuation stands for itself.
_ALLOWED_ESCAPES = frozenset("AbBdDsSwWaftnrvz")
_HEXADECIMAL = re.compile(r"\\x[0-9A-Fa-f]{2}", re.ASCII)
# An escape, or what a later Python may take for the start of another class or for an operator.
_IN_CLASS = re.compile(r"\\.|[\[&|~]", re.DOTALL)
_REPETITION = re.compile(r"\{(\d+)(?:,(\d*))?\}", re.ASCII)
_MOST_REPETITIONS = 1000
_NOT_IN_CLASSES = "AbBzS"
# For Go, a vertical tab is no space.
_SPACES = r"\t\n\f\r "
_OTHER_MEANINGS = {"$": r"\Z", r"\z": r"\Z", r"\s": f"[{_SPACES}]", r"\S": f"[^{_SPACES}]"}
_LONGEST = 1000


def pattern_of(text: str) -> re.Pattern[str]:
    """Return a regular expression; raises OptionError, with a sentence that begins with "it", for one that is refused.

    LocalAI searches for it anywhere in a text.
    """
    if len(text) > _LONGEST:
        raise OptionError(f"it is longer than {_LONGEST} characters")
    try:
        return re.compile(_translated(text), re.ASCII)
    except (re.error, RecursionError, OverflowError) as e:
        raise OptionError(f"it is not a regular expression: {e}") from None


def _translated(text: str) -> str:
    """Return the expression for Python.

    There, `$` also matches before a line break at the end, and classes may contain others in a later version.
    """
    flags = _LEADING_FLAGS.match(text)
    position = flags.end() if flags else 0
    parts = []
    while position < len(text):
        parts.append(_next(text, position))
        position += len(parts[-1])
    _check_repetitions(parts)
    return text[: flags.end() if flags else 0] + "".join(map(_for_python, parts))


def _check_repetitions(parts: t.Iterable[str]) -> None:
    """Raise OptionError for counts that exceed Go's limit together, because one group is in another one."""
    # The largest product of counts in each open group, and that of the part before.
    largest, last = [1], 1
    for part in parts:
        counts = _REPETITION.match(part)
        if counts:
            last *= max(int(number) for number in counts.groups() if number)
        elif part.startswith("("):
            largest.append(1)
            last = 1
        elif part == ")" and len(largest) > 1:
            last = largest.pop()
        else:
            last = 1
        largest[-1] = max(largest[-1], last)
        if last > _MOST_REPETITIONS:
            raise OptionError(f"it repeats something more than {_MOST_REPETITIONS} times")


def _for_python(part: str) -> str:
    if not part.startswith("["):
        return _OTHER_MEANINGS.get(part, part)
    return "[" + _IN_CLASS.sub(_for_python_class, part[1:])


def _for_python_class(match: re.Match[str]) -> str:
    if match.group() == r"\s":
        return _SPACES
    return match.group() if match.group()[1:] else f"\\{match.group()}"


def _next(text: str, position: int) -> str:
    """Return the next part of an expression: an escape, a class, the start of a group, a repetition or a character."""
    character = text[position]
    if character == "\\":
        return _escape(text, position)
    if character == "[":
        return _class(text, position)
    if text.startswith("(?", position):
        group = _ALLOWED_GROUPS.match(text, position)
        if group is None:
            raise OptionError(f"it has {text[position : position + 4]}…, which Go and Python do not both know")
        return group.group()
    if character in "*+?" or (character == "{" and _REPETITION.match(text, position)):
        return _repetition(text, position)
    if text.startswith("{,", position):
        raise OptionError("it has {,…}, which Go and Python read differently; write {0,…}")
    return character


def _escape(text: str, position: int, refused: str = "") -> str:
    escaped = text[position + 1 : position + 2]
    if escaped and escaped in refused:
        raise OptionError(f"it has the escape \\{escaped} in a class, which Go and Python do not read in the same way")
    if escaped == "x":
        match = _HEXADECIMAL.match(text, position)
        if match:
            return match.group()
    elif escaped in _ALLOWED_ESCAPES or (
        escaped and escaped.isascii() and escaped.isprintable() and not escaped.isalnum()
    ):
        return f"\\{escaped}"
    raise OptionError(f"it has the escape \\{escaped}, which Go and Python do not read in the same way")


def _class(text: str, position: int) -> str:
    """Return a class in brackets."""
    end = position + 1
    end += text.startswith("^", end)
    # A closing bracket at the start stands for itself.
    first = end
    while end < len(text) and (text[end] != "]" or end == first):
        if text.startswith(("[:", "[=", "[."), end):
            raise OptionError("it has a class such as [[:alpha:]], which Python does not know")
        if text.startswith("--", end):
            raise OptionError("it has -- in a class, which Python will not read as Go does")
        end += len(_escape(text, end, _NOT_IN_CLASSES)) if text[end] == "\\" else 1
    return text[position : end + 1]


def _repetition(text: str, position: int) -> str:
    match = _REPETITION.match(text, position)
    part = match.group() if match else text[position]
    end = position + len(part)
    part += "?" if text.startswith("?", end) else ""
    end = position + len(part)
    if text.startswith(("*", "+", "?"), end) or _REPETITION.match(text, end):
        raise OptionError(f"it has {part}{text[end]}, a repetition of a repetition, which Go refuses")
    return part
