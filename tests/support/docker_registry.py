# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The registry of the distribution project (Debian's `docker-registry`) on a free port, for integration tests.

As a program: `start --binary PATH --directory DIR --state FILE [--auth MODE] [--tls]`, later `stop --state FILE`.
The state file tells host, url, user, password and ca_file.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import re
import subprocess
import threading
from pathlib import Path
from typing import Any, Iterator, Mapping

from . import daemon
from .tls import Authority
from .token_server import ISSUER, TokenServer

MODES = ("open", "htpasswd", "token", "public-token")  # public: whoever has no credentials may still pull
USER = "tester"
PASSWORD = "secret:with:colons"
_PASSWORD_BCRYPT = "$2y$05$XHKtL45jkGdWn9njmxh5b.tJn.qZCmBy0jNxtzDbHkVLmvIsQLiRC"


@contextlib.contextmanager
def docker_registry(
    binary: Path, directory: Path, auth: str = "open", tls: bool = False, address: str = "127.0.0.1"
) -> Iterator[Mapping[str, Any]]:
    """Run the registry with its storage in a directory; the value tells how to reach it."""
    directory.mkdir(parents=True, exist_ok=True)
    authority = Authority(directory / "tls", address)
    config = _config(directory, authority, tls, address)
    with contextlib.ExitStack() as stack:
        if auth == "htpasswd":
            password_file = directory / "htpasswd"
            password_file.write_text(f"{USER}:{_PASSWORD_BCRYPT}\n", encoding="ascii")
            config["auth"] = {"htpasswd": {"realm": "test", "path": str(password_file)}}
        elif auth != "open":
            context = authority.server_context("token-server") if tls else None
            signer = authority.issue("token-signer")
            tokens = TokenServer(USER, PASSWORD, signer, public=auth == "public-token", tls=context, address=address)
            stack.enter_context(tokens)
            config["auth"] = {"token": _token_settings(tokens.url, authority)}
        port = stack.enter_context(_process(binary, directory / "config.yml", config))
        locked = auth != "open"
        host = f"{address}:{port}"
        yield {
            "host": host,
            "url": "{}://{}".format("https" if tls else "http", host),
            "user": USER if locked else "",
            "password": PASSWORD if locked else "",
            "ca_file": str(authority.ca_file) if tls else "",
        }


def _config(directory: Path, authority: Authority, tls: bool, address: str) -> dict[str, Any]:
    http: dict[str, Any] = {"addr": address + ":0", "secret": "not one"}
    if tls:
        certificate, key = authority.issue("registry")
        http["tls"] = {"certificate": str(certificate), "key": str(key)}
    return {
        "version": "0.1",
        "log": {"level": "info"},
        "storage": {"filesystem": {"rootdirectory": str(directory / "storage")}, "delete": {"enabled": True}},
        "http": http,
    }


def _token_settings(url: str, authority: Authority) -> dict[str, str]:
    return {
        "realm": url + "/token",
        "service": "registry",
        "issuer": ISSUER,
        "rootcertbundle": str(authority.ca_file),
    }


@contextlib.contextmanager
def _process(binary: Path, config_file: Path, config: Mapping[str, Any]) -> Iterator[int]:
    """Run the program until the end of the context; the value is the port that it chose."""
    config_file.write_text(json.dumps(config, indent=2), encoding="utf-8")  # JSON is YAML
    log_file = config_file.with_name("registry.log")
    command = [str(binary), "serve", str(config_file)]
    with log_file.open("wb") as log, subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log) as it:
        try:
            yield _port(it, log_file)
        finally:
            it.terminate()


def _port(process: subprocess.Popen[bytes], log_file: Path) -> int:
    """The port, which the registry tells only in its log."""
    pause = threading.Event()
    for _attempt in range(400):
        match = re.search(r"listening on [^\s\"]*:(\d+)", log_file.read_text(encoding="utf-8", errors="replace"))
        if match:
            return int(match[1])
        if process.poll() is not None:
            break
        pause.wait(0.05)
    raise RuntimeError("the registry did not start:\n" + log_file.read_text(encoding="utf-8", errors="replace"))


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--binary", type=Path, required=True, help="the program docker-registry")
    parser.add_argument("--directory", type=Path, required=True, help="for storage, keys and the log")
    parser.add_argument("--auth", choices=MODES, default="open")
    parser.add_argument("--tls", action="store_true", help="with a certificate of an own authority")
    parser.add_argument("--address", default="127.0.0.1")


if __name__ == "__main__":
    daemon.main(
        _add_options,
        lambda options: docker_registry(
            options.binary, options.directory.resolve(), options.auth, options.tls, options.address
        ),
    )
