# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hostile input: valid documents with something in them bent, bytes that are damaged, and a place that is watched.

Tests of it bear the decorator C(hostile), by which `make soak` finds them and their cases are counted.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import json
import os
import signal
from collections import Counter
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, TypeVar
from typing import Counter as Counted

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from .host import Snapshot, snapshot, temporary_directory

CASES: Counted[str] = Counter()
# For tests of which a case takes long: files are laid out, or modules run.
FEWER = settings(
    max_examples=max(settings().max_examples // 4, 1),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
_LONGEST = 60  # seconds that one case may take before it counts as endless

Test = TypeVar("Test", bound=Callable[..., None])


def hostile(test: Test) -> Test:
    """Mark a property test as one of hostile input; stands below `given`, so that it sees every case."""

    @functools.wraps(test)
    def counted(*arguments: Any, **named: Any) -> None:
        CASES[test.__name__] += 1
        with _alarm():
            test(*arguments, **named)

    marked: Test = pytest.mark.hostile(counted)
    return marked


@contextlib.contextmanager
def _alarm() -> Iterator[None]:
    """Let what waits or counts for ever fail instead."""

    def ring(_number: int, _frame: Any) -> None:
        raise AssertionError(f"it takes more than {_LONGEST} s")

    old = signal.signal(signal.SIGALRM, ring)
    signal.alarm(_LONGEST)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, old)


TEXTS = st.one_of(
    st.sampled_from(
        [
            *("", ".", "..", "../outside", "../../outside/file", "/etc/passwd", "a/b", "a\\b", ".hidden", "x..y"),
            *("x\0y", "a\nb", "\x1b[31mred", "\u202eback", "\ud800", "\udcff", "é", "0", "n" * 300, "é" * 200),
            *("null", "true", "-1", "1e400", "<<", "*a", "%s%n", "{{ x }}", "$HOME", "~", "latest", ".localai-core"),
            *(
                "sha256:" + "0" * 64,
                "sha512:" + "0" * 64,
                "sha256:../../x",
                "http://[::1",
                "http://me:pw@h/",
                "file:///",
            ),
        ]
    ),
    st.text(st.characters(), max_size=12),
)
NUMBERS = st.sampled_from([0, 1, -1, 7, 2**31, 2**63, 2**64, 10**30, -(10**30), 0.5, 1e300, float("inf"), float("nan")])
VALUES: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    NUMBERS,
    TEXTS,
    st.lists(TEXTS, max_size=2),
    st.dictionaries(TEXTS, TEXTS, max_size=2),
    st.sampled_from([json.loads("[" * depth + "]" * depth) for depth in (2, 60)]),
)
# What costs a careless parser its stack, its memory or its patience.
BOMBS = st.one_of(
    st.sampled_from(
        [
            *((b"[", 100_000), (b'{"a":', 100_000), (b"- ", 50_000), (b"? ", 50_000), (b"{", 100_000)),
            *((b"9", 100_000), (b"-", 100_000), (b"!!a ", 20_000), (b"\\", 100_001), (b"\0", 1000)),
        ]
    ).map(lambda bomb: bomb[0] * bomb[1]),
    st.sampled_from(
        [
            *(b"", b"1e999999", b"NaN", b"-Infinity", b'"\\ud800"', b"\xff\xfe[\0]\0", b"\xef\xbb\xbf{}"),
            *(b"null", b"[]", b"{}", b"&a [*a]", b"&a {a: *a}", b"&a {<<: *a}", b"%YAML 9.9\n---\n[]", b"---\n---\n"),
        ]
    ),
)


class _Twice(Dict[str, Any]):
    """A mapping that is written with one of its keys twice."""

    def __init__(self, content: dict[str, Any], pair: tuple[str, Any]) -> None:
        super().__init__(content)
        self.pair = pair

    def items(self) -> Any:
        return [*super().items(), self.pair]

    def __deepcopy__(self, memory: Any) -> _Twice:
        return _Twice(copy.deepcopy(dict(self), memory), copy.deepcopy(self.pair, memory))


def _places(holder: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a document: its container and the key there."""
    for key in list(holder) if isinstance(holder, dict) else range(len(holder)):
        yield holder, key
        if isinstance(holder[key], (dict, list)):
            yield from _places(holder[key])


@st.composite
def bent(draw: st.DrawFn, document: Any) -> Any:
    """A valid document of mappings, lists and scalars with one to three things in it changed."""
    root: list[Any] = [copy.deepcopy(document)]
    for _time in range(draw(st.integers(1, 3))):
        places = list(_places(root))
        holder, key = places[draw(st.integers(0, len(places) - 1))]
        how = draw(st.sampled_from(["value", "value", "swap", "remove", "key", "twice"]))
        if how == "swap":
            other, there = places[draw(st.integers(0, len(places) - 1))]
            holder[key] = copy.deepcopy(other[there])
        elif how == "remove" and holder is not root:
            del holder[key]
        elif how == "key" and isinstance(holder, dict):
            holder[draw(TEXTS | st.just(str(key).upper()))] = holder.pop(key)
        elif how == "twice" and isinstance(holder[key], dict) and holder[key]:
            holder[key] = _Twice(holder[key], (next(iter(holder[key])), draw(VALUES)))
        elif how == "twice" and isinstance(holder, list):
            holder.insert(key, copy.deepcopy(holder[key]))
        else:
            holder[key] = copy.deepcopy(draw(VALUES))
    return root[0]


def written(document: Any) -> bytes:
    """A document as JSON, which is YAML as well."""
    return json.dumps(document).encode()


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Bytes of which some are others, missing, repeated or new."""
    data = bytearray(content)
    for _time in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(len(data) - 1, 0)))
        how = draw(st.sampled_from(["other", "other", "missing", "new", "end", "repeated"]))
        if how == "other":
            data[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
        elif how == "missing":
            del data[at : at + draw(st.integers(1, 20))]
        elif how == "new":
            data[at:at] = draw(st.binary(min_size=1, max_size=9))
        elif how == "end":
            del data[at:]
        else:
            data[at:at] = data[at : at + draw(st.integers(1, 600))]
    return bytes(data)


def documents(*valid: Any) -> st.SearchStrategy[bytes]:
    """What may come in the place of one of these JSON documents."""
    return st.one_of(
        *(bent(document).map(written) for document in valid),
        *(damaged(written(document)) for document in valid),
        st.binary(max_size=60),
        BOMBS,
    )


def untouched(top: Path, inside: Path) -> Snapshot:
    """A snapshot of all below a directory but what is inside another one.

    How many names a file has may change there.
    """
    prefix = os.path.relpath(inside, top)
    return {
        path: (*entry[:3], *entry[4:])
        for path, entry in snapshot(top).items()
        if path != prefix and not path.startswith(prefix + "/")
    }


@contextlib.contextmanager
def watched() -> Iterator[Path]:
    """A directory in which only C(backends) may change: what stands beside it is looked at in the end."""
    with temporary_directory() as top:
        (top / "outside/below").mkdir(parents=True)
        (top / "outside/file").write_text("precious", encoding="utf-8")
        (top / "outside/below/run.sh").write_text("#!/bin/sh\n", encoding="utf-8")
        (top / "outside/below/run.sh").chmod(0o640)
        (top / "outside/below/metadata.json").write_text("{}", encoding="utf-8")
        (top / "outside").chmod(0o710)
        (top / "backends").mkdir()
        before = untouched(top, top / "backends")
        yield top
        assert untouched(top, top / "backends") == before


def check_told(result: dict[str, Any]) -> None:
    """Whatever a module was given: it succeeded, or it failed with a sentence that somebody can read."""
    if result["failed"]:
        message = result["msg"]
        assert message
        assert "Traceback" not in message
        assert len(message) < 20_000
    assert "exception" not in result
