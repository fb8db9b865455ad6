# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The environment of the stand-in for `local-ai`: which variables it reads, and which values end it.

The rules are those of LocalAI's `core/cli/run.go` and of its parser of command lines, for a sample of the variables.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping

BOOLEANS = (
    "LOCALAI_ALLOW_INSECURE_PUBLIC_BIND",
    "LOCALAI_AUTH",
    "LOCALAI_AUTOLOAD_BACKEND_GALLERIES",
    "LOCALAI_AUTOLOAD_GALLERIES",
    "LOCALAI_AUTO_UPGRADE_BACKENDS",
    "LOCALAI_CORS",
    "LOCALAI_DEBUG",
    "LOCALAI_DISABLE_RUNTIME_SETTINGS",
    "LOCALAI_DISABLE_WEBUI",
    "LOCALAI_F16",
    "LOCALAI_PREFER_DEV_BACKENDS",
    "LOCALAI_REQUIRE_BACKEND_INTEGRITY",
    "LOCALAI_SINGLE_ACTIVE_BACKEND",
)
INTEGERS = ("LOCALAI_CONTEXT_SIZE", "LOCALAI_MAX_ACTIVE_BACKENDS", "LOCALAI_THREADS", "LOCALAI_UPLOAD_LIMIT")
DURATIONS = ("LOCALAI_CONFIG_DIR_POLL_INTERVAL",)
_TRUE, _FALSE = ("true", "1", "yes"), ("false", "0", "no")
_LOG_LEVELS = ("error", "warn", "info", "debug", "trace")
_UNITS = {"ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
# The system path has another short name than the rest.
_SHORT = {"LOCALAI_BACKENDS_SYSTEM_PATH": "BACKEND_SYSTEM_PATH"}
# Variables of the stand-in alone. They shorten what takes the server 40 s (a load that fails) and 30 s (a model that is
# busy), and keep the start as short as tests need it; all in seconds.
START, FAILURE, BUSY = "STANDIN_START", "STANDIN_LOAD_FAILURE", "STANDIN_BUSY"


class RefusedEnvironmentError(Exception):
    """The server would end with this message and this exit code."""

    def __init__(self, message: str, code: int = 1) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True)
class Settings:
    """What the environment says; times are in seconds."""

    address: str
    keys: tuple[str, ...]
    allow_public: bool
    auth: bool
    auto_upgrade: bool
    galleries: str
    capability: str
    backends_path: Path
    backends_system_path: Path
    models_path: Path
    data_path: Path | None
    config_dir: Path | None
    content_path: Path
    upload_path: Path
    credentials_file: Path | None
    external_backends: dict[str, str]
    load_to_memory: tuple[str, ...]
    cooldown: float
    start_takes: float
    failure_takes: float
    busy_limit: float


def read_settings(environment: Mapping[str, str], directory: Path, temporary: Path) -> Settings:
    """Read the environment of a server whose working and temporary directories are these.

    Raise RefusedEnvironmentError where the server would not start.
    """
    _check_values(environment)

    def text(name: str, default: str = "") -> str:
        return _value(environment, name, default)

    def path(name: str, default: Path) -> Path:
        return directory / text(name, str(default))

    models = text("LOCALAI_MODELS_PATH", str(directory / "models"))
    if not models:
        raise RefusedEnvironmentError("models path cannot be empty")
    data, config = text("LOCALAI_DATA_PATH", "data"), text("LOCALAI_CONFIG_DIR", "configuration")
    externals = (item.partition(":") for item in _items(text("LOCALAI_EXTERNAL_GRPC_BACKENDS")))
    return Settings(
        address=text("LOCALAI_ADDRESS", ":8080"),
        keys=_items(text("LOCALAI_API_KEY")),
        allow_public=_is_true(text("LOCALAI_ALLOW_INSECURE_PUBLIC_BIND")),
        auth=_is_true(text("LOCALAI_AUTH")),
        auto_upgrade=_is_true(text("LOCALAI_AUTO_UPGRADE_BACKENDS")),
        galleries=text("LOCALAI_BACKEND_GALLERIES", '[{"name": "localai"}]'),
        capability=text("LOCALAI_FORCE_META_BACKEND_CAPABILITY", "default"),
        backends_path=path("LOCALAI_BACKENDS_PATH", directory / "backends"),
        backends_system_path=path("LOCALAI_BACKENDS_SYSTEM_PATH", Path("/var/lib/local-ai/backends")),
        models_path=directory / models,
        data_path=directory / data if data else None,
        config_dir=directory / config if config else None,
        content_path=path("LOCALAI_GENERATED_CONTENT_PATH", temporary / "generated" / "content"),
        upload_path=path("LOCALAI_UPLOAD_PATH", temporary / "upload"),
        credentials_file=_credentials_file(text("LOCALAI_CREDENTIALS_FILE"), directory, data),
        external_backends={name: target for name, _colon, target in externals},
        load_to_memory=_items(text("LOCALAI_LOAD_TO_MEMORY")),
        cooldown=duration(text("LOCALAI_MODEL_LOAD_FAILURE_COOLDOWN", "1s")),
        start_takes=float(environment.get(START, "0.5")),
        failure_takes=float(environment.get(FAILURE, "1")),
        busy_limit=float(environment.get(BUSY, "3")),
    )


def _credentials_file(text: str, directory: Path, data: str) -> Path | None:
    """The file that is named, else one in the data path."""
    if text:
        return directory / text
    return directory / data / "credentials.yaml" if data else None


def duration(text: str) -> float:
    """Seconds of a duration as Go writes it, `1m30s` or `0`."""
    parts = re.findall(r"([0-9.]+)(ns|us|ms|s|m|h)", text)
    if text == "0":
        return 0.0
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise RefusedEnvironmentError(f'time: invalid duration "{text}"')
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


def _check_values(environment: Mapping[str, str]) -> None:
    """Refuse what the parser of the command line refuses; an empty variable counts as set."""
    for name in BOOLEANS:
        text = _value(environment, name, "false")
        if text.lower() not in _TRUE + _FALSE:
            known = "bool value must be true, 1, yes, false, 0 or no"
            raise RefusedEnvironmentError(f'{_option(name)}: {known} but got "{text}" (from envar {name}="{text}")')
    for name in INTEGERS:
        text = _value(environment, name, "0")
        if not re.fullmatch(r"[+-]?[0-9]+", text):
            raise RefusedEnvironmentError(f'{_option(name)}: expected a valid 64 bit int but got "{text}"')
    for name in DURATIONS:
        text = _value(environment, name, "0")
        try:
            duration(text)
        except RefusedEnvironmentError:
            raise RefusedEnvironmentError(f'{_option(name)}: expected duration but got "{text}"') from None
    level = environment.get("LOCALAI_LOG_LEVEL", "info")
    if level not in _LOG_LEVELS:
        quoted = ",".join(f'"{known}"' for known in _LOG_LEVELS)
        raise RefusedEnvironmentError(f'--log-level must be one of {quoted} but got "{level}"', 80)


def _option(name: str) -> str:
    return "--" + name.replace("LOCALAI_", "", 1).lower().replace("_", "-")


def _value(environment: Mapping[str, str], name: str, default: str) -> str:
    """The value of a variable; its name without LOCALAI_ counts too, after the full one."""
    short = _SHORT.get(name, name.replace("LOCALAI_", "", 1))
    return next((environment[known] for known in (name, short) if known in environment), default)


def _is_true(text: str) -> bool:
    return text.lower() in _TRUE


def _items(text: str) -> tuple[str, ...]:
    return tuple(item for item in text.split(",") if item)
