# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Problems of the YAML files in the models path, before their models are checked. Pure.

Follows `loadModelConfigsFromPath` and `readModelConfigsFromFile` in LocalAI's `core/config/model_config_loader.go`.
"""

from __future__ import annotations

import posixpath
import re
import typing as t
from dataclasses import dataclass

from .contents import Entry, Finding, Reader, is_yaml
from .mentions import Document

_NOTHING = re.compile(r"(?:\s|[#%][^\n]*(?:\n|$)|---(?=\s|$)|\.\.\.(?=\s|$)|(?:null|Null|NULL|~)(?=\s|$)|\ufeff)*")
_SECOND_DOCUMENT = re.compile(r"^---(?:\s|$)", re.MULTILINE)
_CONSEQUENCE = (
    "LocalAI skips it at its start. From LocalAI 4.10 on, installing and deleting models through the API fails while "
    "it is in the models path."
)


@dataclass(frozen=True)
class Configuration:
    """One model that a file configures; `siblings` is the number of models of the file."""

    path: str
    config: t.Mapping[str, t.Any]
    siblings: int = 1

    @property
    def name(self) -> str:
        """The name of the model; empty if it has none."""
        return text_of(self.config.get("name"))

    @property
    def model_file(self) -> str:
        """The value of `parameters.model`."""
        parameters = self.config.get("parameters")
        return text_of(parameters.get("model")) if isinstance(parameters, dict) else ""


def text_of(value: t.Any) -> str:
    """Return a scalar as the text that LocalAI reads; empty for nothing, and for lists and mappings."""
    return "" if value is None or isinstance(value, (dict, list)) else str(value)


def is_read_at_start(path: str) -> bool:
    """Return whether LocalAI takes a file for the configuration of models by its name."""
    return "/" not in path and is_yaml(path) and not path.startswith(".")


def configurations_of(documents: t.Sequence[Document]) -> list[Configuration]:
    """Return the models that the documents configure, in the order in which LocalAI reads them."""
    configurations = []
    for document in sorted(documents, key=lambda document: document.path.encode("utf-8", "surrogateescape")):
        if not is_read_at_start(document.path) or _is_gallery(document.content):
            continue
        items = document.content if isinstance(document.content, list) else [document.content]
        models = [item for item in items if isinstance(item, dict)]
        if len(models) == len(items):
            # A list with anything else is refused as a whole.
            configurations += [Configuration(document.path, item, len(items)) for item in models]
    return configurations


def yaml_findings(
    entries: t.Sequence[Entry], documents: t.Sequence[Document], reader: Reader | None
) -> t.Iterator[Finding]:
    """Yield what is wrong with the YAML files at the top of the models path; LocalAI reads no others at its start."""
    by_path = {document.path: document for document in documents}
    for entry in entries:
        if not entry.is_top or not is_yaml(entry.name):
            continue
        if entry.kind == "link":
            yield from _link(entry)
        if not is_read_at_start(entry.path):
            continue
        if entry.kind in ("directory", "other"):
            yield _not_a_file(entry)
        elif "file" in (entry.kind, entry.target_kind):
            if reader and not reader.may_read(entry):
                yield Finding(
                    entry.path,
                    f"The user of the service ({reader.uid}) may not read it. {_CONSEQUENCE}",
                    "Change its owner, its group or its mode.",
                )
            yield from _document(entry.path, by_path.get(entry.path))


def _link(entry: Entry) -> t.Iterator[Finding]:
    if entry.target_kind == "file":
        yield Finding(
            entry.path,
            "It is a symlink. From LocalAI 4.10 on, deleting models through the API fails while it is in the models "
            "path.",
            "Replace it with a copy of the file.",
        )
    elif is_read_at_start(entry.path):
        what = "leads nowhere" if not entry.target_kind else "does not lead to a file"
        yield Finding(entry.path, f"It is a symlink that {what}. {_CONSEQUENCE}", "Remove it.")


def _not_a_file(entry: Entry) -> Finding:
    if entry.kind == "directory":
        problem = f"It is a directory, and its name is that of a configuration. {_CONSEQUENCE}"
        return Finding(entry.path, problem, "Rename it, and the paths in the configurations that name it.")
    problem = (
        "It is neither a file nor a directory, and its name is that of a configuration. A named pipe stops LocalAI."
    )
    return Finding(entry.path, problem, "Remove it.")


def _document(path: str, document: Document | None) -> t.Iterator[Finding]:
    if document is None:
        yield Finding(path, "It could not be checked: it is too large, or cannot be read.", "Check the file.")
    elif document.content is None and not _NOTHING.fullmatch(document.text):
        yield Finding(path, f"It is not valid YAML. {_CONSEQUENCE}", "Correct or remove it.")
    elif document.content is None:
        yield Finding(path, "It is empty, and LocalAI lists it as a model with an empty name.", "Remove it.")
    elif _is_gallery(document.content):
        yield _gallery(path, document.content)
    elif isinstance(document.content, list):
        yield from _list(path, document.content)
    elif not isinstance(document.content, dict):
        yield Finding(path, f"It is neither a mapping nor a list. {_CONSEQUENCE}", "Correct or remove it.")
    if document is not None and document.content is not None and _has_second_document(document.text):
        yield Finding(
            path,
            "It has several YAML documents, and LocalAI reads only the first.",
            "Write each model into a file of its own.",
        )


def _list(path: str, items: list[t.Any]) -> t.Iterator[Finding]:
    if None in items:
        yield Finding(path, "Its list has an empty item. LocalAI crashes when it reads it.", "Remove the empty item.")
    elif not items or not all(isinstance(item, dict) for item in items):
        yield Finding(path, f"It is a list of something else than models. {_CONSEQUENCE}", "Correct or remove it.")
    elif len(items) > 1:
        yield Finding(
            path,
            f"It configures {len(items)} models. LocalAI loads all of them only at a start or a reload, and cannot "
            "delete them one by one.",
            "Write each model into a file <name>.yaml of its own.",
        )


def _is_gallery(content: t.Any) -> bool:
    """Return whether a document is a gallery or a base file of one, by the keys that only these have."""
    if isinstance(content, dict):
        return "config_file" in content
    return isinstance(content, list) and any(
        isinstance(item, dict) and ({"url", "config_file", "variants", "files"} & item.keys()) for item in content
    )


def _gallery(path: str, content: t.Any) -> Finding:
    if isinstance(content, dict):
        problem = "It is the base file of a gallery entry, and LocalAI lists it as a model."
        return Finding(path, problem, "Move it out of the models path.")
    return Finding(
        path,
        f"It is a gallery. Unless the server has a gallery with its address (file://), this holds: {_CONSEQUENCE}",
        f"Move it out of the models path, or add file://<models path>/{posixpath.basename(path)} to the galleries.",
    )


def _has_second_document(text: str) -> bool:
    """Return whether a line of `---` follows the first content."""
    start = t.cast("re.Match[str]", _NOTHING.match(text)).end()
    return _SECOND_DOCUMENT.search(text, start) is not None
