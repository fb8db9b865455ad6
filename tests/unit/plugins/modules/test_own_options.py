# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option `backends`: backends with different sources, versions and states are one plan."""

from __future__ import annotations

import json

import pytest

from ansible_collections.localai.core.plugins.modules import localai_backend
from ansible_collections.localai.core.tests.support.module import run_module, run_raw
from ansible_collections.localai.core.tests.support.proof import actions, foreseen, installed


def backends(host, *rows, check=False, **options):
    """Run the module with rows of `backends`."""
    return run_module(localai_backend.main, {**host.options, "backends": list(rows), **options}, check)


def test_one_task_installs_all_and_removes_the_rest(host):
    host.install("piper")
    source = str(host.place("source", top=host.path.parent))
    rows = [
        {"name": "llama-cpp"},
        {"name": "piper", "state": "absent"},
        {"name": "mine", "uri": source, "alias": "chat"},
        {"name": "archived", "state": "latest"},
    ]
    predicted = backends(host, *rows, check=True)
    result = backends(host, *rows)
    assert foreseen(result) == foreseen(predicted)
    assert actions(result) == {"llama-cpp": "install", "mine": "install", "archived": "install", "piper": "remove"}
    assert [row["name"] for row in result["backends"]] == ["llama-cpp", "mine", "archived", "piper"]
    assert host.names == ["archived", "cpu-llama-cpp", "llama-cpp", "mine"]
    assert (host.metadata("mine")["alias"], result["restart_required"]) == ("chat", True)
    again = backends(host, *rows)
    assert (again["changed"], set(actions(again).values())) == (False, {"none"})


def test_a_mistake_in_one_row_prevents_all_changes(host):
    result = backends(host, {"name": "piper"}, {"name": "nowhere", "state": "latest"}, {"name": "no", "release": "v9"})
    assert result["failed"]
    assert "nowhere and no are in no gallery" in result["msg"]
    assert not host.path.exists()


def test_exclusive_keeps_the_rows_and_removes_all_others(host):
    host.install("piper", "archived", "llama-cpp")
    rows = [{"name": "piper"}, {"name": "archived", "state": "absent"}]
    result = backends(host, *rows, exclusive=True)
    assert host.names == ["piper"]
    assert [row["backend"] for row in result["removed"]] == ["cpu-llama-cpp", "llama-cpp"]
    before = installed(host)
    result = backends(host, {"name": "piper", "state": "absent"}, exclusive=True)
    assert "exclusive without a backend to install would remove all backends" in result["msg"]
    assert installed(host) == before


def test_a_digest_of_its_own_pins_one_backend(host):
    host.install("piper", "llama-cpp")
    digest = host.metadata("cpu-llama-cpp")["digest"]
    result = backends(host, {"name": "llama-cpp", "digest": digest}, {"name": "piper"})
    assert (result["changed"], result["failed"]) == (False, False)
    other = "sha256:" + "ab" * 32
    result = backends(host, {"name": "llama-cpp", "digest": other}, {"name": "piper"})
    assert result["failed"]
    assert other in result["msg"]


@pytest.mark.parametrize("text", ["llama-cpp,whisper", "[llama-cpp]"])
def test_a_text_is_refused_with_an_example(host, text):
    result = run_module(localai_backend.main, {**host.options, "backends": text})
    assert (
        "backends: it is text, not a list of mappings. Write, for example: backends: [{name: llama-cpp}"
        in result["msg"]
    )


def test_a_secret_in_a_uri_is_not_returned(host):
    uri = "https://me:hunter2@files.invalid/x.tar?token=hunter3"
    raw = run_raw(localai_backend.main, {**host.options, "backends": [{"name": "mine", "uri": uri}]})
    assert json.loads(raw)["failed"]
    assert "hunter" not in raw
