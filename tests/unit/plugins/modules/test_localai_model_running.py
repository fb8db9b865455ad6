# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a running server has to do after `localai_model`: each case was seen on a server of LocalAI 4.10."""

from __future__ import annotations

import json

import pytest
import yaml

from ansible_collections.localai.core.tests.support.hub import Hub, Repo
from ansible_collections.localai.core.tests.support.model_proof import actions, prove
from ansible_collections.localai.core.tests.support.model_world import BASE, OTHER, WEIGHTS

REPO = "owner/repo"


def told(result):
    """What the result says about a running server."""
    return result["reload_required"], result["unload"], result["restart_required"]


def test_a_server_keeps_the_former_name_of_a_model_until_it_is_restarted(model_host):
    model_host.install("one", config={"name": "old"})
    assert told(prove(model_host, "one", config={"name": "new"})) == (True, ["old", "new"], True)
    assert told(prove(model_host, "one", config={"name": "new", "threads": 2})) == (True, ["new"], False)


def test_a_server_keeps_a_name_that_was_changed_by_hand(model_host):
    model_host.install("one")
    (model_host.path / "one.yaml").write_text("name: by-hand\nbackend: llama-cpp\n")
    assert told(prove(model_host, "one")) == (True, ["by-hand", "one"], True)


def test_a_server_keeps_a_prompt_template_that_it_has_read(model_host):
    model_host.install("chatty")
    templates = [{"name": "chat", "content": "new {{.Input}}"}]
    (model_host.world.output / "base.yaml").write_text(yaml.safe_dump({**BASE, "prompt_templates": templates}))
    assert told(prove(model_host, "chatty", state="latest")) == (False, ["chatty"], True)


def test_a_server_derives_defaults_from_weights_when_it_reads_a_configuration(model_host):
    model_host.install("one")
    (model_host.path / "a.gguf").write_bytes(OTHER)
    assert told(prove(model_host, "one")) == (True, ["one"], False)
    (model_host.path / "a.gguf").unlink()
    assert told(prove(model_host, "one")) == (True, [], False)


def test_a_server_has_nothing_to_forget_of_a_new_model(model_host):
    assert told(prove(model_host, "chatty")) == (True, [], False)


def test_a_change_of_attributes_is_nothing_for_a_server(model_host):
    model_host.install("chatty")
    assert told(prove(model_host, "chatty", mode="0600")) == (False, [], False)


def test_the_name_of_a_process_is_known_after_a_run_that_failed_later(model_host):
    model_host.install("one", config={"name": "served"})
    model_host.world.files.pages["/b.gguf"] = b"something else"
    rows = [{"name": "one", "config": {"name": "served", "threads": 2}}, {"name": "two"}]
    result = model_host.model(models=rows)
    assert (result["failed"], actions(result), told(result)) == (True, {"one": "replace"}, (True, ["served"], False))


def test_a_prompt_template_that_localai_has_written_is_taken_over_as_it_is(model_host):
    model_host.install("chatty")
    (model_host.path / ".localai-core" / "models" / "chatty.json").unlink()
    result = prove(model_host, "chatty")
    assert (actions(result), told(result)) == ({"chatty": "none"}, (False, [], False))
    assert model_host.record("chatty")["written"] == {"chat.tmpl": len(BASE["prompt_templates"][0]["content"])}


def test_a_prompt_template_that_is_taken_over_gets_the_requested_mode_at_once(model_host):
    model_host.install("chatty")
    (model_host.path / ".localai-core" / "models" / "chatty.json").unlink()
    assert actions(prove(model_host, "chatty", mode="0600")) == {"chatty": "chown"}
    assert (model_host.path / "chat.tmpl").stat().st_mode & 0o777 == 0o600


def test_a_name_that_requests_do_not_find_is_a_warning(model_host):
    (warning,) = model_host.install(models=[{"name": "a+b", "model": "one"}])["warnings"]
    assert "'a+b' does not match itself" in warning
    assert model_host.install("two")["warnings"] == []


@pytest.fixture
def repository(model_host, monkeypatch):
    """A model whose repository only the server can reach, at first."""
    with Hub({REPO: Repo(small={"config.json": b"{}"}, large={"model.safetensors": WEIGHTS})}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
        request = {"name": "m", "files": [], "config": {"backend": "transformers", "parameters": {"model": REPO}}}
        model_host.hub = hub
        model_host.request = request
        yield model_host


def test_what_a_server_resolved_stays_so_although_the_hub_cannot_be_reached(repository, monkeypatch):
    host, request = repository, repository.request
    assert host.install(models=[request])["warnings"]
    monkeypatch.setenv("HF_ENDPOINT", host.hub.endpoint)
    other = {**request, "name": "other"}
    resolved = host.install(models=[other])["models"][0]["config"]["artifacts"]
    # The server downloads the snapshot, and writes what it resolved into the configuration.
    config = {**host.config("m"), "artifacts": resolved}
    (host.path / "m.yaml").write_text(json.dumps(config))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    result = host.install(models=[request])
    assert (actions(result), result["warnings"], host.config("m")) == ({"m": "none"}, [], config)


def test_a_key_of_a_snapshot_that_is_not_its_own_is_not_used(repository, monkeypatch):
    host, request = repository, repository.request
    monkeypatch.setenv("HF_ENDPOINT", host.hub.endpoint)
    (right,) = host.install(models=[request])["models"][0]["config"]["artifacts"]
    (host.path / ".localai-core" / "models" / "m.json").unlink()
    wrong = {**right, "resolved": {**right["resolved"], "cache_key": "0" * 64}}
    (host.path / "m.yaml").write_text(json.dumps({**host.config("m"), "artifacts": [wrong]}))
    assert actions(host.install(models=[request])) == {"m": "replace"}
    assert host.config("m")["artifacts"] == [right]
