# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option `pins` of `localai_model`: models as they were rendered once, and their files at fixed versions."""

from __future__ import annotations

import typing as t
from dataclasses import replace

from ..._errors import GalleryError, OptionError
from ..._localai.models.gallery import files_of
from ..._localai.models.record import definition_of
from ..._localai.models.scalars import is_too_deep
from ..._model_request import PINS_FORMAT, ModelPin, ModelSpec

_SHOWN = "pins: \"{{ lookup('ansible.builtin.file', 'pins.yml') | from_yaml }}\""


def with_pins(specs: tuple[ModelSpec, ...], document: t.Mapping[str, t.Any]) -> tuple[ModelSpec, ...]:
    """Return the requested models with their rows of a set of pins; raises OptionError."""
    pins = pins_of(document)
    latest = [spec.name for spec in specs if spec.state == "latest"]
    if latest:
        raise OptionError(f"pins cannot be used with state=latest, because they pin models: {', '.join(latest)}.")
    missing = [spec.name for spec in specs if spec.state != "absent" and spec.name.lower() not in pins]
    if missing:
        raise OptionError(
            f"pins: there is no row for {', '.join(missing)}. Write the pins again with localai_model_info, or remove "
            "these models from the task."
        )
    return tuple(spec if spec.state == "absent" else _pinned(spec, pins[spec.name.lower()]) for spec in specs)


def _pinned(spec: ModelSpec, pin: ModelPin) -> ModelSpec:
    return replace(spec, name=pin.name, follows_entry=False, pin=pin)


def pins_of(document: t.Mapping[str, t.Any]) -> dict[str, ModelPin]:
    """Return the rows of a set of pins by name in lower case; raises OptionError. Unknown keys are ignored."""
    if is_too_deep(document):
        raise OptionError("pins: the set has too many levels. Write it again with localai_model_info.")
    if document.get("format") not in (1, PINS_FORMAT):
        raise OptionError(f"pins: the format is not {PINS_FORMAT}. Write, for example: {_SHOWN}")
    rows = document.get("models") or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise OptionError(f"pins: models is not a list of mappings. Write, for example: {_SHOWN}")
    pins: dict[str, ModelPin] = {}
    for number, row in enumerate(rows, 1):
        pin = _pin(row, number)
        if pins.setdefault(pin.name.lower(), pin) is not pin:
            raise OptionError(f"pins: {pin.name} has two rows. Keep one of them.")
    return pins


def _pin(row: t.Mapping[str, t.Any], number: int) -> ModelPin:
    where = f"pins: row {number} of models"
    for key, kind, name in (
        ("name", str, "text"),
        ("config", dict, "a mapping"),
        ("definition", dict, "a mapping"),
        ("files", list, "a list"),
    ):
        if not isinstance(row.get(key), kind):
            raise OptionError(f"{where}: {key} is missing, or is not {name}.")
    for key in ("model", "variant"):
        if not isinstance(row.get(key) or "", str):
            raise OptionError(f"{where}: {key} is not text.")
    try:
        definition_of(row["definition"])
        files = files_of(row["files"], row["name"])
    except GalleryError as e:
        raise OptionError(f"{where}: {e}.") from None
    return ModelPin(
        name=row["name"],
        config=row["config"],
        definition=row["definition"],
        files=files,
        model=row.get("model") or "",
        variant=row.get("variant") or "",
    )
