# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of `localai_model`: its messages, and what it does not load or ask."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._module.models import model
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.host import snapshot
from ansible_collections.localai.core.tests.support.model_world import ModelHost, ModelWorld


@pytest.fixture
def host(tmp_path):
    (tmp_path / "gallery").mkdir()
    with FileServer() as files:
        yield ModelHost(tmp_path, ModelWorld(tmp_path / "gallery", files))


def test_a_first_run_has_a_message_and_a_second_one_changes_nothing(host):
    assert host.install("one")["msg"].startswith("Installed one")
    again = host.install("one")
    assert (again["msg"], again["changed"]) == ("Nothing to change.", False)


def test_a_converged_run_asks_nobody(host, monkeypatch):
    host.install("one", "chatty")
    monkeypatch.setattr(model, "resolver_of", lambda *_args: pytest.fail("a server is asked"))
    assert not host.install("one", "chatty")["changed"]


def test_check_mode_writes_nothing_and_says_what_will_be_created(host):
    host.options["models_path"] = str(host.path / "deep" / "models")
    before = snapshot(host.path.parent)
    result = host.model("one", check=True)
    assert result["msg"].startswith("Would install one")
    assert f"models_path: {host.path / 'deep'} does not exist yet. It will be created." in result["warnings"]
    assert snapshot(host.path.parent) == before


def test_what_an_interrupted_run_has_left_is_cleaned_up_by_the_next_one(host):
    host.install("one")
    left = host.path / ".localai-core/staging/0123"
    left.mkdir(parents=True)
    (left / "x").touch()
    assert not host.install("one")["changed"]
    assert not left.exists()


def test_check_mode_warns_of_a_file_of_the_host_that_is_not_there_yet(host):
    result = host.model("mine", check=True, uri="/nosuch/w.gguf")
    assert result["changed"]
    assert "w.gguf cannot be fetched now, so a run would fail." in " ".join(result["warnings"])
