# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All that a run asks others: galleries, and sources of backends. A converged run does without it."""

from __future__ import annotations

from .._http.client import Http
from .._localai.backend_tree import BackendTree
from .._oci.image import Images
from .._oci.platform import Platform
from .._oci.registry import Registry
from .._request import HostOptions
from .._resolver.galleries import Galleries
from .._sources.source import Sources


class Network:
    """The galleries of a task, and sources of backends for any platform, over one client."""

    def __init__(self, host: HostOptions) -> None:
        self._http = Http(host.connection)
        self._images = Images(self._http, Registry(self._http, host.connection.auth_file))
        self.galleries = Galleries(host.galleries, self._http)

    def sources(self, platform: Platform) -> Sources:
        """Return all kinds of sources, for a host of one platform."""
        return Sources(self._http, self._images, platform, BackendTree())
