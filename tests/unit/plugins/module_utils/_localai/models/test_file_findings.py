# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is wrong with files that are no YAML."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._localai.models.contents import Entry, Reader
from ansible_collections.localai.core.plugins.module_utils._localai.models.file_findings import (
    leftovers,
    loose_files,
    unreadable_weights,
)

NOW = 1_000_000.0
HOUR, DAY = 3600, 86400
KEY = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("entry", "what"),
    [
        (Entry("LICENSE"), "a file that no configuration has as its model"),
        (Entry("x.pth"), "a file that no configuration has as its model"),
        (Entry(".gitignore"), "a hidden file"),
        (Entry(".model-config-123"), "a hidden file"),
        (Entry("voices.tar.bz2"), "an archive"),
        (Entry("VOICES.TAR"), "an archive"),
        (Entry("a.yaml~"), "a copy that an editor or a package manager left"),
        (Entry("#a.yaml#"), "a copy that an editor or a package manager left"),
        (Entry(".a.yaml.swp"), "a copy that an editor or a package manager left"),
        (Entry(".ansible_tmpabca.yaml.x"), "a temporary file of an Ansible run that was interrupted"),
        (Entry("voices", "link", target_kind="directory"), "a symlink to a directory"),
        (Entry("voices", "link"), "a symlink that leads nowhere"),
        (Entry("pipe", "other"), "neither a file nor a directory"),
    ],
)
def test_files_that_are_listed_by_mistake(entry: Entry, what: str) -> None:
    (finding,) = loose_files([entry], frozenset())
    assert finding.problem == f"LocalAI lists {entry.path} as a model. It is {what}."
    assert finding.advice.endswith(".")
    assert list(loose_files([entry], {entry.path})) == []


@pytest.mark.parametrize(
    "entry", [Entry("a.gguf"), Entry("voices", "directory"), Entry("x/LICENSE"), Entry("x.tar.gz")]
)
def test_files_that_are_not_listed(entry: Entry) -> None:
    assert list(loose_files([entry], frozenset())) == []


def test_weights_that_the_service_may_not_read() -> None:
    reader = Reader(998, frozenset({998}))
    entries = [
        Entry("a.gguf", mode=0o600, uid=0, gid=0),
        Entry("b.gguf", mode=0o640, uid=0, gid=998),
        Entry("notes.txt", mode=0o600),
        Entry("x", "directory", mode=0o750, gid=7),
        Entry("x/y", "directory", mode=0o700),
        Entry("x/y/a.onnx", mode=0o600),
        Entry("x/b.onnx", mode=0o644),
        Entry("empty", "directory", mode=0o700),
        Entry("l.gguf", "link", mode=0o777),
    ]
    weights, directory = unreadable_weights(entries, reader)
    assert (weights.path, directory.path) == ("a.gguf", "x")
    service = "The user of the service (998)"
    assert weights.problem == f"{service} may not read a.gguf: its mode is 0600, its owner 0 and its group 0."
    assert (
        directory.problem == f"{service} may not enter the directory x: its mode is 0750, its owner 0 and its group 7."
    )
    assert weights.advice.endswith("with the options owner, group and mode.")
    assert directory.advice.endswith("with the options owner, group and directory_mode.")
    assert list(unreadable_weights(entries, Reader(0, frozenset()))) == []


def test_a_file_of_a_snapshot_is_changed_by_the_same_options() -> None:
    path = f".artifacts/huggingface/{KEY}/snapshot/model.safetensors"
    (finding,) = unreadable_weights([Entry(path, mode=0o600)], Reader(998, frozenset({998})))
    assert (
        finding.advice == "Change its owner, its group or its mode, for example with the options owner, group and mode."
    )


def test_a_gallery_entry_without_its_model() -> None:
    entry = Entry("._gallery_a.yaml")
    (finding,) = leftovers([entry, Entry("b.yaml")], NOW)
    assert finding.path == entry.path
    assert finding.problem == "It is LocalAI's gallery entry of the model a, and there is no a.yaml."
    assert list(leftovers([entry, Entry("a.yaml")], NOW)) == list(leftovers([entry, Entry("a.yml")], NOW)) == []
    assert list(leftovers([Entry("x/._gallery_a.yaml")], NOW)) == []


def test_unfinished_downloads() -> None:
    old, new = NOW - HOUR - 1, NOW - HOUR + 1
    entries = [
        Entry("a.gguf.partial", mtime=old),
        Entry("b.gguf.partial", mtime=new),
        Entry("x/c.onnx.partial", mtime=old),
        Entry("d.partial", "directory", mtime=old),
        Entry("e.gguf.part", mtime=old),
    ]
    assert [(finding.path, finding.problem) for finding in leftovers(entries, NOW)] == [
        ("a.gguf.partial", "It is an unfinished download of a.gguf."),
        ("x/c.onnx.partial", "It is an unfinished download of x/c.onnx."),
    ]


def test_unfinished_snapshots() -> None:
    old, new = NOW - DAY - 1, NOW - DAY + 1
    abandoned, active = f".artifacts/.partial/{KEY}.one", f".artifacts/.partial/{KEY}.two"
    entries = [
        Entry(".artifacts/.partial", "directory", mtime=old),
        Entry(abandoned, "directory", mtime=old),
        Entry(f"{abandoned}/a.partial", mtime=old),
        Entry(active, "directory", mtime=old),
        Entry(f"{active}/a.partial", mtime=new),
    ]
    (finding,) = leftovers(entries, NOW)
    assert finding.path == abandoned
    assert finding.problem == "It is an unfinished snapshot that did not change in the last 24 hours."
