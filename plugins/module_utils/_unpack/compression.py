# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a stream of bytes can be compressed, and what decompresses it on this host."""

from __future__ import annotations

import contextlib
import functools
import typing as t
from dataclasses import dataclass

from .._errors import SourceError
from .decompressors import DECOMPRESSORS, Decompress

# RFC 8878: a frame, or one of the skippable frames that pzstd and others write before, between and after frames.
_ZSTD_FRAME = b"\x28\xb5\x2f\xfd"
_ZSTD_SKIPPABLE = tuple(bytes((first,)) + b"\x2a\x4d\x18" for first in range(0x50, 0x60))
_PLAIN_SAMPLE = b"sample"


@contextlib.contextmanager
def damage(*errors: type[BaseException]) -> t.Iterator[None]:
    """Turn the errors of a library for damaged archives into SourceError."""
    try:
        yield
    except errors as e:
        raise SourceError(f"the archive is damaged: {e}.") from e


@dataclass(frozen=True)
class Compression:
    """One way to compress a stream.

    `magic` are the ways in which compressed bytes can begin, `extension` is that of a tar file, `suffix` that of the
    media type of a layer, empty if layers are not compressed so. `sample` is `_PLAIN_SAMPLE`, compressed. `advice` says
    what to install where nothing decompresses it.
    """

    name: str
    extension: str
    suffix: str
    magic: tuple[bytes, ...]
    sample: bytes
    advice: str

    def on_this_host(self) -> Decompress | None:
        """Return the fastest decompressor that works here; None if there is none.

        One works if it decompresses the sample. Others that are installed are too old, half removed, or built for
        another Python or processor, and raise anything when they are loaded or used.
        """
        for row in DECOMPRESSORS:
            if row.compression == self.name:
                with contextlib.suppress(Exception, SystemExit):
                    decompress = functools.partial(row.decompress, row.load(row.name))
                    if b"".join(decompress(iter((self.sample,)))) == _PLAIN_SAMPLE:
                        return decompress
        return None

    def check(self) -> Decompress:
        """Return what decompresses it on this host; raises SourceError if there is nothing."""
        decompress = self.on_this_host()
        if decompress is None:
            raise SourceError(f"it is compressed with {self.name}, which this host cannot decompress. {self.advice}")
        return decompress

    def decompress(self, chunks: t.Iterator[bytes]) -> t.Generator[bytes, None, None]:
        """Yield the plain bytes in blocks of about `BLOCK` bytes; raises SourceError for damaged ones."""
        yield from self.check()(chunks)


def _advice(module: str) -> str:
    return f"Run the module with a Python that has {module}; some that were built by hand lack it."


GZIP = Compression(
    "gzip",
    "gz",
    "gzip",
    (b"\x1f\x8b",),
    bytes.fromhex("1f8b08000000000000ff2b4ecc2dc8490500c3760bf106000000"),
    _advice("zlib"),
)
COMPRESSIONS = (
    GZIP,
    Compression(
        "bzip2",
        "bz2",
        "",
        (b"BZh",),
        bytes.fromhex("425a68393141592653598d0c1504000002818022064800200030c00861a108185dc914e1424234305410"),
        _advice("bz2"),
    ),
    Compression(
        "xz",
        "xz",
        "",
        (b"\xfd7zXZ\x00",),
        bytes.fromhex(
            "fd377a585a0000016922de360200210116000000742fe5a301000573616d706c65000000c3760bf100011a06c5eac8799042990d01"
            "0000000001595a"
        ),
        _advice("lzma"),
    ),
    Compression(
        "zstd",
        "zst",
        "zstd",
        (_ZSTD_FRAME, *_ZSTD_SKIPPABLE),
        bytes.fromhex("28b52ffd045831000073616d706c6547db4211"),
        "Install the program zstd or the Python library zstandard there; Python 3.14 and newer need neither.",
    ),
)


def compression_of(head: bytes) -> Compression | None:
    """Return how a stream that begins with `head` is compressed; None if it is not."""
    return next((compression for compression in COMPRESSIONS if head.startswith(compression.magic)), None)
