# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps the keys of a server out of everything that a module returns."""

from __future__ import annotations

import contextlib
import typing as t

from .._address import redacted_text
from .._errors import LocalAIError
from .._http.redact import without_secrets
from .._module.runner import Run


class Secrets:
    """The secrets that a run has met so far."""

    def __init__(self) -> None:
        self._values: set[str] = set()

    def add(self, values: t.Iterable[str]) -> None:
        """Hide these values from now on."""
        self._values |= {value for value in values if value}

    def hidden(self, value: t.Any) -> t.Any:
        """Return a result without the secrets, and without the queries and passwords of URLs in its texts."""
        if isinstance(value, str):
            return without_secrets(redacted_text(value), self._values)
        if isinstance(value, dict):
            return {self.hidden(key): self.hidden(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.hidden(item) for item in value]
        return value


@contextlib.contextmanager
def hiding(run: Run, secrets: Secrets) -> t.Iterator[None]:
    """Remove the secrets from the result, the warnings and the error of a run when the context ends."""
    try:
        yield
    except LocalAIError as e:
        e.args = (secrets.hidden(str(e)),)
        raise
    finally:
        run.result = secrets.hidden(run.result)
        run.warnings = secrets.hidden(run.warnings)
