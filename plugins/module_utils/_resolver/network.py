# Copyright: (c) 2026, localai.core contributors
# This file is private to the localai.core collection: nothing outside it may import it.
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a task reads from: the network, or a bundle in its place."""

from __future__ import annotations

import typing as t

from .._bundle.bundle import Bundle
from .._bundle.origins import BundleClient, BundleImages
from .._http.client import Http
from .._oci.image import Images
from .._oci.registry import Registry
from .._request import Connection


class Network(t.NamedTuple):
    """Web servers and registries; with a bundle, both are what it has."""

    http: Http
    images: Images
    bundle: Bundle | None = None


def network_of(connection: Connection) -> Network:
    """Return what a task reads from."""
    http = Http(connection)
    if connection.bundle is None:
        return Network(http, Images(http, Registry(http, connection.auth_file)))
    bundle = Bundle(connection.bundle, http)
    return Network(BundleClient(bundle), BundleImages(bundle), bundle)
