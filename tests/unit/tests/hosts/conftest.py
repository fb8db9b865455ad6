# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for LocalAI's server with directories of its own."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.localai.core.tests.hosts.releases import pack
from ansible_collections.localai.core.tests.support.standin_process import Standin


@pytest.fixture(scope="session", name="packed")
def _packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("standin") / "local-ai"
    pack(path, "v4.11.0")
    return path


@pytest.fixture(name="standin")
def _standin(tmp_path: Path, packed: Path) -> Iterator[Standin]:
    (tmp_path / "local-ai").symlink_to(packed)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    it = Standin(tmp_path, port)
    for name in ("backends", "models", "configuration"):
        (tmp_path / name).mkdir()
    yield it
    if it.process is not None:
        it.process.kill()
        it.process.communicate()
