# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan that only downloads has the files of the whole plan, and the whole plan says which downloads it uses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._localai.models.artifacts import SNAPSHOT, Spec, partial_path
from ansible_collections.localai.core.plugins.module_utils._localai.models.installed import FileState, InstalledModels
from ansible_collections.localai.core.plugins.module_utils._model_request import FileSpec, ModelOptions
from ansible_collections.localai.core.plugins.module_utils._planner.models.desired import DesiredSnapshot
from ansible_collections.localai.core.plugins.module_utils._planner.models.downloads import key_of, plan_downloads
from ansible_collections.localai.core.plugins.module_utils._planner.models.facts import ModelFacts
from ansible_collections.localai.core.plugins.module_utils._planner.models.model import ModelChanges, Outcome
from ansible_collections.localai.core.plugins.module_utils._planner.models.questions import ListTree, Served, ServedFile
from ansible_collections.localai.core.plugins.module_utils._planner.models.steps import Download, Install
from ansible_collections.localai.core.plugins.module_utils._planner.unanswered import Unanswered
from ansible_collections.localai.core.plugins.module_utils._resolver.hub import HubFile
from ansible_collections.localai.core.plugins.module_utils._store.layout import content_key
from ansible_collections.localai.core.tests.support.model_plans import A, B, ModelsPath, entry, row, sha256, want


def actions(plan):
    return [outcome.action for outcome in plan.outcomes]


@pytest.fixture
def world():
    return ModelsPath([entry("one", row("a", A)), entry("two", row("b", B, digest=False)), entry("bare")])


def test_the_files_of_a_plan_are_downloaded_and_nothing_else(world):
    plan = world.run(want("one"), want("two"), download_only=True)
    assert [(type(step), step.name, [file.filename for file in step.fetch]) for step in plan.steps] == [
        (Download, "one", ["a"]),
        (Download, "two", ["b"]),
    ]
    assert (actions(plan), world.files, world.records) == (["download", "download"], {}, {})
    assert (plan.unload, plan.reload_required, plan.restart_required, plan.removed) == ((), False, False, ())
    assert plan.backends == ("llama-cpp",)


def test_a_second_download_has_nothing_to_do(world):
    world.run(want("one"), want("two"), download_only=True)
    plan = world.plan(want("one"), want("two"), download_only=True)
    assert (actions(plan), plan.steps) == (["none", "none"], ())
    assert plan.outcomes[0].reason == "it is not installed; everything for it is already downloaded"


def test_the_run_that_installs_uses_the_downloads(world):
    world.run(want("one"), want("two"), download_only=True)
    plan = world.run(want("one"), want("two"))
    assert plan.retained == {"one": {content_key(f"sha256:{sha256(A)}")}, "two": {content_key("1")}}
    assert (actions(plan), world.downloaded) == (["install", "install"], {})


@pytest.mark.parametrize("state", ["present", "latest"])
def test_an_installed_model_has_nothing_to_download(world, state):
    world.run(want("one"))
    plan = world.plan(want("one", state=state), download_only=True)
    assert (actions(plan), plan.steps) == (["none"], ())


def test_a_model_without_files_says_so(world):
    plan = world.plan(want("bare"), download_only=True)
    assert plan.outcomes[0].reason.endswith("; nothing has to be downloaded")


def test_a_later_version_discards_what_was_never_used(world):
    world.run(want("one"))
    world.gallery[0] = entry("one", row("a", B))
    world.run(want("one", state="latest"), download_only=True)
    world.gallery[0] = entry("one", row("a", B + b"!"))
    plan = world.run(want("one", state="latest"), download_only=True)
    assert plan.retained == {"one": {content_key(f"sha256:{sha256(B + b'!')}")}}
    assert len(world.downloaded["one"]) == 1


def test_a_repair_spares_what_is_for_a_later_version(world):
    world.run(want("one"))
    old = world.gallery[0]
    world.gallery[0] = entry("one", row("a", B))
    world.run(want("one", state="latest"), download_only=True)
    world.gallery[0] = old
    del world.files["a"]
    plan = world.run(want("one"))
    assert (actions(plan), plan.retained, len(world.downloaded["one"])) == (["repair"], {}, 1)


def test_absent_removes_what_was_only_downloaded(world):
    world.run(want("one"), download_only=True)
    plan = world.run(want("one", state="absent"))
    assert (actions(plan), plan.outcomes[0].reason) == (["remove"], "it was only downloaded")
    assert world.downloaded == {}
    assert actions(world.plan(want("one", state="absent"))) == ["none"]


def test_models_to_remove_are_left_alone(world):
    world.run(want("two"))
    plan = world.plan(want("one"), want("two", state="absent"), download_only=True)
    assert actions(plan) == ["download", "none"]


def changes_of(file):
    step = replace(ModelsPath([entry("one", row("a", A))]).plan(want("one")).steps[0], fetch=(file,))
    return ModelChanges(Outcome("one", "install", "it is not installed"), (step,))


def test_a_file_on_the_host_is_not_downloaded():
    local = FileSpec("a", Address("file:///srv/a"), "ab" * 32)
    downloads = plan_downloads(ModelOptions(()), ModelFacts(), [changes_of(local)])
    assert (downloads.steps, downloads.warnings) == ((), ())


def test_a_file_that_its_server_cannot_tell_apart_is_not_downloaded():
    file = FileSpec("a", Address("https://files.example/a"))
    facts = ModelFacts(answers={ServedFile(file.uri): Served(3, "")})
    downloads = plan_downloads(ModelOptions(()), facts, [changes_of(file)])
    assert downloads.steps == ()
    assert downloads.warnings[0].startswith("one: a is not downloaded, because its server states neither a digest")


def test_the_version_of_a_file_without_sha256_is_a_question():
    file = FileSpec("a", Address("https://files.example/a"))
    with pytest.raises(Unanswered):
        key_of(file, ModelFacts())
    assert key_of(replace(file, sha256="ab" * 32), ModelFacts()) == content_key("sha256:" + "ab" * 32)


@pytest.mark.parametrize(("size", "missing"), [(2, 0), (1, 1), (None, 1)])
def test_a_snapshot_is_downloaded_when_all_of_its_files_are_there(size, missing):
    path = partial_path("k" * 64)
    files = (HubFile("config.json", 2, "", "c" * 40, "", Address("https://hub.example/x")),)
    snapshot = DesiredSnapshot(Spec("model", "owner/repo"), "k" * 64, "c" * 40, {}, files)
    step = Install(changes_of(FileSpec("a", Address("x"))).steps[0].desired, snapshots=(snapshot,))
    assert isinstance(step, Install)
    state = {} if size is None else {f"{path}/{SNAPSHOT}/config.json": FileState(size, FileAttributes())}
    facts = ModelFacts(scan=InstalledModels("/m"), answers={ListTree(path): state})
    changes = ModelChanges(Outcome("one", "install", ""), (step,))
    assert len(plan_downloads(ModelOptions(()), facts, [changes]).steps) == missing
