# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The build that a repair has to install: the recorded one, even if its tag has moved since. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from .._address import NO_ADDRESS, Address
from .._localai.capability import HostCapability
from .._localai.installed import Directory, Installed
from .._localai.metadata import Metadata
from .._request import BackendOptions
from .._sources.uri import is_at_digest, is_of_release, same_uri
from .._store.builds import Build
from .._store.record import Record


@dataclass(frozen=True)
class Recorded:
    """The build that was installed as C(backend), identified by its C(digest).

    C(fixed): a task chose exactly this build, so a repair must not install another one. C(metadata) is empty where it
    can no longer be read. C(meta) is the name of the meta backend that points to the build, C(meta_url) its gallery.
    """

    backend: str
    digest: str
    fixed: bool
    metadata: Metadata
    requested: bool
    pinned: bool
    meta: str = ""
    meta_url: Address = NO_ADDRESS


def backend_of(name: str, installed: Installed) -> str:
    """Return the name of the build behind a name: the target of its meta backend, or the name itself."""
    own = installed.find(name)
    if own is not None and own.target:
        return own.target
    if own is None or not own.has_run_file:
        for backend, build in installed.builds.items():
            if build.meta.lower() == name.lower():
                return backend
    return own.name if own is not None else _spelled(name, installed.builds)


def recorded_build(
    name: str, installed: Installed, options: BackendOptions, capability: HostCapability
) -> Recorded | None:
    """Return the recorded build behind a name; None if there is none, or if the task decides which build to take."""
    backend = backend_of(name, installed)
    directory, build = installed.get(backend), installed.builds.get(backend, Build())
    metadata = directory.metadata if directory is not None and directory.metadata is not None else Metadata()
    record = directory.record if directory is not None and directory.record is not None else Record()
    digest = _digest_of(directory, build)
    if not digest or _task_decides(name, options, metadata) or not capability.may_run(backend):
        return None
    own = installed.find(name)
    pointer = own.metadata if own is not None and own.target == backend else None
    return Recorded(
        backend=backend,
        digest=digest,
        fixed=record.pinned or is_at_digest(metadata.uri) or (build.fixed and build.digest == digest),
        metadata=metadata,
        requested=record.requested or build.requested,
        pinned=record.pinned,
        meta=pointer.name if pointer else build.meta,
        meta_url=pointer.gallery_url if pointer else metadata.gallery_url,
    )


def _spelled(name: str, builds: t.Mapping[str, Build]) -> str:
    return next((backend for backend in builds if backend.lower() == name.lower()), name)


def _digest_of(directory: Directory | None, build: Build) -> str:
    """Return the recorded digest: from C(metadata.json) if it can be read, because LocalAI also upgrades backends."""
    found = (directory.digest or "") if directory is not None else ""
    if directory is not None and directory.metadata is not None:
        return found
    platform_digest = directory.record.platform_digest if directory is not None and directory.record is not None else ""
    return build.digest or found or platform_digest


def _task_decides(name: str, options: BackendOptions, metadata: Metadata) -> bool:
    """Return whether the options determine the build, so that it may differ from the recorded one."""
    if options.state != "present" or options.force or options.pins is not None:
        return True
    if options.digest_of(name) is not None:
        return True
    if options.release is not None:
        return not is_of_release(metadata.uri, options.release)
    return options.uri is not None and bool(metadata.uri) and not same_uri(metadata.uri, options.uri)
