# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run: its result, its warnings, and what it has reported when it fails."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Callable

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError, MissingLibrary, OptionError
from ansible_collections.localai.core.plugins.module_utils._module.argspec import BACKEND
from ansible_collections.localai.core.plugins.module_utils._module.runner import Run, check_paths, run_module
from ansible_collections.localai.core.plugins.module_utils._request import HostOptions
from ansible_collections.localai.core.tests.support.module import run_module as run_in_process
from ansible_collections.localai.core.tests.support.module import run_raw


def run(work: Callable[[Run], None], check_mode: bool = False) -> dict[str, Any]:
    return run_in_process(lambda: run_module(BACKEND, work), {"name": ["piper"]}, check_mode)


@pytest.mark.parametrize("check_mode", [True, False])
def test_a_run_has_the_options_and_the_mode_and_ends_with_its_result(check_mode: bool) -> None:
    def work(current: Run) -> None:
        assert (current.params["name"], current.check_mode) == (["piper"], check_mode)
        current.result.update(changed=True, msg="Done.")

    result = run(work, check_mode)
    assert (result["failed"], result["changed"], result["msg"]) == (False, True, "Done.")


def test_a_run_that_fails_returns_the_result_so_far() -> None:
    def work(current: Run) -> None:
        current.result.update(changed=True, diff=[{"after": "x"}])
        current.warnings.append("careful")
        raise HostError("The disk is full.")

    result = run(work)
    assert (result["failed"], result["msg"]) == (True, "The disk is full.")
    assert (result["changed"], result["diff"], result["warnings"]) == (True, [{"after": "x"}], ["careful"])


def test_a_missing_library_is_named_as_ansible_does() -> None:
    def work(current: Run) -> None:
        raise MissingLibrary("requests", "Traceback")

    result = run(work)
    assert "Failed to import the required Python library (requests)" in result["msg"]
    assert result["failed"]


def test_any_other_exception_is_not_hidden() -> None:
    def work(current: Run) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(work)


def test_a_warning_is_returned_once_and_in_order() -> None:
    assert run(lambda current: current.warnings.extend(["b", "a", "b"]))["warnings"] == ["b", "a"]


def test_names_that_are_not_text_are_escaped_everywhere() -> None:
    bad = os.fsdecode(b"\xff")

    def work(current: Run) -> None:
        current.warnings.append(f"warned of {bad}")
        current.result.update(removed=({"backend": bad},), by_name={bad: [bad, 1, None]})

    output = run_raw(lambda: run_module(BACKEND, work), {"name": []})
    assert bad not in output
    result = json.loads(output)
    assert result["removed"] == [{"backend": "\\udcff"}]
    assert result["by_name"] == {"\\udcff": ["\\udcff", 1, None]}


def test_the_two_paths_must_not_be_the_same_directory(tmp_path: Path) -> None:
    path = tmp_path / "backends"
    path.mkdir()
    (tmp_path / "link").symlink_to("backends")
    check_paths(HostOptions(str(path), str(tmp_path / "system")))
    for system in (path, tmp_path / "link", tmp_path / "system/../backends"):
        with pytest.raises(OptionError, match=r"backends_path and backends_system_path are both .*/backends\."):
            check_paths(HostOptions(str(path), str(system)))


def test_only_the_values_that_are_to_be_hidden_are() -> None:
    options = {"secrets": {"type": "list", "elements": "dict", "no_log": True}}
    given = {"secrets": [{"path": "/srv/x", "content": "precious"}]}

    def work(current: Run) -> None:
        current.result.update(path="/srv/x", text=f"It is {current.params['secrets'][0]['content']}.")

    def main(**settings: Any) -> Callable[[], None]:
        return lambda: run_module({"argument_spec": options}, work, **settings)

    masked = run_raw(main(), given)
    assert "precious" not in masked
    assert json.loads(masked)["path"] != "/srv/x"
    shown = run_raw(main(values_to_hide=lambda params: {row["content"] for row in params["secrets"]}), given)
    assert "precious" not in shown
    assert json.loads(shown)["path"] == "/srv/x"
