# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Plans for models, of made-up facts: each action, what is asked for it, and nothing to do afterwards."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import (
    GalleryError,
    HostError,
    LocalAIError,
    OptionError,
)
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._localai.models.installed import InstalledModels
from ansible_collections.localai.core.plugins.module_utils._model_request import FileSpec, ModelPin, ModelSpec
from ansible_collections.localai.core.plugins.module_utils._planner.models.facts import ModelFacts
from ansible_collections.localai.core.plugins.module_utils._planner.models.plan import check_directory
from ansible_collections.localai.core.plugins.module_utils._planner.models.questions import (
    HashFile,
    ReadIndex,
    ServedFile,
)
from ansible_collections.localai.core.tests.support.model_plans import A, B, ModelsPath, entry, row, sha256, want

BASE = {"config_file": "backend: llama-cpp", "prompt_templates": [{"name": "chat", "content": "x"}]}
SPOILT = bytes(len(A))


@pytest.fixture
def path():
    return ModelsPath(
        [
            entry("one", row("a.gguf", A)),
            entry("same", row("a.gguf", A)),
            entry("other", row("a.gguf", B)),
            entry("two", row("a.gguf", A), row("p.gguf", B)),
            entry("bare"),
            entry("free", row("f.gguf", A, digest=False)),
            entry("chatty", row("c.gguf", A), url="base.yaml"),
            entry("large", row("l.gguf", A), variants=[{"model": "small"}]),
            entry("small", row("s.gguf", B)),
        ],
        {"base.yaml": BASE},
    )


def actions(plan):
    return {outcome.name: outcome.action for outcome in plan.outcomes}


def fetched(plan):
    return [file.filename for _model, file in plan.fetched]


def reason(plan):
    return plan.outcomes[0].reason


def converged(path, *models, **options):
    """See that nothing is left to do, and that nothing is asked for that."""
    plan = path.run(*models, **options)
    assert (set(actions(plan).values()) - {"none"}, plan.steps, plan.removed) == (set(), (), ())
    assert (plan.reload_required, bool(plan.outlasting), plan.unload) == (False, False, ())
    return path.asked


@pytest.mark.parametrize("name", ["one", "two", "free", "chatty", "large"])
def test_a_model_is_installed_once(path, name):
    plan = path.run(want(name))
    assert (actions(plan), reason(plan)) == ({name: "install"}, "it is not installed")
    assert (plan.reload_required, bool(plan.outlasting), plan.unload) == (True, False, ())
    assert converged(path, want(name)) == []


def test_all_models_are_looked_up_in_one_round(path):
    path.plan(want("one"), want("two"), want("chatty"))
    assert [question for question in path.asked if isinstance(question, ReadIndex)] == [ReadIndex("g")]


def test_a_shared_file_is_fetched_once(path):
    plan = path.run(want("one"), want("same"), want("two"))
    assert fetched(plan) == ["a.gguf", "p.gguf"]
    assert converged(path, want("one"), want("same"), want("two")) == []


def test_a_shared_file_is_not_fetched_again_later(path):
    path.run(want("one"))
    assert fetched(path.run(want("two"))) == ["p.gguf"]


def test_another_content_of_a_file_of_others_is_an_error_without_a_transfer(path):
    path.run(want("one"))
    with pytest.raises(HostError, match=r"other needs the file a\.gguf .* and one\.yaml needs another content of it"):
        path.plan(want("other"))


def test_two_contents_of_a_file_in_a_task_are_an_error(path):
    with pytest.raises(HostError, match=r"one and other both have a file a\.gguf, with different contents"):
        path.plan(want("one"), want("other"))


def test_a_shared_file_may_change_if_all_its_users_do(path):
    path.run(want("one"), want("same"))
    path.gallery[0:2] = [entry("one", row("a.gguf", B)), entry("same", row("a.gguf", B))]
    with pytest.raises(HostError, match=r"same\.yaml needs another content"):
        path.plan(want("one", state="latest"))
    plan = path.run(want("one", state="latest"), want("same", state="latest"))
    assert actions(plan) == {"one": "upgrade", "same": "upgrade"}
    assert plan.unload == ("one", "same")
    assert converged(path, want("one"), want("same")) == []


def test_another_content_may_replace_that_of_a_model_that_the_same_task_removes(path):
    path.run(want("one"))
    plan = path.run(ModelSpec("one", state="absent"), want("other"))
    assert actions(plan) == {"one": "remove", "other": "install"}
    assert path.files["a.gguf"] == B


def test_a_strangers_configuration_that_mentions_a_file_keeps_its_content(path):
    path.files.update({"hand.yaml": b"parameters: {model: a.gguf}", "a.gguf": B})
    with pytest.raises(HostError, match=r"hand\.yaml needs another content"):
        path.plan(want("one"))


def test_a_file_of_the_right_content_is_used_whoever_brought_it(path):
    path.files.update({"hand.yaml": b"parameters: {model: a.gguf}", "a.gguf": A})
    plan = path.run(want("one"))
    assert (actions(plan), fetched(plan)) == ({"one": "install"}, [])


@pytest.mark.parametrize("name", ["one", "two"])
def test_a_damaged_file_is_repaired_for_all_its_users(path, name):
    path.run(want("one"), want("two"))
    path.files["a.gguf"] = b"x"
    plan = path.run(want(name))
    assert (actions(plan), plan.unload) == ({name: "repair"}, (name,))
    assert converged(path, want("one"), want("two")) == []


REPAIRS = {
    "a.gguf": "a.gguf is missing",
    "one.yaml": "one.yaml is missing",
    "._gallery_one.yaml": "some of its files were missing or changed",
}


@pytest.mark.parametrize("missing", REPAIRS)
def test_what_is_missing_is_repaired(path, missing):
    path.run(want("one"))
    del path.files[missing]
    plan = path.run(want("one"))
    assert (actions(plan), reason(plan)) == ({"one": "repair"}, REPAIRS[missing])
    assert plan.reload_required == (missing != "._gallery_one.yaml")
    assert converged(path, want("one")) == []


def test_a_changed_configuration_is_repaired_and_one_of_the_same_values_left_alone(path):
    path.run(want("one"))
    path.files["one.yaml"] = b"# mine\n" + path.files["one.yaml"]
    plan = path.run(want("one"))
    assert (actions(plan), len(plan.remember)) == ({"one": "none"}, 1)
    assert converged(path, want("one")) == []
    path.files["one.yaml"] = b"name: one\n"
    plan = path.run(want("one"))
    assert (actions(plan), reason(plan)) == ({"one": "repair"}, "one.yaml was changed after the installation")
    assert plan.unload == ("one",)


def test_verify_reads_the_files(path):
    path.run(want("two"))
    converged(path, want("two"), verify=True)
    assert [question for question in path.asked if isinstance(question, HashFile)] == [
        HashFile("a.gguf"),
        HashFile("p.gguf"),
    ]
    path.files["a.gguf"] = SPOILT
    assert converged(path, want("two")) == []
    plan = path.run(want("two"), verify=True)
    assert reason(plan) == "the content of a.gguf is not the one that was installed"
    assert fetched(plan) == ["a.gguf"]


def test_force_fetches_everything_again(path):
    path.run(want("two"))
    plan = path.run(want("two"), force=True)
    assert (actions(plan), reason(plan)) == ({"two": "repair"}, "force is set")
    assert fetched(plan) == ["a.gguf", "p.gguf"]


def test_present_does_not_look_at_the_gallery_again(path):
    path.run(want("one"))
    path.gallery.clear()
    assert converged(path, want("one")) == []
    assert actions(path.run(want("one", config={"threads": 1}))) == {"one": "replace"}
    assert not [question for question in path.asked if isinstance(question, ReadIndex)]


def test_latest_upgrades_and_removes_what_is_not_needed_any_more(path):
    path.run(want("one"))
    path.gallery[0] = entry("one", row("new.gguf", B))
    plan = path.run(want("one", state="latest"))
    assert (actions(plan), reason(plan)) == ({"one": "upgrade"}, "its gallery or its source has another version")
    assert [(row.path, row.reason) for row in plan.removed] == [("a.gguf", "the model does not need it any more")]
    assert "a.gguf" not in path.files


def test_an_obsolete_file_that_others_mention_stays(path):
    path.run(want("one"))
    path.files["hand.yaml"] = b"draft_model: a.gguf"
    path.gallery[0] = entry("one", row("new.gguf", B))
    plan = path.run(want("one", state="latest"))
    assert (plan.removed, "a.gguf" in path.files) == ((), True)


def test_latest_asks_the_server_of_a_file_without_a_digest(path):
    path.run(want("free"))
    plan = path.run(want("free", state="latest"))
    assert actions(plan) == {"free": "none"}
    assert [question for question in path.asked if isinstance(question, ServedFile)]
    path.versions[row("f.gguf", A)["uri"]] = "2"
    plan = path.run(want("free", state="latest"))
    assert reason(plan) == "the server of f.gguf has another version"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"config": {"threads": 1}}),
        ({"config": {"threads": 1}}, {}),
        ({"config": {"threads": 1}}, {"config": {"threads": 2}}),
        ({}, {"variant": "small"}),
        ({"variant": "small"}, {}),
    ],
)
def test_another_request_replaces(path, before, after):
    path.run(want("large", **before))
    plan = path.run(want("large", **after))
    assert actions(plan) == {"large": "replace"}
    assert reason(plan).startswith("the request differs from the one that it was installed for")
    assert plan.unload == ("large",)
    assert converged(path, want("large", **after)) == []


def test_a_variant_has_the_files_of_its_entry(path):
    plan = path.run(want("large", variant="SMALL"))
    assert fetched(plan) == ["s.gguf"]
    assert plan.outcomes[0].variant == "small"
    with pytest.raises(GalleryError, match=r"there is no variant 'huge'; its variants are small, large"):
        path.plan(want("large", variant="huge"))


def test_a_model_in_another_spelling_is_the_same_model(path):
    path.run(want("one"))
    assert converged(path, want("ONE")) == [ReadIndex("g")]
    assert converged(path, want("ONE")) == []
    assert actions(path.run(ModelSpec("ONE", state="absent", model="ONE", follows_entry=True))) == {"one": "remove"}


def test_a_renamed_model_is_spelled_as_requested(path):
    assert actions(path.run(want("Mine", model="one"))) == {"Mine": "install"}
    assert actions(path.run(want("mine", model="one"))) == {"mine": "install"}


def test_a_model_that_localai_installed_is_taken_over(path):
    path.run(want("two"))
    path.records.clear()
    plan = path.run(want("two"))
    assert (actions(plan), plan.steps, len(plan.remember)) == ({"two": "none"}, (), 1)
    assert converged(path, want("two")) == []


def test_a_model_by_hand_is_replaced(path):
    path.files.update({"one.yaml": b"name: former\nbackend: x\n", "a.gguf": A})
    plan = path.run(want("one"))
    assert (actions(plan), fetched(plan)) == ({"one": "replace"}, [])
    assert reason(plan) == "it was installed in another way; its configuration differs"
    assert plan.unload == ("former", "one")


def test_a_file_without_a_digest_is_used_with_a_warning_or_replaced(path):
    path.files["f.gguf"] = SPOILT
    plan = path.plan(want("free"))
    assert (fetched(plan), len(plan.warnings)) == ([], 1)
    assert "f.gguf was in the models path already" in plan.warnings[0]
    path.files["f.gguf"] = b"x"
    assert fetched(path.plan(want("free"))) == ["f.gguf"]


def test_templates_are_written_and_repaired(path):
    path.run(want("chatty"))
    assert path.files["chat.tmpl"] == b"x"
    del path.files["chat.tmpl"]
    plan = path.run(want("chatty"))
    assert (actions(plan), path.files["chat.tmpl"]) == ({"chatty": "repair"}, b"x")
    assert (plan.reload_required, plan.restart_required) == (False, True)
    assert converged(path, want("chatty")) == []


def test_a_template_of_another_content_is_an_error(path):
    path.files.update({"hand.yaml": b"template: {chat: chat}", "chat.tmpl": b"mine"})
    with pytest.raises(
        HostError, match=r"chatty has the prompt template chat\.tmpl, and hand\.yaml needs another content"
    ):
        path.plan(want("chatty"))


def test_removal_keeps_what_others_mention_and_what_the_task_needs(path):
    path.run(want("one"), want("two"))
    plan = path.run(ModelSpec("two", state="absent"))
    assert [row.path for row in plan.removed] == ["two.yaml", "p.gguf"]
    assert (bool(plan.outlasting), plan.reload_required) == (True, False)
    plan = path.run(ModelSpec("one", state="absent"), want("same"))
    assert [row.path for row in plan.removed] == ["one.yaml"]
    path.files["hand.yaml"] = b"x: a.gguf"
    plan = path.run(ModelSpec("same", state="absent"))
    assert sorted(path.files) == ["a.gguf", "hand.yaml"]


def test_models_that_share_a_file_are_removed_with_it(path):
    path.run(want("one"), want("same"))
    plan = path.run(ModelSpec("one", state="absent"), ModelSpec("same", state="absent"))
    assert sorted(row.path for row in plan.removed) == ["a.gguf", "one.yaml", "same.yaml"]
    assert path.files == {}


def test_what_is_not_installed_is_not_removed(path):
    plan = path.run(ModelSpec("one", state="absent"))
    assert (actions(plan), reason(plan), path.asked) == ({"one": "none"}, "it is not installed", [])


def test_exclusive_removes_all_others_but_what_it_cannot_read(path):
    path.run(want("one"), want("two"))
    path.files.update({"hand.yaml": b"name: hand", "broken.yaml": b": {"})
    plan = path.run(want("one"), exclusive=True)
    assert {row.model for row in plan.removed} == {"hand", "two"}
    assert {row.reason for row in plan.removed} == {"exclusive is set"}
    assert [warning for warning in plan.warnings if "broken.yaml cannot be read" in warning]
    assert sorted(path.files) == ["._gallery_one.yaml", "a.gguf", "broken.yaml", "one.yaml"]


def test_prune_removes_what_was_recorded_and_nothing_of_strangers(path):
    path.run(want("one"), want("two"))
    del path.files["two.yaml"]
    path.files["mine.gguf"] = B
    plan = path.run(prune=True)
    assert {row.model for row in plan.removed} == {None}
    assert {"a.gguf", "mine.gguf", "one.yaml", "._gallery_one.yaml"} <= set(path.files)
    assert "p.gguf" not in path.files


def test_attributes_are_set_on_files_that_stay(path):
    path.run(want("one"))
    path.requested = FileAttributes("localai", "", "0600")
    plan = path.run(want("one"))
    assert (actions(plan), reason(plan)) == (
        {"one": "chown"},
        "3 of its files and directories have another owner, group or mode",
    )
    assert converged(path, want("one")) == []


def test_a_pin_is_installed_without_a_gallery(path):
    path.gallery.clear()
    definition = {"files": [row("a.gguf", A)], "config_file": ""}
    files = (FileSpec("a.gguf", Address(row("a.gguf", A)["uri"]), sha256(A)),)
    spec = ModelSpec("one", pin=ModelPin("one", {"name": "alias", "backend": "x"}, definition, files, "one"))
    plan = path.run(spec)
    assert (actions(plan), plan.outcomes[0].config) == ({"one": "install"}, {"name": "alias", "backend": "x"})
    assert converged(path, spec) == []


def test_a_model_of_ones_own_needs_no_gallery(path):
    path.gallery.clear()
    file = FileSpec("a.gguf", Address(row("a.gguf", A)["uri"]))
    spec = ModelSpec("own", files=(file,), config={"backend": "whisper"})
    assert actions(path.run(spec)) == {"own": "install"}
    assert converged(path, spec) == []


def test_errors_of_all_models_are_raised_together(path):
    with pytest.raises(LocalAIError) as error:
        path.plan(want("nosuch"), want("one", config={"threads": "x"}), want("large", variant="huge"))
    assert all(part in str(error.value) for part in ("nosuch", "threads", "huge"))


def test_two_spellings_of_one_model_are_an_error(path):
    with pytest.raises(OptionError, match=r"requested twice"):
        path.plan(want("one"), want("ONE", model="one"))


def test_backends_are_those_of_all_requested_models(path):
    assert path.run(want("one"), want("two")).backends == ("llama-cpp",)
    assert path.run(want("one"), want("two")).backends == ("llama-cpp",)


def test_an_old_name_and_an_old_prompt_template_outlast_a_reload(path):
    path.run(want("one", config={"name": "former"}), want("chatty"))
    assert path.run(want("one", config={"name": "latter"})).outlasting == frozenset({"one"})
    path.bases["base.yaml"] = {**BASE, "prompt_templates": [{"name": "chat", "content": "other"}]}
    assert path.run(want("chatty", state="latest")).outlasting == frozenset({"chatty"})


def test_prune_spares_the_record_of_localai_of_a_model_whose_configuration_is_missing(path):
    path.run(want("one"))
    del path.files["one.yaml"]
    plan = path.run(want("one"), prune=True)
    assert (actions(plan), plan.removed) == ({"one": "repair"}, ())
    assert converged(path, want("one")) == []


def test_a_name_inside_that_differs_is_a_warning(path):
    plan = path.run(want("one", config={"name": "alias"}))
    assert [warning for warning in plan.warnings if "LocalAI serves it under that name" in warning]
    assert path.run(want("one", config={"name": "other"})).unload == ("alias", "other")


def test_a_models_path_that_cannot_be_read_is_an_error():
    with pytest.raises(
        HostError, match=r"The installed models cannot be read: /m: Permission denied\. Set models_path"
    ):
        check_directory(ModelFacts(scan=InstalledModels("/m", problems=("/m: Permission denied",))))
