# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stand-in's answers over HTTP, by LocalAI's routes, keys included."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit

from ...support.localai import rows
from .configuration import Configuration
from .models import BusyError, CooldownError, LoadError, Models, StaleError, UnknownModelError
from .settings import Settings

_OPEN = ("/", "/healthz", "/readyz", "/app", "/swagger/", "/.well-known/localai.json", "/api/instructions")
_KEY_HEADERS = ("Authorization", "x-api-key", "xi-api-key")
_CONFIG = "/api/models/config-json/"


@dataclass(frozen=True)
class Server:
    """One start of it: `registered` are the backends that were there then, and it looks for no others."""

    version: str
    settings: Settings
    configuration: Configuration
    registered: dict[str, str]
    models: Models
    is_mute: bool = False

    def listing(self) -> list[dict[str, Any]]:
        """What is on the disk now, and not what models can use."""
        settings = self.settings
        found = rows(settings.backends_path, settings.backends_system_path, settings.capability, self.version)
        return [
            {"Name": name, "RunFile": known.run_file, "IsMeta": known.is_meta, "IsSystem": known.is_system}
            for name, known in sorted(found.items())
        ]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server_state: ClassVar[Server]
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self._answer(*self._get(path) if path in _OPEN or self._has_key() else _WITHOUT_KEY)

    def do_HEAD(self) -> None:
        self._answer(*_error(405, "Method Not Allowed") if self._has_key() else _WITHOUT_KEY)

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if not self._has_key():
            self._answer(*_WITHOUT_KEY)
            return
        try:
            body = json.loads(content or b"{}")
        except ValueError:
            self._answer(*_error(400, "Bad Request"))
            return
        self._answer(*self._post(urlsplit(self.path).path, body))

    def _get(self, path: str) -> tuple[int, Any]:
        server, models = self.server_state, self.server_state.models
        if path in _OPEN:
            return 200, None
        if path == "/version":
            return 200, {"version": f"{server.version} (stand-in)"}
        if path == "/system":
            names = [*server.configuration.external_backends, *server.registered]  # so some are there twice
            loaded = [{"id": name, "backend": model.backend} for name, model in sorted(models.loaded.items())]
            return 200, {"backends": names, "loaded_models": loaded}
        if path == "/backends":
            return 200, server.listing()
        if path in ("/v1/models", "/models"):
            return 200, {"object": "list", "data": [{"id": name, "object": "model"} for name in models.names()]}
        if path == "/backend/monitor":
            return self._monitor(parse_qs(urlsplit(self.path).query).get("model", [""])[0])
        if path.startswith(_CONFIG):
            name = unquote(path[len(_CONFIG) :])
            if name not in models.known:
                return 404, {"error": "model configuration not found"}
            return 200, _with_defaults(models.known[name])
        if path == "/stand-in":
            return 200, self._inside()
        return _error(404, "Not Found")

    def _post(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        models, name = self.server_state.models, str(body.get("model") or "")
        if path == "/models/reload":
            models.reload()
            return 200, {"success": True, "message": "Model configurations reloaded successfully", "pending_cleanup": 0}
        if path not in ("/backend/load", "/backend/shutdown", "/v1/chat/completions"):
            return _error(404, "Not Found")
        load = path == "/backend/load"
        if not name:
            return (400, _not_loaded("model is required")) if load else _error(400, "model is required")
        try:
            if load:
                models.load(name)
                return 200, {"loaded": [name], "message": "model loaded"}
            if path == "/backend/shutdown":
                models.shut_down(name)
                return 200, {"message": "model stopped"}
            return self._chat(name, body)
        except UnknownModelError:
            return _error(404, "Resource not found")
        except LoadError as error:
            if load:
                return 500, _not_loaded(f"failed to load model: {error}")
            return _error(503 if isinstance(error, CooldownError) else 500, str(error))
        except (BusyError, StaleError) as error:
            return _error(500, str(error))

    def _chat(self, name: str, body: dict[str, Any]) -> tuple[int, Any]:
        """Answer with what the backend printed; `stand_in_seconds` of the request is how long that takes."""
        models = self.server_state.models
        target = models.config(name).get("alias") or name
        with models.request(target) as said:
            time.sleep(float(body.get("stand_in_seconds", 0)))
            message = {"role": "assistant", "content": "" if self.server_state.is_mute else said}
            choice = {"index": 0, "finish_reason": "stop", "message": message}
            return 200, {"object": "chat.completion", "model": name, "choices": [choice]}

    def _monitor(self, name: str) -> tuple[int, Any]:
        if not name:
            return _error(400, "model is required")
        if name not in self.server_state.models.loaded:
            return _error(500, f"backend {name} is not currently loaded")
        return 200, {"state": 1, "memory": {"total": 0}}

    def _inside(self) -> dict[str, Any]:
        server = self.server_state
        return {
            "version": server.version,
            "run_files": {**server.registered, **server.configuration.external_backends},
            "warnings": server.configuration.warnings,
            "requests": {name: model.requests for name, model in server.models.loaded.items()},
            "auto_upgrade": server.configuration.auto_upgrade and server.settings.galleries not in ("", "[]"),
        }

    def _has_key(self) -> bool:
        keys = self.server_state.configuration.keys
        given = [self.headers.get(name, "") for name in _KEY_HEADERS]
        return not keys or any(text.replace("Bearer ", "", 1) in keys for text in given if text)

    def _answer(self, status: int, body: Any) -> None:
        content = b"" if self.command == "HEAD" else json.dumps(body).encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: object) -> None:
        """Nothing of it."""


def _error(status: int, message: str) -> tuple[int, Any]:
    return status, {"error": {"code": status, "message": message, "type": ""}}


def _not_loaded(message: str) -> dict[str, Any]:
    return {"loaded": None, "message": message}


def _with_defaults(config: dict[str, str]) -> dict[str, Any]:
    """A model as the memory has it, with one of the many defaults."""
    top = {key: value == "true" if key == "disabled" else value for key, value in config.items() if key != "model"}
    return {**top, "parameters": {"model": config.get("model", ""), "temperature": 0.9}}


_WITHOUT_KEY = (
    401,
    {"error": {"code": 401, "message": "An authentication key is required", "type": "invalid_request_error"}},
)
