# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report as CSV: one line for each host."""

from __future__ import annotations

import csv
import io
import typing as t

from ansible_collections.localai.core.plugins.plugin_utils._report.findings import Row

COLUMNS = (
    "host",
    "groups",
    "is_wanted",
    "is_reachable",
    "is_ready",
    "conditions",
    "findings",
    "capability",
    "capability_rule",
    "gpus",
    "gpu_memory",
    "operating_system",
    "platform",
    "server_version",
    "unit_state",
    "restarts",
    "started",
    "last_good_start",
    "last_change",
    "size",
    "least_free_percent",
    "backends",
    "models",
)
_SEPARATOR = "; "
# Spreadsheets take texts that begin like this for formulas.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def csv_of(document: Row) -> str:
    """Return the rows of the report as CSV with a header. Lists are texts whose items are separated by `; `."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS)
    writer.writeheader()
    for row in document["hosts"]:
        writer.writerow({key: _cell(value) for key, value in _line(row).items()})
    return stream.getvalue()


def _line(row: Row) -> Row:
    return {
        **{key: row[key] for key in COLUMNS if key in row},
        "conditions": list(dict.fromkeys(finding["condition"] for finding in row["findings"])),
        "findings": [" ".join(filter(None, (finding["text"], finding["detail"]))) for finding in row["findings"]],
        "backends": [_build(one, one["build"]) for one in row["backends"]],
        "models": [_build(one, one["model"]) for one in row["models"]],
    }


def _build(row: Row, build: str) -> str:
    pinned = {True: " (as pinned)", False: " (not as pinned)", None: ""}[row["is_as_pinned"]]
    origin = f"={build}" if build and build != row["name"] else ""
    return f"{row['name']}{origin}@{row['digest'] or 'unknown'}{pinned}"


def _cell(value: t.Any) -> t.Any:
    if isinstance(value, list):
        value = _SEPARATOR.join(map(str, value))
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
