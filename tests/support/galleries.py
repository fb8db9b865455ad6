# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The galleries of a task, read with a client that a test makes."""

from __future__ import annotations

from typing import Any, Sequence

from ansible_collections.localai.core.plugins.module_utils._localai.catalog import Catalog
from ansible_collections.localai.core.plugins.module_utils._oci.image import Images
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform
from ansible_collections.localai.core.plugins.module_utils._oci.registry import Registry
from ansible_collections.localai.core.plugins.module_utils._request import GallerySource, HostOptions
from ansible_collections.localai.core.plugins.module_utils._resolver.network import Network
from ansible_collections.localai.core.plugins.module_utils._resolver.resolver import Resolver


class Galleries(Catalog):
    """A catalog that reads its galleries by `http`; `warnings` has the entries that were skipped."""

    def __init__(self, sources: Sequence[GallerySource], http: Any) -> None:
        self.warnings: list[str] = []
        host = HostOptions("/b", "/s", galleries=tuple(sources))
        resolver = Resolver(host, Platform("linux", "amd64"), self.warnings)
        vars(resolver)["_network"] = Network(http, Images(http, Registry(http)))
        super().__init__([source.name for source in sources], resolver.index)
