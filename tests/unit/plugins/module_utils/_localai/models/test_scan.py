# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The scan of a models path: of what is requested, without reading YAML, whatever lies there."""

from __future__ import annotations

import hashlib
import os

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._localai.models.definition import Definition, Parts
from ansible_collections.localai.core.plugins.module_utils._localai.models.record import InstalledFile, Record
from ansible_collections.localai.core.plugins.module_utils._localai.models.scan import (
    MOST_YAML,
    file_state,
    record_of,
    recorded_names,
    scan_models,
)
from ansible_collections.localai.core.plugins.module_utils._store.file_system import KeptAttributes

KEEPS = KeptAttributes()


def write_record(path, record, name=None):
    directory = path / ".localai-core" / "models"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"{name or record.name}.json").write_bytes(record.to_json())


def record(name="m", **more):
    return Record(name, {"name": name}, Parts(Definition()), **more)


def test_a_missing_path_has_no_models(tmp_path):
    installed = scan_models(str(tmp_path / "none"), None, KEEPS)
    assert (installed.names, installed.problems, dict(installed.models)) == ((), (), {})


def test_a_model_is_its_yaml_files_its_record_and_its_files(tmp_path):
    (tmp_path / "m.yaml").write_bytes(b"name: m\n")
    (tmp_path / "._gallery_m.yaml").write_bytes(b"{}")
    (tmp_path / "a").write_bytes(b"12345")
    files = (InstalledFile("a", Address("u"), size=5), InstalledFile("gone", Address("u"), size=1))
    write_record(tmp_path, record(files=files))
    installed = scan_models(str(tmp_path), {"m"}, KEEPS)
    model = installed.models["m"]
    assert model.yaml.sha256 == hashlib.sha256(b"name: m\n").hexdigest()
    assert model.gallery_file.sha256 == hashlib.sha256(b"{}").hexdigest()
    assert model.record.files == files
    assert {name: state.size for name, state in model.files.items()} == {"a": 5}
    assert model.missing == ["gone"]


def test_only_requested_models_are_read_and_all_are_named(tmp_path):
    for name in ("Qwen", "other"):
        (tmp_path / f"{name}.yaml").write_text("x")
    write_record(tmp_path, record("recorded"))
    installed = scan_models(str(tmp_path), {"qwen"}, KEEPS)
    assert list(installed.models) == ["Qwen"]
    assert installed.names == ("Qwen", "other", "recorded")
    assert set(scan_models(str(tmp_path), None, KEEPS).models) == {"Qwen", "other", "recorded"}


def test_hidden_files_and_other_suffixes_are_no_models(tmp_path):
    for name in ("._gallery_m.yaml", ".hidden.yaml", "m.yml", "m.yaml.bak", ".yaml", "yaml"):
        (tmp_path / name).write_text("x")
    assert scan_models(str(tmp_path), None, KEEPS).names == ()


def test_what_is_no_regular_file_has_no_size_and_links_are_not_followed(tmp_path):
    (tmp_path / "target").write_text("x")
    (tmp_path / "a.yaml").symlink_to("target")
    (tmp_path / "b.yaml").mkdir()
    os.mkfifo(tmp_path / "c.yaml")
    models = scan_models(str(tmp_path), None, KEEPS).models
    assert [(model.yaml.size, model.yaml.sha256) for model in models.values()] == [(-1, "")] * 3


def test_a_yaml_file_that_is_too_large_has_no_hash(tmp_path):
    with (tmp_path / "m.yaml").open("wb") as file:
        file.truncate(MOST_YAML + 1)
    yaml = scan_models(str(tmp_path), None, KEEPS).models["m"].yaml
    assert (yaml.size, yaml.sha256) == (MOST_YAML + 1, "")


def test_a_models_path_that_is_a_file_is_a_problem(tmp_path):
    path = tmp_path / "models"
    path.write_text("x")
    assert scan_models(str(path), None, KEEPS).problems == (f"{path}: Not a directory",)


def test_the_record_of_another_model_and_a_broken_one_are_none(tmp_path):
    write_record(tmp_path, record("other"), "m")
    assert record_of(str(tmp_path), "m") is None
    (tmp_path / ".localai-core" / "models" / "m.json").write_bytes(b"{")
    assert record_of(str(tmp_path), "m") is None
    assert record_of(str(tmp_path), "none") is None


@pytest.mark.parametrize("make", [os.mkfifo, lambda path: os.symlink("/etc/passwd", path), os.mkdir])
def test_a_record_that_is_no_file_is_none_and_nobody_waits(tmp_path, make):
    directory = tmp_path / ".localai-core" / "models"
    directory.mkdir(parents=True)
    make(directory / "m.json")
    assert recorded_names(str(tmp_path)) == ["m"]
    assert record_of(str(tmp_path), "m") is None


def test_a_state_has_only_what_the_file_system_stores(tmp_path):
    (tmp_path / "a").write_text("x")
    os.chmod(tmp_path / "a", 0o640)
    path = str(tmp_path / "a")
    assert file_state(path, KEEPS).attributes.mode == "0640"
    assert file_state(path, KeptAttributes(owners=False)).attributes.owner == ""
    assert file_state(path, KeptAttributes(modes=False)).attributes.mode == ""
    assert file_state(str(tmp_path / "a" / "b"), KEEPS) is None
    assert file_state(str(tmp_path / "none"), KEEPS) is None
