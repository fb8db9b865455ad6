# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The diff of `localai_service_files`, without secrets. Pure."""

from __future__ import annotations

import re
import typing as t

from .._address import redacted_text
from .._fs.file_attributes import FileAttributes
from .file_steps import CreateDirectory, GenerateFile, Remove, SetAttributes, Step, WriteFile
from .path_entry import Kind, PathEntry

_HIDDEN = "secrets: contents hidden\n"
# A variable or key whose name says that its value is a secret, and the rest of its line. Earlier versions wrote the API
# key to the same file as the other variables. A value in quotes can have several lines.
_SECRET = re.compile(
    r"""(?imx) ^ ([^\n]*? (?:key(?!ring)|token|secret|passw|credential) [\w."'-]{0,100} [\ \t]* [=:] [\ \t]*)
    ( "(?:[^"\\]|\\.|\\\n)*(?:"[^\n]*|\Z) | '[^']*(?:'[^\n]*|\Z) | [^\n]* )"""
)
_MAX_TEXT = 128 * 1024
_TOO_LONG = "(too long to be shown)\n"
_MAX_LINE = 4000
_LONG_LINE = "(a line that is too long to be shown)"


def diff(steps: t.Sequence[Step]) -> list[dict[str, str]]:
    """Return the diff as Ansible shows it: one item for each change of a content, and one for attributes."""
    return [_item(step.path, before, after, what) for step in steps for before, after, what in _changes(step)]


def without_secrets(text: str) -> str:
    """Return a text without the values of variables whose names say that they are secret, and without credentials."""
    # The search for addresses takes quadratic time in the length of a line.
    short = "\n".join(line if len(line) <= _MAX_LINE else _LONG_LINE for line in text.split("\n"))
    return redacted_text(_SECRET.sub(lambda match: f"{match.group(1)}(hidden)" if match.group(2) else match[0], short))


def _item(path: str, before: str, after: str, what: str) -> dict[str, str]:
    header = f"{path} ({what})" if what else path
    return {"before": before, "after": after, "before_header": header, "after_header": header}


def _changes(step: Step) -> t.Iterator[tuple[str, str, str]]:
    """Yield what was and what will be, as text, and what of the path it is."""
    if isinstance(step, CreateDirectory):
        yield "", f"directory\n{_shown(step.attributes)}", ""
        return
    if isinstance(step, Remove):
        yield f"{step.before.kind.value}\n", "", ""
        return
    if isinstance(step, GenerateFile):
        yield _content(step.before), _HIDDEN, ""
    elif isinstance(step, WriteFile) and step.is_secret:
        yield f"(before) {_HIDDEN}" if step.before.kind == Kind.FILE else _content(step.before), _HIDDEN, ""
    elif isinstance(step, WriteFile):
        yield _content(step.before), without_secrets(_text(step.content)), ""
    before = step.before.attributes if step.before.kind in (Kind.FILE, Kind.DIRECTORY) else FileAttributes()
    if isinstance(step, SetAttributes) or before != step.attributes:
        yield _shown(before), _shown(step.attributes), "owner, group and mode"


def _content(entry: PathEntry) -> str:
    if entry.kind == Kind.FILE:
        return without_secrets(_text(entry.content))
    if entry.kind == Kind.MISSING:
        return ""
    return f"link to {entry.target}\n" if entry.kind == Kind.LINK else f"{entry.kind.value}\n"


def _text(content: bytes | None) -> str:
    if content is None or len(content) > _MAX_TEXT:
        return _TOO_LONG
    return content.decode("utf-8", "replace")


def _shown(attributes: FileAttributes) -> str:
    rows = (("owner", attributes.owner), ("group", attributes.group), ("mode", attributes.mode))
    return "".join(f"{name}: {value}\n" for name, value in rows if value)
