# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hypothesis strategies for images of several layers: whatever image builders write, and some of what they could."""

from __future__ import annotations

import contextlib
import tarfile
from dataclasses import dataclass, field, replace

from hypothesis import strategies as st

from .archives import Entry, directory, file, hardlink, opaque, symlink, tar, whiteout
from .images import Layer, layer_of

_LONG = "long-" * 18 + "name"  # two of them need a prefix in USTAR, and an extended header elsewhere
_BASES = st.sampled_from(["a", "b", "c", "d", "é", _LONG])
_KINDS = st.sampled_from([*["file"] * 4, *["directory", "symlink"] * 2, "hardlink", "whiteout", "opaque"])
_MODES = st.one_of(st.sampled_from([0o644, 0o755, 0o6777, 0o1777, 0o000]), st.integers(0, 0o7777))
_FORMATS = st.sampled_from([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
_OUTSIDE = ("/usr/bin/python3", "../../outside", "missing", ".")


@dataclass(frozen=True)
class AnyLayer:
    """A layer of a generated image: what is in it, and how it is packed."""

    entries: tuple[Entry, ...]
    tar_format: int
    compression: str

    def packed(self, compression: str) -> Layer:
        """The layer in this compression."""
        return layer_of(tar(self.entries, self.tar_format), compression)


@dataclass
class _Sketch:
    """Roughly what the entries so far make, so that most of what follows has something to do with it."""

    directories: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    symlinks: set[str] = field(default_factory=set)
    once_links: set[str] = field(default_factory=set)  # what was one at any time, and may still be

    @property
    def paths(self) -> list[str]:
        """All that there is."""
        return sorted(self.directories | self.files | self.symlinks)

    def leads_through(self, path: str) -> bool:
        """Whether there may be a symlink above a path."""
        return any(path.startswith(link + "/") for link in self.once_links)

    def forget(self, path: str) -> None:
        """Remove a path with all below it."""
        for known in (self.directories, self.files, self.symlinks):
            known -= {other for other in known if (other + "/").startswith(path + "/")}

    def put(self, path: str, kind: str) -> None:
        """Note what an entry makes, with the directories above it."""
        if kind != "directory" or path not in self.directories:
            self.forget(path)
        parent = path.rpartition("/")[0]
        while parent and parent not in self.paths:
            self.directories.add(parent)
            parent = parent.rpartition("/")[0]
        if kind in ("symlink", "hardlink"):
            self.once_links.add(path)
        {"directory": self.directories, "symlink": self.symlinks}.get(kind, self.files).add(path)


@st.composite
def images(draw: st.DrawFn, compressions: tuple[str, ...], symlinked_parents: bool = True) -> tuple[AnyLayer, ...]:
    """The layers of an image, the lowest first; with `symlinked_parents`, some entries have a symlink above them."""
    sketch = _Sketch()
    layers = []
    for _number in range(draw(st.integers(1, 4))):
        entries = tuple(_entry(draw, sketch, symlinked_parents) for _entry_number in range(draw(st.integers(1, 8))))
        layers.append(AnyLayer(entries, _fitting(draw(_FORMATS), entries), draw(st.sampled_from(compressions))))
    return tuple(layers)


def _entry(draw: st.DrawFn, sketch: _Sketch, symlinked_parents: bool) -> Entry:
    kind = draw(_KINDS)
    parents = sorted(path for path in sketch.directories if path.count("/") < 3)
    if symlinked_parents:
        parents += sorted(sketch.symlinks)
    if kind == "whiteout" and sketch.paths:
        path = draw(st.sampled_from(sketch.paths))
        sketch.forget(path)
        entry = whiteout(path)
    elif kind == "opaque":
        path = draw(st.sampled_from([".", *parents]))
        entry = opaque(path)
    else:
        path = draw(_path(sketch, parents).filter(lambda path: symlinked_parents or not sketch.leads_through(path)))
        entry = _made(draw, kind, path, sketch)
        sketch.put(path, kind)
    return replace(entry, name=draw(st.sampled_from(["", "./"])) + entry.name)


def _path(sketch: _Sketch, parents: list[str]) -> st.SearchStrategy[str]:
    """Something new, in a directory that an entry made or that none did, or something in the place of what is there."""
    new = st.builds("/".join, st.lists(_BASES, min_size=1, max_size=2))
    if not sketch.paths:
        return new
    inside = st.builds("{}/{}".format, st.sampled_from(parents), new) if parents else new
    return st.one_of(new, inside, st.sampled_from(sketch.paths))


def _made(draw: st.DrawFn, kind: str, path: str, sketch: _Sketch) -> Entry:
    # A link may not take the place of its own target, nor of a directory above that.
    targets = [known for known in sorted(sketch.files | sketch.symlinks) if not (known + "/").startswith(path + "/")]
    if kind == "directory":
        return directory(path, draw(_MODES))
    if kind == "symlink":
        return symlink(path, draw(st.sampled_from([*_OUTSIDE, *sketch.paths, *map("/{}".format, sketch.paths)])))
    if kind == "hardlink" and targets:
        return hardlink(path, draw(st.sampled_from(targets)))
    return file(path, draw(st.binary(max_size=20)), draw(_MODES))


def _fitting(tar_format: int, entries: tuple[Entry, ...]) -> int:
    """The format, or one that takes any name where that does not."""
    with contextlib.suppress(ValueError):
        tar(entries, tar_format)
        return tar_format
    return tarfile.PAX_FORMAT
