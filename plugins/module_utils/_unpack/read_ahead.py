# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stages of a transfer that work at the same time: an iterator that is read ahead by a thread.

Reading a socket, hashing, decompressing and writing files all let other threads run meanwhile.
"""

from __future__ import annotations

import contextlib
import itertools
import typing as t
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

DEPTH = 8
# As many bytes as the header of a tar archive has.
_HEAD = 512


@contextlib.contextmanager
def read_ahead(chunks: t.Generator[bytes, None, None]) -> t.Iterator[t.Iterator[bytes]]:
    """Give the same chunks, read by a thread that is at most `DEPTH` chunks ahead.

    An exception of `chunks` is raised where its next chunk would have come. When the context ends, the thread has
    ended too, and `chunks` is closed, wherever it was.
    """
    pending: deque[Future[bytes | None]] = deque()

    def results() -> t.Iterator[bytes]:
        while True:
            while len(pending) < DEPTH:
                pending.append(thread.submit(next, chunks, None))
            chunk = pending.popleft().result()
            if chunk is None:
                return
            yield chunk

    with contextlib.closing(chunks), ThreadPoolExecutor(1) as thread:
        try:
            yield results()
        finally:
            for future in pending:
                future.cancel()


def peeked(blocks: t.Iterator[bytes]) -> tuple[bytes, t.Iterator[bytes]]:
    """Return the first 512 bytes, or all if there are fewer, and an iterator that still yields all of them."""
    first: list[bytes] = []
    for block in blocks:
        first.append(block)
        if sum(map(len, first)) >= _HEAD:
            break
    return b"".join(first)[:_HEAD], itertools.chain(first, blocks)
