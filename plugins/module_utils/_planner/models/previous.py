# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which models can become again what they were before a run, without a network. Pure.

Weights are too large to be kept twice, so a model whose files are replaced or removed cannot.
"""

from __future__ import annotations

import typing as t

from ..._localai.models.artifacts import snapshot_path
from ..._localai.models.record import Record
from .facts import ModelFacts
from .steps import Install, Step


def recoverable(steps: t.Sequence[Step], facts: ModelFacts) -> tuple[Record, ...]:
    """Return the records of the models that `steps` change, as far as everything that they name stays there."""
    installs = [step for step in steps if isinstance(step, Install)]
    touched = {path for step in installs for path in _touched(step)}
    records = ((step, _record_of(step.name, facts)) for step in installs)
    return tuple(
        record
        for step, record in records
        if record is not None and _differs(record, step) and touched.isdisjoint(_paths(record))
    )


def _record_of(name: str, facts: ModelFacts) -> Record | None:
    model = facts.scan.models.get(name)
    return model.record if model is not None else None


def _touched(step: Install) -> t.Iterator[str]:
    yield from (file.filename for file in step.fetch)
    yield from step.unpack
    yield from step.obsolete


def _differs(record: Record, step: Install) -> bool:
    desired = step.desired
    return record.config != desired.config or record.parts.definition != desired.parts.definition


def _paths(record: Record) -> t.Iterator[str]:
    yield from record.paths
    yield from map(snapshot_path, record.snapshots)
