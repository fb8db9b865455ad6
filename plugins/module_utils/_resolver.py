# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names -> what the galleries and the sources say about them."""

from __future__ import annotations

from dataclasses import replace

from ansible_collections.localai.core.plugins.module_utils._capability import HostCapability, Machine
from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._gallery import Entry, Galleries
from ansible_collections.localai.core.plugins.module_utils._http import Http
from ansible_collections.localai.core.plugins.module_utils._installed import Installed
from ansible_collections.localai.core.plugins.module_utils._oci.image import Images
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Platform
from ansible_collections.localai.core.plugins.module_utils._oci.registry import Registry
from ansible_collections.localai.core.plugins.module_utils._options import BackendOptions, HostOptions, bare_name
from ansible_collections.localai.core.plugins.module_utils._plan import Plan, Target, must_fetch
from ansible_collections.localai.core.plugins.module_utils._source import Found, Sources


class Resolver:
    """What the galleries and the sources say about names; asks each of them once."""

    def __init__(self, host: HostOptions, options: BackendOptions, capability: HostCapability) -> None:
        http = Http(host.connection)
        machine = Machine()
        platform = (
            Platform.parse(host.platform) if host.platform else Platform(machine.system.lower(), machine.architecture)
        )
        self.capability = capability
        self.galleries = Galleries(host.galleries, http)
        self.sources = Sources(http, Images(http, Registry(http, host.connection.auth_file)), platform)
        self._options = options
        self._found: dict[str, Found] = {}

    def target(self, asked: str, installed: Installed) -> Target:
        """Return what a name means here, asking its source only when something has to be fetched."""
        if self._options.uri is not None:
            entry = Entry(bare_name(asked), uri=self._options.uri, alias=self._options.alias or "")
            return self._described(Target(entry.name, entry.name, alias=entry.alias), entry, installed)
        own = installed.find(asked)
        if own is not None and own.metadata and own.metadata.uri and not (own.metadata.gallery_url or own.target):
            # It came straight from a source, and comes from there again.
            recorded = own.metadata
            entry = Entry(own.name, uri=recorded.uri, alias=recorded.alias, version=recorded.version)
            target = Target(own.name, own.name, alias=entry.alias, version=entry.version)
            return self._described(target, entry, installed)
        resolution = self.galleries.resolve(asked, self.capability.name)
        target = Target(
            name=resolution.entry.name,
            backend=resolution.concrete.name,
            is_meta=resolution.match is not None,
            key=resolution.match.key if resolution.match else "",
            last_resort=resolution.match is not None and resolution.match.last_resort,
            alias=resolution.concrete.alias,
            gallery_url=resolution.entry.gallery_url,
            version=resolution.concrete.version,
        )
        return self._described(target, resolution.concrete, installed)

    def found(self, backend: str) -> Found:
        """Return what the source of a build delivers, which C(target) has found out."""
        return self._found[backend]

    def packed_size(self, decided: Plan) -> int:
        """Return the bytes that a plan transfers at the least."""
        return sum(self.found(step.backend).size for step in decided.steps if step.kind == "fetch")

    def unpacked_size(self, decided: Plan) -> int:
        """Return the bytes that these take on the disk at the least."""
        fetched = [self.found(step.backend) for step in decided.steps if step.kind == "fetch"]
        return sum(map(self.sources.unpacked_size, fetched))

    def _described(self, target: Target, concrete: Entry, installed: Installed) -> Target:
        if not must_fetch(target.backend, target.is_meta, self._options, installed):
            return target
        if target.backend not in self._found:
            try:
                self._found[target.backend] = self.sources.find((concrete.uri, *concrete.mirrors), concrete.sha256)
            except SourceError as e:
                raise SourceError(f"{target.backend} cannot be fetched. {e}") from e
        found = self._found[target.backend]
        return replace(
            target,
            uri=found.uri,
            digest=found.digest,
            platform_digest=found.platform_digest,
            sha256=found.sha256,
        )
