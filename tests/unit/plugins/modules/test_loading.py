# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run loads: one that has nothing to do loads neither clients nor writers, and little at all."""

from __future__ import annotations

import ast
import io
import json
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest

from ansible_collections.localai.core.tests.support.interpreter import environment

# The lines of code of the library that a converged run may load; blank lines, comments and docstrings cost nothing.
MOST_LINES = 2560
MOST_LINES_FOR_MODELS = 3500
# What fetches, reads galleries, unpacks or writes.
HEAVY = (
    "_http.client",
    "_resolver.",
    "_unpack.",
    "_sources.source",
    "_oci.registry",
    "_store.store",
    "_fs.tree",
    "_fs.sync",
    "_fs.remove",
)

# What only models need that change, or that have no files of their own.
NEEDLESS_FOR_MODELS = (
    *("_localai.installed", "_localai.models.artifacts", "_localai.models.config_check", "_localai.models.mentions"),
    *("_localai.models.unused", "_localai.scan", "_module.models.answers", "_module.models.apply", "_planner.plan"),
    *("_planner.models.snapshots", "_sources.model_uri"),
)

RUN = """
import importlib, json, sys
main = importlib.import_module(f"ansible_collections.localai.core.plugins.modules.{sys.argv[2]}").main
from ansible_collections.localai.core.tests.support.module import run_module
result = run_module(main, json.loads(sys.argv[1]))
prefix = "ansible_collections.localai.core.plugins.module_utils."
files = {name[len(prefix):]: module.__file__ for name, module in sys.modules.items() if name.startswith(prefix)}
print(json.dumps({"result": result, "files": files, "modules": sorted(sys.modules)}))
"""


def loaded(arguments: dict, module: str = "localai_backend") -> dict:
    """The result of a run in a process of its own, the files of the library that it loaded, and all modules."""
    command = [sys.executable, "-c", RUN, json.dumps(arguments), module]
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    printed = subprocess.run(command, check=True, env=environment(), stdin=nothing, stdout=pipe)
    return json.loads(printed.stdout)


def task(host, *names: str, **options) -> dict:
    """The arguments of a task; the capability of the host is detected."""
    return {**host.options, "capability": None, "name": list(names), **options}


def lines_of_code(source: str) -> int:
    """The lines of a file that are not blank, a comment, or a docstring."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    layout = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    lines = {line for token in tokens if token.type not in layout for line in range(token.start[0], token.end[0] + 1)}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            lines -= set(range(node.lineno, node.end_lineno + 1))
    return len(lines)


@pytest.fixture
def converged(host):
    """A host with a build, a meta backend, and the options of the task that installed them."""
    host.install("piper", "llama-cpp")
    return host


@pytest.mark.parametrize("more", [{}, {"owner": "root", "directory_mode": "0755"}, {"exclusive": True}])
def test_a_converged_run_loads_nothing_that_fetches_or_writes(converged, more):
    run = loaded(task(converged, "piper", "llama-cpp", **more))
    assert run["result"]["changed"] is False
    assert {"requests", "urllib3", "yaml"}.isdisjoint(run["modules"])
    heavy = [name for name in run["files"] if name.startswith(HEAVY)]
    assert heavy == []


@pytest.mark.parametrize("capability", ["default", "nvidia-cuda-12"])
def test_with_a_capability_of_localai_neither_the_hardware_nor_galleries_matter(converged, capability):
    run = loaded(task(converged, "piper", capability=capability))
    assert run["result"]["capability"] == capability
    needless = ("_localai.detect", "_localai.hardware", "_localai.machine", "_localai.gallery", "_planner.questions")
    assert set(needless).isdisjoint(run["files"])


def test_a_converged_run_loads_few_lines(converged):
    run = loaded(task(converged, "piper", "llama-cpp"))
    assert_lines(run, MOST_LINES)


def assert_lines(run: dict, most: int) -> None:
    lines = {name: lines_of_code(Path(file).read_text(encoding="utf-8")) for name, file in run["files"].items()}
    assert len(lines) > 20
    assert sum(lines.values()) <= most, "\n".join(f"{count} {name}" for name, count in lines.items())


def test_a_run_that_installs_loads_what_it_needs(converged):
    run = loaded(task(converged, "piper", force=True))
    assert run["result"]["changed"] is True
    assert {"_store.store", "_sources.source", "_module.execute"} <= set(run["files"])


@pytest.mark.parametrize("more", [{}, {"owner": "root", "mode": "0644"}, {"config": {}}])
def test_a_converged_run_about_models_loads_nothing_that_reads_yaml_fetches_or_writes(model_host, more):
    model_host.install("one", "chatty", "voice")
    model_host.install("one", **more)
    model_host.world.index.unlink()
    run = loaded({**model_host.options, "name": ["one"], **more}, "localai_model")
    assert (run["result"]["failed"], run["result"]["changed"]) == (False, False)
    assert {"requests", "urllib3", "yaml"}.isdisjoint(run["modules"])
    assert [name for name in run["files"] if name.startswith(HEAVY)] == []


def test_a_converged_run_about_models_loads_few_lines(model_host):
    names = ["one", "chatty", "voice"]
    model_host.install(*names)
    run = loaded({**model_host.options, "name": names}, "localai_model")
    assert set(NEEDLESS_FOR_MODELS).isdisjoint(run["files"])
    assert_lines(run, MOST_LINES_FOR_MODELS)


def test_a_run_that_installs_a_model_loads_what_it_needs(model_host):
    run = loaded({**model_host.options, "name": ["one"]}, "localai_model")
    assert run["result"]["changed"] is True
    assert {"_store.store", "_sources.source", "_module.models.execute"} <= set(run["files"])
    assert set(NEEDLESS_FOR_MODELS) & {name for name in run["files"] if name.startswith("_localai.models")}
