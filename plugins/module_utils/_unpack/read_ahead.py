# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stages of a transfer that work at the same time: an iterator that runs ahead of whoever reads it.

Reading a socket, hashing, undoing compression and writing files all let other threads run meanwhile.
"""

from __future__ import annotations

import contextlib
import typing as t
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor

_DEPTH = 8


@contextlib.contextmanager
def ahead(chunks: t.Generator[bytes, None, None]) -> t.Iterator[t.Iterator[bytes]]:
    """Give what C(chunks) yields, read by a thread that is at most a few chunks ahead.

    An exception of C(chunks) is raised where its next chunk would have come. When the context ends, the thread has
    ended too, and C(chunks) is closed, wherever it was.
    """
    handed: deque[Future[bytes | None]] = deque()

    def results() -> t.Iterator[bytes]:
        while True:
            while len(handed) < _DEPTH:
                handed.append(thread.submit(next, chunks, None))
            chunk = handed.popleft().result()
            if chunk is None:
                return
            yield chunk

    with contextlib.closing(chunks), ThreadPoolExecutor(1) as thread:
        try:
            yield results()
        finally:
            for future in handed:
                future.cancel()
