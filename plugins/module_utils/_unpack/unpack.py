# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An archive's bytes -> files in one directory, in one pass and with bounded memory.

Layers of images and plain archives are unpacked in the same way; only layers have whiteouts. Reading, decompressing and
writing go on at the same time.
"""

from __future__ import annotations

import contextlib
import typing as t

from .._errors import SourceError
from .._fs.inner_paths import inner_path
from .._fs.tree import Tree
from .compression import compression_of
from .entry import Entry
from .formats import EntryStream, container_of
from .limits import Limits, Meter
from .read_ahead import peeked, read_ahead

# OCI image specification, "Image Layer Filesystem Changeset".
WHITEOUT = ".wh."
OPAQUE = ".wh..wh..opq"
# Some web servers compress a compressed archive once more on its way.
_MOST_COMPRESSIONS = 2


def unpack(
    chunks: t.Iterator[bytes],
    tree: Tree,
    *,
    is_layer: bool,
    limits: Limits | None = None,
    proved: bool = False,
) -> None:
    """Unpack an archive or a layer of an image into `tree`, and read `chunks` to their end to verify their digest.

    Their first bytes tell the format, as they do for docker and skopeo: media types and names of files may be wrong.
    With `proved`, they end with an IntegrityError on a digest mismatch. An archive that cannot be unpacked is then read
    to its end too, to tell a digest mismatch from a bad archive. Raises SourceError for a damaged or
    dangerous archive, IntegrityError for a digest mismatch, HostError for the disk.
    """
    meter = Meter(limits or Limits(), chunks)
    tree.begin_layer()
    try:
        with contextlib.ExitStack() as stack:
            head, blocks = _decompressed(meter, stack)
            entries = stack.enter_context(container_of(head, is_layer).open(blocks, tree))
            for entry in entries:
                meter.check_entries(tree.entries)
                _unpack_entry(entries, entry, tree, is_layer, meter)
    except SourceError as e:
        if proved:
            meter.read_to_the_end(e)
        raise


def _decompressed(meter: Meter, stack: contextlib.ExitStack) -> tuple[bytes, t.Iterator[bytes]]:
    """Return the plain bytes of an archive: the first ones, and all of them."""
    head, blocks = peeked(stack.enter_context(read_ahead(meter.packed())))
    for _time in range(_MOST_COMPRESSIONS):
        compression = compression_of(head)
        if compression is None:
            break
        plain = meter.plain(compression.decompress(blocks))
        head, blocks = peeked(stack.enter_context(read_ahead(plain)))
    return head, blocks


def _unpack_entry(entries: EntryStream, entry: Entry, tree: Tree, whiteouts: bool, meter: Meter) -> None:
    path = inner_path(entry.name)
    parent, _slash, base = path.rpartition("/")
    if whiteouts and base.startswith(WHITEOUT):
        _apply_whiteout(tree, parent, base)
    elif entry.kind == "directory":
        if path:
            tree.directory(path, entry.mode, entry.mtime)
    elif not path:
        raise SourceError("the archive's top entry is not a directory.")
    elif entry.kind == "file":
        meter.check_size(tree.size + entry.size)
        tree.file(path, entry.mode, meter.written(entries.data(entry)), entry.mtime)
    elif entry.kind == "symlink":
        tree.symlink(path, entry.link)
    elif entry.kind == "hardlink":
        tree.hardlink(path, inner_path(entry.link))
    else:
        raise SourceError(f"{path!r} is {entry.what}, which is not unpacked.")


def _apply_whiteout(tree: Tree, parent: str, base: str) -> None:
    if base == OPAQUE:
        tree.clear_stale(parent)
    elif not base.startswith(WHITEOUT * 2):
        # AUFS keeps its own files under names with the prefix twice.
        hidden = inner_path(base[len(WHITEOUT) :])
        if hidden:
            tree.remove_stale(f"{parent}/{hidden}" if parent else hidden)
