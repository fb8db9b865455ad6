# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether `umoci` and we make the same tree of an image, for as many generated images as one likes.

Differences that are wanted, and nothing else, are left out: from modes we take setuid, setgid and write for the
world, and we add that the owner may read.
"""

from __future__ import annotations

import argparse
import os
import stat
import subprocess
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, assume, given, settings

from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._fs.tree import Tree
from ansible_collections.localai.core.plugins.module_utils._unpack.compression import COMPRESSIONS
from ansible_collections.localai.core.plugins.module_utils._unpack.unpack import unpack

from ..support.any_images import AnyLayer, images
from ..support.host import temporary_directory, umask
from ..support.images import image
from ..support.layouts import write_oci_layout


@dataclass(frozen=True)
class Node:
    """What is at one path of a tree; `names` are all that a file has."""

    kind: str
    mode: int
    content: bytes
    names: tuple[str, ...]


Listing = dict[str, Node]


def ours(layers: tuple[AnyLayer, ...], top: Path) -> Listing | None:
    """The tree that we make of the layers; None if we refuse them."""
    top.mkdir()
    try:
        with Tree(str(top)) as tree:
            for layer in layers:
                unpack(iter([layer.packed(layer.compression).blob]), tree, is_layer=True)
            tree.finish(0o755)
    except SourceError:
        return None
    return listing(top)


def umoci(layers: tuple[AnyLayer, ...], top: Path) -> Listing | None:
    """The tree that umoci makes of them; it knows no zstd, and gets such layers as gzip."""
    layout = top.with_name("layout")
    packed = [layer.packed("none" if layer.compression == "none" else "gzip") for layer in layers]
    write_oci_layout(layout, {"image": image(packed)})
    rootless = [] if os.geteuid() == 0 else ["--rootless"]
    command = ["umoci", "--log", "error", "raw", "unpack", *rootless, "--image", f"{layout}:image", str(top)]
    if subprocess.run(command, check=False, capture_output=True).returncode != 0:
        return None
    return {path: _as_we_want_it(node) for path, node in listing(top).items()}


def _as_we_want_it(node: Node) -> Node:
    if node.kind == "symlink":
        return node
    mode = node.mode & ~0o6002 | (0o500 if node.kind == "directory" else 0o400)
    return Node(node.kind, mode, node.content, node.names)


def listing(top: Path) -> Listing:
    """All that is in a tree; modes change meanwhile, so that all of it can be read."""
    paths: list[tuple[Path, os.stat_result]] = []
    pending = [top]
    while pending:
        for path in pending.pop().iterdir():
            status = path.lstat()
            paths.append((path, status))
            if not path.is_symlink():
                path.chmod(status.st_mode | 0o700)
            if stat.S_ISDIR(status.st_mode):
                pending.append(path)
    names = defaultdict(list)
    for path, status in paths:
        names[status.st_ino].append(path.relative_to(top).as_posix())
    return {
        path.relative_to(top).as_posix(): _node(path, status, tuple(sorted(names[status.st_ino])))
        for path, status in paths
    }


def _node(path: Path, status: os.stat_result, names: tuple[str, ...]) -> Node:
    if path.is_symlink():
        return Node("symlink", 0, os.fsencode(os.readlink(path)), names)
    if path.is_dir():
        return Node("directory", stat.S_IMODE(status.st_mode), b"", names)
    return Node("file", stat.S_IMODE(status.st_mode), path.read_bytes(), names)


def usable_compressions() -> tuple[str, ...]:
    """Those of layers that this machine can decompress."""
    usable = ["none", "gzip"]
    if any(compression.name == "zstd" and compression.on_this_host() for compression in COMPRESSIONS):
        usable.append("zstd")
    else:
        print("Without zstd, which this machine cannot decompress")
    return tuple(usable)


def main() -> None:
    """Compare, and count; of a difference, Hypothesis shows the smallest image that makes one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=500, help="how many that both accept")
    options = parser.parse_args()
    outcomes: Counter[str] = Counter()

    @settings(max_examples=options.images, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(images(usable_compressions()))
    def agree(layers: tuple[AnyLayer, ...]) -> None:
        with temporary_directory() as path, umask(0o022):
            one, other = ours(layers, path / "ours"), umoci(layers, path / "umoci")
        assert one == other, f"we: {one}\numoci: {other}"
        outcomes["refused by both" if one is None else "the same tree"] += 1
        assume(one is not None)  # it does not count as one of the images

    agree()
    print(f"umoci and we on generated images: {dict(outcomes)}")


if __name__ == "__main__":
    main()
