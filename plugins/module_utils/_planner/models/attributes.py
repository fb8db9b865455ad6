# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans the owner, group and mode of what belongs to a model and stays as it is."""

from __future__ import annotations

import typing as t

from ..._localai.models.contents import SNAPSHOTS
from ..._localai.models.installed import FileState, InstalledModel
from ..._localai.models.names import gallery_file_name, parents, yaml_name
from .facts import ModelFacts
from .questions import FileOnDisk, ListTree
from .steps import Install, SetAttributes


def attributes_step(step: Install, present: InstalledModel, facts: ModelFacts) -> SetAttributes | None:
    """Return the step that gives files that stay, and their directories, the requested owner, group and mode.

    It is None if they have them. Raises `Unanswered` for an open question.
    """
    states = {**_directories(step, present, facts), **dict(_states(step, present, facts))}
    differing = {
        path: state.attributes.difference(facts.directories if state.is_directory else facts.requested)
        for path, state in states.items()
    }
    differing = {path: pairs for path, pairs in differing.items() if pairs}
    if not differing:
        return None
    return SetAttributes(
        step.name,
        {path: {key: is_ for key, (is_, _wanted) in pairs.items()} for path, pairs in differing.items()},
        {path: {key: wanted for key, (_is, wanted) in pairs.items()} for path, pairs in differing.items()},
    )


def _directories(step: Install, present: InstalledModel, facts: ModelFacts) -> dict[str, FileState]:
    """Return the states of the directories that files of a model are in, and that exist."""
    files = [*(file.filename for file in step.desired.files), *step.kept]
    files += [f"{SNAPSHOTS}/{snapshot.key}" for snapshot in step.desired.snapshots]
    paths = dict.fromkeys(parent for file in files for parent in parents(file))
    states = {path: present.directories.get(path) or facts.answer(FileOnDisk(path)) for path in sorted(paths)}
    return {path: state for path, state in states.items() if state is not None and state.is_directory}


def _states(step: Install, present: InstalledModel, facts: ModelFacts) -> t.Iterator[tuple[str, FileState]]:
    """Yield the states of what belongs to a model and no step writes."""
    written = {template.filename for template in step.templates}
    for file in step.present:
        state = present.files.get(file.filename) or facts.answer(FileOnDisk(file.filename))
        if state is not None:
            yield file.filename, state
    templates = {template.filename for template in step.desired.parts.definition.templates}
    for path in step.kept:
        state = present.files.get(path) or (facts.answer(FileOnDisk(path)) if path in templates else None)
        if state is not None and not step.unpack and path not in written and path not in step.obsolete:
            yield path, state
    fetched = {snapshot.key for snapshot in step.snapshots}
    for snapshot in step.desired.snapshots:
        if snapshot.key not in fetched:
            yield from facts.answer(ListTree(f"{SNAPSHOTS}/{snapshot.key}")).items()
    if present.yaml is not None and not step.writes_yaml:
        yield yaml_name(step.name), present.yaml
    if present.gallery_file is not None and not step.writes_gallery_file:
        yield gallery_file_name(step.name), present.gallery_file
