# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mirrors of a web server have its files below their own path, and get none of its secrets."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import OptionError, TransportError
from ansible_collections.localai.core.plugins.module_utils._http.mirrors import (
    fetch_document,
    file_mirrors,
    mirror_query,
    mirrored_url,
)
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint, Mirror
from ansible_collections.localai.core.tests.support.client import Client, Internet

URL = "https://huggingface.co/o/r/resolve/main/a%20b.gguf?token=secret"


def client(*mirrors: str, adapter: Internet | None = None, **others: Endpoint) -> Client:
    """Return a client that knows these mirrors of a host."""
    host = Endpoint("huggingface.co", mirrors=tuple(Mirror(Address(mirror)) for mirror in mirrors), token="hub")
    return Client(adapter, endpoints=(host, *others.values()))


@pytest.mark.parametrize(
    ("mirror", "url"),
    [
        ("https://m.example", "https://m.example/o/r/resolve/main/a%20b.gguf"),
        ("https://m.example/hub/", "https://m.example/hub/o/r/resolve/main/a%20b.gguf"),
        ("https://m.example/v2?key=k&ns", "https://m.example/v2/o/r/resolve/main/a%20b.gguf?key=k&ns=huggingface.co"),
    ],
)
def test_the_path_of_a_file_follows_that_of_the_mirror(mirror, url):
    assert mirrored_url(mirror, URL) == url


@pytest.mark.parametrize(
    ("query", "expected"), [("", ""), ("ns", "ns=h%3A1"), ("ns=x", "ns=x"), ("a=b%20c&ns=", "a=b+c&ns=h%3A1")]
)
def test_a_parameter_without_a_value_gets_the_host_that_is_mirrored(query, expected):
    assert mirror_query(query, "h:1") == expected


def test_the_query_of_a_file_is_for_a_mirror_only_if_it_is_given():
    assert mirrored_url("https://m.example/hub?ns", URL, "recursive=true") == (
        "https://m.example/hub/o/r/resolve/main/a%20b.gguf?recursive=true&ns=huggingface.co"
    )


DOCUMENT = "https://huggingface.co/api/x?expand=true"


def test_a_document_is_read_from_the_first_mirror_that_has_it():
    internet = Internet({"https://second.example/p/api/x?expand=true": (200, {}, b"document")})
    http = client("https://first.example", "https://second.example/p", adapter=internet)
    assert fetch_document(http, DOCUMENT, limit=99, is_query_public=True).body == b"document"
    urls = ["https://first.example/api/x?expand=true", "https://second.example/p/api/x?expand=true"]
    assert [request.url for request in internet.requests] == urls
    assert [request.headers.get("Authorization") for request in internet.requests] == [None, None]


def test_a_document_that_no_mirror_has_is_read_from_its_server():
    internet = Internet({DOCUMENT: (401, {}, b"refused")})
    http = client("https://m.example", adapter=internet)
    assert fetch_document(http, DOCUMENT, limit=99, accept=(200, 401)).status == 401
    assert [request.url for request in internet.requests] == ["https://m.example/api/x", DOCUMENT]
    assert internet.requests[-1].headers["Authorization"] == "Bearer hub"


def test_a_document_that_is_nowhere_is_an_error_that_names_each_server():
    http = client("https://m.example", adapter=Internet({"https://m.example/api/x": (403, {}, b"")}))
    with pytest.raises(
        TransportError, match=r"GET https://m\.example/api/x: 403.*; GET https://huggingface\.co/api/x: 404"
    ) as e:
        fetch_document(http, DOCUMENT, limit=99)
    assert (e.value.status, e.value.missing) == (404, True)


def test_mirrors_are_in_the_order_of_the_option_and_layouts_are_none():
    http = client("https://b.example/x", "ocilayout:/srv/images", "http://127.0.0.1:1")
    assert file_mirrors(http, URL) == [
        "https://b.example/x/o/r/resolve/main/a%20b.gguf",
        "http://127.0.0.1:1/o/r/resolve/main/a%20b.gguf",
    ]


@pytest.mark.parametrize("url", ["https://huggingface.co:8443/x", "https://other.example/x"])
def test_mirrors_are_only_for_their_own_server(url):
    assert file_mirrors(client("https://m.example"), url) == []


def test_a_mirror_over_plain_http_must_be_allowed():
    with pytest.raises(
        OptionError, match=r"The mirror http://m\.example/x of huggingface\.co .*plain_http.* m\.example in"
    ):
        file_mirrors(client("http://m.example/x?key=hunter2"), URL)
    http = client("http://m.example/x", allowed=Endpoint("m.example", plain_http=True))
    assert file_mirrors(http, URL) == ["http://m.example/x/o/r/resolve/main/a%20b.gguf"]
