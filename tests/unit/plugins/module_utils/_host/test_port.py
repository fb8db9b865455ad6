# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who listens on the address of the service."""

from __future__ import annotations

import contextlib
import socket
from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.localai.core.plugins.module_utils._host import port
from ansible_collections.localai.core.plugins.module_utils._host.port import is_in_use, is_own, split_address
from ansible_collections.localai.core.plugins.module_utils._host.units import Unit

RUNNING = Unit("loaded", "active", 4711, True)


@pytest.mark.parametrize(
    ("address", "parts"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        (":8080", ("", 8080)),
        ("[::1]:80", ("::1", 80)),
        ("localhost:8080", ("localhost", 8080)),
        ("localhost", None),
        ("", None),
        ("localhost:http", None),
        ("localhost:99999", None),
        ("localhost:²", None),
    ],
)
def test_an_address_is_host_and_port(address: str, parts: tuple[str, int] | None) -> None:
    assert split_address(address) == parts


@contextlib.contextmanager
def listener(family: socket.AddressFamily, host: str) -> Iterator[int]:
    with socket.socket(family) as server:
        server.bind((host, 0))
        server.listen()
        yield server.getsockname()[1]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "", "0.0.0.0", "[::]"])
def test_a_port_is_in_use_while_somebody_listens(host: str) -> None:
    with listener(socket.AF_INET, "127.0.0.1") as number:
        assert is_in_use(f"{host}:{number}") is True
    assert is_in_use(f"{host}:{number}") is False


@pytest.mark.parametrize("host", ["[::1]", "", "[::]"])
def test_a_port_can_be_in_use_by_ipv6_alone(host: str) -> None:
    try:
        with listener(socket.AF_INET6, "::1") as number:
            assert is_in_use(f"{host}:{number}") is True
    except OSError:
        pytest.skip("this machine has no IPv6")


def test_an_address_that_cannot_be_used_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_arguments: object) -> None:
        raise socket.gaierror

    monkeypatch.setattr(port.socket, "create_connection", unknown)
    assert is_in_use("no-such-host:80") is None
    assert is_in_use("no address") is None
    monkeypatch.undo()
    assert is_in_use("a\0b:80") is None


def host(tmp_path: Path, environment: bytes) -> str:
    (tmp_path / "proc/4711").mkdir(parents=True)
    (tmp_path / "proc/4711/environ").write_bytes(environment)
    return str(tmp_path)


@pytest.mark.parametrize(
    ("environment", "own"),
    [
        (b"PATH=/bin\0LOCALAI_ADDRESS=127.0.0.1:8080\0X=1\0", True),
        (b"LOCALAI_ADDRESS=[::]:8080", True),
        (b"LOCALAI_ADDRESS=127.0.0.1:9090\0", False),
        (b"XLOCALAI_ADDRESS=127.0.0.1:9090\0", True),
        (b"LOCALAI_ADDRESS=\0", True),
        (b"", True),
    ],
)
def test_the_process_of_the_unit_says_where_it_listens(tmp_path: Path, environment: bytes, own: bool) -> None:
    assert is_own(RUNNING, ":8080", host(tmp_path, environment)) is own


def test_a_process_that_has_ended_or_a_unit_without_one_does_not_listen(tmp_path: Path) -> None:
    assert is_own(RUNNING, ":8080", str(tmp_path)) is False
    assert is_own(Unit(), ":8080", host(tmp_path, b"")) is False
    assert is_own(RUNNING, "no address", str(tmp_path)) is False


def test_a_process_of_another_user_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_path: str) -> None:
        raise PermissionError

    monkeypatch.setattr(port, "open_file", refused)
    assert is_own(RUNNING, ":8080") is None
