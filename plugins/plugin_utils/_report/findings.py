# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conditions that need action in the installed content of a host: backends, models and pins."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError
from ansible_collections.localai.core.plugins.module_utils._planner.pins import pins_of_host
from ansible_collections.localai.core.plugins.plugin_utils._report.texts import short_digest, text_of
from ansible_collections.localai.core.plugins.plugin_utils._rows import installed_name

Row = t.Dict[str, t.Any]

_PIN_KEYS = ("name", "capability", "platform", "backend", "alias", "uri", "digest")


@dataclass(frozen=True)
class Finding:
    """One reason for action: the name of its condition, and a sentence.

    The same sentence on several hosts is one line of the report; `detail` is what differs between them. `advice` is
    empty if that of the condition fits.
    """

    condition: str
    text: str
    detail: str = ""
    advice: str = ""


def pins_of_backends(backends: t.Sequence[Row], wanted: Row) -> tuple[dict[str, bool], list[Finding]]:
    """Return whether each installed name is as it is pinned, and what is not. A name without a pin is in neither.

    `wanted` has the `pins`, the `capability` and the `platform` of the host, the names of the `backends`, and in
    `own_builds` the names whose build the inventory states itself, which need no pin.
    """
    rows = _rows(wanted["pins"].get("backends"))
    document = {
        "format": wanted["pins"].get("format", 1),
        "backends": [{key: row.get(key) for key in _PIN_KEYS} for row in rows],
    }
    if not rows or not wanted["capability"]:
        return {}, []
    try:
        pins = pins_of_host(document, wanted["capability"], wanted["platform"])
    except (LocalAIError, TypeError, ValueError, AttributeError) as e:
        reason = text_of(e) if isinstance(e, LocalAIError) else "A row has a value of the wrong type."
        return {}, [Finding("off_pins", "The pins cannot be read.", reason, "Correct localai_pins.")]
    own = set(map(installed_name, wanted["own_builds"]))
    agrees: dict[str, bool] = {}
    findings = []
    for name in wanted["backends"]:
        if installed_name(name) not in (pins.keys() | own):
            host = f"{text_of(wanted['capability'])} on {text_of(wanted['platform'])}"
            findings.append(Finding("off_pins", f"The pins have no row for the backend {text_of(name)} and {host}."))
    for row in backends:
        pin = pins.get(row["name"].lower())
        if pin is None or row["name"].lower() in own:
            continue
        agrees[row["name"]] = row["build"] == pin.backend and pin.digest in (row["digest"], row["platform_digest"])
        if not agrees[row["name"]]:
            installed = f"{row['build']} @ {short_digest(row['digest']) or 'an unknown digest'}"
            pinned = f"{text_of(pin.backend)} @ {short_digest(pin.digest)}"
            findings.append(Finding("off_pins", f"The backend {row['name']} is {installed}, and the pin is {pinned}."))
    return agrees, findings


def pins_of_models(
    models: t.Sequence[Row], files: t.Mapping[str, t.Mapping[str, str]], pins: Row
) -> tuple[dict[str, bool], list[Finding]]:
    """Return whether each pinned model has the files of its pin, and which differ.

    `files` has the recorded SHA-256 of the files of each model, by the name of the model and the path. It is empty for
    a file that somebody else installed; a model with such files is in neither.
    """
    agrees: dict[str, bool] = {}
    findings = []
    pinned = {installed_name(row["name"]): row for row in _rows(pins.get("models")) if row.get("name")}
    for model in models:
        pin = pinned.get(installed_name(model["name"]))
        if pin is None:
            continue
        known = files[model["name"]]
        wanted = {
            str(file.get("filename")): str(file["sha256"]) for file in _rows(pin.get("files")) if file.get("sha256")
        }
        wrong = sorted(
            name for name, sha256 in wanted.items() if known.get(name, "?").lower() not in ("", sha256.lower())
        )
        if wrong:
            names = ", ".join(map(text_of, wrong))
            findings.append(Finding("off_pins", f"The model {model['name']} differs from its pin: {names}."))
        if wrong or all(known.get(name) for name in wanted):
            agrees[model["name"]] = not wrong
    return agrees, findings


def _rows(value: t.Any) -> list[Row]:
    """Return the mappings of a list; nothing for any other value, which the role refuses."""
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def missing(kind: str, names: t.Iterable[str], installed: t.Iterable[str]) -> t.Iterator[Finding]:
    """Yield the declared names that are not installed; `kind` is `backend` or `model`."""
    present = {installed_name(name) for name in installed}
    for name in names:
        if installed_name(name) not in present:
            yield Finding("missing", f"The {kind} {text_of(name)} is not installed.")


def unsigned(backends: t.Iterable[Row], policy: t.Any) -> t.Iterator[Finding]:
    """Yield the builds whose signature nobody verified, although the policy (`signatures`) wants it."""
    if policy not in ("warn", "enforce"):
        return
    for build in sorted({row["build"] for row in backends if row["kind"] != "system" and not row["signer"]}):
        yield Finding("unsigned", f"No signature of the backend {build} was verified.")


def problems_of_backends(backends: t.Iterable[Row], others: t.Iterable[Row]) -> t.Iterator[Finding]:
    """Yield the problems of the installed backends, and of directories that are none."""
    for row in backends:
        if row["problem"]:
            yield Finding("problem", f"The backend {row['name']}: {row['problem']}.")
    for row in others:
        where = text_of(row.get("name"))
        problem = text_of(row.get("problem")).rstrip(".")
        yield Finding("problem", f"The directory {where} of the backends: {problem}." if where else f"{problem}.")


def problems_of_models(problems: t.Iterable[Row]) -> t.Iterator[Finding]:
    """Yield the problems in the directory of the models, with the advice of the module."""
    for row in problems:
        where = text_of(row.get("path"))
        problem = text_of(row.get("problem"))
        text = problem if where in problem else f"{where}: {problem}"
        yield Finding("problem", text, advice=text_of(row.get("advice")))
