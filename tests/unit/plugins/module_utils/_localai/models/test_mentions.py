# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which documents mention a file: a file that may be mentioned is never deleted."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._localai.models.contents import Entry, Kind, Listing
from ansible_collections.localai.core.plugins.module_utils._localai.models.mentions import (
    Document,
    Mentions,
    unread_documents,
)

MODELS = "/var/lib/local-ai/models"
KEY = "0123456789abcdef" * 4


def document(content: Any, text: str = "", path: str = "m.yaml") -> Document:
    return Document(path, text, content)


def mentions(content: Any, path: str) -> bool:
    return bool(Mentions([document(content)], MODELS).of(path))


def text_mentions(text: str, path: str) -> bool:
    """Whether the text of a document that cannot be parsed mentions a path."""
    return bool(Mentions([document(None, text)], MODELS).of(path))


@pytest.mark.parametrize(
    "value",
    [
        *(
            "a.gguf",
            "./a.gguf",
            f"{MODELS}/a.gguf",
            "/build/models/a.gguf",
            "x//a.gguf",
            "lora:a.gguf",
            "a.gguf,b.gguf",
        ),
        *(
            '"a.gguf"',
            "a.gguf@main",
            "see a.gguf.",
            "(a.gguf)",
            "model=a.gguf;x",
            "x/../a.gguf",
            "file://a.gguf",
            "A.GGUF",
        ),
        *("https://example.com/a.gguf?download=true", "my a.gguf", "x%2Fa.gguf", "-a.gguf", "a.gguf~", "a.gguf/x"),
    ],
)
def test_a_value_mentions_a_file(value: str) -> None:
    assert mentions({"options": [value]}, "a.gguf")
    assert mentions({value: None}, "a.gguf")
    assert text_mentions(f"options: [{value}\n", "a.gguf")
    assert Mentions([document({"name": "x"}, f"name: x # {value}\n")], MODELS).of("a.gguf")


@pytest.mark.parametrize(
    "value",
    ["banana.gguf", "a.gguf.old", "x-a.gguf", "x.a.gguf", "x_a.gguf", "a.gguf2", "a.gguf-00001", "äa.gguf", "a_gguf"],
)
def test_a_longer_name_is_another_file(value: str) -> None:
    assert not mentions({"options": [value]}, "a.gguf")
    assert not text_mentions(f"options: [{value}\n", "a.gguf")


@pytest.mark.parametrize(
    ("value", "path"),
    [
        ("voices/x/y.onnx", "voices/x/y.onnx"),
        ("voices//x/./y.onnx", "voices/x/y.onnx"),
        ("dir:voices/z/../x/y.onnx", "voices/x/y.onnx"),
        ("voices/z/w/../../x/y.onnx", "voices/x/y.onnx"),
        ("voices/x/y.onnx", "voices/x"),
        ("my model (v2), final.gguf", "my model (v2), final.gguf"),
        ("Straße/ä.gguf", "Straße/ä.gguf"),
        ("my%20model.gguf", "my model.gguf"),
        (7, "7"),
        (1.5, "1.5"),
    ],
)
def test_paths_are_read_in_each_spelling(value: Any, path: str) -> None:
    assert mentions({"a": {"b": [value]}}, path)


@pytest.mark.parametrize(
    "value",
    [
        *(
            "voices/x",
            "./voices/x/",
            f"{MODELS}/voices/x",
            "/models/voices/x",
            "models/voices/x",
            "dir:voices/x",
            "voices",
        ),
        *("voices/z/../x", "a,voices/x", 'd="voices/x"', f"{MODELS}/", "--dir voices/x", "file:///models/voices/x"),
        *("parameters:\n  model: voices/x\nf16: true", "- voices/x", "voices/x # all of it", '{"dir": "voices/x"}'),
        *("voices # all", "- voices", "# voices", f"/{MODELS}"),
    ],
)
def test_a_directory_as_a_whole_value_mentions_all_files_below_it(value: str) -> None:
    assert mentions({"parameters": {"model": value}}, "voices/x/y.onnx")


@pytest.mark.parametrize(
    "value",
    [
        *(
            "voices/xy",
            "some voices of people",
            "owner/voices",
            "https://example.com/voices",
            "voices/x/z.onnx",
            "y.onnx",
            "/",
            ".",
        ),
        "name: a\nbackend: voices",
    ],
)
def test_a_directory_inside_another_value_mentions_no_files(value: str) -> None:
    assert not mentions({"description": value}, "voices/x/y.onnx")


def test_the_backend_is_no_directory() -> None:
    content = {"backend": "llama-cpp", "nested": [{"backend": ["llama-cpp"]}]}
    assert not mentions(content, "llama-cpp/models/a.gguf")
    assert mentions({**content, "options": ["llama-cpp"]}, "llama-cpp/models/a.gguf")
    assert mentions({"backend": "llama-cpp/models/a.gguf"}, "llama-cpp/models/a.gguf")
    assert not text_mentions("backend: llama-cpp\nname: [", "llama-cpp/models/a.gguf")


def test_directories_with_separators_and_numbers_in_their_names() -> None:
    assert mentions({"model": "a,b:c"}, "a,b:c/x.onnx")
    assert mentions({"options": ["dir:a,b"]}, "a,b/x.onnx")
    assert mentions({"model": "[v2]"}, "[v2]/x.onnx")
    parsed_as_number = document({"model": 1.1}, "model: 1.10\n")
    assert Mentions([parsed_as_number], MODELS).of("1.10/x.onnx")


def test_a_document_that_cannot_be_parsed_also_mentions_files_by_their_bare_names() -> None:
    assert text_mentions("model: [y.onnx", "voices/x/y.onnx")
    assert text_mentions("model: [\ndir: voices/x\n", "voices/x/z.onnx")
    assert not text_mentions("model: [my.onnx", "voices/x/y.onnx")
    assert not mentions({"model": "y.onnx"}, "voices/x/y.onnx")


@pytest.mark.parametrize(
    "path", [f".artifacts/huggingface/{KEY}", f".artifacts/huggingface/{KEY}/snapshot/config.json"]
)
def test_a_snapshot_is_mentioned_by_its_key(path: str) -> None:
    assert mentions({"artifacts": [{"resolved": {"cache_key": KEY}}]}, path)
    assert text_mentions(f"x{KEY}x: [", path)
    assert not mentions({"artifacts": [{"resolved": {"cache_key": KEY[::-1]}}]}, path)


def test_files_that_are_loaded_along_with_another() -> None:
    assert mentions({"model": "voice.onnx"}, "voice.onnx.json")
    assert mentions({"model": "q/m-00001-of-00003.gguf"}, "q/m-00003-of-00003.gguf")
    assert not mentions({"model": "q/m-00001-of-00004.gguf"}, "q/m-00003-of-00003.gguf")
    assert not mentions({"model": "voice"}, "voice.json")


def test_all_documents_that_mention_a_file_are_returned_in_their_order() -> None:
    documents = [document({"model": "a.gguf"}, path=f"{name}.yaml") for name in "cab"]
    documents.append(document({"model": "b.gguf"}, path="d.yaml"))
    assert Mentions(documents, MODELS).of("a.gguf") == ["c.yaml", "a.yaml", "b.yaml"]
    assert Mentions(documents, MODELS).of("a.gguf", frozenset({"a.yaml", "c.yaml"})) == ["b.yaml"]
    assert Mentions([], MODELS).of("a.gguf") == []


def test_a_file_is_mentioned_through_a_link() -> None:
    entries = (
        Entry("alias.gguf", "link", target_kind="file", target="store/a.gguf"),
        Entry("linked", "link", target_kind="directory", target="store"),
        Entry("outside", "link", target_kind="directory"),
    )
    documents = [document({"model": "alias.gguf"}, path="a.yaml"), document({"model": "linked"}, path="b.yaml")]
    subject = Mentions(documents, MODELS).within(Listing(entries))
    assert [subject.of(path) for path in ("store/a.gguf", "store/b.gguf", "stored/a.gguf")] == [
        ["a.yaml", "b.yaml"],
        ["b.yaml"],
        [],
    ]


def test_a_document_that_nobody_could_read_may_mention_every_file() -> None:
    names = ("a.yaml", "large.yaml", "linked.yml", "x/y.yaml", "notes.txt", "directory.yaml")
    kinds: tuple[Kind, ...] = ("file", "file", "link", "file", "file", "directory")
    entries = tuple(Entry(name, kind, target_kind="file" if kind == "link" else "") for name, kind in zip(names, kinds))
    documents = [document({}, path="a.yaml"), document({}, path="x/y.yaml")]
    assert unread_documents(Listing(entries), documents) == ["large.yaml", "linked.yml"]
    subject = Mentions(documents, MODELS).within(Listing(entries))
    assert subject.of("a.gguf") == ["large.yaml", "linked.yml"]
    assert subject.of("a.gguf", {"large.yaml"}) == ["linked.yml"]


def test_documents_may_contain_themselves() -> None:
    content: dict[str, Any] = {"a": ["a.gguf"]}
    content["self"] = content
    shared: list[Any] = ["b.gguf"]
    for _level in range(60):
        shared = [shared, shared]
    content["shared"] = shared
    assert mentions(content, "a.gguf")
    assert mentions(content, "b.gguf")


@pytest.mark.parametrize("part", ["-", "a.", "a/../", " ", "1:", "a://", "x=", "#", "%2F"])
def test_hostile_text_takes_no_long_time(part: str) -> None:
    text = part * (100000 // len(part))
    subject = Mentions([document({"a": text}, text), document(None, text)], MODELS)
    assert subject.of("z.gguf") == []
    assert subject.of("-/z/z.gguf") == []
    assert Mentions([document(None, f"a{text}a" * 3)], MODELS).of("-b.gguf") == []


NAME = st.text(st.characters(exclude_characters="/\0\n\r", exclude_categories=("Cs",)), min_size=1, max_size=12).filter(
    lambda name: name not in (".", "..")
)
PATH = st.lists(NAME, min_size=1, max_size=4).map("/".join)
WORD = st.text("abcäβ09_", min_size=1, max_size=5)


@given(
    PATH, st.sampled_from(["{}", "./{}", MODELS + "/{}", "lora:{}", "{},b.gguf", "b.gguf {}", "'{}'", "<{}>", "x/{}/"])
)
def test_a_value_that_is_a_path_mentions_it(path: str, pattern: str) -> None:
    assert mentions({"options": [pattern.format(path)]}, path)
    assert text_mentions(pattern.format(path), path)


@given(st.lists(NAME.filter(lambda name: name == name.strip()), min_size=2, max_size=4), st.integers(1, 3))
def test_a_directory_above_it_mentions_a_path(parts: list[str], levels: int) -> None:
    assert mentions({"model": "/".join(parts[:levels])}, "/".join(parts))


@given(WORD, WORD, st.sampled_from(["", ".", "-", "..", "-."]))
def test_a_longer_word_mentions_no_shorter_one(word: str, more: str, joiner: str) -> None:
    assert not mentions({"options": [f"{more}{joiner}{word}.gguf"]}, f"{word}.gguf")
    assert not mentions({"options": [f"{word}.gguf{joiner}{more}"]}, f"{word}.gguf")


@given(st.lists(st.tuples(st.text("ab./-:, \n", max_size=12), st.booleans()), max_size=5), st.text("ab./-", min_size=1))
def test_many_documents_answer_like_each_alone(texts: list[tuple[str, bool]], path: str) -> None:
    documents = [
        document({"x": text} if parsed else None, text, str(number)) for number, (text, parsed) in enumerate(texts)
    ]
    alone = [name for one in documents for name in Mentions([one], MODELS).of(path)]
    assert Mentions(documents, MODELS).of(path) == alone
