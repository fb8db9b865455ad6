# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The mirrors of a web server have its files below their own path, and get none of its secrets."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import OptionError
from ansible_collections.localai.core.plugins.module_utils._http.mirrors import file_mirrors, mirror_query, mirrored_url
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint, Mirror
from ansible_collections.localai.core.tests.support.client import Client

URL = "https://huggingface.co/o/r/resolve/main/a%20b.gguf?token=secret"


def client(*mirrors: str, **others: Endpoint) -> Client:
    """Return a client that knows these mirrors of a host."""
    host = Endpoint("huggingface.co", mirrors=tuple(Mirror(Address(mirror)) for mirror in mirrors))
    return Client(endpoints=(host, *others.values()))


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
