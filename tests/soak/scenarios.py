# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runs that are killed, and those that run at once: every kind of step, from sources on this disk."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Iterator, Mapping, Sequence
from unittest import mock

from ansible_collections.localai.core.plugins.module_utils._fs import sync
from ansible_collections.localai.core.plugins.module_utils._module import apply as _apply
from ansible_collections.localai.core.plugins.module_utils._resolver import resolver as _resolver
from ansible_collections.localai.core.plugins.module_utils._sources import resume
from ansible_collections.localai.core.plugins.module_utils._store import store
from ansible_collections.localai.core.plugins.modules import localai_backend

from ..support.archives import Entry, directory, file, hardlink, symlink, write_tree
from ..support.host import IS_ROOT, NOBODY
from ..support.images import host_platform, image, index, layer
from ..support.layouts import write_oci_layout
from ..support.module import run_module

Options = Mapping[str, Any]

LARGE = "large"
BUILDS = ("piper", "cpu-speech", "cuda12-speech", LARGE)
DEEP = "deep"
VERSIONS = ("1", "2", "3")
# What no run here names: a backend, and one that LocalAI is just about to install itself.
BYSTANDERS = ("other", "piper.install-tmp")
LOADED = (_apply, _resolver)  # else a run loads them, which only costs time


@dataclass(frozen=True)
class Scenario:
    """One run, `task`, on what the runs before it made.

    Without `exchange`, the kernel cannot swap two directory entries. Where a tree is given another `look` in its place,
    a kill leaves some of it with the old one, so that only its content has to be whole. On a `slow` line, copies are
    kept of all layers of more than one chunk.
    """

    name: str
    before: Sequence[Options]
    task: Options
    exchange: bool = True
    look: bool = True
    slow: bool = False

    def carry_out(self, path: Path) -> dict[str, Any]:
        """Run it on a backends path; returns what the module says."""
        slow_line = mock.patch.multiple(resume, _LONG=-1.0, _KNOWN_BYTES=1, _RESERVE=0)
        with slow_line if self.slow else contextlib.nullcontext():
            return carry_out(self.task, path, self.exchange)


class Sources:
    """Three versions of a few backends and of a gallery, in a directory."""

    def __init__(self, top: Path) -> None:
        """Write them below `top`."""
        self._top = top
        images = {
            f"{name}-{version}": index([image([layer(_entries(name, version))], host_platform())])
            for name in BUILDS
            for version in VERSIONS
        }
        write_oci_layout(top / "layout", images)
        self.digests = {name: artifact.digest for name, artifact in images.items()}
        write_tree(top / "other", _entries("other", "1"))
        for version in VERSIONS:
            write_tree(top / f"{DEEP}-{version}", [*_entries(DEEP, version), *_levels("level", version, 5, 2)])
        for version in VERSIONS:
            (top / f"gallery-{version}.yaml").write_text(json.dumps(self._gallery(version)), encoding="utf-8")

    def _gallery(self, version: str) -> list[dict[str, Any]]:
        capabilities = {"default": "cpu-speech", "nvidia": "cuda12-speech"}
        return [
            {"name": "speech", "capabilities": capabilities},
            {"name": "other", "uri": str(self._top / "other")},
            *({"name": name, "uri": self.uri(name, version), "alias": name[-6:]} for name in BUILDS),
        ]

    def uri(self, name: str, version: str) -> str:
        """Where a build is."""
        return f"ocilayout:{self._top}/layout:{name}-{version}"

    def options(self, version: str, *names: str, **options: Any) -> Options:
        """The options of a run with the gallery of a version."""
        gallery = {"name": "local", "url": str(self._top / f"gallery-{version}.yaml")}
        return {"name": list(names), "galleries": [gallery], "capability": "default", **options}

    def scenarios(self) -> list[Scenario]:
        """Every kind of step, and those that swap trees also without a rename that exchanges."""
        run = self.options
        both = ("piper", "speech")
        first = run("1", *both)
        second = run("2", *both, state="latest", keep_previous=1)
        third = run("3", *both, state="latest", keep_previous=1)
        other_gpu = run("1", "speech", state="latest", capability="nvidia", keep_previous=1)
        first_digest = self.digests["piper-1"]
        owner = {"owner": str(NOBODY), "group": str(NOBODY)} if IS_ROOT else {}
        swapping = [
            Scenario("upgrade", [first], run("2", *both, state="latest")),
            Scenario("upgrade that keeps", [first, second], third),
            Scenario("restore", [first, second], run("2", "piper", digest=first_digest, keep_previous=1)),
            Scenario("restore that keeps nothing", [first, second], run("2", "piper", digest=first_digest)),
        ]
        return [
            Scenario("install", [], first),
            *swapping,
            *(Scenario(f"{each.name}, no exchange", each.before, each.task, exchange=False) for each in swapping),
            Scenario("removal", [first, second], run("2", *both, state="absent")),
            Scenario("exclusive", [first, second], run("2", "piper", "other", exclusive=True)),
            Scenario("another GPU", [first], other_gpu),
            Scenario("metadata", [first], run("1", "piper", uri=self.uri("piper", "1"), alias="voice")),
            Scenario("slow install", [], run("1", LARGE), slow=True),
            Scenario("slow upgrade", [run("1", LARGE)], run("2", LARGE, state="latest"), slow=True),
            Scenario("ownership", [first], run("1", *both, directory_mode="0711", **owner), look=False),
            *self._deep_scenarios(),
        ]

    def _deep_scenarios(self) -> list[Scenario]:
        """Those that write and delete whole trees, with directories in directories."""
        first, second = (self.options("1", DEEP, uri=str(self._top / f"{DEEP}-{version}")) for version in ("1", "2"))
        absent = self.options("1", DEEP, state="absent")
        return [
            Scenario("deep install", [], first),
            Scenario("deep upgrade", [first], second),
            Scenario("deep upgrade, no exchange", [first], second, exchange=False),
            Scenario("deep removal", [first, {**second, "keep_previous": 1}], absent),
        ]


def carry_out(task: Options, path: Path, exchange: bool = True, check: bool = False) -> dict[str, Any]:
    """Run localai_backend on a backends path; returns what it says. It waits for others only if the task says so."""
    paths = {"backends_path": str(path), "backends_system_path": str(path.with_name("system"))}
    can_exchange = mock.patch.object(store, "exchange", sync.exchange if exchange else lambda *_names: False)
    with can_exchange:
        return run_module(localai_backend.main, {"lock_timeout": 0, **task, **paths}, check)


def begin(before: Sequence[Options], sources: Sources, path: Path) -> None:
    """Make the backends path that a scenario begins with."""
    for task in [sources.options("1", "other"), *before]:
        result = carry_out(task, path)
        if result["failed"]:
            sys.exit(result["msg"])
    write_tree(path / "piper.install-tmp", _entries("piper", "9"))
    now = int(time.time())  # mkfs.ext4 would drop the fraction
    for place in [place for name in BYSTANDERS for place in (path / name, *(path / name).rglob("*"))]:
        os.utime(place, (now, now), follow_symlinks=False)


def _entries(name: str, version: str) -> list[Entry]:
    return [
        file("run.sh", f"#!/bin/sh\necho {name} {version}\n", 0o755),
        directory("lib"),
        file("lib/libggml.so.1", os.fsencode(name + version) * 3000, 0o755),
        symlink("lib/libggml.so", "libggml.so.1"),
        *([file("noise", hashlib.shake_256(version.encode()).digest(1_000_000))] if name == LARGE else []),
        hardlink("lib/libggml.so.1.2", "lib/libggml.so.1"),
    ]


def _levels(top: str, version: str, depth: int, width: int) -> Iterator[Entry]:
    """A directory with a file and a symlink in it, and as many more of these in it, so deep."""
    yield directory(top)
    yield file(f"{top}/file", version * 100)
    yield symlink(f"{top}/link", "file")
    for number in range(width if depth > 1 else 0):
        yield from _levels(f"{top}/{number}", version, depth - 1, width)
