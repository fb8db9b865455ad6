# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""`external_backends.json`, by which a running LocalAI learns of backends. Pure.

Follows `core/application/config_file_watcher.go` in LocalAI: the file maps names to run files, replaces what the server
registered at its start, and counts within 0.3 seconds. LocalAI looks up names in lower case.
"""

from __future__ import annotations

import json
import typing as t
from dataclasses import dataclass

from .._errors import HostError, OptionError
from .._localai.names import is_usable, usable_spelling

FILE = "external_backends.json"


@dataclass(frozen=True)
class Registrations:
    """The entries of the file, and its text. Without a file, there is no text and no entry."""

    text: str = ""
    entries: t.Mapping[str, str] | None = None

    def all(self) -> dict[str, str]:
        """Return the run files by name."""
        return dict(self.entries or {})


def check_names(register: t.Mapping[str, t.Any]) -> dict[str, str]:
    """Return the entries in the option `register_backends`; raises OptionError for one that LocalAI could not use."""
    for name, run_file in register.items():
        if not is_usable(str(name)):
            raise OptionError(
                f"register_backends: no model can use a backend named {str(name)[:100]!r}, because LocalAI looks up "
                "backends in lower case and accepts letters, digits, - and _. "
                f"Use {usable_spelling(str(name)[:100])!r}."
            )
        is_path = isinstance(run_file, str) and run_file.startswith("/") and "\0" not in run_file
        if not is_path or ".." in run_file.split("/"):
            raise OptionError(
                f"register_backends: the run file of {name} is not an absolute path without '..': {run_file!r}."
            )
    return {str(name): str(run_file) for name, run_file in register.items()}


def parse(content: bytes | None, path: str) -> Registrations:
    """Return what is in the file at `path`; raises HostError if that is not a mapping of names to run files."""
    if content is None:
        return Registrations()
    try:
        text = content.decode("utf-8")
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not all(isinstance(value, str) for value in document.values()):
        raise HostError(
            f"{path} is not JSON that maps names of backends to run files. It may have entries of others, so it was "
            "not changed. Correct it, or delete it if nobody needs it."
        )
    return Registrations(text, document)


def merged(
    before: Registrations, register: t.Mapping[str, str], registered: t.Iterable[str], path: str
) -> Registrations:
    """Return the entries that the file shall have: those in `register`, and those that are not ours.

    `registered` has the names of our entries so far. Raises HostError for an entry that is not ours and has another run
    file than `register`. Without any entry, there shall be no file, so the text is empty.
    """
    ours = {name.lower() for name in registered}
    entries = {name: run_file for name, run_file in before.all().items() if name.lower() not in ours}
    foreign = sorted(name for name in register if entries.get(name, register[name]) != register[name])
    if foreign:
        raise HostError(
            f"{path} has an entry for {foreign[0]} that this task has not written: {entries[foreign[0]]}. Remove it "
            "there, or leave the name out of register_backends. To replace the entry, add the name to "
            "registered_backends."
        )
    entries.update(register)
    if entries == before.all():
        return before
    return Registrations(_text(entries), entries) if entries else Registrations()


def ours_in(stored: Registrations, names: t.Iterable[str]) -> list[str]:
    """Return which of these names have an entry in the file."""
    return sorted(set(names) & set(stored.all()))


def changed_names(before: Registrations, after: Registrations) -> set[str]:
    """Return the names that have another run file afterwards, or were not in the file before."""
    old = before.all()
    return {name for name, run_file in after.all().items() if old.get(name) != run_file}


def _text(entries: t.Mapping[str, str]) -> str:
    return json.dumps(dict(sorted(entries.items())), indent=2, ensure_ascii=False) + "\n"
