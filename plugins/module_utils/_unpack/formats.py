# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The formats of archives: a container of entries, and the compression of the whole, if it has one."""

from __future__ import annotations

import contextlib
import typing as t
from dataclasses import dataclass

from .._errors import SourceError
from .._fs.tree import Tree
from .compression import COMPRESSIONS, Compression, compression_of
from .tar import TarStream, is_header
from .zip import ZipStream

# A new container is a row of `CONTAINERS`, and its class here.
EntryStream = t.Union[TarStream, ZipStream]


@dataclass(frozen=True)
class Container:
    """A kind of archive. `begins` takes its first bytes, `open` all of them and the tree that is filled.

    `is_copied` tells whether the tree gets a copy of the archive, for as long as it is unpacked.
    """

    name: str
    begins: t.Callable[[bytes], bool]
    open: t.Callable[[t.Iterator[bytes], Tree], t.ContextManager[EntryStream]]
    is_copied: bool = False


@dataclass(frozen=True)
class Format:
    """The format of an archive."""

    container: Container
    compression: Compression | None = None


def _open_tar(blocks: t.Iterator[bytes], _tree: Tree) -> t.ContextManager[EntryStream]:
    return contextlib.nullcontext(TarStream(blocks))


@contextlib.contextmanager
def _open_zip(blocks: t.Iterator[bytes], tree: Tree) -> t.Iterator[EntryStream]:
    # Its directory is at its end.
    with tree.scratch() as copy:
        copy.writelines(blocks)
        yield ZipStream(copy)


# Only tar archives are compressed as a whole. Before POSIX, they had no magic number.
TAR = Container("tar", lambda head: head[257:262] == b"ustar" or is_header(head), _open_tar)
CONTAINERS = (
    TAR,
    Container("zip", lambda head: head.startswith((b"PK\x03\x04", b"PK\x05\x06")), _open_zip, is_copied=True),
)
_COMPRESSED = (f"{TAR.name}.{compression.extension}" for compression in COMPRESSIONS)
_NAMES = ", ".join((TAR.name, *_COMPRESSED, *(container.name for container in CONTAINERS[1:])))


def format_of(head: bytes, public: bool = True) -> Format:
    """Return the format of an archive that begins with `head` (its first 512 bytes).

    Raises SourceError if it is no archive, or if this host cannot decompress it. The error quotes `head` unless it is
    not `public`.
    """
    compression = compression_of(head)
    if compression is not None:
        compression.check()
        return Format(TAR, compression)
    for container in CONTAINERS:
        if container.begins(head):
            return Format(container)
    start = " ".join(head[:80].decode("utf-8", "replace").split())
    raise SourceError(f"it is not an archive ({_NAMES})" + (f"; it starts with {start!r}." if public else "."))


def container_of(head: bytes, is_layer: bool) -> Container:
    """Return the container whose bytes, decompressed, begin with `head`; raises SourceError if there is none.

    A layer of an image is a tar archive, which has no bytes at all if the layer changes nothing.
    """
    if not head and not is_layer:
        raise SourceError("the archive is empty.")
    for container in (TAR,) if is_layer else CONTAINERS:
        if container.begins(head):
            return container
    if not head.strip(b"\0"):
        return TAR
    compression = compression_of(head)
    if compression is not None:
        raise SourceError(f"it is compressed several times, the last time with {compression.name}.")
    raise SourceError("it is not a tar archive." if is_layer else f"it is not an archive ({_NAMES}).")
