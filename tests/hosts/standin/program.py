# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for the program `local-ai`, in what the role has to do with: its environment, its start and its answers.

It is packed with the model of LocalAI's listing into one file, which any Python runs. What is below /stand-in LocalAI
does not have: there a test asks which run files the names stand for, and what the server would have complained about.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import tempfile
import threading
import time
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import NoReturn

from ...support.localai import run_files
from .answers import Handler, Server
from .configuration import Configuration
from .credentials import damage
from .models import LoadError, Models
from .reachable import is_trusted
from .settings import RefusedEnvironmentError, Settings, read_settings

GOOD, NEVER_READY, FAILS, MUTE = "good", "never ready", "fails", "mute"


class _HTTPServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), Handler)


def main(version: str, kind: str = GOOD) -> None:
    """Do what the program of a version does; one that does not get ready keeps its port closed for ever."""
    if sys.argv[1:] == ["--version"]:
        print(version)
        return
    if sys.argv[1:] != ["run"]:
        _end(f"local-ai: error: unexpected argument {' '.join(sys.argv[1:])}", 80)
    try:
        settings = read_settings(os.environ, Path.cwd(), Path(tempfile.gettempdir(), f"localai-{os.getuid()}"))
    except RefusedEnvironmentError as error:
        _end(f"local-ai: error: {error}", error.code)
    print(f"LocalAI {version} starts", flush=True)
    if kind == FAILS:
        _end(f"LocalAI {version} fails: this release is broken", 1)
    wrong = settings.credentials_file and damage(settings.credentials_file)
    if wrong:
        _end(f"local-ai: error: credentials: {wrong}", 1)
    configuration = Configuration(settings.keys, settings.external_backends, settings.auto_upgrade)
    _make_directories(settings, configuration)
    configuration.start(settings.config_dir)
    registered = run_files(settings.backends_path, settings.backends_system_path, settings.capability, version)
    models = Models(
        settings.models_path,
        lambda name: configuration.external_backends.get(name) or registered.get(name),
        settings.cooldown,
        settings.failure_takes,
        settings.busy_limit,
    )
    with contextlib.suppress(OSError):  # a models path that it may not read is no reason to end
        models.reload()
    time.sleep(1e6 if kind == NEVER_READY else settings.start_takes)
    for name in settings.load_to_memory:
        try:
            models.load(name)
        except LoadError as error:
            _end(str(error), 1)
    # Keys of api_keys.json do not count here.
    if not (settings.keys or settings.auth or settings.allow_public or is_trusted(settings.address)):
        _end(
            f'local-ai: error: refusing to start: API bound to public address "{settings.address}" with no '
            "authentication configured.",
            1,
        )
    _serve(settings.address, Server(version, settings, configuration, registered, models, kind == MUTE))


def _serve(address: str, server: Server) -> None:
    """Open the port, and answer until a signal; the requests that run then are answered first."""
    host, _colon, port = address.rpartition(":")
    Handler.server_state = server
    try:
        http = _HTTPServer(host.strip("[]") or "0.0.0.0", int(port))
    except OSError as error:
        _end(f"local-ai: error: listen tcp {address}: bind: {error.strerror}", 1)
    wanted = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_arguments: wanted.set())
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True).start()
    wanted.wait()
    server.models.drain()
    http.shutdown()
    http.server_close()


def _make_directories(settings: Settings, configuration: Configuration) -> None:
    """Make what the server makes at its start, and end where it would; what else it cannot write is a warning."""
    needed = [settings.models_path, settings.content_path, settings.upload_path]
    needed += [path for path in (settings.data_path,) if path is not None]
    for path in needed:
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o750)
        except OSError as error:
            _end(f"local-ai: error: unable to create {path}: {error.strerror}", 1)
    optional = [(settings.backends_path, 0o750)] + [(path, 0o700) for path in (settings.config_dir,) if path]
    for path, mode in optional:
        try:
            path.mkdir(parents=True, exist_ok=True, mode=mode)
        except OSError as error:
            configuration.warnings.append(f"unable to create {path}: {error.strerror}")
    for written in (settings.data_path, settings.backends_path, settings.models_path, settings.config_dir):
        if written is not None and not os.access(written, os.W_OK):
            configuration.warnings.append(f"{written} is not writable")
    if settings.data_path is not None:
        with contextlib.suppress(OSError):
            descriptor = os.open(settings.data_path / ".local_user_id", os.O_WRONLY | os.O_CREAT, 0o600)
            os.close(descriptor)


def _end(message: str, code: int) -> NoReturn:
    print(message, file=sys.stderr, flush=True)
    sys.exit(code)
