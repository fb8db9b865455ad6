# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files import downward only, and the libraries of others are each used by one file."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

import pytest

PLUGINS = Path(__file__).resolve().parents[4] / "plugins"
PREFIX = "ansible_collections.localai.core.plugins."

# A file may import those on lower floors only; packages have an order of their own within their floor.
FLOORS = {
    "module_utils._errors": 0,  # everything raises them
    "module_utils._disk_errors": 0.5,  # everything that meets them words them so
    "module_utils._attributes": 0.7,  # what changes owner and mode for all of them
    "module_utils._members": 0.8,
    "module_utils._entries": 0.8,  # what _tree, and everybody else, asks of a directory
    "module_utils._directories": 0.9,
    "module_utils._options": 1,
    "module_utils._durable": 0.9,  # what _tree lets go on meanwhile, and _store waits for
    "module_utils._tree": 1,
    "module_utils._metadata": 1,
    "module_utils._patience": 1,
    "module_utils._pipeline": 1,
    "module_utils._progress": 1,
    "module_utils._url": 0.6,
    "module_utils._address": 0.7,  # what _metadata, and everybody else, records and prints
    "module_utils._archive": 1,
    "module_utils._archive.decompress": 1.1,
    "module_utils._archive.tar": 1.1,
    "module_utils._archive.zip": 1.2,  # tells of entries in the words of tar
    "module_utils._file": 0.9,  # how _metadata, and everybody else, reads a file
    "module_utils._relay": 1,
    "module_utils._volume": 3.05,  # what is remembered of a file system, in our directory of _installed
    "module_utils._said": 1,
    "module_utils._directory": 2,
    "module_utils._request": 1.5,  # what only one of the modules takes, built on what both take
    "module_utils._walk": 1.5,  # a tree that is only looked at
    "module_utils._verify": 1.9,  # what a walk found, against what was written down
    "module_utils._http": 2,
    "module_utils._unpack": 2,
    "module_utils._machine": 1,
    "module_utils._capability": 2,
    "module_utils._detect": 2.1,  # a machine -> what _capability concludes from
    "module_utils._oci": 3,
    "module_utils._oci.reference": 3.1,
    "module_utils._oci.manifest": 3.2,
    "module_utils._oci.auth": 3.2,
    "module_utils._oci.registry": 3.3,
    "module_utils._oci.layout": 3.3,
    "module_utils._oci.image": 3.4,
    "module_utils._uri": 3.5,
    "module_utils._gallery": 3,
    "module_utils._builds": 1,
    "module_utils._installed": 3,
    "module_utils._listing": 3.1,  # what LocalAI makes of the values of _installed
    "module_utils._unreadable": 3.2,  # what stays of that where a GPU cannot be read
    "module_utils._observe": 3.1,  # the disk -> the values of _installed
    "module_utils._owners": 3.5,  # whose trees are, and are to be, which the store only sets
    "module_utils._looks": 3.5,
    "module_utils._pins": 3.55,  # what _plan is made of: rows and URIs that are pinned,
    "module_utils._upgrade": 3.5,  # what is newer,
    "module_utils._recorded": 3.58,  # what a repair brings back,
    "module_utils._removal": 3.6,  # what goes,
    "module_utils._assess": 3.7,  # what one name needs,
    "module_utils._draft": 3.8,  # the steps with the state after them,
    "module_utils._cleanup": 3.9,  # and the removals at the end
    "module_utils._checks": 4,
    "module_utils._source": 4,
    "module_utils._plan": 4,
    "module_utils._memory": 3.9,  # the builds that it remembers,
    "module_utils._lock": 3.9,  # what _store is made of,
    "module_utils._own": 3.95,  # its directories,
    "module_utils._probe": 3.9,  # and what it finds out of the file system
    "module_utils._store": 4,
    "module_utils._inspect": 4.05,  # walks that a plan asks for
    "module_utils._network": 4.05,  # what it does not load before somebody has to be asked
    "module_utils._resolver": 4.5,  # the parts that _run connects: names -> targets, plan -> disk, plan -> result
    "module_utils._report": 4.5,
    "module_utils._apply": 4.8,
    "module_utils._offers": 4.7,  # what the info module asks the network for
    "module_utils._info": 4.8,
    "module_utils._invocation": 4.5,
    "module_utils._run": 5,
    "module_utils._service_directories": 3,  # the directories of the role: what is at a path,
    "module_utils._service_directories.paths": 3.1,
    "module_utils._service_directories.record": 3.2,  # which of them it created,
    "module_utils._service_directories.adopt": 3.3,
    "module_utils._service_directories.create": 3.3,
    "module_utils._service_directories.delete": 3.3,
    "module_utils._service_directories.run": 5,  # and the module
    "modules.localai_backend": 6,
    "modules.localai_backend_info": 6,
    "modules.localai_directory": 6,
    "doc_fragments.host": 6,
}

# The files that may import a library which is neither Python's own nor ours.
RUNS = ("module_utils._run", "module_utils._service_directories.run")
ANSIBLE = ("module_utils._invocation", "module_utils._service_directories.run")
OUTSIDERS = {
    "ansible.module_utils.basic": ANSIBLE,
    "requests": ("module_utils._http",),
    "urllib3": ("module_utils._http",),
    "yaml": ("module_utils._gallery",),
}
ONLY_IN_FUNCTIONS = ("requests", "urllib3", "yaml")


@dataclass(frozen=True)
class Import:
    """One imported module; C(inner) when that happens only inside a function."""

    module: str
    inner: bool


def files() -> dict[str, str]:
    """Return the source of every Python file below plugins/ by its dotted name."""
    found = {}
    for path in sorted(PLUGINS.rglob("*.py")):
        name = ".".join(path.relative_to(PLUGINS).with_suffix("").parts)
        found[name[: -len(".__init__")] if name.endswith(".__init__") else name] = path.read_text(encoding="utf-8")
    return found


def imports(source: str) -> Iterator[Import]:
    """Yield what a file imports, as full names of modules; a relative import begins with a dot."""
    tree = ast.parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    inner = {id(node) for function in functions for node in ast.walk(function)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, id(node) in inner) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            # "from package import module" names a module too; of "from module import name" only the module counts.
            names = [f"{base}.{alias.name}" for alias in node.names]
            known = [name for name in names if name[len(PREFIX) :] in FLOORS and name.startswith(PREFIX)]
            yield from (Import(name, id(node) in inner) for name in known or [base])


def violations(name: str, source: str) -> list[str]:
    """Return what a file imports against the rules."""
    found = []
    for imported in imports(source):
        if imported.module.startswith("."):
            found.append(f"{name} imports {imported.module} by a relative name")
        elif imported.module.startswith(PREFIX):
            found += upward(name, imported.module[len(PREFIX) :])
        else:
            found += outside(name, imported)
    return found


def upward(name: str, other: str) -> Iterator[str]:
    if other not in FLOORS:
        yield f"{name} imports {other}, which has no floor"
    elif FLOORS[other] >= FLOORS[name]:
        yield f"{name} imports {other}, which is not below it"
    elif name.startswith("modules.") and other not in RUNS:
        yield f"{name} imports {other} instead of module_utils._run alone"


def outside(name: str, imported: Import) -> Iterator[str]:
    for library, homes in OUTSIDERS.items():
        if imported.module == library or imported.module.startswith(f"{library}."):
            if name not in homes:
                yield f"{name} imports {library}, which only {' and '.join(homes)} may"
            if library in ONLY_IN_FUNCTIONS and not imported.inner:
                yield f"{name} imports {library} outside a function"
    if imported.module.split(".")[0] == "ansible" and imported.module not in OUTSIDERS:
        yield f"{name} imports {imported.module}"


def test_every_file_has_a_floor_and_every_floor_its_files() -> None:
    assert sorted(files()) == sorted(FLOORS)


@pytest.mark.parametrize("name", sorted(FLOORS))
def test_a_file_imports_only_what_is_below_it(name: str) -> None:
    assert violations(name, files()[name]) == []


@pytest.mark.parametrize(
    "name", ["modules.localai_backend", "modules.localai_backend_info", "modules.localai_directory"]
)
def test_a_module_is_documentation_and_main_and_nothing_else(name: str) -> None:
    body = ast.parse(files()[name]).body
    defined = [node.name for node in body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    assigned = [t.id for node in body if isinstance(node, ast.Assign) for t in node.targets if isinstance(t, ast.Name)]
    assert defined == ["main"]
    assert assigned == ["DOCUMENTATION", "EXAMPLES", "RETURN"]


@pytest.mark.parametrize("name", ["module_utils._oci", "module_utils._service_directories"])
def test_a_package_is_an_empty_file(name: str) -> None:
    assert files()[name] == ""


@pytest.mark.parametrize(
    ("name", "source", "wrong"),
    [
        ("module_utils._plan", f"from {PREFIX}module_utils._errors import OptionError", []),
        (
            "module_utils._plan",
            f"from {PREFIX}module_utils._run import run_info",
            ["module_utils._plan imports module_utils._run, which is not below it"],
        ),
        (
            "module_utils._gallery",
            f"import {PREFIX}module_utils._installed",
            ["module_utils._gallery imports module_utils._installed, which is not below it"],
        ),
        (
            "module_utils._gallery",
            f"def f():\n    from {PREFIX}module_utils import _errors, _installed",
            ["module_utils._gallery imports module_utils._installed, which is not below it"],
        ),
        (
            "module_utils._oci.auth",
            f"from {PREFIX}module_utils._oci.manifest import Image",
            ["module_utils._oci.auth imports module_utils._oci.manifest, which is not below it"],
        ),
        (
            "module_utils._gallery",
            f"from {PREFIX}module_utils._oci import reference",
            ["module_utils._gallery imports module_utils._oci.reference, which is not below it"],
        ),
        (
            "modules.localai_backend",
            f"from {PREFIX}module_utils._plan import plan",
            ["modules.localai_backend imports module_utils._plan instead of module_utils._run alone"],
        ),
        (
            "module_utils._plan",
            f"from {PREFIX}module_utils._new import x",
            ["module_utils._plan imports module_utils._new, which has no floor"],
        ),
        (
            "module_utils._plan",
            "from ._errors import OptionError",
            ["module_utils._plan imports ._errors by a relative name"],
        ),
        (
            "module_utils._store",
            "from ansible.module_utils.basic import AnsibleModule",
            [f"module_utils._store imports ansible.module_utils.basic, which only {' and '.join(ANSIBLE)} may"],
        ),
        (
            "module_utils._run",
            "from ansible.module_utils.urls import open_url",
            ["module_utils._run imports ansible.module_utils.urls"],
        ),
        (
            "module_utils._source",
            "def f():\n    import requests.adapters",
            ["module_utils._source imports requests, which only module_utils._http may"],
        ),
        ("module_utils._http", "def f():\n    import requests", []),
        ("module_utils._gallery", "import yaml", ["module_utils._gallery imports yaml outside a function"]),
    ],
)
def test_the_check_itself_sees_what_is_wrong(name: str, source: str, wrong: list[str]) -> None:
    assert violations(name, source) == wrong
