# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers from the disk, as strangers may have left it."""

from __future__ import annotations

import os

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import HostError
from ansible_collections.localai.core.plugins.module_utils._fs.file_attributes import FileAttributes
from ansible_collections.localai.core.plugins.module_utils._model_request import ModelHost, ModelOptions
from ansible_collections.localai.core.plugins.module_utils._module.models.answers import (
    ModelAnswers,
    check_directories,
    read_yaml,
)
from ansible_collections.localai.core.plugins.module_utils._module.models.task import ModelTask
from ansible_collections.localai.core.plugins.module_utils._planner.models import questions as q
from ansible_collections.localai.core.plugins.module_utils._store.file_system import KeptAttributes
from ansible_collections.localai.core.tests.support.model_plans import sha256


def nobody():
    raise AssertionError("no server is needed")


@pytest.fixture
def ask(tmp_path):
    task = ModelTask(ModelHost(str(tmp_path)), ModelOptions(()), KeptAttributes(), FileAttributes())
    answers = ModelAnswers(nobody)
    return lambda question: answers.answer(task, question)


def test_questions_about_the_disk_need_no_server(ask, tmp_path):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a").write_bytes(b"12345")
    (tmp_path / "m.yaml").write_text("name: m\nf16: yes\n")
    assert ask(q.FileOnDisk("sub/a")).size == 5
    assert ask(q.FileOnDisk("sub/b")) is None
    assert ask(q.FileOnDisk("none/b")) is None
    assert ask(q.HashFile("sub/a")) == sha256(b"12345")
    assert ask(q.HashFile("none")) == ""
    assert ask(q.ReadYaml("m.yaml")) == {"name": "m", "f16": "yes"}


def test_a_survey_has_all_documents_and_sizes(ask, tmp_path):
    (tmp_path / "m.yaml").write_text("parameters: {model: a}")
    (tmp_path / "broken.yaml").write_text(": {")
    (tmp_path / "a").write_bytes(b"12345")
    survey = ask(q.SurveyDirectory())
    assert survey.documents == {"m.yaml": {"parameters": {"model": "a"}}, "broken.yaml": None}
    assert survey.sizes["a"] == 5
    assert survey.mentions.of("a") == ["m.yaml"]
    assert survey.records == {}
    assert ask(q.FindUnused()) == ()


@pytest.mark.parametrize(
    "make",
    [
        lambda path: path.write_bytes(b"\xff\xfe{"),
        lambda path: path.write_text("a: &a\n  b: *a\n"),
        lambda path: path.symlink_to("none"),
        os.mkfifo,
        lambda path: path.mkdir(),
        lambda path: path.write_bytes(b"a: b\n" * 10**6),
    ],
)
def test_what_is_no_yaml_file_is_none_and_nobody_waits(tmp_path, make):
    make(tmp_path / "m.yaml")
    assert read_yaml(str(tmp_path / "m.yaml")) is None


def test_a_hash_of_what_is_no_file_is_an_error(ask, tmp_path):
    os.mkfifo(tmp_path / "a")
    with pytest.raises(HostError):
        ask(q.HashFile("a"))


def test_directories_above_a_file_are_directories(tmp_path):
    (tmp_path / "sub").mkdir()
    check_directories(str(tmp_path), "sub/none/a")
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("sub")
    for name in ("file", "link"):
        with pytest.raises(HostError, match=f"{name} is not a directory, and {name}/b/a has to be in it"):
            check_directories(str(tmp_path), f"{name}/b/a")
