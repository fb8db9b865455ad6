# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways to get an image from a registry into a directory that are compared: ours, and those of others.

Each ends when all is on the disk, as our install does.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from ..support.playbook import COLLECTIONS
from .images import Served


@dataclass(frozen=True)
class Place:
    """Where one run writes: the tree, and what is needed on the way there."""

    tree: Path
    scratch: Path


@dataclass(frozen=True)
class Variant:
    """One way, as the command for an image and a place; `inner` if it prints its own figures (see `install`)."""

    name: str
    command: Callable[[Served, Place], list[str]]
    needs: tuple[str, ...] = ()
    inner: bool = False

    @property
    def missing(self) -> list[str]:
        """The programs that it needs and this machine has not."""
        return [program for program in self.needs if shutil.which(program) is None]


def _ours(isal: str, collections: Path = COLLECTIONS) -> Callable[[Served, Place], list[str]]:
    """Our install with the collection below a directory, which has to be the working directory: Python looks there."""
    python = ["env", "-C", str(collections), sys.executable, "-m", f"{__package__}.install"]
    return lambda image, place: [*python, image.reference, str(place.tree), isal]


def _pipeline(unpack: str) -> Callable[[Served, Place], list[str]]:
    """Every layer through a pipe into the same directory; `{}` points to it."""

    def command(image: Served, place: Place) -> list[str]:
        tree = shlex.quote(str(place.tree))
        pipes = [f"curl -sSf {url} | {unpack.format(tree)}" for url in image.layers]
        return ["bash", "-c", "\n".join([f"set -eo pipefail; mkdir {tree}", *pipes, f"sync -f {tree}"])]

    return command


def _skopeo_and_umoci(image: Served, place: Place) -> list[str]:
    layout = shlex.quote(f"{place.scratch}/layout:image")
    copy = f"skopeo copy -q --insecure-policy --src-tls-verify=false docker://{image.reference} oci:{layout}"
    unpack = "umoci --log error raw unpack" + ("" if os.geteuid() == 0 else " --rootless")
    tree = shlex.quote(str(place.tree))
    return ["bash", "-c", f"{copy} && {unpack} --image {layout} {tree} && sync -f {tree}"]


# The directory with another state of the collection, to compare this one with; None if there is none.
OTHER_STATE = Path(os.environ["BENCH_OTHER"]).resolve() if os.environ.get("BENCH_OTHER") else None

OURS = Variant("ours", _ours("without"), inner=True)
ISAL = Variant("ours, with isal", _ours("with"), inner=True)
OTHER = Variant("ours, other state", _ours("without", OTHER_STATE or COLLECTIONS), inner=True)
TAR = Variant("curl, gzip, tar", _pipeline("gzip -dc | tar -x -C {}"), needs=("curl", "gzip", "tar"))
BSDTAR = Variant("curl, bsdtar", _pipeline("bsdtar -x -f - -C {}"), needs=("curl", "bsdtar"))
UMOCI = Variant("skopeo, umoci", _skopeo_and_umoci, needs=("skopeo", "umoci"))


def available() -> list[Variant]:
    """The variants that this machine can run; says which it cannot."""
    variants = []
    for variant in (TAR, OURS, *([OTHER] if OTHER_STATE else []), ISAL, BSDTAR, UMOCI):
        missing = [*variant.missing]
        if variant is ISAL and importlib.util.find_spec("isal") is None:
            missing.append("isal")
        if missing:
            print(f"Left out, for lack of {' and '.join(missing)}: {variant.name}.")
        else:
            variants.append(variant)
    if TAR not in variants:
        sys.exit("Without curl, gzip and tar there is nothing to compare with.")
    return variants
