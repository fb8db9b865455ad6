# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A file on a web server is at its mirrors first; any other file is only where its URI says."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._oci.image import Images
from ansible_collections.localai.core.plugins.module_utils._oci.registry import Registry
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint, Mirror
from ansible_collections.localai.core.plugins.module_utils._sources.artifact import Context
from ansible_collections.localai.core.plugins.module_utils._sources.locations import locations, web_address
from ansible_collections.localai.core.plugins.module_utils._sources.model_uri import HUB, parse_model_uri
from ansible_collections.localai.core.tests.support.client import Client
from ansible_collections.localai.core.tests.support.delivery import HOST, Anything


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("hf://o/r/f", "https://hub.example/x/o/r/resolve/main/f"),
        (f"{HUB}/o/r/resolve/c/f?download=true", "https://hub.example/x/o/r/resolve/c/f?download=true"),
        ("https://huggingface.co.example/f", "https://huggingface.co.example/f"),
        ("http://huggingface.co/f", "http://huggingface.co/f"),
        ("github:o/r/f@b", "https://raw.githubusercontent.com/o/r/b/f"),
    ],
)
def test_another_server_of_the_hub_replaces_the_host_and_only_that(text, url):
    assert web_address(parse_model_uri(Address(text)), Address("https://hub.example/x")).text == url


@pytest.mark.parametrize("text", ["/srv/f", "ollama://gemma", "oci://quay.io/x/y"])
def test_a_file_that_is_on_no_web_server_is_only_at_its_uri(text):
    uri = parse_model_uri(Address(text))
    client = Client()
    context = Context(client, Images(client, Registry(client)), HOST, Anything())
    assert web_address(uri, context.hub) is None
    assert locations(uri, context) == [uri]


def test_the_mirrors_of_the_server_come_first():
    hub = Endpoint("hub.example", mirrors=(Mirror(Address("https://m.example/p")), Mirror(Address("ocilayout:/x"))))
    other = Endpoint("huggingface.co", mirrors=(Mirror(Address("https://unused.example")),))
    client = Client(endpoints=(hub, other))
    context = Context(client, Images(client, Registry(client)), HOST, Anything(), Address("https://hub.example"))
    assert [uri.address.text for uri in locations(parse_model_uri(Address("hf://o/r/f")), context)] == [
        "https://m.example/p/o/r/resolve/main/f",
        "https://hub.example/o/r/resolve/main/f",
    ]
