# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documents on a host, without secrets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._host.documents import (
    external_backends,
    record,
    runtime_settings,
    told_capability,
)

NAME = "LOCALAI_FORCE_META_BACKEND_CAPABILITY"


@pytest.mark.parametrize(("content", "document"), [('{"format": 1}', {"format": 1}), ("[]", {}), ("{", {}), (None, {})])
def test_a_record_is_empty_if_it_cannot_be_read(tmp_path: Path, content: str | None, document: object) -> None:
    if content is not None:
        (tmp_path / "started.json").write_text(content)
    assert record(str(tmp_path / "started.json")) == document


@pytest.mark.parametrize(
    ("text", "capability"),
    [
        (f'A="1"\n{NAME}="nvidia-cuda-13"\n', "nvidia-cuda-13"),
        (f"{NAME}=metal\n{NAME}=vulkan  \n", "vulkan"),
        (f"#{NAME}=metal\nX{NAME}=1\n", ""),
        (f'{NAME}="a\\"b\\$"', 'a"b$'),
        ("", ""),
        (None, ""),
    ],
)
def test_the_capability_is_that_of_the_environment_file(tmp_path: Path, text: str | None, capability: str) -> None:
    if text is not None:
        (tmp_path / "localai.env").write_text(text)
    assert told_capability(str(tmp_path / "localai.env")) == capability


def test_the_capability_is_unknown_if_the_file_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "localai.env").mkdir()
    assert told_capability(str(tmp_path / "localai.env")) is None


def test_harmless_settings_are_shown(tmp_path: Path) -> None:
    settings = {
        "auto_upgrade_backends": True,
        "threads": 4,
        "ratio": 0.5,
        "nothing": None,
        "proxy": "http://user:hidden-1@example.com",
        "api_keys": ["hidden-2"],
        "galleries": [{"url": "hidden-3"}],
        "P2P_Token": "hidden-4",
        "openai_api_key": "hidden-5",
        "client_secret": "hidden-6",
        "db_password": "hidden-7",
        "long": "x" * 5000,
    }
    (tmp_path / "runtime_settings.json").write_text(json.dumps(settings))
    found = runtime_settings(str(tmp_path))
    assert (found["exists"], found["valid"], found["names"]) == (True, True, sorted(settings))
    assert sorted(found["settings"]) == ["auto_upgrade_backends", "nothing", "proxy", "ratio", "threads"]
    assert found["settings"]["auto_upgrade_backends"] is True
    assert "hidden" not in json.dumps(found)


def test_a_number_that_json_does_not_have_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "runtime_settings.json").write_text('{"a": 1e999}')
    assert runtime_settings(str(tmp_path)) == {"exists": True, "valid": True, "names": ["a"], "settings": {}}


@pytest.mark.parametrize("content", ["", "[]", "{", '{"a": NaN}'])
def test_settings_can_be_invalid(tmp_path: Path, content: str) -> None:
    (tmp_path / "runtime_settings.json").write_text(content)
    assert runtime_settings(str(tmp_path)) == {"exists": True, "valid": False, "names": [], "settings": {}}


def test_a_link_to_a_secret_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text('{"secret-name": "x"}')
    for name in ("runtime_settings", "external_backends"):
        (tmp_path / f"{name}.json").symlink_to(tmp_path / "secret.json")
    assert runtime_settings(str(tmp_path)) == {"exists": True, "valid": None, "names": [], "settings": {}}
    assert external_backends(str(tmp_path)) == {"exists": True, "valid": None, "names": []}


def test_there_may_be_neither_document(tmp_path: Path) -> None:
    assert runtime_settings(str(tmp_path)) == {"exists": False, "valid": None, "names": [], "settings": {}}
    assert external_backends(str(tmp_path)) == {"exists": False, "valid": None, "names": []}


@pytest.mark.parametrize(
    ("content", "valid", "names"),
    [
        ('{"b": "/b/run.sh", "a": "/a/run.sh"}', True, ["a", "b"]),
        ("{}", True, []),
        ('{"a": 1}', False, []),
        ("x", False, []),
    ],
)
def test_external_backends_are_names_and_paths(tmp_path: Path, content: str, valid: bool, names: list[str]) -> None:
    (tmp_path / "external_backends.json").write_text(content)
    assert external_backends(str(tmp_path)) == {"exists": True, "valid": valid, "names": names}
