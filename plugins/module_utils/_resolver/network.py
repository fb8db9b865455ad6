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
from .._sources.hub_endpoint import hub_endpoint
from .documents import BundledDocuments, Documents

if t.TYPE_CHECKING:
    from .._address import Address
    from .._bundle.contents import Kind
    from .._request import Connection


class Network:
    """Web servers and registries."""

    def __init__(self, http: Http, images: Images) -> None:
        self.http = http
        self.images = images

    def documents(self, _kind: Kind, _count: int) -> Documents:
        """Return what has galleries without reading them where they are; `count` is how many the task has."""
        return Documents()

    def hub(self, environ: t.Mapping[str, str]) -> Address:
        """Return the server of the Hub; raises OptionError for an environment that names none."""
        return hub_endpoint(environ)


class BundledNetwork(Network):
    """A bundle in the place of all servers."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(BundleClient(bundle), BundleImages(bundle))
        self._bundle = bundle

    def documents(self, kind: Kind, count: int) -> Documents:
        """Return the galleries of the bundle."""
        return BundledDocuments(self._bundle, kind, is_only=count == 1)

    def hub(self, _environ: t.Mapping[str, str]) -> Address:
        """Return the server of the Hub that the bundle was filled from; raises SourceError, TransportError."""
        return self._bundle.contents.hub


def network_of(connection: Connection) -> Network:
    """Return what a task reads from."""
    http = Http(connection)
    if connection.bundle is not None:
        return BundledNetwork(Bundle(connection.bundle, http))
    return Network(http, Images(http, Registry(http, connection.auth_file)))
