# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers below HTTP: what each connection gets, whatever it sends."""

from __future__ import annotations

import contextlib
import gc
import socket
import struct
import sys
import threading
from typing import Callable, Iterator

Behaviour = Callable[[socket.socket], None]


def send(data: bytes) -> Behaviour:
    """Read a request, send these bytes and end the connection."""

    def behave(connection: socket.socket) -> None:
        received = connection.recv(65536)
        while not received.startswith(b"\x16") and b"\r\n\r\n" not in received:
            part = connection.recv(65536)
            if not part:
                break
            received += part
        connection.sendall(data)

    return behave


def end() -> Behaviour:
    """End the connection without an answer."""

    def behave(connection: socket.socket) -> None:
        connection.recv(65536)

    return behave


def reset() -> Behaviour:
    """Reset the connection without an answer."""

    def behave(connection: socket.socket) -> None:
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return behave


def silence() -> Behaviour:
    """Read for ever and send nothing."""

    def behave(connection: socket.socket) -> None:
        while connection.recv(65536):
            pass

    return behave


def forward(target: str) -> Behaviour:
    """Pass the bytes of both sides on, to and from HOST:PORT."""
    host, _colon, port = target.rpartition(":")

    def behave(connection: socket.socket) -> None:
        with socket.create_connection((host, int(port))) as other:
            sender = threading.Thread(target=_pass_on, args=(connection, other), daemon=True)
            sender.start()
            _pass_on(other, connection)

    return behave


def tunnel(target: str) -> Behaviour:
    """Answer CONNECT as a proxy does, and lead to HOST:PORT whatever was requested."""

    def behave(connection: socket.socket) -> None:
        request = b""
        while b"\r\n\r\n" not in request:
            request += connection.recv(1)
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        forward(target)(connection)

    return behave


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while True:
            data = source.recv(65536)
            if not data:
                break
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


@contextlib.contextmanager
def answering(*behaviours: Behaviour, at: str = "127.0.0.1:0") -> Iterator[str]:
    """Run a server whose connections get these behaviours in turn, the last one for ever; the value is HOST:PORT."""
    host, _colon, port = at.rpartition(":")
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.bind((host, int(port)))
        listening.listen(64)
        thread = threading.Thread(target=_serve, args=(listening, behaviours), daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()
            if sys.version_info < (3, 11):
                # http.client left the answer of a proxy to CONNECT open. Its destructor must not run just anywhere:
                # deep in a recursion, it crashes Python 3.8.
                gc.collect()


def _serve(listening: socket.socket, behaviours: tuple[Behaviour, ...]) -> None:
    number = 0
    while True:
        try:
            connection, _address = listening.accept()
        except OSError:
            return
        behaviour = behaviours[min(number, len(behaviours) - 1)]
        number += 1
        threading.Thread(target=_behave, args=(behaviour, connection), daemon=True).start()


def _behave(behaviour: Behaviour, connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError):
        behaviour(connection)
