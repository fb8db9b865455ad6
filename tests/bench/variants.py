# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ways to get something from a server into a directory that are compared: ours, and those of others.

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

from ansible_collections.localai.core.plugins.module_utils._module.argspec import CONNECTION_OPTIONS

from ..support.playbook import COLLECTIONS
from .served import Served


@dataclass(frozen=True)
class Place:
    """Where one run writes: the tree, and what is needed on the way there."""

    tree: Path
    scratch: Path


Command = Callable[[Served, Place], "list[str]"]
_ARIA2 = "aria2c --no-conf -q -x8 -s8 -k1M --allow-overwrite"


@dataclass(frozen=True)
class Variant:
    """One way, as the command for something served and a place; `inner` if it prints its own figures (see `install`).

    `leaves` is a pattern for what shows that it did its work, where that is not the `proof` of what is served.
    """

    name: str
    command: Command
    needs: tuple[str, ...] = ()  # programs, and `library NAME` or `option NAME` for Python's and the module's
    inner: bool = False
    leaves: str = ""

    @property
    def missing(self) -> list[str]:
        """What it needs, and this machine or this state of the collection has not."""
        return [need for need in self.needs if not _is_there(need)]


def _is_there(need: str) -> bool:
    kind, _space, name = need.rpartition(" ")
    if kind == "option":
        return name in CONNECTION_OPTIONS
    return shutil.which(name) is not None if not kind else importlib.util.find_spec(name) is not None


def _ours(isal: str, *settings: str, collections: Path = COLLECTIONS) -> Command:
    """Our install with the collection below a directory, which has to be the working directory: Python looks there."""
    python = ["env", "-C", str(collections), sys.executable, "-m", f"{__package__}.install"]
    return lambda served, place: [*python, served.reference, str(place.tree), isal, *settings]


def _our_file(served: Served, place: Place) -> list[str]:
    python = ["env", "-C", str(COLLECTIONS), sys.executable, "-m", f"{__package__}.fetch_file"]
    return [*python, served.reference, served.sha256, str(place.tree)]


def _script(place: Place, *lines: str) -> list[str]:
    """Commands that fill the directory `$tree` by way of the directory `$scratch`."""
    names = f"tree={shlex.quote(str(place.tree))} scratch={shlex.quote(str(place.scratch))}"
    return ["bash", "-c", "\n".join([f"set -eo pipefail; {names}", *lines, 'sync -f "$tree"'])]


def _pipeline(unpack: str) -> Command:
    """Every part through a pipe into the directory."""
    return lambda served, place: _script(
        place, 'mkdir "$tree"', *[f"curl -sSf {url} | {unpack}" for url in served.parts]
    )


def _aria2_and_tar(served: Served, place: Place) -> list[str]:
    unpack = 'tar -xzf "$scratch/part" -C "$tree"'
    return _script(
        place, 'mkdir "$tree"', *[f'{_ARIA2} -d "$scratch" -o part {url} && {unpack}' for url in served.parts]
    )


def _curl(served: Served, place: Place) -> list[str]:
    (url,) = served.parts
    return _script(place, 'mkdir "$tree"', f'curl -sSf -o "$tree/{served.name}" {url}')


def _aria2_and_sum(served: Served, place: Place) -> list[str]:
    (url,) = served.parts
    check = f'sha256sum --quiet -c <<<"{served.sha256}  $tree/{served.name}"'
    return _script(place, f'{_ARIA2} -d "$tree" -o {served.name} {url}', check)


def _skopeo(target: str) -> str:
    return f"skopeo copy -q --insecure-policy --src-tls-verify=false docker://{{}} {target}"


def _skopeo_alone(served: Served, place: Place) -> list[str]:
    return _script(place, _skopeo('"oci:$tree:image"').format(served.reference))


def _skopeo_and_umoci(served: Served, place: Place) -> list[str]:
    copy = _skopeo('"oci:$scratch/layout:image"').format(served.reference)
    unpack = "umoci --log error raw unpack" + ("" if os.geteuid() == 0 else " --rootless")
    return _script(place, copy, f'{unpack} --image "$scratch/layout:image" "$tree"')


def _crane(served: Served, place: Place) -> list[str]:
    return _script(place, 'mkdir "$tree"', f'crane export --insecure {served.reference} - | tar -x -C "$tree"')


# The directory with another state of the collection, to compare this one with; None if there is none.
OTHER_STATE = Path(os.environ["BENCH_OTHER"]).resolve() if os.environ.get("BENCH_OTHER") else None

OURS = Variant("ours", _ours("without"), inner=True)
ISAL = Variant("ours, with isal", _ours("with"), needs=("library isal",), inner=True)
OTHER = Variant("ours, other state", _ours("without", collections=OTHER_STATE or COLLECTIONS), inner=True)
ONE = Variant("ours, one connection", _ours("without", "connections=1"), needs=("option connections",), inner=True)
TAR = Variant("curl, gzip, tar", _pipeline('gzip -dc | tar -x -C "$tree"'), needs=("curl", "gzip", "tar"))
BSDTAR = Variant("curl, bsdtar", _pipeline('bsdtar -x -f - -C "$tree"'), needs=("curl", "bsdtar"))
ARIA2_TAR = Variant("aria2c, tar", _aria2_and_tar, needs=("aria2c", "tar"))
UMOCI = Variant("skopeo, umoci", _skopeo_and_umoci, needs=("skopeo", "umoci"))
SKOPEO = Variant("skopeo alone", _skopeo_alone, needs=("skopeo",), leaves="index.json")
CRANE = Variant("crane, tar", _crane, needs=("crane", "tar"))
OUR_FILE = Variant("ours", _our_file, inner=True)
CURL = Variant("curl", _curl, needs=("curl",))
ARIA2_SUM = Variant("aria2c, sha256sum", _aria2_and_sum, needs=("aria2c", "sha256sum"))
