# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which build a repair has to bring back: the one that is recorded, not what its tag means by now. Pure."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass

from ansible_collections.localai.core.plugins.module_utils._address import NO_ADDRESS, Address
from ansible_collections.localai.core.plugins.module_utils._builds import Build
from ansible_collections.localai.core.plugins.module_utils._capability import HostCapability
from ansible_collections.localai.core.plugins.module_utils._installed import Directory, Installed
from ansible_collections.localai.core.plugins.module_utils._metadata import Metadata, Record
from ansible_collections.localai.core.plugins.module_utils._pins import is_at_digest, is_of_release
from ansible_collections.localai.core.plugins.module_utils._request import BackendOptions
from ansible_collections.localai.core.plugins.module_utils._uri import same_uri


@dataclass(frozen=True)
class Recorded:
    """The build that a backend was, by its C(digest).

    C(fixed) is one that the task chose itself: nothing may be taken in its stead. C(metadata) is empty where it cannot
    be read any more; C(meta) is the name of the meta backend that points to the build, C(meta_url) its gallery.
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
    """Return the build that a name ran: the target of its meta backend, or the directory of that name."""
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
    """Return the build that is recorded for a name or its build; None where none is, or the task wants another one."""
    backend = backend_of(name, installed)
    directory, build = installed.get(backend), installed.builds.get(backend, Build())
    metadata, record = _files_of(directory)
    if directory is not None and directory.metadata is not None:
        digest = directory.digest
    else:
        digest = build.digest or (directory.digest if directory is not None else None) or record.platform_digest
    if not digest or _is_told(name, options, metadata) or not capability.may_run(backend):
        return None
    own = installed.find(name)
    points = own is not None and own.target == backend and own.metadata is not None
    return Recorded(
        backend=backend,
        digest=digest,
        fixed=record.pinned or is_at_digest(metadata.uri) or (build.fixed and build.digest == digest),
        metadata=metadata,
        requested=record.requested or build.requested,
        pinned=record.pinned,
        meta=own.metadata.name if points and own and own.metadata else build.meta,
        meta_url=own.metadata.gallery_url if points and own and own.metadata else metadata.gallery_url,
    )


def _spelled(name: str, builds: t.Mapping[str, Build]) -> str:
    return next((backend for backend in builds if backend.lower() == name.lower()), name)


def _files_of(directory: Directory | None) -> tuple[Metadata, Record]:
    if directory is None:
        return Metadata(), Record()
    return directory.metadata or Metadata(), directory.record or Record()


def _is_told(name: str, options: BackendOptions, metadata: Metadata) -> bool:
    """Return whether the task itself says which build it wants, and that is not, or need not be, the recorded one."""
    if options.state != "present" or options.force or options.pins is not None:
        return True
    if options.digest_of(name) is not None:
        return True
    if options.release is not None:
        return not is_of_release(metadata.uri, options.release)
    return options.uri is not None and bool(metadata.uri) and not same_uri(metadata.uri, options.uri)
