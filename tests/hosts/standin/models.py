# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The models of the stand-in: their files, and which are loaded, in the way that a running LocalAI has them.

A loaded model keeps what its backend printed when it was started, as a real one keeps the process of a replaced tree.
"""

from __future__ import annotations

import contextlib
import re
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Iterator

# Files with other endings, and those with none, are listed as models.
_NO_MODEL = (
    *(".tmpl", ".keep", ".yaml", ".yml", ".json", ".txt", ".pt", ".onnx", ".md", ".ds_store", ".safetensors", ".bin"),
    *(".gguf", ".ggml", ".ckpt", ".zip", ".tag", ".partial", ".tar.gz"),
)
_LONGEST_COOLDOWN = 30  # times the first one, which makes 5 minutes of 10 seconds
_PAUSE = 0.02
_INTERNAL = "failed to load model with internal loader"


class UnknownModelError(Exception):
    """No file is there for it, or it is not loaded."""


class LoadError(Exception):
    """Its backend cannot be started."""


class CooldownError(LoadError):
    """It failed a moment ago, and is not tried now."""


class StaleError(Exception):
    """Its configuration names other weights than the process that runs has loaded."""


class BusyError(Exception):
    """It answers a request that does not end."""


@dataclass
class _Loaded:
    backend: str
    weights: str
    said: str
    requests: int = 0
    is_ending: bool = False


@dataclass
class _Failures:
    count: int = 0
    until: float = 0.0


@dataclass
class Models:
    """All models; `find_run_file` knows the run file of a backend's name, or nothing."""

    directory: Path
    find_run_file: Callable[[str], str | None]
    cooldown: float
    failure_takes: float
    busy_limit: float
    known: dict[str, dict[str, str]] = field(default_factory=dict)
    loaded: dict[str, _Loaded] = field(default_factory=dict)
    _failures: dict[str, _Failures] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def reload(self) -> None:
        """Read all files; models whose file is gone stay."""
        for path in sorted(self.directory.iterdir()):
            if path.suffix.lower() in (".yaml", ".yml"):
                with contextlib.suppress(OSError, ValueError):
                    config = read_config(path)
                    self.known[config.get("name", "")] = config

    def names(self) -> list[str]:
        """What `/v1/models` lists: those of the files, and loose files that might be models."""
        files = [path for path in self.directory.iterdir() if path.is_symlink() or not path.is_dir()]
        loose = {path.name for path in files if not path.name.lower().endswith(_NO_MODEL) and ".bak" not in path.name}
        return sorted({*self.known, *loose} - {"README", "MODEL_CARD"})

    def config(self, name: str) -> dict[str, str]:
        """That of a model; one that is not known yet may have got a file since. Raise UnknownModelError."""
        if name not in self.known:
            try:
                found = read_config(self.directory / f"{name}.yaml")
            except (OSError, ValueError):
                raise UnknownModelError(name) from None
            self.known[found.get("name", "")] = found
        if name not in self.known:
            raise UnknownModelError(name)
        return self.known[name]

    def load(self, name: str) -> str:
        """Load a model unless it is loaded, and return what its backend prints. Raise LoadError."""
        with self._lock:
            if name in self.loaded:
                return self.loaded[name].said
            failures = self._failures.setdefault(name, _Failures())
            left = failures.until - time.monotonic()
            if left > 0:
                raise CooldownError(
                    f'model "{name}" load is in cooldown after a recent failure; retry after {left:.0f}s'
                )
        try:
            backend = self._backend(name)
            said = self._start(backend)
        except LoadError:
            with self._lock:
                factor = min(2**failures.count, _LONGEST_COOLDOWN)
                failures.count += 1
                failures.until = time.monotonic() + factor * self.cooldown
            raise
        with self._lock:
            self._failures.pop(name, None)
            self.loaded[name] = _Loaded(self.known[name]["backend"], self.known[name].get("model", ""), said)
        return said

    @contextlib.contextmanager
    def request(self, name: str) -> Iterator[str]:
        """One request to a model: what its backend printed. While a model is ending, new requests wait for it.

        Raise LoadError, or StaleError.
        """
        while True:
            self.load(name)
            with self._lock:
                model = self.loaded.get(name)
                if model is not None and not model.is_ending:
                    if model.weights != self.known[name].get("model", ""):
                        wanted = self.known[name].get("model", "")
                        raise StaleError(f"model identity mismatch: loaded {model.weights}, requested {wanted}")
                    model.requests += 1
                    break
            time.sleep(_PAUSE)
        try:
            yield model.said
        finally:
            with self._lock:
                model.requests -= 1

    def shut_down(self, name: str) -> None:
        """Unload a model when its requests have ended. Raise UnknownModelError, or BusyError where one does not."""
        with self._lock:
            model = self.loaded.get(name)
            if model is None:
                raise UnknownModelError(name)
            model.is_ending = True
        end = time.monotonic() + self.busy_limit
        while True:
            with self._lock:
                if model.requests == 0:
                    self.loaded.pop(name, None)
                    return
                if time.monotonic() > end:
                    model.is_ending = False
                    raise BusyError("model is still busy")
            time.sleep(_PAUSE)

    def drain(self) -> None:
        """Unload all models, one after the other, as a server that ends does; the busy ones are given up in the end."""
        for name in list(self.loaded):
            with contextlib.suppress(UnknownModelError, BusyError):
                self.shut_down(name)

    def _backend(self, name: str) -> str:
        """The name by which the backend of a model is looked for: the server makes it lower case."""
        try:
            backend = self.config(name).get("backend", "").lower()
        except UnknownModelError:
            backend = ""
        if not backend:
            time.sleep(self.failure_takes)  # each backend is tried with it
            raise LoadError("could not load model: all backends returned error")
        return backend

    def _start(self, backend: str) -> str:
        run_file = self.find_run_file(backend)
        if run_file is None:
            raise LoadError(f"{_INTERNAL}: backend not found: {backend}")
        if not Path(run_file).exists():
            time.sleep(self.failure_takes)
            raise LoadError(f"{_INTERNAL}: grpc service not ready")
        try:
            done = subprocess.run([run_file], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        except OSError as error:
            raise LoadError(f"{_INTERNAL}: fork/exec {run_file}: {error.strerror}") from None
        if done.returncode:
            time.sleep(self.failure_takes)
            last = (done.stderr.strip().splitlines() or [""])[-1]
            ended = f"backend process exited with code {done.returncode}: {last}"
            raise LoadError(f"{_INTERNAL}: grpc service not ready: {ended}")
        return done.stdout.strip()


def read_config(path: Path) -> dict[str, str]:
    """The texts at the top level of a model's file, in block style, and the one `model` below `parameters`.

    The hosts need no library for YAML for it.
    """
    text = path.read_text(encoding="utf-8")
    pairs = re.findall(r"^\"?([a-z_]+)\"?:[ ]+([^\s{].*?)\s*$", text, re.MULTILINE)
    pairs += re.findall(r"^parameters:\s*\{?(?:.*\n)*?.*\b(model)\"?:[ ]+([^\s,}]+)", text, re.MULTILINE)
    return {key: value.strip("\"'") for key, value in pairs}
