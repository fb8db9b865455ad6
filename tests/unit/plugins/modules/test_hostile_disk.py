# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backends path in which somebody put anything: whatever a run does about it, nothing outside it changes.

Whoever owns the path can plant symlinks, hard links, pipes and metadata there, and the module may run as root.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.localai.core.tests.support.host import IS_ROOT, snapshot
from ansible_collections.localai.core.tests.support.hostile import (
    FEWER,
    check_told,
    documents,
    hostile,
    watched,
    written,
)
from ansible_collections.localai.core.tests.support.world import Host

BACKENDS = ["piper", "llama-cpp", "cpu-llama-cpp", "whisper", "Kokoro", "archived"]
ODD = [".hidden", "x..y", "n" * 255, "new\nline", os.fsdecode(b"\xff\xfe"), "é", "\u202eback", "a b", "\\", "-rf"]
LEFT = ["piper.backup", "cpu-llama-cpp.install-backup", "piper.install-tmp", "llama-cpp.upgrade-tmp"]
LEADING_OUT = [
    "..",
    "../outside",
    "../outside/below",
    "/etc",
    "a/b",
    ".",
    ".localai-core/kept",
    "\0",
    "n" * 300,
    "\ud800",
]
NAMES = st.sampled_from([*BACKENDS, *BACKENDS, *ODD, *LEFT])
REFERENCES = st.sampled_from([*BACKENDS, *ODD, *LEFT, *LEADING_OUT])

KEYS = ("alias", "meta_backend_for", "name", "gallery_url", "version", "uri", "digest")
METADATA = st.one_of(
    st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS, REFERENCES)).map(written),
    documents(dict.fromkeys(KEYS, "piper")),
)
RECORDED = {
    "requested": True,
    "platform_digest": "",
    "sha256": "",
    "size": 7,
    "entries": 2,
    "pinned": False,
    "listed": True,
}
RECORDS = documents(
    {**RECORDED, "contents": {"": ["10 run.sh", "> ../../outside/link"], "lib": ["7 x"], "../..": ["1 file"]}}
)

# What stands in the place of a file or of a directory.
PLANTED = st.sampled_from(
    [
        "symlink to a file",
        "symlink to a directory",
        "symlink to the path",
        "dangling",
        "loop",
        "pipe",
        "hard link",
        "directory",
    ]
)
FILE = st.one_of(st.just("file"), st.just("file"), st.just("nothing"), PLANTED)


@dataclass(frozen=True)
class Backend:
    """A directory of the backends path; C(inside) is what else stands in it."""

    metadata: bytes
    record: bytes
    kinds: tuple[str, str, str]
    inside: tuple[str, ...]
    mode: int

    def put(self, place, outside):
        place.mkdir()
        contents = (b"#!/bin/sh\n", self.metadata, self.record)
        for name, kind, content in zip(("run.sh", "metadata.json", ".localai-core.json"), self.kinds, contents):
            plant(place / name, kind, outside, content)
        for number, kind in enumerate(self.inside):
            plant(place / f"inside-{number}", kind, outside, b"x")
        place.chmod(self.mode)


def plant(place, kind, outside, content=b"x"):
    """Put something of a kind there."""
    if isinstance(kind, Backend):
        kind.put(place, outside)
    elif kind == "file":
        place.write_bytes(content)
    elif kind == "pipe":
        os.mkfifo(place)
    elif kind == "directory":
        (place / "deep/er").mkdir(parents=True)
        (place / "deep/link").symlink_to(outside)
        (place / "deep").chmod(0o500)
    elif kind == "hard link":
        os.link(outside / "file", place)
    elif kind != "nothing":
        targets = {
            "symlink to a file": outside / "file",
            "symlink to a directory": outside / "below",
            "symlink to the path": "..",
            "dangling": "/nowhere/at/all",
            "loop": place.name,
        }
        place.symlink_to(targets[kind])


BACKEND = st.builds(
    Backend,
    METADATA,
    RECORDS,
    st.tuples(FILE, FILE, FILE),
    st.lists(PLANTED, max_size=2).map(tuple),
    st.sampled_from([0o755, 0o755, 0o000, 0o1777]),
)
KIND = st.one_of(BACKEND, BACKEND, BACKEND, PLANTED, st.just("file"))
NUMBERS = st.sampled_from(["1", "2", "01", "\u0663", "9" * 200, "x", "-1"])
KEPT = st.dictionaries(NAMES, st.dictionaries(NUMBERS, KIND, max_size=2), max_size=2)
OWN = st.fixed_dictionaries(
    {},
    optional={
        "lock": st.one_of(st.just("file"), PLANTED),
        "progress": st.one_of(st.just("file"), PLANTED),
        "staging": st.one_of(PLANTED, st.dictionaries(NAMES, KIND, max_size=2)),
        "replaced": st.one_of(PLANTED, st.dictionaries(NAMES, KIND, max_size=2)),
        "kept": st.one_of(PLANTED, KEPT, KEPT),
    },
)

OPTIONS = st.fixed_dictionaries(
    {"state": st.sampled_from(["present", "latest", "absent", "absent"])},
    optional={
        "exclusive": st.just(True),
        "verify": st.just(True),
        "force": st.just(True),
        "keep_previous": st.integers(0, 2),
        "directory_mode": st.sampled_from(["0755", "0700"]),
        "owner": st.just("nobody" if IS_ROOT else str(os.geteuid())),
        "capability": st.sampled_from(["default", "amd"]),
    },
)


def furnish(place, content, outside):
    """Put a tree of C(own) there."""
    for name, kind in content.items():
        if isinstance(kind, dict):
            (place / name).mkdir()
            furnish(place / name, kind, outside)
        else:
            plant(place / name, kind, outside)


def plain(kind):
    """A backend whose files are what they should be, with this metadata."""
    return Backend(written(kind), b"", ("file", "file", "nothing"), (), 0o755)


PRESENT = {"state": "present"}
NOT_EXECUTABLE = Backend(b"{}", written(RECORDED), ("file", "file", "file"), (), 0o755)
LOOP = {
    "a": plain({"name": "b", "meta_backend_for": "b"}),
    "b": plain({"name": "a", "meta_backend_for": "a", "alias": "a"}),
}


@FEWER
@given(
    before=st.dictionaries(NAMES, KIND, max_size=4),
    own=st.one_of(st.none(), PLANTED, OWN, OWN),
    names=st.lists(NAMES, min_size=1, max_size=2),
    options=OPTIONS,
)
@example(before=LOOP, own={}, names=["a"], options={"state": "absent"})
@example(before=LOOP, own={}, names=["piper"], options={"state": "present", "exclusive": True})
@example(before={"x": plain({"name": "a", "meta_backend_for": "y.install-tmp"})}, own={}, names=["a"], options=PRESENT)
@example(before={"from-directory": NOT_EXECUTABLE}, own={}, names=["piper"], options=PRESENT)
@example(
    before={"piper": plain({"name": "piper", "meta_backend_for": "../outside"})},
    own={"kept": {"piper": {"01": plain({}), "1": "symlink to a directory"}}},
    names=["piper"],
    options={"state": "absent", "keep_previous": 1},
)
@hostile
def test_whatever_is_in_the_backends_path_nothing_outside_changes(world, before, own, names, options):
    with watched() as top:
        host = Host(top, world)
        for name, kind in before.items():
            plant(host.path / name, kind, top / "outside")
        if own is not None:
            furnish(host.path, {".localai-core": own}, top / "outside")
        touched = snapshot(top)
        for result in (
            host.backend(*names, check=True, **options),
            host.info(disk_usage=True, upgrades=True),
            host.info(*names, pins=True),
        ):
            check_told(result)
            assert snapshot(top) == touched
        result = host.backend(*names, **options)
        check_told(result)
        if not result["failed"] and options["state"] == "absent":
            assert [name for name in names if os.path.lexists(host.path / name)] == []
        check_told(host.backend(*names, **options))


@FEWER
@given(kind=PLANTED, inside=st.lists(PLANTED, min_size=1, max_size=3), name=NAMES)
@hostile
def test_no_removal_follows_what_stands_in_the_place_of_a_backend_or_inside_it(world, kind, inside, name):
    with watched() as top:
        host = Host(top, world)
        tree = Backend(b"{}", b"", ("file", "file", "nothing"), tuple(inside), 0o755)
        for place, planted in ((name, kind), ("victim", tree)):
            plant(host.path / place, planted, top / "outside")
        result = host.backend(name if name[0] != "." and ".." not in name else "victim", "victim", state="absent")
        check_told(result)
        assert not os.path.lexists(host.path / "victim") or result["failed"]


@pytest.mark.parametrize("kind", ["file", "directory", "symlink", "fifo", "hard link"])
@pytest.mark.parametrize("name", ["lock", "kept/piper"])
def test_check_mode_foresees_what_stands_in_the_place_of_something_of_ours(host, tmp_path, name, kind):
    host.install("piper")
    place, foreign = host.path / ".localai-core" / name, tmp_path / "foreign"
    foreign.write_text("not ours")
    place.unlink(missing_ok=True)
    {
        "file": lambda: place.write_text("no note"),
        "directory": place.mkdir,
        "symlink": lambda: place.symlink_to(foreign),
        "fifo": lambda: os.mkfifo(place),
        "hard link": lambda: os.link(foreign, place),
    }[kind]()
    change = {"force": True, "keep_previous": 1}
    predicted, result = host.backend("piper", check=True, **change), host.backend("piper", **change)
    is_fine = (name, kind) in (("lock", "file"), ("kept/piper", "directory"))
    assert (predicted["failed"], result["failed"]) == (not is_fine, not is_fine)
    assert is_fine or predicted["msg"] == result["msg"]
    assert foreign.read_text() == "not ours"


@pytest.mark.skipif(not IS_ROOT, reason="changes an owner")
def test_what_is_ours_follows_the_owner_of_the_backends_path(host):
    host.install("piper", "llama-cpp")
    os.chown(host.path, 12345, 12346)
    host.install("whisper", keep_previous=1)
    own = host.path / ".localai-core"
    status = own.stat()
    assert (status.st_uid, status.st_gid) == (12345, 12346)
    # What is only read by this user may stay; whatever is in the directory, they can replace it.
    assert {path.stat().st_uid for path in own.iterdir() if path.is_dir()} == {12345}
