# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The documents that a task reads from the network are noted."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._bundle.bundle import Held
from ansible_collections.localai.core.plugins.module_utils._errors import TransportError
from ansible_collections.localai.core.plugins.module_utils._http.mirrors import fetch_document
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Reference
from ansible_collections.localai.core.plugins.module_utils._request import Connection, Endpoint, Mirror
from ansible_collections.localai.core.plugins.module_utils._resolver.recording import RecordingNetwork
from ansible_collections.localai.core.tests.support.backends import backend_image
from ansible_collections.localai.core.tests.support.files import FileServer, Page
from ansible_collections.localai.core.tests.support.registry import Registry


def test_answers_of_the_hub_are_noted_and_no_others() -> None:
    pages = {"/api/models/a": Page(b"{}", headers={"Link": "<x>"}), "/a/resolve/main/f": b"weights"}
    with FileServer(pages) as server:
        network = RecordingNetwork(Connection(retries=0), {"HF_ENDPOINT": server.url})
        assert str(network.hub({})) == server.url
        for path in pages:
            fetch_document(network.http, server.url + path, limit=100)
        with pytest.raises(TransportError):
            fetch_document(network.http, f"{server.url}/api/missing", limit=100)
    ((url, answer),) = network.recorded.answers.items()
    assert (url, answer.body, answer.headers["Link"]) == (f"{server.url}/api/models/a", b"{}", "<x>")


def test_an_answer_of_a_mirror_is_noted_as_that_of_the_hub() -> None:
    with FileServer({"/m/api/models/a": b"{}"}) as server:
        endpoint = Endpoint("hub.example", mirrors=(Mirror(Address(f"{server.url}/m")),))
        network = RecordingNetwork(Connection((endpoint,), retries=0), {"HF_ENDPOINT": "https://hub.example"})
        fetch_document(network.http, "https://hub.example/api/models/a", limit=100)
    assert list(network.recorded.answers) == ["https://hub.example/api/models/a"]


def test_hosts_need_also_what_they_only_look_at_in_haste() -> None:
    network = RecordingNetwork(Connection(), {})
    assert network.http.hasty(1) is network.http


def test_galleries_and_base_files_are_noted_by_their_kind() -> None:
    network = RecordingNetwork(Connection(), {})
    held = Held(b"x", "https://g", "https://m")
    network.documents("models", 1).note_gallery("g", held)
    network.documents("models", 1).note_base("g", "https://b", b"base")
    assert network.documents("models", 1).gallery("g") == []
    assert network.recorded.galleries == {("models", "g"): held}
    assert network.recorded.bases == {("g", "https://b"): b"base"}


def test_the_parts_of_an_image_are_asked_for_once() -> None:
    with Registry() as registry:
        registry.put("x/y", "v1", backend_image())
        network = RecordingNetwork(Connection(retries=0), {})
        reference, platforms = Reference(registry.host, "x/y", "v1"), (Platform("linux", "amd64"),)
        first = network.parts(reference, platforms, [])
        count = len(registry.requests)
        assert network.parts(reference, platforms, []) is first
        assert len(registry.requests) == count > 0
