# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The warning about a capability that neither LocalAI nor a gallery knows: probably a typing error. Pure."""

from __future__ import annotations

import difflib
import typing as t

from .._localai.capability import CAPABILITIES, HostCapability, is_known
from .._localai.gallery import Entry, Index
from .._request import Pin
from .._store.builds import Build
from .facts import Facts
from .questions import ReadGallery


def warnings_of(facts: Facts, pins: t.Iterable[Pin] = ()) -> list[str]:
    """Return a warning if the capability of this host was forced to an unknown value.

    Values of `pins`, and of installed builds that were chosen by the value, are known too: such a run may read no
    gallery.
    """
    if any(pin.capability == facts.host.name for pin in pins):
        return []
    indexes = [answer for question, answer in facts.answers.items() if isinstance(question, ReadGallery)]
    return warning_about(
        facts.host.name,
        _origin(facts.host),
        [index for index in indexes if isinstance(index, Index)],
        facts.scan.builds.values(),
    )


def warning_about(
    capability: str, option: str, indexes: t.Iterable[Index[Entry]], builds: t.Iterable[Build] = ()
) -> list[str]:
    """Return a warning about the value of `option`, unless LocalAI, a gallery or a recorded build has it."""
    if is_known(capability) or any(build.capability == capability for build in builds):
        return []
    if any(capability in entry.capabilities for index in indexes for entry in index.entries.values()):
        return []
    names = [row.name for row in CAPABILITIES]
    similar = _similar(capability.strip().lower(), names)
    hint = f"Similar: {', '.join(similar)}." if similar else f"LocalAI's own are {', '.join(names)}."
    warning = (
        f"{option}: LocalAI knows no capability {capability!r}, and no gallery that this task has read has builds for "
        f"it. So a meta backend gets its build for default or cpu. {hint}"
    )
    return [warning]


def _origin(host: HostCapability) -> str:
    return (host.evidence.forced_by or "capability").replace("option ", "")


def _similar(capability: str, names: t.Sequence[str]) -> list[str]:
    if capability in names:
        return [capability]
    similar = difflib.get_close_matches(capability, names, n=3)
    return similar + [name for name in names if capability in name and name not in similar]
