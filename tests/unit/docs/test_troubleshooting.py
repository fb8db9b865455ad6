# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guide to messages quotes them as they stand in the source, and knows every error of the modules and of the role.

In the guide and in what the source is made into here, `…` stands for whatever a message is filled with.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any, Iterator

import yaml

from ansible_collections.localai.core.plugins.module_utils import _errors
from ansible_collections.localai.core.plugins.module_utils._localai.installed import RUN_FILE
from ansible_collections.localai.core.plugins.module_utils._localai.metadata import METADATA

COLLECTION = Path(__file__).resolve().parents[3]
GUIDE = COLLECTION / "docs" / "docsite" / "rst" / "troubleshooting.rst"
ERRORS = {name for name, value in vars(_errors).items() if isinstance(value, type)} | {"_refuse", "refuse"}
CONSTANTS = {"RUN_FILE": RUN_FILE, "METADATA": METADATA, "OWN_DIRECTORY": ".localai-core"}


def quotes() -> list[str]:
    """Return the messages that the guide explains: what stands in double backquotes at the start of a line."""
    lines = GUIDE.read_text(encoding="utf-8").splitlines()
    return [quote for line in lines if line.startswith("``") for quote in re.findall(r"``(.+?)``", line)]


def text_of(node: ast.AST) -> str:
    """Return a text of the source; other expressions are not known before it runs."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(map(text_of, node.values))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return text_of(node.left) + text_of(node.right)
    if isinstance(node, ast.FormattedValue) and isinstance(node.value, ast.Name):
        return CONSTANTS.get(node.value.id, "…")
    return "…"


def filled(text: str) -> str:
    return re.sub("…+", "…", " ".join(text.split()))


def nodes() -> Iterator[ast.AST]:
    for path in sorted((COLLECTION / "plugins" / "module_utils").rglob("*.py")):
        yield from ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def said_by_the_modules() -> set[str]:
    return {filled(text_of(node)) for node in nodes() if isinstance(node, (ast.Constant, ast.JoinedStr, ast.BinOp))}


def files_of_the_role() -> list[Path]:
    roles = COLLECTION / "roles"
    return [
        *roles.glob("*/tasks/*.yml"),
        *roles.glob("*/vars/main/*.yml"),
        *(COLLECTION / "playbooks").rglob("*.yml"),
    ]


def without_templates(text: str) -> str:
    return filled(re.sub(r"{{.*?}}", "…", text, flags=re.DOTALL))


def said_by_the_role() -> set[str]:
    said = {without_templates(path.read_text(encoding="utf-8")) for path in files_of_the_role()}
    filters = [ast.parse(path.read_text(encoding="utf-8")) for path in (COLLECTION / "plugins" / "filter").glob("*.py")]
    nodes_of_filters = [node for tree in filters for node in ast.walk(tree)]
    return said | {
        filled(text_of(node)) for node in nodes_of_filters if isinstance(node, (ast.Constant, ast.JoinedStr))
    }


def errors() -> set[str]:
    """Return the texts that errors are made with."""
    found = set()
    for node in nodes():
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ERRORS:
            found |= {filled(text_of(argument)) for argument in node.args}
    return {text for text in found if re.search(r"\w \w", text)}


def texts(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Return the texts of a YAML document with their keys."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from texts(item, str(name))
    elif isinstance(value, list):
        for item in value:
            yield from texts(item, key)
    elif isinstance(value, str):
        yield key, value


def errors_of_the_role() -> set[str]:
    """Return the texts of its rules, its assertions and its warnings."""
    documents = [yaml.safe_load(path.read_text(encoding="utf-8")) for path in files_of_the_role()]
    found = {
        without_templates(text)
        for document in documents
        for key, text in texts(document)
        if key in ("otherwise", "fail_msg") or key.endswith("_warning")
    }
    return {text for text in found if re.search(r"\w \w", text)}


def test_what_the_guide_quotes_stands_in_the_source() -> None:
    said = said_by_the_modules() | said_by_the_role()
    assert len(quotes()) > 50
    assert [quote for quote in quotes() if not any(quote in text for text in said)] == []


def test_the_guide_knows_every_error() -> None:
    assert len(errors()) > 50
    assert [error for error in sorted(errors()) if not any(quote in error for quote in quotes())] == []


def test_the_guide_knows_every_error_of_the_role() -> None:
    assert len(errors_of_the_role()) > 40
    assert [error for error in sorted(errors_of_the_role()) if not any(quote in error for quote in quotes())] == []
