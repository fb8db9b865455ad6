# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A LocalAI server on loopback, a port that is closed, and one that accepts connections and stays silent."""

from __future__ import annotations

import socket
from typing import Iterator

import pytest

from ansible_collections.localai.core.tests.support.running_server import LocalAI


@pytest.fixture
def server() -> Iterator[LocalAI]:
    with LocalAI() as running:
        yield running


@pytest.fixture
def silent_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port
