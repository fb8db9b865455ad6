# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run for models does to a models path, step by step, and the galleries and files that it needs."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Iterator, Mapping, Sequence
from unittest import mock

from ansible_collections.localai.core.plugins.module_utils._module.models import answers as _answers
from ansible_collections.localai.core.plugins.module_utils._module.models import apply as _apply
from ansible_collections.localai.core.plugins.module_utils._module.models import execute as _execute
from ansible_collections.localai.core.plugins.module_utils._resolver import hub as _hub
from ansible_collections.localai.core.plugins.modules import localai_model

from ..support.archives import directory, file, tar_archive
from ..support.faults import Cut, Status
from ..support.files import FileServer
from ..support.host import IS_ROOT, NOBODY, temporary_directory
from ..support.hub import Hub, Repo
from ..support.module import run_module

Options = Mapping[str, Any]

VERSIONS = ("1", "2", "3")
# What no run here names: a model of ours, one of LocalAI's with a file of its own, and a file of somebody's.
OTHER = "other"
BYSTANDERS = ("other.yaml", "._gallery_other.yaml", "other.gguf", "by-hand.yaml", "theirs/by-hand.gguf", "notes.txt")
LOADED = (_answers, _apply, _execute, _hub)  # else a run loads them, which only costs time


@dataclass(frozen=True)
class ModelScenario:
    """One run, `task`, on what the runs before it made and `spoil` changed.

    Where files that stay are given another owner and mode, a kill leaves some with the old ones: then `attributes` is
    False. A run that `settles` changes nothing when it is repeated.
    """

    name: str
    before: Sequence[Options]
    task: Options
    attributes: bool = True
    settles: bool = True
    spoil: Callable[[Path], None] = lambda _path: None

    def carry_out(self, path: Path) -> dict[str, Any]:
        """Run it on a models path; returns what the module says."""
        return carry_out(self.task, path)


class ModelSources:
    """Three versions of a few models and of their gallery, in a directory, and a server of the same files."""

    def __init__(self, top: Path, server: FileServer) -> None:
        """Write them below `top`; `server` serves them."""
        self._top = top
        self._server = server
        server.directory = top
        top.mkdir(parents=True)
        for version in VERSIONS:
            (top / version).mkdir()
            for name, content in self.contents(version).items():
                (top / version / name).write_bytes(content)
            template = {"name": "chat", "content": f"{{{{.Input}}}} of {version}"}
            base = {"name": "base", "config_file": "f16: true\n", "prompt_templates": [template]}
            (top / f"base-{version}.yaml").write_text(json.dumps(base), encoding="utf-8")
            (top / f"gallery-{version}.yaml").write_text(json.dumps(self._gallery(version)), encoding="utf-8")

    def contents(self, version: str) -> dict[str, bytes]:
        """The files of a version."""
        voice = [directory("voice"), file("voice/en.onnx", f"voice {version}" * 900), file("voice/tokens", version)]
        return {
            "a.gguf": noise(f"a{version}", 30_000),
            "b.gguf": noise(f"b{version}", 20_000),
            "large.gguf": noise(f"large{version}", 1_000_000),
            "shared.gguf": noise("shared", 5_000),
            "voice.tar.gz": tar_archive([*voice, file(f"voice/of-{version}", version)], "gzip"),
        }

    def _gallery(self, version: str) -> list[dict[str, Any]]:
        def row(name: str, filename: str = "", *, proved: bool = True, served: bool = False) -> dict[str, str]:
            content = self.contents(version)[name]
            where = self._server.url if served else str(self._top)
            digest = {"sha256": hashlib.sha256(content).hexdigest()} if proved else {}
            return {"filename": filename or name, "uri": f"{where}/{version}/{name}", **digest}

        def config(model: str, **more: Any) -> dict[str, Any]:
            return {"backend": "llama-cpp", "parameters": {"model": model}, "context_size": int(version) * 1024, **more}

        return [
            # Its files keep their names, and so does what is in its archive, but for one.
            {
                "name": "pair",
                "url": str(self._top / f"base-{version}.yaml"),
                "overrides": config("a.gguf", mmproj="deep/b.gguf", template={"chat": "chat"}),
                "files": [row("a.gguf"), row("b.gguf", "deep/b.gguf"), row("voice.tar.gz", "tts/voice.tar.gz")],
            },
            # One of its files has another name in each version.
            {
                "name": "renamed",
                "config_file": config(f"a-{version}.gguf"),
                "files": [
                    row("a.gguf", f"a-{version}.gguf"),
                    row("shared.gguf"),
                    row("voice.tar.gz", "more/voice.tar.gz"),
                ],
            },
            # The same without an archive.
            {
                "name": "lean",
                "config_file": config(f"lean-{version}.gguf"),
                "files": [row("a.gguf", f"lean-{version}.gguf")],
            },
            # Nobody knows its digests before they are installed.
            {
                "name": "unproved",
                "config_file": config("u/a.gguf"),
                "files": [row("a.gguf", "u/a.gguf", proved=False), row("b.gguf", "u/b.gguf", proved=False)],
            },
            {"name": "sharing", "config_file": config("shared.gguf"), "files": [row("shared.gguf")]},
            {"name": OTHER, "config_file": config("other.gguf"), "files": [row("b.gguf", "other.gguf")]},
            {
                "name": "served",
                "config_file": config("large.gguf", mmproj="s/b.gguf"),
                "files": [row("b.gguf", "s/b.gguf", served=True), row("large.gguf", served=True)],
            },
        ]

    def file(self, version: str, name: str) -> str:
        """Where a file is."""
        return str(self._top / version / name)

    def options(self, version: str, *names: str, **options: Any) -> Options:
        """The options of a run with the gallery of a version."""
        gallery = {"name": "local", "url": str(self._top / f"gallery-{version}.yaml")}
        return {"name": list(names), "galleries": [gallery], **options}

    def scenarios(self) -> list[ModelScenario]:
        """Every kind of step."""
        run = self.options
        both = ("pair", "renamed", "lean")
        first, sharing, second = run("1", *both), run("1", "sharing"), run("2", *both, state="latest")
        own = {"config": {"backend": "whisper", "parameters": {"model": "own.bin"}}}
        own_files = [[{"filename": f"{name}.bin", "uri": f"{self._top}/1/a.gguf"}] for name in ("own", "other-own")]
        owner = {"owner": str(NOBODY), "group": str(NOBODY)} if IS_ROOT else {}
        changed = {"context_size": 77, "stopwords": ["x"]}
        return [
            ModelScenario("model install", [], run("1", "pair")),
            ModelScenario("model install, no digests", [], run("1", "unproved")),
            ModelScenario("model upgrade", [first], second),
            ModelScenario("model upgrade, no digests", [run("1", "unproved")], run("2", "unproved", state="latest")),
            ModelScenario("model upgrade by force", [first, sharing], run("1", *both, force=True), settles=False),
            ModelScenario("model config", [run("1", "pair")], run("1", "pair", config=changed)),
            ModelScenario("model removal", [first], run("1", *both, state="absent")),
            ModelScenario("model removal, shared", [first, run("1", "sharing")], run("1", "renamed", state="absent")),
            ModelScenario("model removal, not ours", [first], run("1", *both, state="absent"), spoil=_forget),
            ModelScenario("model exclusive", [first], run("1", "sharing", OTHER, exclusive=True), spoil=_only_ours),
            ModelScenario("model prune", [first], run("1", "renamed", prune=True), spoil=_abandon),
            ModelScenario("model taken over", [first], run("1", "pair", config=changed), spoil=_forget),
            ModelScenario("model taken over, older", [first], run("2", "lean", state="latest"), spoil=_forget),
            ModelScenario("model found", [], first, spoil=self._bring_files),
            ModelScenario("model repair", [first], first, spoil=_damage),
            ModelScenario("model of one's own", [], run("1", "mine", **own, files=own_files[0])),
            ModelScenario(
                "model of one's own, other file",
                [run("1", "mine", **own, files=own_files[0])],
                run("1", "mine", config={"backend": "x", "parameters": {"model": "other-own.bin"}}, files=own_files[1]),
            ),
            ModelScenario("model ownership", [first], run("1", *both, mode="0600", **owner), attributes=False),
            ModelScenario("model snapshot", [], self._snapshot("1")),
            ModelScenario("model snapshot, other", [self._snapshot("1")], self._snapshot("2")),
            ModelScenario("model resumed", [], run("1", "served"), spoil=self._interrupt),
        ]

    def _snapshot(self, version: str) -> Options:
        """A task for a model with a whole repository of the Hub."""
        artifact = {"source": {"type": "huggingface", "repo": f"org/repo-{version}"}}
        config = {"backend": "transformers", "artifacts": [artifact]}
        return self.options("1", "snapshot", files=[], config=config)

    def _bring_files(self, path: Path) -> None:
        """Copy some of the files to where somebody else would have put them."""
        (path / "deep").mkdir()
        shutil.copyfile(self._top / "1/a.gguf", path / "a.gguf")
        (path / "deep/b.gguf").write_bytes(b"somebody else's")

    def _interrupt(self, path: Path) -> None:
        """Let the line be lost for good in the middle of the second file."""
        self._server.faults = [
            Cut("/large.gguf", after=500_000, skip=1, times=1),
            Status("/large.gguf", status=404, skip=1),
        ]
        result = carry_out({**self.options("1", "served"), "retries": 0}, path)
        self._server.faults = []
        (partial,) = (path / ".localai-core/partial").iterdir()
        assert (result["failed"], partial.stat().st_size > 0) == (True, True), result


def carry_out(task: Options, path: Path, check: bool = False) -> dict[str, Any]:
    """Run localai_model on a models path; returns what it says. It waits for others only if the task says so."""
    return run_module(localai_model.main, {"lock_timeout": 0, **task, "models_path": str(path)}, check)


def begin(scenario: ModelScenario, sources: ModelSources, path: Path) -> None:
    """Make the models path that a scenario begins with."""
    for task in [sources.options("1", OTHER), *scenario.before]:
        result = carry_out(task, path)
        if result["failed"]:
            sys.exit(result["msg"])
    # All that the run needs is loaded before its calls are counted.
    with temporary_directory() as elsewhere:
        carry_out(scenario.task, elsewhere / "models")
    (path / "theirs").mkdir()
    (path / "theirs/by-hand.gguf").write_bytes(b"by hand")
    (path / "by-hand.yaml").write_text("name: by-hand\nparameters: {model: theirs/by-hand.gguf}\n", encoding="utf-8")
    (path / "notes.txt").write_text("not LocalAI's", encoding="utf-8")
    scenario.spoil(path)
    now = int(time.time())  # mkfs.ext4 would drop the fraction
    for place in (path / name for name in BYSTANDERS):
        if place.exists():
            os.utime(place, (now, now))


def noise(seed: str, size: int) -> bytes:
    """Bytes that nothing compresses."""
    return hashlib.shake_256(seed.encode()).digest(size)


def _forget(path: Path) -> None:
    """Let it be LocalAI who installed the models."""
    for name in ("pair", "renamed", "lean"):
        (path / f".localai-core/models/{name}.json").unlink()


def _only_ours(path: Path) -> None:
    (path / "by-hand.yaml").unlink()


def _abandon(path: Path) -> None:
    """Let somebody delete the YAML file of a model, and leave the rest."""
    (path / "pair.yaml").unlink()


def _damage(path: Path) -> None:
    (path / "a.gguf").unlink()
    (path / "deep/b.gguf").write_bytes(b"cut")
    (path / "tts/voice/tokens").unlink()
    (path / "chat.tmpl").unlink()
    (path / "renamed.yaml").write_text("name: renamed\n", encoding="utf-8")


@contextlib.contextmanager
def model_sources(top: Path) -> Iterator[ModelSources]:
    """Give the sources below a directory, while their server runs."""
    repos = {
        f"org/repo-{version}": Repo(
            small={"config.json": b"{}"},
            large={"model.safetensors": noise(f"weights{version}", 40_000), "deep/tokens": noise(version, 900)},
            commit=version * 40,
        )
        for version in VERSIONS
    }
    with FileServer() as server, Hub(repos) as hub, mock.patch.dict(os.environ, {"HF_ENDPOINT": hub.endpoint}):
        yield ModelSources(top, server)
