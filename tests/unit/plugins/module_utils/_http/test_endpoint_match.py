# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which entry of `endpoints` is for a server, and which ones only look as if they were."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._http.endpoint_match import endpoint_for, near_miss
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint

CASES = [
    # entry, plain_http, server, scheme, whether the entry is for the server
    ("mirror", None, "mirror", "https", True),
    ("mirror", None, "mirror", "http", True),
    ("mirror", None, "mirror:443", "https", True),
    ("mirror", None, "mirror:80", "http", True),
    ("mirror", None, "mirror:80", "https", False),
    ("mirror", None, "mirror:443", "http", False),
    ("mirror:80", None, "mirror", "http", True),
    ("mirror:443", None, "mirror", "https", True),
    ("mirror:443", None, "mirror", "http", False),
    ("mirror:5000", None, "mirror:5000", "http", True),
    ("mirror:5000", None, "mirror", "http", False),
    ("mirror", None, "mirror:5000", "https", False),
    ("MIRROR", None, "Mirror:443", "https", True),
    # the scheme of a registry is that of the entry until it was contacted
    ("mirror", None, "mirror:443", "", True),
    ("mirror", None, "mirror:80", "", False),
    ("mirror", True, "mirror:80", "", True),
    ("mirror:80", True, "mirror", "", True),
    # Docker Hub
    ("docker.io", None, "registry-1.docker.io", "https", True),
    ("index.docker.io", None, "docker.io", "", True),
    ("docker.io", None, "auth.docker.io", "https", False),
    # addresses in other spellings
    ("[fd00::5]:5000", None, "[FD00:0:0::5]:5000", "https", True),
    ("fd00::5", None, "[fd00::5]", "https", True),
    ("[fd00::5]", None, "[fd00::5]:443", "https", True),
    ("[fd00::5]", None, "[fd00::6]", "https", False),
    ("10.0.0.5", None, "10.0.0.5:443", "https", True),
]


@pytest.mark.parametrize(("entry", "plain_http", "server", "scheme", "expected"), CASES)
def test_an_entry_is_for_a_host_and_the_port_that_its_scheme_has_by_default(
    entry, plain_http, server, scheme, expected
):
    known = Endpoint(entry, plain_http=plain_http)
    assert (endpoint_for([Endpoint("other"), known], server, scheme) is known) is expected


def test_a_server_without_an_entry_has_the_defaults():
    assert endpoint_for([Endpoint("other", token="t")], "mirror:5000") == Endpoint("mirror:5000")


@pytest.mark.parametrize(
    ("entries", "server", "named"),
    [
        (["localhost:5000"], "localhost:5443", "localhost:5000"),
        (["localhost"], "localhost:5443", "localhost"),
        (["localhost:5000"], "localhost", "localhost:5000"),
        (["a.example:1", "b.example", "a.example:2"], "a.example", "a.example:1 and a.example:2"),
        (["127.0.0.1:5443"], "localhost:5443", "127.0.0.1:5443"),
        (["[fd00::5]:1"], "[fd00:0::5]:2", "[fd00::5]:1"),
        (["docker.io:5000"], "registry-1.docker.io", "docker.io:5000"),
    ],
)
def test_an_entry_with_another_port_is_a_near_miss(entries, server, named):
    expected = f"The entry of endpoints for {named} does not apply to {server}."
    assert near_miss(map(Endpoint, entries), server, "https") == expected


@pytest.mark.parametrize("entries", [[], ["other"], ["a.example"], ["a.example:5000", "a.example:443"]])
def test_there_is_no_near_miss_without_a_similar_entry_or_beside_the_right_one(entries):
    assert near_miss(map(Endpoint, entries), "a.example", "https") == ""
