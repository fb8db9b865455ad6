# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names that a plan creates: at least one of them must be one that a model can use. Pure.

LocalAI lists backends with other names too, but no model can use them.
"""

from __future__ import annotations

from .._errors import NameRefused
from .._localai.names import is_usable, usable_spelling
from .changes import Changes
from .targets import Target

_ANOTHER = "Choose another one, such as my-backend."


def check_usable(target: Target, changes: Changes) -> None:
    """Raise NameRefused if no model could use a new backend.

    The name of a build in a gallery does not matter if a meta backend or an alias leads to it. With the option `uri`,
    the task chooses name and alias, and both must be usable. Backends that exist already are left alone.
    """
    is_own = changes.request.uri is not None
    if is_own:
        check_alias(target.alias, target.backend, changes)
    existing = changes.state.find(target.name)
    if is_usable(target.name) or (existing is not None and existing.kind == "directory"):
        return
    if is_usable(target.alias) and not is_own:
        return
    usable = usable_spelling(target.name)
    advice = f"Use the name {usable}."
    if not _has_text(usable):
        advice = _ANOTHER
    elif not is_own:
        advice = (
            f"Rename it to {usable} in the gallery or in the pins, or install {target.origins[0]} with the options uri "
            f"and name={usable}."
        )
    spelling = changes.request.spellings.get(target.name, target.name)
    raise NameRefused(f"{spelling}: {_reason(target.name)} {advice}")


def check_alias(alias: str, backend: str, changes: Changes) -> None:
    """Raise NameRefused if no model could use a new alias from the options of the task."""
    directory = changes.state.get(backend)
    if alias and not is_usable(alias) and (directory is None or directory.alias != alias):
        usable = usable_spelling(alias)
        advice = f"Use the alias {usable}." if _has_text(usable) else _ANOTHER
        raise NameRefused(f"alias: {alias}: {_reason(alias)} {advice}")


def _has_text(usable: str) -> bool:
    """Return whether anything of a name is left in its usable spelling."""
    return bool(usable.strip("-_"))


def _reason(name: str) -> str:
    what = "has capitals" if is_usable(name.lower()) else "has characters other than a-z, 0-9, - and _"
    return f"LocalAI would list this name, but no model could use it, because it {what}."
