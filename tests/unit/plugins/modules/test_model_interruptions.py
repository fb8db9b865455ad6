# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of localai_model after interrupted ones, and others that come in between their plan and their lock."""

from __future__ import annotations

import contextlib
import hashlib
import json
from unittest import mock

import pytest

from ansible_collections.localai.core.plugins.module_utils._module.models import answers, execute
from ansible_collections.localai.core.plugins.modules import localai_model
from ansible_collections.localai.core.tests.support.archives import file, tar_archive
from ansible_collections.localai.core.tests.support.module import run_module


class Site:
    """A models path, and two versions of a gallery: `m` has an archive, and two models share a file."""

    def __init__(self, top):
        self.path = top / "models"
        self.source = top / "source"
        self.source.mkdir()
        for version in ("1", "2"):
            (self.source / f"voice-{version}.tar.gz").write_bytes(tar_archive([file("voice/en", version)]))
            (self.source / f"shared-{version}").write_bytes(version.encode() * 100)
            (self.source / f"gallery-{version}.yaml").write_text(json.dumps(self.entries(version)))

    def entries(self, version):
        def entry(name, filename, source):
            digest = hashlib.sha256((self.source / source).read_bytes()).hexdigest()
            row = {"filename": filename, "uri": f"{self.source}/{source}", "sha256": digest}
            config = {"backend": "x", "parameters": {"model": filename}, "context_size": int(version)}
            return {"name": name, "config_file": config, "files": [row]}

        archive = entry("m", "voice.tar.gz", f"voice-{version}.tar.gz")
        return [archive, *(entry(name, "shared", f"shared-{version}") for name in ("one", "other"))]

    def run(self, name, version="1", **options):
        gallery = {"name": "g", "url": str(self.source / f"gallery-{version}.yaml")}
        return run_module(
            localai_model.main, {"name": [name], "galleries": [gallery], "models_path": str(self.path), **options}
        )

    def must(self, name, version="1", **options):
        result = self.run(name, version, **options)
        assert (result["failed"], result["changed"]) == (False, True), result
        return result

    def names(self):
        return sorted(place.name for place in self.path.iterdir() if place.name != ".localai-core")


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


@contextlib.contextmanager
def right_before_the_lock(act):
    """Inside, do something once when a run has planned and is about to take the lock."""
    open_store, acts = execute.open_store, [act]

    @contextlib.contextmanager
    def opened(*arguments):
        while acts:
            acts.pop()()
        with open_store(*arguments) as store:
            yield store

    with mock.patch.object(execute, "open_store", opened):
        yield


def test_a_new_archive_that_an_interrupted_upgrade_has_left_packed_is_unpacked(site):
    site.must("m")
    (site.path / "voice.tar.gz").write_bytes((site.source / "voice-2.tar.gz").read_bytes())
    site.must("m", "2", state="latest")
    assert (site.path / "voice/en").read_text() == "2"
    assert not site.run("m", "2", state="latest")["changed"]


def test_a_removal_of_what_localai_installed_goes_on_after_an_interruption(site):
    site.must("one")
    (site.path / ".localai-core/models/one.json").unlink()
    (site.path / "one.yaml").unlink()
    assert [row["path"] for row in site.must("one", state="absent")["removed"]] == ["one.yaml", "shared"]
    assert site.names() == []


def test_a_model_that_is_disabled_by_another_name_of_its_file_is_not_installed(site):
    site.must("one")
    (site.path / ".localai-core/models/one.json").unlink()
    (site.path / "one.yaml").rename(site.path / "one.yaml.off")
    assert not site.run("one", state="absent")["changed"]
    assert site.names() == ["._gallery_one.yaml", "one.yaml.off", "shared"]


def test_a_file_that_another_run_starts_to_need_before_the_lock_stays(site):
    site.must("one")
    with right_before_the_lock(lambda: site.must("other")):
        result = site.must("one", state="absent")
    assert [row["path"] for row in result["removed"]] == ["one.yaml"]
    assert site.names() == ["._gallery_other.yaml", "other.yaml", "shared"]


def test_a_file_that_another_run_installs_before_the_lock_is_not_replaced_by_another_content(site):
    with right_before_the_lock(lambda: site.must("other", "1")):
        result = site.run("one", "2")
    assert (result["failed"], result["changed"]) == (True, False)
    assert "other.yaml needs another content of it" in result["msg"]
    assert (site.path / "shared").read_bytes() == b"1" * 100


def test_a_file_that_was_compared_before_the_lock_is_compared_again_if_it_changed(site):
    site.must("one")
    site.must("other")
    for name in ("one", "other"):
        (site.path / f".localai-core/models/{name}.json").unlink()
    changed = site.path / "shared"
    with right_before_the_lock(lambda: changed.write_bytes(b"3" * 100)):
        # Only the record is missing when it plans.
        result = site.run("one")
    assert (result["failed"], changed.read_bytes()) == (False, b"1" * 100)


def test_a_file_that_does_not_change_meanwhile_is_read_once(site):
    site.path.mkdir()
    (site.path / "shared").write_bytes(b"1" * 100)
    with mock.patch.object(answers, "sha256_of", wraps=answers.sha256_of) as read:
        site.must("one")
    assert read.call_count == 1


@pytest.mark.parametrize("options", [{"force": True}, {"verify": True}])
def test_a_shared_file_that_gets_its_content_back_is_no_conflict(site, options):
    site.must("one")
    site.must("other")
    (site.path / "shared").write_bytes(b"x" * 100)
    site.must("one", **options)
    assert (site.path / "shared").read_bytes() == b"1" * 100


def test_what_an_interrupted_upgrade_was_about_to_remove_is_removed_and_forgotten(site):
    site.must("m")
    record = site.path / ".localai-core/models/m.json"
    complete = json.loads(record.read_bytes())
    (site.path / "old").write_text("old")
    snapshot = f".artifacts/huggingface/{'0' * 64}"
    record.write_text(json.dumps({**complete, "obsolete": ["old", "gone", snapshot]}))
    assert [row["path"] for row in site.must("m")["removed"]] == ["old"]
    assert json.loads(record.read_bytes()) == complete
    record.write_text(json.dumps({**complete, "obsolete": ["gone", snapshot]}))
    assert not site.run("m")["changed"]
    assert json.loads(record.read_bytes()) == complete


@pytest.mark.parametrize("path", ["../x", "/x", ".localai-core/lock", "m.yaml", ".artifacts/huggingface/../x", 7])
def test_a_record_that_wants_anything_else_removed_is_not_used(site, path):
    site.must("m")
    record = site.path / ".localai-core/models/m.json"
    complete = json.loads(record.read_bytes())
    (site.path.parent / "x").write_text("x")
    record.write_text(json.dumps({**complete, "obsolete": [path]}))
    assert not site.run("m")["failed"]
    assert json.loads(record.read_bytes())["obsolete"] == []
    assert (site.path.parent / "x").exists()
    assert (site.path / "m.yaml").exists()
