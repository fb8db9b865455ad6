# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The survey of a site, without secrets: first the row of one host, then the document of all hosts.

Only keys that are listed here leave the site.
"""

from __future__ import annotations

import json
import typing as t

from ansible_collections.localai.core.plugins.module_utils._address import redacted, redacted_text
from ansible_collections.localai.core.plugins.module_utils._module.argspec import LOCALAI_GALLERY
from ansible_collections.localai.core.plugins.module_utils._module.models.argspec import LOCALAI_MODELS
from ansible_collections.localai.core.plugins.plugin_utils._rows import installed_name
from ansible_collections.localai.core.plugins.plugin_utils._values import plain

FORMAT = 1
Row = t.Dict[str, t.Any]

_BACKEND_KEYS = ("name", "uri", "alias", "release", "digest")
# Without one of them, the release of the task applies.
_BUILD_KEYS = ("uri", "release", "digest")
_MODEL_KEYS = ("name", "model", "variant", "uri", "revision", "files")
_FILE_KEYS = ("filename", "uri", "sha256", "size")
_ARTIFACT_KEYS = ("name", "target")
_SOURCE_KEYS = ("type", "repo", "revision", "token_env", "allow_patterns", "ignore_patterns")
_PINNED_BACKEND_KEYS = ("name", "capability", "platform", "backend", "alias", "uri", "digest", "gallery", "signer")
_SIGNER_KEYS = ("identity", "issuer", "source_repository", "time", "digest", "log", "log_index", "trusted_root")
_GALLERY_KEYS = ("name", "url", "mirrors", "sha256", "verification", "artifact_verification")
_PINNED_MODEL_KEYS = ("name", "model", "gallery", "variant")
_ADDRESSES = ("uri", "url", "mirrors")
# A URL that cannot be read is replaced with a remark in parentheses.
_REMARK = "("
_DEFAULT_GALLERIES: dict[str, Row] = {"galleries": LOCALAI_GALLERY, "model_galleries": LOCALAI_MODELS}


def row_of_host(wanted: t.Mapping[str, t.Any]) -> Row:
    """Return what has to leave the site of what one host wants and can run.

    `shortened` and `malformed` name the rows with addresses that lost something, or that are not valid.
    """
    host = plain(wanted)
    addresses = _Addresses()
    target = {
        "capability": host["capability"],
        "platform": host["platform"],
        "server_version": host.get("server_version") or None,
        **({"backends_release": host["release"]} if host.get("release") else {}),
        **({} if host.get("models_backends", True) else {"models_backends": False}),
        "hosts": 1,
        "backends": _sorted(_backend(row, host, addresses) for row in host["backends"]),
        "models": _sorted(_model(row, addresses) for row in host["models"]),
    }
    return {
        "target": target if host["capability"] else None,
        "galleries": _galleries(host.get("galleries"), addresses),
        "model_galleries": _galleries(host.get("model_galleries"), addresses),
        "pins": _pins(host["pins"], addresses) if host.get("pins") else None,
        "shortened": sorted(addresses.shortened),
        "malformed": sorted(addresses.malformed),
    }


class _Addresses:
    """Redacts addresses, and remembers which rows lost something."""

    def __init__(self) -> None:
        self.shortened: set[str] = set()
        self.malformed: set[str] = set()

    def redacted(self, value: t.Any, owner: str, key: str = "") -> t.Any:
        """Return a value of a row with all addresses redacted; `owner` names the row."""
        if isinstance(value, dict):
            return {name: self.redacted(item, owner, name) for name, item in value.items()}
        if isinstance(value, list):
            return [self.redacted(item, owner, key) for item in value]
        if not isinstance(value, str):
            return value
        text = value.strip() if key in _ADDRESSES else value
        shown = redacted(text) if key in _ADDRESSES else redacted_text(text)
        if shown.startswith(_REMARK) and not text.startswith(_REMARK):
            self.malformed.add(owner)
        elif shown != text:
            self.shortened.add(owner)
        return shown


def _backend(row: Row, host: Row, addresses: _Addresses) -> Row:
    kept = _only(_BACKEND_KEYS, row)
    if host.get("release") and not any(key in row for key in _BUILD_KEYS):
        kept["release"] = host["release"]
    if row.get("state", host["backends_state"]) == "latest":
        kept["state"] = "latest"
    return t.cast(Row, addresses.redacted(kept, f"backend {row['name']}"))


def _model(row: Row, addresses: _Addresses) -> Row:
    kept = _only(_MODEL_KEYS, row)
    if "files" in kept:
        kept["files"] = _files(kept["files"])
    config = _config(row.get("config"))
    if config:
        kept["config"] = config
    return t.cast(Row, addresses.redacted(kept, f"model {row['name']}"))


def _config(config: t.Any) -> Row:
    """Return the keys of a model's configuration that decide what has to be fetched for it."""
    if not isinstance(config, dict):
        return {}
    kept = _only(("backend",), config)
    if isinstance(config.get("artifacts"), list):
        kept["artifacts"] = [_artifact(row) for row in config["artifacts"] if isinstance(row, dict)]
    parameters = config.get("parameters")
    if isinstance(parameters, dict) and parameters.get("model") is not None:
        kept["parameters"] = {"model": parameters["model"]}
    return kept


def _artifact(row: Row) -> Row:
    source = row.get("source")
    return {**_only(_ARTIFACT_KEYS, row), "source": _only(_SOURCE_KEYS, source) if isinstance(source, dict) else {}}


def _galleries(galleries: t.Any, addresses: _Addresses) -> list[Row] | None:
    """Return the galleries of a host; None if it uses LocalAI's own."""
    # Before ansible-core 2.19, a template makes an empty text of null.
    if not isinstance(galleries, list):
        return None
    return [
        addresses.redacted(_only(_GALLERY_KEYS, gallery), f"gallery {gallery.get('name')}") for gallery in galleries
    ]


def _pins(pins: Row, addresses: _Addresses) -> Row:
    """Return a set of pins that is still valid; the configurations of models can have secrets."""
    kept = _only(("format",), pins)
    for key, only in (("backends", _pinned_backend), ("models", _pinned_model)):
        if isinstance(pins.get(key), list):
            kept[key] = [only(row) for row in pins[key] if isinstance(row, dict)]
    return t.cast(Row, addresses.redacted(kept, "pins"))


def _pinned_backend(row: Row) -> Row:
    kept = _only(_PINNED_BACKEND_KEYS, row)
    if isinstance(kept.get("signer"), dict):
        kept["signer"] = _only(_SIGNER_KEYS, kept["signer"])
    return kept


def _files(rows: t.Any) -> list[Row]:
    return [_only(_FILE_KEYS, row) for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _pinned_model(row: Row) -> Row:
    definition = row.get("definition")
    definition = definition if isinstance(definition, dict) else {}
    return {
        **_only(_PINNED_MODEL_KEYS, row),
        "config": _config(row.get("config")),
        "definition": {**_only(("name",), definition), "files": _files(definition.get("files"))},
        "files": _files(row.get("files")),
    }


def _only(keys: t.Sequence[str], row: Row) -> Row:
    return {key: row[key] for key in keys if row.get(key) is not None}


def _sorted(rows: t.Iterable[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (installed_name(row["name"]), _text(row)))


def _text(value: t.Any) -> str:
    """Return a text by which equal values can be found, and which gives them an order."""
    return json.dumps(value, sort_keys=True)


def survey_of(rows: t.Mapping[str, Row], hosts: t.Iterable[str]) -> Row:
    """Return the survey of some hosts, as it is written, and what the operator has to know about it.

    A host that could not be read has no row, and one where LocalAI is to be absent has an empty one.
    """
    unread = [str(name) for name in hosts if name not in rows]
    read: dict[str, Row] = {str(name): plain(row) for name, row in rows.items() if row}
    unknown = [name for name, row in read.items() if row["target"] is None]
    unions = {kind: _Union(kind, read) for kind in _DEFAULT_GALLERIES}
    pins = _distinct(row["pins"] for row in read.values() if row["pins"] is not None)
    document = {
        "format": FORMAT,
        "targets": _targets(_with_pins(row, pins) for row in read.values() if row["target"] is not None),
        **{kind: union.galleries for kind, union in unions.items()},
        "pins": pins,
        "unreachable": len(unread),
        "unknown_capability": len(unknown),
    }
    return {
        "document": document,
        "unread": unread,
        "unknown_capability": unknown,
        "conflicts": [conflict for union in unions.values() for conflict in union.conflicts],
        "shortened": sorted({owner for row in read.values() for owner in row["shortened"]}),
        "malformed": [f"{owner} (on {name})" for name, row in read.items() for owner in row["malformed"]],
    }


def _with_pins(row: Row, pins: list[Row]) -> Row:
    """Return the target of a host with the number of its set of pins, counted from 0; without one as it is."""
    return {**row["target"], "pins": pins.index(row["pins"])} if row["pins"] is not None else row["target"]


def _targets(targets: t.Iterable[Row]) -> list[Row]:
    """Return one row for all hosts that are equal, with their number."""
    rows: dict[str, Row] = {}
    for target in targets:
        row = rows.setdefault(_text(target), {**target, "hosts": 0})
        row["hosts"] += 1
    return [rows[text] for text in sorted(rows, key=lambda text: (*_kind_of(rows[text]), text))]


def _kind_of(target: Row) -> tuple[str, str, str]:
    return target["capability"], target["platform"], target["server_version"] or ""


class _Union:
    """The galleries of all hosts; none if all of them use LocalAI's own.

    `conflicts` has the galleries that differ although they have the same name, each with two of the hosts.
    """

    def __init__(self, kind: str, hosts: t.Mapping[str, Row]) -> None:
        self.galleries: list[Row] = []
        self.conflicts: list[str] = []
        if all(row[kind] is None for row in hosts.values()):
            return
        default = [_DEFAULT_GALLERIES[kind]]
        lists = {name: default if row[kind] is None else row[kind] for name, row in hosts.items()}
        first: dict[str, tuple[str, Row]] = {}
        differing: dict[str, str] = {}
        # The order of galleries has a meaning, and must not depend on the order of the hosts.
        for name in sorted(lists, key=lambda name: (_text(lists[name]), name)):
            for gallery in lists[name]:
                key = str(gallery["name"]).lower()
                host, known = first.setdefault(key, (name, gallery))
                if _text(known) != _text(gallery):
                    differing.setdefault(key, f"{gallery['name']} (on {host} and {name})")
        self.galleries = [gallery for _host, gallery in first.values()]
        self.conflicts = list(differing.values())


def _distinct(values: t.Iterable[Row]) -> list[Row]:
    by_text = {_text(value): value for value in values}
    return [by_text[text] for text in sorted(by_text)]
