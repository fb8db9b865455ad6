# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The writing part of a run: preflight, the lock, the steps, and what is reported if one fails."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import (
    HostError,
    LocalAIError,
    LockTimeout,
    PartlyChanged,
    SourceError,
)
from ansible_collections.localai.core.plugins.module_utils._module import execute as module
from ansible_collections.localai.core.plugins.module_utils._module.apply import Applier
from ansible_collections.localai.core.plugins.module_utils._module.execute import clean_up, execute, preflight
from ansible_collections.localai.core.plugins.module_utils._module.task import Task
from ansible_collections.localai.core.plugins.module_utils._planner.plan import Plan
from ansible_collections.localai.core.plugins.module_utils._planner.steps import Fetch, SetAttributes, Step
from ansible_collections.localai.core.plugins.module_utils._sources.directory import DirectoryContent
from ansible_collections.localai.core.plugins.module_utils._sources.resume import Blob
from ansible_collections.localai.core.plugins.module_utils._store.file_system import KeptAttributes
from ansible_collections.localai.core.tests.support.host import IS_ROOT, directory_of_ordinary_user, ordinary_user
from ansible_collections.localai.core.tests.support.local_host import LocalHost
from ansible_collections.localai.core.tests.support.transfers import partial_files
from ansible_collections.localai.core.tests.support.trees import names, opened


def failing_at(monkeypatch: pytest.MonkeyPatch, backend: str, error: LocalAIError, *, late: bool = False) -> None:
    """Let the step of a backend fail, `late` after its change."""
    apply = Applier.apply

    def fail(applier: Applier, step: Step) -> Any:
        if step.backend == backend:
            if late:
                apply(applier, step)
            raise error
        return apply(applier, step)

    monkeypatch.setattr(Applier, "apply", fail)


def test_all_steps_are_applied_and_reported(local: LocalHost) -> None:
    result = local.install("speech", "whisper")
    assert names(local.path) == [".localai-core", "piper", "speech", "whisper"]
    assert [row["after_header"] for row in result["diff"]] == ["piper", "speech", "whisper"]
    assert [row["served_by"] for row in result["backends"]] == [
        str(local.sources / name) for name in ("piper", "whisper")
    ]
    assert (result["changed"], result["restart_required"]) == (True, True)


def test_steps_before_a_failure_are_reported_and_those_after_it_are_not_applied(
    local: LocalHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing_at(monkeypatch, "speech", SourceError("no more"))
    with pytest.raises(SourceError, match="no more"):
        local.install("piper", "speech", "whisper")
    result = local.run.result
    assert names(local.path) == [".localai-core", "piper"]
    assert [row["name"] for row in result["backends"]] == ["piper"]
    assert [row["after_header"] for row in result["diff"]] == ["piper"]
    assert (result["changed"], result["restart_required"], result["removed"]) == (True, True, [])


def test_a_failure_at_the_first_step_reports_no_change(local: LocalHost, monkeypatch: pytest.MonkeyPatch) -> None:
    failing_at(monkeypatch, "piper", SourceError("no more"))
    with pytest.raises(SourceError):
        local.install("piper", "whisper")
    result = local.run.result
    assert (result["changed"], result["backends"], result["diff"]) == (False, [], [])
    assert result["restart_required"] is False


def test_what_a_failed_step_changed_all_the_same_is_reported(local: LocalHost, monkeypatch: pytest.MonkeyPatch) -> None:
    failing_at(monkeypatch, "piper", SourceError("too late"), late=True)
    with pytest.raises(SourceError):
        local.install("piper", "whisper")
    result = local.run.result
    (change,) = result["diff"]
    assert (change["before"], change["after"]["backend"]) == ({}, "piper")
    assert (result["changed"], result["backends"], result["restart_required"]) == (True, [], True)


def test_attributes_that_were_changed_in_part_are_a_change(local: LocalHost, monkeypatch: pytest.MonkeyPatch) -> None:
    local.install("piper")
    failing_at(monkeypatch, "piper", PartlyChanged("lib/x"))
    with pytest.raises(PartlyChanged):
        local.install("piper", directory_mode=0o700)
    result = local.run.result
    # The diff shows no change, because only files deep in the tree may have changed.
    assert (result["diff"], result["changed"]) == ([], True)


def test_the_plan_is_made_again_under_the_lock_if_the_disk_has_changed(
    local: LocalHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_store = module.open_store

    def overtaken(*arguments: Any) -> Any:
        shutil.copytree(local.sources / "piper", local.path / "piper")
        return open_store(*arguments)

    assert local.decider.decide(local.task("piper")).steps != ()
    monkeypatch.setattr(module, "open_store", overtaken)
    result = local.install("piper")
    assert (result["changed"], [row["action"] for row in result["backends"]]) == (False, ["none"])


def test_a_file_system_that_keeps_less_than_assumed_gets_another_task(
    local: LocalHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeps = KeptAttributes(modes=False)
    monkeypatch.setattr("ansible_collections.localai.core.plugins.module_utils._store.store.Store.keeps", keeps)
    tasks: list[KeptAttributes] = []

    def task_for(found: KeptAttributes) -> Task:
        tasks.append(found)
        return local.task("piper", keeps=found, directory_mode=0o700)

    task = local.task("piper", directory_mode=0o700)
    execute(local.decider, task, lambda: local.answers, local.run, task_for)
    assert tasks == [keeps]
    assert any("does not store modes" in warning for warning in local.run.warnings)


@contextlib.contextmanager
def locked(local: LocalHost) -> Iterator[None]:
    with open(local.path / ".localai-core/lock", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def test_a_lock_that_another_run_holds_is_an_error(local: LocalHost) -> None:
    local.install("piper")
    with locked(local), pytest.raises(LockTimeout):
        local.install("whisper", lock_timeout=0)
    assert names(local.path) == [".localai-core", "piper"]


def test_an_interrupted_run_is_cleaned_up_unless_another_one_is_active(local: LocalHost) -> None:
    local.install("piper")
    staging = local.path / ".localai-core/staging/7"
    staging.mkdir()
    task = local.task("piper")
    with locked(local):
        clean_up(task)
        assert staging.exists()
    clean_up(task)
    assert not staging.exists()


def leave(local: LocalHost, *identities: str) -> None:
    """Leave what an interrupted run leaves of some contents."""
    with opened(local.path) as store:
        for identity in identities:
            with contextlib.closing(store.partials.create(identity)) as partial:
                partial.write(b"x")


def test_what_was_transferred_is_removed_with_the_next_run_that_needs_none_of_it(local: LocalHost) -> None:
    leave(local, "a", "b")
    clean_up(local.task("piper"))
    assert len(partial_files(local.path)) == 2
    clean_up(local.task("piper"), partials=True)
    assert "partial" not in names(local.path / ".localai-core")


def test_only_what_a_plan_needs_of_what_was_transferred_stays_until_its_end(
    local: LocalHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(local, "wanted", "unwanted")
    blobs = property(lambda _content: (Blob("wanted", 1),))
    monkeypatch.setattr(DirectoryContent, "blobs", blobs)
    failing_at(monkeypatch, "piper", SourceError("no more"))
    with pytest.raises(SourceError):
        local.install("piper")
    assert len(partial_files(local.path)) == 1
    with opened(local.path) as store, contextlib.closing(store.partials.find("wanted")) as partial:
        assert partial.size == 1
    monkeypatch.undo()
    local.install("piper")
    assert partial_files(local.path) == []


def test_preflight_finds_what_is_in_the_way_before_the_first_write(
    local: LocalHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, plan = str(local.path), local.decider.decide(local.task("piper"))
    preflight(plan, path, lambda: local.answers)
    (step,) = plan.steps
    assert isinstance(step, Fetch)
    large = replace(plan, steps=(replace(step, artifact=replace(step.artifact, size=100)),))
    sources = SimpleNamespace(unpacked_size=lambda artifact: artifact.size * 1024**2)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=99 * 1024**2))
    preflight(large, path, lambda: local.answers)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=1))
    with pytest.raises(HostError, match=r"1 bytes of free space, but at least 100\.0 MiB are needed"):
        preflight(large, path, lambda: SimpleNamespace(resolver=SimpleNamespace(sources=sources)))
    assert not local.path.exists()
    local.path.mkdir()
    (local.path / ".localai-core").touch()
    with pytest.raises(HostError, match="is not a directory of this collection"):
        preflight(plan, path, lambda: local.answers)


@pytest.mark.skipif(not IS_ROOT, reason="only root can give files away")
def test_preflight_refuses_to_change_what_belongs_to_another_user(local: LocalHost) -> None:
    with directory_of_ordinary_user() as top:
        top.chmod(0o777)
        (top / "piper").mkdir()
        (top / "piper").chmod(0o777)
        plan = Plan(steps=(SetAttributes("piper", {"mode": "0755"}, {}),))
        preflight(plan, str(top), lambda: local.answers)
        with ordinary_user(), pytest.raises(HostError, match="piper does not belong to user"):
            preflight(plan, str(top), lambda: local.answers)


def test_a_failed_repair_of_what_only_verify_finds_is_no_change(
    local: LocalHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    local.install("piper")
    (local.path / "piper" / "lib" / "x").unlink()
    failing_at(monkeypatch, "piper", SourceError("no more"))
    with pytest.raises(SourceError, match="no more"):
        local.install("piper", verify=True)
    assert (local.run.result["changed"], local.run.result["diff"]) == (False, [])
