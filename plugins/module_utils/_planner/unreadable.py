# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules for hosts with a GPU that cannot be read: installed builds are kept, and none is chosen by the GPU. Pure.

If a driver fails for one night, a GPU server must not replace its builds by those for CPUs. So a name resolves to its
installed build. If there is none, that is an error.
"""

from __future__ import annotations

import typing as t

from .._errors import GalleryError, HostError
from .._localai.capability import DEFAULT, HostCapability
from .._localai.capability_map import Match
from .._localai.catalog import Catalog, Resolution
from .._localai.gallery import Entry
from .._localai.installed import Installed
from .._localai.leftovers import leftover_of
from .._localai.listing import Listing
from .._request import BackendOptions, bare_name


def staying_build(name: str, installed: Installed, capability: HostCapability) -> str:
    """Return the build that a bare name keeps because a GPU cannot be read, even if it is damaged or lost.

    That is a build for the vendor of the GPU. If the capability is undecided, it is also any build that a meta backend
    or an alias with this name points to, or last pointed to. Empty if there is none.
    """
    if not capability.evidence.unreadable:
        return ""
    directory, row = installed.find(name), Listing(installed, capability.name).find(name)
    lost = next((backend for backend, build in installed.builds.items() if build.meta.lower() == name.lower()), "")
    if directory is not None and directory.target:
        backend, chosen = directory.target, True
    elif row is not None and row.kind in ("alias", "meta"):
        backend, chosen = leftover_of(row.backend) or row.backend, True
    elif lost and (directory is None or not directory.has_run_file):
        backend, chosen = lost, True
    else:
        backend, chosen = directory.name if directory is not None else "", False
    return backend if (chosen and capability.undecided) or capability.keeps(backend) else ""


def staying_builds(names: t.Iterable[str], installed: Installed, capability: HostCapability) -> dict[str, str]:
    """Return the builds that bare names keep because a GPU cannot be read, by name in lower case."""
    builds = {name.lower(): staying_build(name, installed, capability) for name in names}
    return {name: backend for name, backend in builds.items() if backend}


def spared_builds(names: t.Sequence[str], installed: Installed, capability: HostCapability) -> set[str]:
    """Return the builds with one of the names, if they are for the vendor of a GPU that cannot be read.

    They are not removed, even if another build answers to the name while the GPU cannot be read.
    """
    answering = (directory.name for name in names for directory in installed.called(name))
    return {backend for backend in answering if capability.keeps(backend)}


def resolve(galleries: Catalog, requested: str, installed: Installed, capability: HostCapability) -> Resolution:
    """Return the resolution of a requested name on this host.

    Raises GalleryError, and HostError if it depends on a GPU that cannot be read.
    """
    entry = galleries.find(requested)
    backend = staying_build(bare_name(requested), installed, capability)
    if backend:
        return _staying(galleries, entry, backend, installed, capability)
    if entry.is_meta:
        check_decided(entry.name, lambda name: galleries.match(entry, name), capability)
    return galleries.resolve(requested, capability.name)


def check_decided(name: str, match_of: t.Callable[[str], Match | None], capability: HostCapability) -> None:
    """Raise HostError if the build for a name depends on a GPU that cannot be read.

    `match_of` returns the entry of the meta backend's capability map for a capability.
    """
    if not capability.undecided:
        return
    with_gpu, without = match_of(capability.name), match_of(DEFAULT)
    if (with_gpu and with_gpu.target) == (without and without.target):
        return
    raise HostError(
        f"{name}: the build for this host cannot be chosen, because the memory of its GPU cannot be read "
        f"({_probes(capability)}). Repair the driver, or set the option capability, for example to {capability.name}."
    )


def check_known(capability: HostCapability) -> str:
    """Return the capability of this host for its pins; raises HostError if it is unknown."""
    if capability.known is not None:
        return capability.known
    raise HostError(
        "pins: the capability of this host is unknown, because the memory of its GPU cannot be read "
        f"({_probes(capability)}). Repair the driver, or set pin_capabilities or the option capability."
    )


def warnings_of(options: BackendOptions, installed: Installed, capability: HostCapability) -> t.Iterator[str]:
    """Yield a warning if a build is kept because a GPU cannot be read, and one for each of these without a pin."""
    names = [name for name in options.bare_names if options.of(name).uri is None]
    staying = staying_builds(names, installed, capability)
    if staying or spared_builds(names, installed, capability):
        yield (
            f"The memory of this host's GPU cannot be read ({_probes(capability)}). The builds that are installed for "
            "it are kept. Repair the driver, or set the option capability."
        )
    for name, backend in staying.items():
        if options.of(name).pins is not None and options.pin(name) is None:
            yield f"{name}: the set of pins has no row for {backend}, which is kept because the GPU cannot be read."


def _staying(
    galleries: Catalog, entry: Entry, backend: str, installed: Installed, capability: HostCapability
) -> Resolution:
    """Return the resolution to the build that is kept, with its entry in a gallery, else with its recorded source."""
    if entry.name.lower() == backend.lower():
        return Resolution(entry, entry)
    chosen = galleries.match(entry, capability.name)
    if chosen is None or chosen.target != backend:
        keys = (key for key, target in entry.capabilities.items() if target == backend)
        chosen = Match(next(keys, ""), backend)
    if chosen.last_resort:
        # This build is kept, so it is not a last resort, and there is no warning.
        chosen = Match("", backend)
    try:
        return Resolution(entry, galleries.target(entry, chosen), chosen)
    except GalleryError:
        directory = installed.get(backend)
        recorded = directory.metadata if directory is not None else None
        if recorded is None or not recorded.uri:
            raise
    build = Entry(
        backend,
        gallery_url=recorded.gallery_url,
        uri=recorded.uri,
        alias=recorded.alias,
        version=recorded.version,
    )
    return Resolution(entry, build, chosen)


def _probes(capability: HostCapability) -> str:
    return "; ".join(map(str, capability.evidence.unreadable))
