# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All that a run asks others: galleries, and sources of backends. A converged run does without it."""

from __future__ import annotations

from ansible_collections.localai.core.plugins.module_utils._gallery import Galleries
from ansible_collections.localai.core.plugins.module_utils._http import Http
from ansible_collections.localai.core.plugins.module_utils._oci.image import Images
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Platform
from ansible_collections.localai.core.plugins.module_utils._oci.registry import Registry
from ansible_collections.localai.core.plugins.module_utils._options import HostOptions
from ansible_collections.localai.core.plugins.module_utils._source import Sources


class Network:
    """The galleries of a task, and sources of backends for any platform, over one client."""

    def __init__(self, host: HostOptions) -> None:
        self._http = Http(host.connection)
        self._images = Images(self._http, Registry(self._http, host.connection.auth_file))
        self.galleries = Galleries(host.galleries, self._http)

    def sources(self, platform: Platform) -> Sources:
        """Return all kinds of sources, for a host of one platform."""
        return Sources(self._http, self._images, platform)
