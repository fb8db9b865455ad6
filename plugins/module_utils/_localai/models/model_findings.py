# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Problems of the models that are configured in the models path. Pure.

Follows LocalAI's `core/config/model_config.go` and `core/http/middleware/request.go`.
"""

from __future__ import annotations

import posixpath
import re
import typing as t

from ..names import is_usable, usable_spelling
from .contents import Finding, Listing
from .file_findings import WEIGHTS
from .names import matches_itself
from .yaml_findings import Configuration, text_of

_BACKEND = re.compile(r"[a-zA-Z0-9_-]+")
# Such values are downloaded, or are names of repositories.
_REMOTE = re.compile(r"(?:[a-z]+://|github:|hf\.co/)", re.IGNORECASE)


def model_findings(
    listing: Listing, configurations: t.Sequence[Configuration], check: t.Callable[[t.Mapping[str, t.Any]], str]
) -> t.Iterator[Finding]:
    """Yield what is wrong with the configured models. `check` returns why LocalAI refuses a configuration."""
    present = {entry.path for entry in listing.entries if entry.kind != "link" or entry.target_kind}
    linked = [entry.path for entry in listing.entries if entry.kind == "link" and entry.target_kind == "directory"]
    accepted = []
    for model in configurations:
        refusal = _refusal(model, check)
        if refusal:
            yield refusal
            continue
        accepted.append(model)
        yield from _name(model)
        yield from _backend_spelling(model)
        if not listing.problems:
            yield from _missing_files(model, present, linked)
    yield from _repeated_names(accepted)
    yield from _aliases(accepted)


def _refusal(model: Configuration, check: t.Callable[[t.Mapping[str, t.Any]], str]) -> Finding | None:
    consequence = "LocalAI refuses the configuration, and from LocalAI 4.10 on fails to install and delete models."
    backend = text_of(model.config.get("backend"))
    if backend and not _BACKEND.fullmatch(backend):
        return Finding(
            model.path,
            f"{_title(model)}: no backend can have the name {backend}. {consequence}",
            f"Write the name of the backend with letters, digits, - and _, such as {usable_spelling(backend)}.",
        )
    problem = check(model.config)
    return Finding(model.path, f"{_title(model)}: {problem} {consequence}", "Correct it.") if problem else None


def _title(model: Configuration) -> str:
    return f"The model {model.name}" if model.name else "A model without a name"


def _backend_spelling(model: Configuration) -> t.Iterator[Finding]:
    backend = text_of(model.config.get("backend"))
    if backend and not is_usable(backend):
        yield Finding(
            model.path,
            f"The backend {backend} has capitals in its name. LocalAI looks for {backend.lower()}.",
            f"Write backend: {backend.lower()}, and install the backend under this name.",
        )


def _name(model: Configuration) -> t.Iterator[Finding]:
    if not model.name:
        problem = "It has no name, and LocalAI lists it as a model with an empty name."
        yield Finding(model.path, problem, "Add the key name, with the name of the file without .yaml.")
        return
    problem = _name_problem(model.name)
    if problem:
        yield Finding(model.path, f"The name {_shown(model.name)} {problem}", "Choose another name.")
    elif model.siblings == 1:
        yield from _file_name(model)


def _file_name(model: Configuration) -> t.Iterator[Finding]:
    stem, ending = posixpath.splitext(model.path)
    advice = f"Rename the file to {model.name}.yaml."
    if ending != ".yaml":
        yield Finding(
            model.path,
            f"Its name ends in {ending}. LocalAI reads it at a start or a reload, but the first request for a model "
            "only looks for .yaml, and LocalAI cannot delete the model.",
            advice,
        )
    elif stem != model.name:
        yield Finding(
            model.path,
            f"The model in it is called {model.name}, and not {stem}. Requests for {model.name} work only after a "
            f"start or a reload, requests for {stem} fail, and LocalAI cannot delete the model under its name.",
            advice,
        )


def _name_problem(name: str) -> str:
    """Return what is wrong with the name of a model, as the rest of a sentence; empty if nothing is."""
    if "/" in name:
        return (
            "contains a slash. The first request for it looks for a file in a subdirectory, and LocalAI cannot delete "
            "the model."
        )
    if not name.isprintable() or name != name.strip():
        return "starts or ends with a space, or contains a character that cannot be seen. Requests will miss it."
    if not matches_itself(name):
        return (
            "is not found by requests, because LocalAI reads a requested name as a regular expression, and this one "
            "does not match the name."
        )
    return ""


def _shown(name: str) -> str:
    return name if name.isprintable() else ascii(name)[:100]


def _missing_files(model: Configuration, present: t.AbstractSet[str], linked: t.Sequence[str]) -> t.Iterator[Finding]:
    """Yield the files that a configuration names and that are not there, unless LocalAI downloads them."""
    downloaded = _downloaded(model)
    values = {key: text_of(model.config.get(key)) for key in ("mmproj", "draft_model")}
    if not model.config.get("artifacts") and model.model_file.lower().endswith(WEIGHTS):
        # Without such an ending, it may be the name of a repository that the backend downloads.
        values["parameters.model"] = model.model_file
    for key, value in values.items():
        path = posixpath.normpath(value.lstrip("/")) if value else ""
        is_below_link = any(path.startswith(directory + "/") for directory in linked)
        if not path or _REMOTE.match(value) or path in present or path in downloaded or is_below_link:
            continue
        yield Finding(
            model.path,
            f"{_title(model)}: the file {value}, which {key} names, is not in the models path.",
            "Install the model again, or correct the path, which is relative to the models path.",
        )


def _downloaded(model: Configuration) -> set[str]:
    """Return the paths of the files that LocalAI downloads at its start for a model."""
    files = model.config.get("download_files")
    names = (
        [text_of(file.get("filename")) for file in files if isinstance(file, dict)] if isinstance(files, list) else []
    )
    return {posixpath.normpath(name) for name in names if name}


def _repeated_names(models: t.Sequence[Configuration]) -> t.Iterator[Finding]:
    """Yield the models that LocalAI does not use because a later one has the same name."""
    last = {model.name: model for model in models}
    for model in models:
        winner = last[model.name]
        if model is winner or not model.name:
            continue
        elsewhere = (
            f"the file {winner.path}, which is later in byte order" if winner.path != model.path else "a later item"
        )
        yield Finding(
            model.path,
            f"The model {model.name} is also configured in {elsewhere}. LocalAI uses that configuration.",
            "Remove one of them, or give it another name.",
        )


def _aliases(models: t.Sequence[Configuration]) -> t.Iterator[Finding]:
    targets = {model.name: text_of(model.config.get("alias")) for model in models}
    for model in models:
        target = text_of(model.config.get("alias"))
        if target and target not in targets:
            problem = f"The model {model.name} is an alias of {target}, which no file configures. Requests for it fail."
            yield Finding(model.path, problem, f"Install {target}, or change the alias.")
        elif target and targets[target]:
            problem = f"The model {model.name} is an alias of {target}, which is an alias itself. Requests for it fail."
            yield Finding(model.path, problem, f"Write alias: {targets[target]}.")
