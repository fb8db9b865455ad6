# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A TCP proxy with faults, for servers that have none themselves, such as a real registry.

As a program: `start --target HOST:PORT --state FILE [--reset-after N] ...`, later `stop --state FILE`. The state file
tells its host.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
import struct
import threading
from dataclasses import dataclass
from typing import Any, Iterator, Mapping

from . import daemon

_STEP = 64 * 1024


@dataclass(frozen=True)
class Line:
    """How bad the line from the server is; 0 means that it is good."""

    latency: float = 0.0  # seconds before the first byte of each connection
    rate: int = 0  # bytes per second of each connection
    reset_after: int = 0  # bytes of each connection, then RST
    dead_after: int = 0  # bytes of all connections together, then silence for ever


class _Proxy:
    """Passes bytes on, and counts those that come from the server."""

    def __init__(self, target: str, line: Line) -> None:
        host, _colon, port = target.rpartition(":")
        self._target = (host, int(port))
        self._line = line
        self._passed = 0
        # Nobody else knows the tasks that wait, and Python's garbage collector would take them.
        self._serving: set[asyncio.Task[None] | None] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        self._serving.add(asyncio.current_task())
        with contextlib.suppress(OSError):  # either side may go away
            from_server, to_server = await asyncio.open_connection(*self._target)
            asked = asyncio.ensure_future(_pass_on(reader, to_server))
            try:
                await self._answer(from_server, writer)
            except asyncio.CancelledError:
                # What is not sent by now never is, and must not keep a closed loop busy.
                to_server.transport.abort()
                writer.transport.abort()
                raise
            finally:
                asked.cancel()
                to_server.close()
                writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sent = 0
        await asyncio.sleep(self._line.latency)
        while True:
            if self._line.dead_after and self._passed >= self._line.dead_after:
                await asyncio.Event().wait()
            data = await reader.read(self._step(sent))
            if not data:
                return
            writer.write(data)
            await writer.drain()
            sent += len(data)
            self._passed += len(data)
            if sent == self._line.reset_after:
                _reset(writer)
                return
            if self._line.rate:
                await asyncio.sleep(len(data) / self._line.rate)

    def _step(self, sent: int) -> int:
        """How many bytes to read, so that every fault comes at its byte."""
        steps = [_STEP, self._line.rate // 20, self._line.reset_after - sent, self._line.dead_after - self._passed]
        return min(step for step in steps if step > 0)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while True:
            data = await reader.read(_STEP)
            if not data:
                return
            writer.write(data)
            await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@contextlib.contextmanager
def tcp_proxy(target: str, line: Line, address: str = "127.0.0.1") -> Iterator[str]:
    """Run a proxy in front of HOST:PORT in a thread of its own; the value is its own HOST:PORT."""
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        starting = asyncio.start_server(_Proxy(target, line).serve, address, 0)
        server = loop.run_until_complete(starting)
        port = server.sockets[0].getsockname()[1]
        thread = threading.Thread(target=loop.run_forever, daemon=True)
        thread.start()
        try:
            yield f"{address}:{port}"
        finally:
            asyncio.run_coroutine_threadsafe(_stop(server), loop).result()
            loop.call_soon_threadsafe(loop.stop)
            thread.join()


async def _stop(server: asyncio.AbstractServer) -> None:
    """End what is going on, silences too."""
    server.close()
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.contextmanager
def refusing(address: str = "127.0.0.1") -> Iterator[str]:
    """A HOST:PORT that nobody else gets, and that refuses all connections."""
    with socket.socket() as bound:
        # A test may start a server there.
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        bound.bind((address, 0))
        yield f"{address}:{bound.getsockname()[1]}"


def _add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--target", required=True, metavar="HOST:PORT")
    parser.add_argument("--refuse", action="store_true", help="all connections")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds")
    for name, text in (("rate", "bytes per second"), ("reset-after", "bytes"), ("dead-after", "bytes of all")):
        parser.add_argument(f"--{name}", type=int, default=0, help=text)


@contextlib.contextmanager
def _service(options: argparse.Namespace) -> Iterator[Mapping[str, Any]]:
    line = Line(options.latency, options.rate, options.reset_after, options.dead_after)
    with refusing() if options.refuse else tcp_proxy(options.target, line) as host:
        yield {"host": host}


if __name__ == "__main__":
    daemon.main(_add_options, _service)
