# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The entries of the galleries of models, for `localai_model_info`."""

from __future__ import annotations

import typing as t

from ..._address import redacted_text
from ..._localai.models.gallery import ModelEntry
from ..._model_request import ModelHost
from .answers import ModelAnswers
from .info_options import ModelInfoOptions
from .inventory import Inventory


def available_models(
    host: ModelHost, request: ModelInfoOptions, inventory: Inventory, answers: ModelAnswers
) -> list[dict[str, t.Any]]:
    """Return the entries of all galleries, in their order; raises GalleryError."""
    installed = _installed(inventory)
    return [
        _entry_row(entry, installed)
        for source in host.galleries
        for entry in answers.resolver.galleries.index(source.name).entries.values()
        if request.wants_entry(entry.name, entry.gallery)
    ]


def _installed(inventory: Inventory) -> frozenset[str]:
    """Return the names of the installed models and of the entries that they come from, in lower case."""
    names = {model.name for model in inventory.models if model.config is not None}
    names |= {model.record.model for model in inventory.models if model.record is not None and model.config is not None}
    return frozenset(name.rpartition("@")[2].lower() for name in names)


def _entry_row(entry: ModelEntry, installed: t.Container[str]) -> dict[str, t.Any]:
    return {
        "name": entry.name,
        "gallery": entry.gallery,
        "backend": _backend(entry),
        "description": entry.description or None,
        "license": entry.license or None,
        "tags": list(entry.tags),
        "size": entry.size or None,
        "variants": list(entry.variants),
        "file_count": len({file.filename for file in entry.files}),
        "urls": list(map(redacted_text, entry.urls)),
        "installed": entry.name.lower() in installed,
    }


def _backend(entry: ModelEntry) -> str | None:
    """Return the backend of an entry, None if only its base file has it."""
    backend = entry.overrides.get("backend") or (None if entry.url else entry.config.get("backend"))
    return backend if isinstance(backend, str) and backend else None
