# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which package may import which: an allow-list. Adding a line to it is a decision about the architecture."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Iterator

import pytest

PLUGINS = Path(__file__).resolve().parents[4] / "plugins"
PRIVATE = "# This file is private to the localai.core collection: nothing outside it may import it."

# A package may import packages, or single files of them. All may import the files beside the packages.
MAY_IMPORT = {
    "_fs": [],
    "_unpack": ["_fs"],
    "_http": ["_unpack.compression", "_fs.read", "_fs.utf8"],
    "_oci": ["_http", "_unpack.compression", "_unpack.limits", "_fs"],
    "_store": ["_fs"],
    "_localai": [
        "_fs",
        "_store.record",
        "_store.builds",
        "_store.recorded_builds",
        "_store.layout",
        "_store.file_system",
        "_store.tree_files",
    ],
    "_sources": ["_oci", "_http", "_unpack", "_fs"],
    "_sigstore": [],
    "_planner": [
        "_localai",
        "_store.record",
        "_store.builds",
        "_store.layout",
        "_fs.file_attributes",
        "_oci.reference",
        "_oci.platform",
        "_sources.uri",
        "_sources.model_uri",
    ],
    "_bundle": ["_oci", "_http", "_fs"],
    "_resolver": ["_planner", "_bundle", "_sources", "_localai", "_oci", "_http", "_sigstore", "_fs"],
    "_module": [
        "_planner",
        "_resolver",
        "_bundle",
        "_localai",
        "_sources",
        "_oci",
        "_http.client",
        "_http.mirrors",
        "_http.url",
        "_store",
        "_unpack.unpack",
        "_fs",
    ],
    "_service_directories": ["_module.runner", "_store", "_fs"],
    "_server": [
        "_module.runner",
        "_localai.names",
        "_localai.models.backends",
        "_http.redact",
        "_service_directories.paths",
        "_fs",
    ],
    "_host": ["_module.runner", "_service_directories.paths", "_fs"],
    "_errors": [],
    "_address": [],
    "_request": [],
    "_model_request": [],
}
BESIDE = ("_errors", "_address", "_request", "_model_request")

# All that the planner loads, directly or not, may use this much of Python and nothing else.
PURE = (
    "__future__ base64 calendar collections contextlib copy dataclasses difflib enum functools hashlib ipaddress json "
    "math posixpath re types typing urllib.parse"
)

# Who may import a library that is not ours, or start programs.
LIBRARIES = {
    "ansible": ["_module"],
    "requests": ["_http"],
    "urllib3": ["_http"],
    "yaml": ["_resolver.yaml_document", "_resolver.config_yaml"],
    "cryptography": ["_sigstore"],
    "subprocess": ["_fs.process"],
    # In another locale than UTF-8, names would become other bytes.
    "os": ["_fs.utf8", "_fs.utf8_names"],
}
ONLY_IN_FUNCTIONS = ("requests", "urllib3", "yaml", "cryptography")


def files() -> dict[str, str]:
    """Return the source of every file of the library by its dotted name."""
    root = PLUGINS / "module_utils"
    return {
        ".".join(path.relative_to(root).with_suffix("").parts): path.read_text(encoding="utf-8")
        for path in sorted(root.rglob("*.py"))
    }


FILES = files()


def imports(name: str, source: str) -> Iterator[tuple[str, bool, bool]]:
    """Yield what a file imports: a file of the library, or another module; whether in a function, or for types only."""
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    types = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)]
    inner = {id(node) for function in functions for node in ast.walk(function)}
    for_types = {id(node) for block in types for node in ast.walk(block)}
    for node in ast.walk(tree):
        where = (id(node) in inner, id(node) in for_types)
        if isinstance(node, ast.Import):
            yield from ((alias.name, *where) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield (node.module or "", *where)
        elif isinstance(node, ast.ImportFrom):
            package = name.split(".")[: -node.level]
            base = ".".join([*package, *([node.module] if node.module else [])])
            named = [f"{base}.{alias.name}".lstrip(".") for alias in node.names]
            yield from ((module if module in FILES else base, *where) for module in named)


def is_allowed(name: str, imported: str) -> bool:
    package, other = name.split(".", maxsplit=1)[0], imported.split(".", maxsplit=1)[0]
    return other in (package, *BESIDE) or any(may in (imported, other) for may in MAY_IMPORT[package])


def violations(name: str, source: str) -> list[str]:
    """Return what a file imports against the rules."""
    wrong = []
    for imported, inner, for_types in imports(name, source):
        top = imported.split(".")[0]
        if imported in FILES:
            wrong += [] if is_allowed(name, imported) else [f"{name} imports {imported}"]
        elif top == "ansible_collections":
            wrong.append(f"{name} imports {imported} by an absolute name")
        elif top in LIBRARIES and not any(may in (name, name.split(".", maxsplit=1)[0]) for may in LIBRARIES[top]):
            wrong.append(f"{name} imports {imported}")
        elif top in ONLY_IN_FUNCTIONS and not (inner or for_types):
            wrong.append(f"{name} imports {imported} outside a function")
    return wrong


def loaded_by(package: str) -> set[str]:
    """Return the files that a package loads, directly or not, at any time."""
    todo, loaded = [name for name in FILES if name.startswith(f"{package}.")], set()
    while todo:
        name = todo.pop()
        if name not in loaded:
            loaded.add(name)
            todo += [
                module for module, _inner, for_types in imports(name, FILES[name]) if module in FILES and not for_types
            ]
    return loaded


def impurities(name: str, source: str) -> list[str]:
    """Return what a pure file imports or calls that it must not: whatever sees or changes the world outside."""
    foreign = {module for module, _inner, _types in imports(name, source) if module not in FILES} - set(PURE.split())
    called = {
        node.func.id
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    return sorted(
        f"{name}: {what}" for what in foreign | (called & {"open", "print", "input", "eval", "exec", "__import__"})
    )


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_imports_only_what_its_package_may(name: str) -> None:
    assert violations(name, FILES[name]) == []


def test_every_package_is_in_the_allow_list() -> None:
    assert {name.split(".")[0] for name in FILES} == set(MAY_IMPORT)


def test_the_allow_list_has_no_line_that_nobody_needs() -> None:
    used = {(name.split(".")[0], module) for name, source in FILES.items() for module, *_where in imports(name, source)}
    unused = [
        f"{package} {may}"
        for package, allowed in MAY_IMPORT.items()
        for may in allowed
        if not any(who == package and may in (module, module.split(".")[0]) for who, module in used)
    ]
    assert unused == []


def test_packages_do_not_import_each_other() -> None:
    """A package that imports another, directly or not, is not imported by it."""
    direct = {
        package: {may.split(".")[0] for may in allowed if "." not in may} for package, allowed in MAY_IMPORT.items()
    }
    reached = dict(direct)
    for _round in MAY_IMPORT:
        reached = {package: others.union(*(reached[other] for other in others)) for package, others in reached.items()}
    assert [package for package, others in reached.items() if package in others] == []


def test_how_it_works_has_a_row_for_each_package_with_what_it_may_import() -> None:
    guide = (PLUGINS.parent / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split(" | ") for line in guide.splitlines() if line.startswith("| `_")]
    documented = {row[0].strip("`"): [] if row[2] == "nothing" else row[2].replace("`", "").split(", ") for row in rows}
    assert documented == {package: allowed for package, allowed in MAY_IMPORT.items() if package not in BESIDE}


def test_the_planner_is_pure() -> None:
    assert [line for name in sorted(loaded_by("_planner")) for line in impurities(name, FILES[name])] == []


def test_every_file_says_that_it_is_private() -> None:
    assert [name for name, source in FILES.items() if source.splitlines()[1] != PRIVATE] == []


def test_every_package_says_what_belongs_into_it() -> None:
    packages = {
        name: ast.get_docstring(ast.parse(source)) for name, source in FILES.items() if name.endswith("__init__")
    }
    assert [name for name, text in packages.items() if not text or "belong" not in text] == []
    assert {name.split(".")[0] for name in packages} == set(MAY_IMPORT) - set(BESIDE)


@pytest.mark.parametrize("name", [path.stem for path in sorted((PLUGINS / "modules").glob("*.py"))])
def test_a_module_is_documentation_and_main_and_nothing_else(name: str) -> None:
    body = ast.parse((PLUGINS / "modules" / f"{name}.py").read_text(encoding="utf-8")).body
    defined = [node.name for node in body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    assigned = [t.id for node in body if isinstance(node, ast.Assign) for t in node.targets if isinstance(t, ast.Name)]
    assert defined == ["main"]
    assert assigned == ["DOCUMENTATION", "EXAMPLES", "RETURN"]


@pytest.mark.parametrize(
    ("name", "source", "wrong"),
    [
        ("_planner.plan", "from .._errors import OptionError", []),
        ("_planner.plan", "from .._localai.listing import Listing", []),
        ("_planner.plan", "def f():\n    from .._http.client import Http", ["_planner.plan imports _http.client"]),
        ("_planner.plan", "from .._http import client", ["_planner.plan imports _http.client"]),
        ("_fs.tree", "from .._unpack import unpack", ["_fs.tree imports _unpack.unpack"]),
        ("_http.client", "from .._unpack.tar import TarStream", ["_http.client imports _unpack.tar"]),
        (
            "_fs.tree",
            "from ansible.module_utils.basic import AnsibleModule",
            ["_fs.tree imports ansible.module_utils.basic"],
        ),
        ("_oci.registry", "def f():\n    import requests", ["_oci.registry imports requests"]),
        ("_http.client", "import requests", ["_http.client imports requests outside a function"]),
        ("_http.client", "def f():\n    import requests", []),
        (
            "_store.store",
            "from ansible_collections.localai.core.plugins.module_utils._fs.tree import Tree",
            ["_store.store imports ansible_collections.localai.core.plugins.module_utils._fs.tree by an absolute name"],
        ),
    ],
)
def test_the_check_itself_sees_what_is_wrong(name: str, source: str, wrong: list[str]) -> None:
    assert violations(name, source) == wrong


@pytest.mark.parametrize(
    "source", ["import os", "from time import monotonic", "import subprocess", "def f(): open('x')"]
)
def test_the_check_of_purity_sees_what_is_impure(source: str) -> None:
    assert len(impurities("_planner.plan", source)) == 1
