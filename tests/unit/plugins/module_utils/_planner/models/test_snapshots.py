# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Snapshots of models: to which commit they are resolved, when a server is asked, and what is fetched."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError, SourceError
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._localai.models.artifacts import Spec
from ansible_collections.localai.core.plugins.module_utils._localai.models.definition import Definition, Parts
from ansible_collections.localai.core.plugins.module_utils._localai.models.installed import FileState, InstalledModel
from ansible_collections.localai.core.plugins.module_utils._planner.models.desired import Desired
from ansible_collections.localai.core.plugins.module_utils._planner.models.facts import ModelFacts
from ansible_collections.localai.core.plugins.module_utils._planner.models.questions import (
    FileOnDisk,
    FindSnapshot,
    ReadManifest,
    ReadYaml,
)
from ansible_collections.localai.core.plugins.module_utils._planner.models.snapshots import to_fetch, with_snapshots
from ansible_collections.localai.core.plugins.module_utils._planner.unanswered import Unanswered
from ansible_collections.localai.core.tests.support.model_plans import want

HUB, OLD, NEW = "https://huggingface.co", "a" * 40, "b" * 40
SPEC = Spec("org/repo")
DECLARED = {"backend": "transformers", "artifacts": [{"source": {"type": "huggingface", "repo": "org/repo"}}]}
NAMED = {"backend": "transformers", "parameters": {"model": "org/repo"}}
FILE = SimpleNamespace(path="x.safetensors", size=7, sha256="0" * 64, blob_oid="", xet_hash="", url=Address(HUB))
OTHER = SimpleNamespace(path="y.json", size=2, sha256="", blob_oid="1" * 40, xet_hash="", url=Address(HUB))


def desired(config):
    return Desired("m", want("m"), Parts(Definition()), config)


def served(commit=NEW, *files):
    return SimpleNamespace(endpoint=Address(HUB), commit=commit, files=files or (FILE, OTHER))


def facts(answers):
    return ModelFacts().learn(answers)


def declared(commit="main", *, required=True):
    return FindSnapshot(SPEC, commit, required=required)


GUESSED = {FileOnDisk("org/repo"): None}


def test_a_snapshot_is_resolved_and_what_it_was_resolved_to_is_in_the_configuration():
    result = with_snapshots(desired(DECLARED), None, facts({declared(): served()}), again=False)
    (snapshot,) = result.snapshots
    assert (snapshot.commit, snapshot.files) == (NEW, (FILE, OTHER))
    (entry,) = result.config["artifacts"]
    assert entry["resolved"] == {"endpoint": HUB, "revision": NEW, "cache_key": snapshot.key}


def test_nothing_is_known_before_the_hub_is_asked():
    with pytest.raises(Unanswered):
        with_snapshots(desired(DECLARED), None, facts({}), again=False)


def test_what_was_resolved_stays_so_unless_it_is_resolved_again():
    first = with_snapshots(desired(DECLARED), None, facts({declared(): served(OLD)}), again=False)
    there = InstalledModel("m", FileState(9, FileAttributes("0", "0", "0644"), "f" * 64))
    known = {ReadYaml("m.yaml"): first.config}
    again = with_snapshots(desired(DECLARED), there, facts(known), again=False)
    assert (again.config, again.snapshots) == (first.config, tuple(replace(s, files=()) for s in first.snapshots))
    latest = with_snapshots(desired(DECLARED), there, facts({**known, declared(): served()}), again=True)
    assert latest.snapshots[0].commit == NEW


@pytest.mark.parametrize("document", [None, [], {"artifacts": 5}, {"artifacts": [{"resolved": 5}]}])
def test_a_yaml_file_that_says_nothing_is_asked_in_vain(document):
    there = InstalledModel("m", FileState(9, FileAttributes("0", "0", "0644"), "f" * 64))
    known = facts({ReadYaml("m.yaml"): document, declared(): served()})
    assert with_snapshots(desired(DECLARED), there, known, again=False).snapshots[0].commit == NEW


def test_what_is_declared_must_be_found():
    with pytest.raises(GalleryError, match=r"^m: it is gone\."):
        with_snapshots(desired(DECLARED), None, facts({declared(): SourceError("it is gone.")}), again=False)


def test_what_is_only_guessed_is_left_to_the_server_if_nobody_answers():
    known = facts({**GUESSED, declared(required=False): SourceError("no route.")})
    result = with_snapshots(desired(NAMED), None, known, again=False)
    assert (result.config, result.snapshots) == (NAMED, ())
    (warning,) = result.warnings
    assert warning.startswith("m: the server will download org/repo itself when it loads the model")
    assert warning.endswith("looked up now. no route.")


def test_what_is_guessed_and_found_is_installed():
    result = with_snapshots(desired(NAMED), None, facts({**GUESSED, declared(required=False): served()}), again=False)
    assert [snapshot.commit for snapshot in result.snapshots] == [NEW]


def test_a_directory_of_that_name_is_no_repository():
    known = facts({FileOnDisk("org/repo"): FileState(0, FileAttributes("0", "0", "0755"), is_directory=True)})
    assert with_snapshots(desired(NAMED), None, known, again=False) == desired(NAMED)


def test_a_configuration_without_a_repository_has_none():
    config = {"backend": "llama-cpp", "parameters": {"model": "a.gguf"}}
    assert with_snapshots(desired(config), None, facts({}), again=False) == desired(config)


def test_what_localai_refuses_is_an_error():
    config = {"artifacts": [{"source": {"type": "ftp", "repo": "org/repo"}}]}
    with pytest.raises(GalleryError, match=r"^m: LocalAI refuses its configuration: .*'ftp'"):
        with_snapshots(desired(config), None, facts({}), again=False)


def test_only_what_is_not_complete_is_fetched():
    result = with_snapshots(desired(DECLARED), None, facts({declared(): served()}), again=False)
    (snapshot,) = result.snapshots
    complete = facts({ReadManifest(snapshot.key): {"x": 7}})
    assert to_fetch(result, complete, verify=False) == ()
    broken = facts({ReadManifest(snapshot.key, verify=True): None, declared(NEW): served()})
    assert to_fetch(result, broken, verify=True) == (snapshot,)
