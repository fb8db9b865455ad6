# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A plan for models is carried out: what is checked before, and what is reported if it fails in the middle."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible_collections.localai.core.plugins.module_utils._module import preflight
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.model_world import ModelHost, ModelWorld


@pytest.fixture
def host(tmp_path):
    (tmp_path / "gallery").mkdir()
    with FileServer() as files:
        yield ModelHost(tmp_path, ModelWorld(tmp_path / "gallery", files))


def test_what_was_done_before_a_failure_is_reported_and_nothing_else(host):
    host.world.files.pages["/b.gguf"] = b"other bytes"
    result = host.model("one", "two", "small")
    assert result["failed"]
    assert "two" in result["msg"]
    assert result["changed"]
    assert [row["name"] for row in result["models"]] == ["one"]
    assert result["reload_required"]
    assert {"one.yaml", "a.gguf"} <= set(host.files)
    assert "two.yaml" not in host.files


@pytest.mark.parametrize("check", [True, False])
def test_a_disk_that_is_too_small_is_an_error_before_the_first_byte(host, monkeypatch, check):
    usage = SimpleNamespace(free=3)
    monkeypatch.setattr(preflight.shutil, "disk_usage", lambda _path: usage)
    result = host.model("one", check=check)
    assert result["failed"]
    assert "space" in result["msg"]
    assert not host.path.exists()


def test_all_files_that_cannot_be_had_are_one_error_before_the_first_byte(host):
    del host.world.files.pages["/a.gguf"], host.world.files.pages["/b.gguf"]
    result = host.model("one", "two")
    assert result["failed"]
    assert all(page in result["msg"] for page in ("a.gguf", "b.gguf"))
    assert not result["changed"]
    assert not host.path.exists()


def test_what_the_plan_does_not_need_is_removed_after_success(host):
    host.install("one")
    partial = host.path / ".localai-core/partial/of-something-else"
    partial.parent.mkdir(exist_ok=True)
    partial.write_bytes(b"x" * 100)
    host.install("small")
    assert not partial.exists()
