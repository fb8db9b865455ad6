# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of localai_model with secrets of all kinds, against the servers of a scene."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, Iterator

from ..support.faults import Redirect
from .secret_runs import RECORDED, USER, Run, Scene

_WEIGHTS = b"GGUF" + b"weights" * 1000
_SHA256 = hashlib.sha256(_WEIGHTS).hexdigest()


def _config(file: str) -> dict[str, Any]:
    return {"backend": "llama-cpp", "parameters": {"model": file}}


def is_record(path: Path) -> bool:
    """Whether a file is one of those that need an address as it was given: a record, or a configuration with it."""
    is_configuration = path.suffix == ".yaml" and path.parent.name == "models"
    is_ours = path.suffix == ".json" and path.parent.name == "models" and path.parent.parent.name == ".localai-core"
    return is_ours or is_configuration


class ModelRuns:
    """The runs, in the order in which they have to be."""

    def __init__(self, scene: Scene) -> None:
        """Let the servers of the scene have the files."""
        self._scene, self._secrets = scene, scene.secrets
        for server in (scene.files, scene.token, scene.elsewhere):
            server.pages["/m.gguf"] = _WEIGHTS
        scene.files.pages["/config.yaml"] = json.dumps(_config("y.gguf")).encode()
        scene.files.pages["/base.yaml"] = json.dumps({"config_file": json.dumps(_config("m.gguf"))}).encode()
        signed = f"{scene.elsewhere.url}/m.gguf?sig=" + scene.secrets.new("model-query-of-a-redirect", "elsewhere")
        scene.token.faults.append(Redirect("^/model$", location=signed))
        self._common = {"models_path": str(scene.work / "models"), "retries": 0, "timeout": 5, "galleries": []}
        self._url = scene.files.url
        self._token = {"host": scene.token.host, "token": scene.secrets.texts["token"]}

    def runs(self) -> Iterator[Run]:
        """What is to be done."""
        yield from self._own()
        yield from self._entries()
        yield from self._pinned()
        yield from self._failing()
        yield from self._refused()
        names = [f"model-{name}" for name in ("own", "uri", "yaml", "token", "entry", "based", "pinned")]
        yield self._run("absent", names, state="absent", prune=True)

    def _run(self, name: str, names: list[str] | None = None, fails: bool = False, /, **options: Any) -> Run:
        task = {**self._common, "name": names or [f"model-{name}"], **options}
        return Run(f"model-{name}", task, fails, "localai_model")

    def _signed(self, name: str, path: str = "/m.gguf", recorded: bool = True) -> str:
        """An address that is signed with a secret of its own."""
        return f"{self._url}{path}?sig=" + self._secrets.new((RECORDED if recorded else "") + f"model-{name}", "files")

    def _files(self, name: str, uri: str, sha256: str = _SHA256) -> dict[str, Any]:
        """The options of a model of one's own with one file."""
        file = f"{name}.gguf"
        return {"files": [{"filename": file, "uri": uri, "sha256": sha256}], "config": _config(file)}

    def _own(self) -> Iterator[Run]:
        """Models of one's own, and the changes of them."""
        names = ["model-own"]
        yield self._run("own", **self._files("own", self._signed("own")))
        yield self._run("own-again", names, **self._files("own", self._signed("own-again")), verify=True)
        yield self._run("own-forced", names, **self._files("own", self._signed("own-forced")), force=True)
        yield self._run("uri", uri=self._signed("uri"))
        yield self._run("yaml", uri=self._signed("yaml", "/config.yaml", recorded=False))
        guarded, elsewhere = (self._files("token", f"{self._scene.token.url}{path}") for path in ("/m.gguf", "/model"))
        yield self._run("token", **guarded, endpoints=[self._token])
        yield self._run("redirect", ["model-token"], **elsewhere, endpoints=[self._token], force=True)
        # The configuration has it as it was given.
        secret = self._secrets.new(RECORDED + "model-in-config")
        extra = {"description": f"From https://127.0.0.1:1/x?sig={secret}"}
        changed = self._files("own", self._signed("own-changed"))
        yield self._run("own-config", names, config={**changed["config"], **extra}, files=changed["files"])

    def _entries(self) -> Iterator[Run]:
        """Entries of a gallery whose files, base files and own address are signed."""
        row = {"filename": "m.gguf", "uri": self._signed("entry"), "sha256": _SHA256}
        entries = [
            {"name": "model-entry", "config_file": _config("m.gguf"), "files": [row]},
            {"name": "model-based", "url": self._signed("base", "/base.yaml", recorded=False), "files": [row]},
            {"name": "model-gone", "url": self._signed("gone-base", "/gone.yaml", recorded=False)},
        ]
        self._scene.files.pages["/models.yaml"] = json.dumps(entries).encode()
        gallery = {"name": "g", "url": self._signed("gallery", "/models.yaml", recorded=False)}
        gone = {"name": "g", "url": self._signed("no-gallery", "/gone.yaml", recorded=False)}
        yield self._run("entry", galleries=[gallery])
        yield self._run("based", galleries=[gallery])
        yield self._run("entry-latest", ["model-entry", "model-based"], galleries=[gallery], state="latest")
        yield self._run("base-gone", ["model-gone"], True, galleries=[gallery])
        yield self._run("gallery-gone", ["model-gone"], True, galleries=[gone])

    def _pinned(self) -> Iterator[Run]:
        row = {"filename": "pinned.gguf", "uri": self._signed("pin"), "sha256": _SHA256, "size": len(_WEIGHTS)}
        wrong = {**row, "uri": self._signed("wrong-pin", recorded=False), "sha256": "wrong"}
        for name, file, fails in (("pinned", row, False), ("wrong-pin", wrong, True)):
            pin = {"name": "model-pinned", "config": _config("pinned.gguf"), "files": [file]}
            pins = {"format": 2, "models": [{**pin, "definition": {"files": [file]}}]}
            yield self._run(name, ["model-pinned"], fails, pins=pins, force=not fails)

    def _failing(self) -> Iterator[Run]:
        """Files that cannot be had."""
        new, scene = self._secrets.new, self._scene
        wrong = {**self._token, "token": new("model-wrong-token", "token")}
        echoed = scene.login(scene.echo, new("model-echoed-password", "echo"))
        unreachable = "http://127.0.0.1:1/m.gguf?sig=" + new("model-unreachable")
        in_url = f"https://{USER}:{new('model-password-in-a-url')}@127.0.0.1:1/m.gguf"
        for name, uri, endpoints in (
            ("wrong-token", f"{scene.token.url}/m.gguf", [wrong]),
            ("redirect-refused", f"{scene.token.url}/nowhere", [self._token]),
            ("redirect-to-no-http", f"{scene.token.url}/strange", [self._token]),
            ("echoed", f"{scene.echo.url}/m.gguf", [echoed]),
            ("unreachable", unreachable, []),
            ("in-url", in_url, []),
            ("file-gone", self._signed("file-gone", "/gone.gguf", recorded=False), []),
            ("yaml-gone", self._signed("yaml-gone", "/gone.yaml", recorded=False), []),
        ):
            source = {"uri": uri} if name == "yaml-gone" else self._files(name, uri)
            yield self._run(name, None, True, **source, endpoints=endpoints)
        other = self._files("wrong-digest", self._signed("wrong-digest", recorded=False), "0" * 64)
        yield self._run("wrong-digest", None, True, **other)

    def _refused(self) -> Iterator[Run]:
        """Options that Ansible or the module refuses, beside a signed address and in its place."""
        signed = "https://127.0.0.1:1/x?sig=" + self._secrets.new("model-query-of-a-refused-task")
        task = self._files("refused", signed)
        wrong: dict[str, Any] = {
            "state": "somehow",
            "no_such_option": signed,
            "timeout": signed,
            "galleries": [signed],
            "files": [{"filename": signed, "uri": signed}],
            "config": [signed],
            "variant": signed,
            "name": [signed],
            "pins": {"format": signed},
        }
        for option, value in wrong.items():
            yield self._run(f"refused-{option}", None, True, **{**task, option: value})
