# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a task reads from: the network, or a bundle in its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._bundle.contents import Contents
from ansible_collections.localai.core.plugins.module_utils._bundle.origins import BundleClient, BundleImages
from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._request import Connection
from ansible_collections.localai.core.plugins.module_utils._resolver.documents import BundledDocuments, Documents
from ansible_collections.localai.core.plugins.module_utils._resolver.network import BundledNetwork, network_of


def test_without_a_bundle_servers_are_asked() -> None:
    network = network_of(Connection())
    assert type(network.documents("backends", 1)) is Documents
    assert not isinstance(network.http, BundleClient)
    assert network.hub({"HF_ENDPOINT": "https://hub.example"}) == Address("https://hub.example")


def test_with_a_bundle_nothing_else_is(tmp_path: Path) -> None:
    import hashlib

    document = Contents(hub=Address("https://its.hub.example")).to_json()
    (tmp_path / "bundle.json").write_bytes(document)
    (tmp_path / "SHA256SUMS").write_text(f"{hashlib.sha256(document).hexdigest()}  bundle.json\n")
    network = network_of(Connection(bundle=str(tmp_path)))
    assert isinstance(network, BundledNetwork)
    assert isinstance(network.http, BundleClient)
    assert isinstance(network.images, BundleImages)
    assert isinstance(network.documents("models", 2), BundledDocuments)
    assert network.hub({"HF_ENDPOINT": "https://hub.example"}) == Address("https://its.hub.example")


def test_a_missing_bundle_is_an_error_when_it_is_needed(tmp_path: Path) -> None:
    network = network_of(Connection(bundle=str(tmp_path / "missing")))
    with pytest.raises(SourceError, match="cannot be used"):
        network.hub({})
