# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""URLs as text: what is none of a server is refused, and no secret in one is ever redacted_url."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._address import redacted_url
from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError, OptionError
from ansible_collections.localai.core.plugins.module_utils._http.url import checked_url, is_loopback, origin, split_host
from ansible_collections.localai.core.tests.support.client import Client, Internet, download
from ansible_collections.localai.core.tests.support.hostile import hostile
from ansible_collections.localai.core.tests.support.pages import SECRET


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://me:hunter2@host:5000/a/b?sig=hunter2#hunter2", "https://host:5000/a/b"),
        ("http://host", "http://host"),
        ("http://a@b@host/x", "http://host/x"),
        ("http://[::1", "(a malformed URL)"),
    ],
)
def test_an_address_is_shown_without_its_secrets(url, expected):
    assert redacted_url(url) == expected


@given(
    user=st.text(st.characters(categories=["L", "N"]), max_size=5),
    query=st.text(st.characters(categories=["L", "N", "P"], exclude_characters="[]"), max_size=20),
    path=st.text(st.characters(categories=["L", "N"]), max_size=9),
)
@hostile
def test_no_secret_is_ever_shown(user, query, path):
    url = f"https://{user}:{SECRET}@host.example/{path}?{query}{SECRET}#{SECRET}"
    assert SECRET not in redacted_url(url)
    with pytest.raises(LocalAIError) as caught:
        checked_url(url)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "host/path",
        "//host/path",
        "ftp://host/x",
        "file:///etc/passwd",
        "http://",
        "http:///path",
        "http://:80/",
        "http://host:0/",
        "http://host:port/",
        "http://host:99999/",
        "http://[::1",
        "http://me:hunter2@host/",
        "http://me@host/",
        "http://me:hunter2@[::1/?hunter2",
        "https:\\\\host\\path?hunter2",
    ],
)
def test_what_is_no_address_of_a_server_is_refused(url):
    world = Internet()
    for attempt in (checked_url, Client(world).fetch, lambda url: download(Client(world), url)):
        with pytest.raises(OptionError) as caught:
            attempt(url)
        assert SECRET not in str(caught.value)
    assert world.requests == []


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("localhost", True),
        ("LOCALHOST", True),
        ("127.0.0.1", True),
        ("127.8.9.1", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("localhost.example", False),
        ("", False),
    ],
)
def test_this_machine_itself_is_recognised(host, expected):
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a", ("a", "")),
        ("a:5000", ("a", "5000")),
        ("a:", ("a", "")),
        (":5000", ("", "5000")),
        ("10.0.0.5:80", ("10.0.0.5", "80")),
        ("fd00::5", ("fd00::5", "")),
        ("[fd00::5]", ("fd00::5", "")),
        ("[fd00::5]:80", ("fd00::5", "80")),
        ("[fd00::5", ("fd00::5", "")),
        ("", ("", "")),
    ],
)
def test_a_host_is_split_from_its_port(text, expected):
    assert split_host(text) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/x", "https://a.example:443"),
        ("http://A.example:5000/x?y", "http://a.example:5000"),
        ("http://[fd00::5]/x", "http://[fd00::5]:80"),
    ],
)
def test_the_origin_of_a_url_has_its_port(url, expected):
    assert origin(url) == expected
