# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds the result of `localai_model` from a plan and its transfers, key by key."""

from __future__ import annotations

import typing as t

from ..._address import redacted, redacted_text
from ..._localai.models.names import yaml_name
from ..._localai.models.record import InstalledFile, Record
from ..._model_request import PINS_FORMAT
from ..._planner.models.model import Outcome
from ..._planner.models.plan import ModelPlan
from ..._planner.models.steps import Download, Install, Prune, Remove, SetAttributes, Step

if t.TYPE_CHECKING:
    from .apply import Transfer


class Sizes(t.NamedTuple):
    """The bytes to transfer: of each file by its path, 0 for an unknown size, and of each model by its name."""

    files: t.Mapping[str, int] = {}
    models: t.Mapping[str, int] = {}


def result_of(
    plan: ModelPlan,
    sizes: Sizes,
    installed: t.Mapping[str, InstalledFile],
    transfers: t.Mapping[str, Transfer],
) -> dict[str, t.Any]:
    """Return the result of a run that applies `plan`; `sizes` are those of what it would transfer.

    `installed` are the files that it has installed, by path, and `transfers` are by model.
    """
    return {
        "changed": bool(plan.steps),
        "models": [_row(outcome, installed, sizes.files, transfers.get(outcome.name)) for outcome in plan.outcomes],
        "removed": [{"path": row.path, "model": row.model, "reason": row.reason} for row in plan.removed],
        "unload": list(plan.unload),
        "reload_required": plan.reload_required,
        "restart_required": plan.restart_required,
        "backends": list(plan.backends),
        "previous": previous_of(plan.previous),
        "diff": [difference for step in plan.steps for difference in _diff(step)],
    }


def previous_of(records: t.Sequence[Record]) -> dict[str, t.Any]:
    """Return pins of models as they were."""
    if not records:
        return {"format": PINS_FORMAT, "models": []}
    from .model_pins import pins_of_records

    return pins_of_records(records)


def _row(
    outcome: Outcome,
    installed: t.Mapping[str, InstalledFile],
    sizes: t.Mapping[str, int],
    transfer: Transfer | None,
) -> dict[str, t.Any]:
    files = [installed.get(file.filename, file) for file in outcome.files]
    return {
        "name": outcome.name,
        "model": outcome.model or None,
        "variant": outcome.variant or None,
        "action": outcome.action,
        "reason": outcome.reason,
        "recorded": outcome.recorded,
        "backend": outcome.backend or None,
        "config": shown(outcome.config),
        "files": [
            {
                "filename": file.filename,
                "uri": redacted(file.uri.text),
                "sha256": file.sha256 or None,
                "size": file.size or sizes.get(file.filename) or None,
            }
            for file in files
        ],
        "served_by": list(transfer.served_by) if transfer else [],
        "bytes_transferred": transfer.transferred if transfer else 0,
        "elapsed": transfer.elapsed if transfer else 0.0,
    }


def shown(value: t.Any) -> t.Any:
    """Return a configuration without the secrets of addresses in its texts."""
    if isinstance(value, dict):
        return {key: shown(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shown(item) for item in value]
    return redacted_text(value) if isinstance(value, str) and "://" in value else value


def _diff(step: Step) -> t.Iterator[dict[str, t.Any]]:
    if isinstance(step, Install):
        yield from _diff_of_install(step)
    elif isinstance(step, SetAttributes):
        before = {path: dict(attributes) for path, attributes in step.before.items()}
        yield _entry(f"attributes of {step.name}", before, {path: dict(after) for path, after in step.after.items()})
    elif isinstance(step, Remove):
        yield _entry(yaml_name(step.name), _text(step.old), "")
        if step.paths:
            yield _entry(f"files of {step.name}", dict.fromkeys(step.paths, "present"), {})
    elif isinstance(step, Download):
        snapshots = {snapshot.key: "downloaded" for snapshot in step.snapshots}
        files = {file.filename: file.sha256 or "downloaded" for file in step.fetch}
        yield _entry(f"downloads for {step.name}", {}, {**files, **snapshots})
    elif isinstance(step, Prune):
        yield _entry("unused files", dict.fromkeys(step.paths, "present"), {})


def _diff_of_install(step: Install) -> t.Iterator[dict[str, t.Any]]:
    if step.writes_yaml:
        yield _entry(yaml_name(step.name), _text(step.old), _text(step.desired.config))
    written = [file.filename for file in step.fetch]
    before = dict.fromkeys((*sorted(step.replaced), *step.obsolete), "present")
    after = {file.filename: file.sha256 or "present" for file in step.fetch}
    after.update((path, "unpacked") for path in step.unpack if path not in written)
    after.update((template.filename, "written") for template in step.templates)
    if before or after:
        yield _entry(f"files of {step.name}", before, after)
    if step.writes_gallery_file and not step.writes_yaml and not after:
        yield _entry(f"record of {step.name}", "", "LocalAI's record of the installation\n")


def _text(config: t.Mapping[str, t.Any] | None) -> str:
    if config is None:
        return ""
    from ..._resolver.config_yaml import to_yaml

    return to_yaml(shown(dict(config)))


def _entry(header: str, before: t.Any, after: t.Any) -> dict[str, t.Any]:
    return {"before_header": header, "after_header": header, "before": before, "after": after}
