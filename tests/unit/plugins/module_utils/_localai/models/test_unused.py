# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What may be deleted of the models path, in made-up directories."""

from __future__ import annotations

from typing import Any, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._localai.models.contents import Entry, Listing
from ansible_collections.localai.core.plugins.module_utils._localai.models.mentions import Document, Mentions
from ansible_collections.localai.core.plugins.module_utils._localai.models.unused import Unused, unused_of

NOW = 1_000_000.0
KEY, OTHER_KEY = "0123456789abcdef" * 4, "fedcba9876543210" * 4


def unused(
    entries: Sequence[Entry],
    documents: Sequence[Document] = (),
    ledger: Sequence[str] = (),
    in_use: Sequence[str] = (),
    problems: tuple[str, ...] = (),
) -> list[Unused]:
    listing = Listing(tuple(entries), problems)
    return unused_of(listing, Mentions(documents, "/models"), ledger, NOW, in_use)


def prunable(*arguments: Any, **settings: Any) -> list[str]:
    return [one.path for one in unused(*arguments, **settings) if one.prunable]


def yaml(path: str, **content: Any) -> Document:
    return Document(path, str(content), content)


def test_a_file_that_is_mentioned_is_used_and_others_belong_to_somebody() -> None:
    entries = [Entry("a.gguf", size=5), Entry("a.yaml"), Entry("b.gguf", size=7), Entry("voices", "directory")]
    assert unused(entries, [yaml("a.yaml", mmproj="a.gguf")]) == [
        Unused("b.gguf", 7, False, "No YAML file mentions it, and it is not known who installed it.")
    ]


def test_what_a_record_lists_is_prunable_unless_it_is_needed() -> None:
    entries = [Entry("a.yaml"), *map(Entry, ("a.gguf", "b.gguf", "voices/tokens.txt", "voices/x/README.md", "x/c.bin"))]
    ledger = ["a.gguf", "b.gguf", "voices/tokens.txt", "voices/x/README.md", "x"]
    documents = [yaml("a.yaml", model="a.gguf")]
    assert prunable(entries, documents, ledger) == ["b.gguf", "voices/tokens.txt", "voices/x/README.md", "x/c.bin"]
    assert prunable(entries, documents, ledger, in_use=["voices/tokens.txt", "x"]) == ["b.gguf", "voices/x/README.md"]
    assert unused(entries, documents, ["b.gguf"])[0].reason == "This collection installed it for a model."


@pytest.mark.parametrize(
    "path", ["README.md", "MODEL_CARD", ".hidden", "voices/.cache/x", "notes.yaml.off", "x/nested.yaml"]
)
def test_files_of_others_are_never_prunable(path: str) -> None:
    documents = [yaml("x/nested.yaml")] if path.endswith(".yaml") else []
    assert [(one.path, one.prunable) for one in unused([Entry(path)], documents)] == [(path, False)]


def test_configurations_and_gallery_entries_of_models_are_used() -> None:
    entries = [Entry(name) for name in ("._gallery_a.yaml", "a.yaml", "B.YML", "c.yaml")]
    assert unused(entries, [yaml("._gallery_a.yaml"), yaml("a.yaml")], ledger=["a.yaml", "c.yaml"]) == []


def test_what_localai_leaves_when_a_model_is_removed() -> None:
    entries = [Entry(name) for name in ("._gallery_a.yaml", "a.gguf", "a.tmpl", "b.gguf", "b.yaml", "c.gguf")]
    files = [{"filename": "./a.gguf"}, {"filename": "b.gguf"}, {"filename": 7}, "x", {"uri": "x"}]
    documents = [yaml("._gallery_a.yaml", files=files, name="a.tmpl"), yaml("b.yaml", model="b.gguf")]
    results = unused(entries, documents)
    assert [(one.path, one.prunable) for one in results] == [
        ("._gallery_a.yaml", True),
        ("a.gguf", True),
        ("a.tmpl", False),
        ("c.gguf", False),
    ]
    assert results[0].reason == "It is LocalAI's gallery entry of the model a, which is not there."
    assert results[1].reason == "LocalAI installed it for a model that is not there."


@pytest.mark.parametrize("name", ["a.yaml", "a.yml", "A.YAML", "a.yaml.off", "a.yaml~"])
def test_a_model_is_there_as_long_as_a_file_could_be_its_configuration(name: str) -> None:
    entries = [Entry("._gallery_a.yaml"), Entry("x.gguf"), Entry(name)]
    documents = [yaml("._gallery_a.yaml", files=[{"filename": "x.gguf"}]), yaml(name)]
    assert prunable(entries, documents) == []


@pytest.mark.parametrize("content", [None, [], {"files": "x"}, {"files": None}])
def test_a_gallery_entry_that_lists_no_files(content: Any) -> None:
    documents = [Document("._gallery_a.yaml", "", content)]
    assert prunable([Entry("._gallery_a.yaml"), Entry("x.gguf")], documents) == ["._gallery_a.yaml"]


@pytest.mark.parametrize(
    ("name", "age", "is_prunable"),
    [
        ("a.gguf.partial", 3601, True),
        ("a.gguf.partial", 3599, False),
        # The clock of another host can be ahead.
        ("a.gguf.partial", -9999, False),
        ("voices/a.partial", 3601, True),
        (".model-config-123", 3601, True),
        (".model-config-restore-1", 3601, True),
        (".artifact-binding-9", 3601, True),
        (".artifact-binding-9", 60, False),
        ("x/.model-config-123", 3601, False),
    ],
)
def test_unfinished_and_temporary_files_are_prunable_when_they_are_old(name: str, age: int, is_prunable: bool) -> None:
    results = unused([Entry(name, mtime=NOW - age)])
    assert [(one.path, one.prunable) for one in results] == [(name, is_prunable)]


def test_a_snapshot_is_judged_as_a_whole() -> None:
    old, new = NOW - 7200, NOW - 60
    entries = [
        Entry(".artifacts", "directory"),
        Entry(".artifacts/.locks", "directory"),
        Entry(f".artifacts/.locks/{KEY}.lock"),
        Entry(".artifacts/huggingface", "directory"),
        Entry(f".artifacts/huggingface/{KEY}", "directory", mtime=old),
        Entry(f".artifacts/huggingface/{KEY}/snapshot/a", size=5, mtime=old),
        Entry(f".artifacts/huggingface/{KEY}/snapshot/b", size=6, mtime=old),
        Entry(f".artifacts/huggingface/{OTHER_KEY}", "directory", mtime=old),
        Entry(f".artifacts/huggingface/{OTHER_KEY}/snapshot/a.partial", size=3, mtime=new),
    ]
    path, other = f".artifacts/huggingface/{KEY}", f".artifacts/huggingface/{OTHER_KEY}"
    reason = "It is a snapshot of LocalAI that no YAML file mentions"
    assert unused(entries) == [
        Unused(path, 11, True, f"{reason}."),
        Unused(other, 3, False, f"{reason}, and it changed less than an hour ago."),
    ]
    assert [one.path for one in unused(entries, [yaml("a.yaml", artifacts=[{"cache_key": KEY}])])] == [other]
    assert [one.path for one in unused(entries, in_use=[path])] == [other]


@pytest.mark.parametrize(("hours", "is_prunable"), [(25, True), (23, False)])
def test_an_unfinished_snapshot_is_prunable_after_a_day(hours: int, is_prunable: bool) -> None:
    path = f".artifacts/.partial/{KEY}.writer"
    entries = [Entry(path, "directory"), Entry(f"{path}/a", size=5, mtime=NOW - hours * 3600)]
    assert [(one.path, one.size, one.prunable) for one in unused(entries)] == [(path, 5, is_prunable)]


def test_the_cache_of_the_hub_is_never_prunable() -> None:
    names = (
        "models--a--b/blobs/1",
        "models--a--b/refs/main",
        "models--c--d/x",
        "hub/x",
        "xet/y",
        ".locks/z",
        "models--x",
    )
    entries = [Entry("models--a--b", "directory"), *(Entry(name, size=2, mtime=0) for name in names)]
    results = unused(entries, [yaml("a.yaml", model="c/d")], ledger=["hub"])
    assert [(one.path, one.size, one.prunable) for one in results] == [
        ("models--a--b", 4, False),
        ("hub", 2, False),
        ("xet", 2, False),
        (".locks", 2, False),
        ("models--x", 2, False),
    ]


def test_a_file_is_used_through_a_link() -> None:
    entries = [
        Entry("alias.gguf", "link", target_kind="file", target="store/a.gguf"),
        Entry("linked", "link", target_kind="directory", target="store"),
        Entry("store/a.gguf"),
        Entry("store/b.gguf"),
    ]
    ledger = ["store/a.gguf", "store/b.gguf", "alias.gguf"]
    assert prunable(entries, [yaml("a.yaml", model="alias.gguf")], ledger) == ["store/b.gguf"]
    assert prunable(entries, [yaml("a.yaml", model="linked/b.gguf")], ledger) == ["alias.gguf", "store/a.gguf"]
    assert prunable(entries, [yaml("a.yaml", model="linked")], ledger) == ["alias.gguf"]


def test_what_could_be_mentioned_where_nobody_could_read_is_not_prunable() -> None:
    entries = [
        Entry("._gallery_x.yaml"),
        Entry(f".artifacts/huggingface/{KEY}", "directory"),
        Entry("a.gguf"),
        Entry("b.gguf"),
        Entry("c.gguf.partial"),
    ]
    documents = [yaml("._gallery_x.yaml", files=[{"filename": "a.gguf"}])]
    assert prunable(entries, documents, ["b.gguf"]) == [entry.path for entry in entries]
    assert prunable(entries, documents, ["b.gguf"], problems=("/models/x: Permission denied.",)) == ["c.gguf.partial"]
    unread = [*entries, Entry("sub/large.yaml")]
    assert prunable(unread, documents, ["b.gguf"]) == ["c.gguf.partial"]
    assert "and sub/large.yaml could not be read and may mention it." in unused(unread, documents, ["b.gguf"])[0].reason
    linked = [*entries, Entry("x.yaml", "link", target_kind="file")]
    assert prunable(linked, documents, ["b.gguf"]) == ["c.gguf.partial"]


NAMES = st.sampled_from(
    ["a.gguf", "b.gguf", "x/a.gguf", "x/y/b.onnx", "x.partial", ".hidden", "a.yaml", "._gallery_a.yaml"]
)


@given(st.sets(NAMES, min_size=1), st.sets(NAMES), st.sets(NAMES), st.sets(NAMES))
def test_what_is_mentioned_or_of_nobody_is_never_prunable(
    names: set[str], mentioned: set[str], listed: set[str], ledger: set[str]
) -> None:
    entries = [Entry(name) for name in sorted(names)]
    gallery = yaml("._gallery_a.yaml", files=[{"filename": name} for name in sorted(listed)])
    documents = [yaml("m.yaml", options=sorted(mentioned)), *([gallery] if gallery.path in names else [])]
    if "a.yaml" in names:
        documents.append(yaml("a.yaml"))
    pruned = set(prunable(entries, documents, sorted(ledger)))
    ours = {*ledger, "x.partial", "._gallery_a.yaml", *(listed if gallery.path in names else ())}
    assert not pruned & mentioned
    assert pruned <= ours & names
    assert "a.yaml" not in pruned
    if {"a.yaml", "._gallery_a.yaml"} <= names:
        assert not pruned & {"._gallery_a.yaml", *listed}
