# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Several origins of the same thing: the first that answers is enough, and an error names every one that failed."""

from __future__ import annotations

import typing as t

from .._errors import LocalAIError, MissingLibrary, SourceError, TransportError, UnusableFile

# What another origin may not suffer from.
ORIGIN_ERRORS = (SourceError, TransportError)

_Origin = t.TypeVar("_Origin")
_Answer = t.TypeVar("_Answer")


class Failures:
    """The errors of origins; `missing` tells whether each of them answered that it does not have the thing."""

    def __init__(self) -> None:
        self.missing = True
        self._reasons: dict[str, None] = {}

    def add(self, origin: object, error: LocalAIError) -> None:
        """Note the error of an origin, which `str` names without secrets; an empty one is not named."""
        self._reasons[f"{origin}: {error}" if origin else str(error)] = None
        self.missing = self.missing and error.missing

    def __str__(self) -> str:
        *others, last = self._reasons or [""]
        return "; ".join([*(reason.rstrip(".") for reason in others), last])


def first_answer(
    origins: t.Iterable[_Origin],
    ask: t.Callable[[_Origin], _Answer],
    error: t.Callable[[Failures], LocalAIError],
    caught: type[LocalAIError] | tuple[type[LocalAIError], ...] = LocalAIError,
) -> _Answer:
    """Return what `ask` returns for the first origin for which it raises nothing.

    Only errors of the classes `caught` make it go on to the next origin. Raises what `error` returns if all failed.
    """
    failures = Failures()
    for origin in origins:
        try:
            return ask(origin)
        except (MissingLibrary, UnusableFile):
            raise
        except caught as e:
            failures.add(origin, e)
    raise error(failures)
