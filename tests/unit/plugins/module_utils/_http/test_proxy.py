# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The proxy for a URL: Go's rules for `no_proxy`, as a table, and proxies that are no valid URL."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import TransportError
from ansible_collections.localai.core.plugins.module_utils._http.proxy import Proxy, bypasses_proxy, proxy_for

PROXY = {"http": "http://proxy.example:3128", "https": "http://me:hunter2@proxy.example:3128"}


@pytest.mark.parametrize(
    ("no_proxy", "host", "port", "expected"),
    [
        ("", "a.example", 443, False),
        (" , ,", "a.example", 443, False),
        ("*", "a.example", 443, True),
        ("b.example, *", "a.example", 443, True),
        # a domain and its subdomains
        ("a.example", "a.example", 443, True),
        ("a.example", "x.a.example", 443, True),
        ("a.example", "x.y.a.example", 443, True),
        ("a.example", "xa.example", 443, False),
        ("a.example", "example", 443, False),
        ("A.Example", "x.a.EXAMPLE", 443, True),
        ("a", "a", 80, True),
        # only the subdomains
        (".a.example", "x.a.example", 443, True),
        (".a.example", "a.example", 443, False),
        ("*.a.example", "x.a.example", 443, True),
        ("*.a.example", "a.example", 443, False),
        ("x*.a.example", "xy.a.example", 443, False),
        # ports
        ("a.example:5000", "a.example", 5000, True),
        ("a.example:5000", "x.a.example", 5000, True),
        ("a.example:5000", "a.example", 443, False),
        ("a.example:443", "a.example", 443, True),
        (".a.example:5000", "x.a.example", 5000, True),
        ("*.a.example:5000", "x.a.example", 5001, False),
        (":5000", "a.example", 5000, False),
        # addresses
        ("10.0.0.5", "10.0.0.5", 80, True),
        ("10.0.0.5:5000", "10.0.0.5", 5000, True),
        ("10.0.0.5:5000", "10.0.0.5", 5001, False),
        ("10.0.0.5", "10.0.0.50", 80, False),
        ("10.0.0.5", "x.10.0.0.5", 80, False),
        ("fd00::5", "fd00::5", 80, True),
        ("FD00:0::0:5", "fd00::5", 80, True),
        ("[fd00::5]", "fd00::5", 80, True),
        ("[fd00::5]:5000", "fd00::5", 5000, True),
        ("[fd00::5]:5000", "fd00::5", 80, False),
        ("::ffff:10.0.0.5", "10.0.0.5", 80, True),
        # networks
        ("10.0.0.0/8", "10.1.2.3", 5000, True),
        ("10.0.0.5/8", "10.1.2.3", 5000, True),
        ("10.0.0.0/8", "11.1.2.3", 5000, False),
        ("10.0.0.0/8", "a.example", 5000, False),
        ("10.0.0.0/33", "10.1.2.3", 5000, False),
        ("10.0.0.5/32", "10.0.0.5", 80, True),
        ("fd00::/8", "fd12::1", 80, True),
        ("fd00::/8", "fe80::1", 80, False),
        ("fd00::/8", "10.0.0.1", 80, False),
        ("fd00::5/128", "fd00::5", 80, True),
        ("10.0.0.0/255.0.0.0", "10.1.2.3", 80, False),
        ("10.0.0.0/0.255.255.255", "10.1.2.3", 80, False),
        ("10.0.0.0/", "10.0.0.0", 80, False),
        ("::ffff:10.0.0.0/104", "10.1.2.3", 80, True),
        ("::ffff:10.0.0.0/104", "::ffff:10.1.2.3", 80, True),
        ("::ffff:10.0.0.0/104", "11.1.2.3", 80, False),
        ("::ffff:10.0.0.0/96", "11.1.2.3", 80, True),
        ("::ffff:10.0.0.0/95", "10.0.0.0", 80, False),
        # zones and ends of addresses
        ("fe80::1", "fe80::1%eth0", 80, True),
        ("fe80::1", "fe80::1%25eth0", 80, True),
        ("fe80::/10", "fe80::1%eth0", 80, True),
        ("fe80::2", "fe80::1%eth0", 80, False),
        ("fe80::1%eth0", "fe80::1%eth0", 80, False),
        ("fe80::%eth0/10", "fe80::1%eth0", 80, False),
        ("a.example", "::1%25.a.example", 80, False),
        (".0.5", "10.0.0.5", 80, False),
        # several, with commas and blanks
        ("b.example,a.example", "a.example", 443, True),
        (" b.example , a.example ", "a.example", 443, True),
        ("b.example a.example\tc.example", "a.example", 443, True),
        # international names
        ("b\u00fccher.example", "xn--bcher-kva.example", 443, True),
        ("xn--bcher-kva.example", "b\u00fccher.example", 443, True),
        # what is none of this
        ("http://a.example", "a.example", 80, False),
        ("[::1", "a.example", 80, False),
        ("/", "a.example", 80, False),
    ],
)
def test_no_proxy_follows_the_rules_of_go(no_proxy, host, port, expected):
    assert bypasses_proxy(host, port, no_proxy) is expected


@pytest.mark.parametrize(
    ("url", "no_proxy", "name"),
    [
        ("https://a.example/x", "", "proxy.example:3128"),
        ("http://a.example/x", "", "proxy.example:3128"),
        ("https://a.example/x", "a.example:443", None),
        ("http://a.example/x", "a.example:80", None),
        ("http://a.example/x", "a.example:443", "proxy.example:3128"),
        ("http://[fd00::5]:5000/x", "fd00::/8", None),
        ("http://[fd00::5]:5000/x", "fe80::/8", "proxy.example:3128"),
        # this machine itself
        ("http://localhost:5000/x", "", "proxy.example:3128"),
        ("http://127.0.0.1/x", "", "proxy.example:3128"),
        ("https://LOCALHOST/x", "localhost", None),
        ("http://127.1.2.3/x", "127.0.0.0/8", None),
        ("http://[::1]:5000/x", "::1/128", None),
    ],
)
def test_a_url_has_a_proxy_unless_its_server_is_exempt(url, no_proxy, name):
    proxy = proxy_for(url, {**PROXY, "no": no_proxy})
    assert (proxy and proxy.name) == name


@pytest.mark.parametrize(
    ("variables", "url", "name"),
    [
        ({}, "https://a.example/", None),
        ({"http": "p:1"}, "https://a.example/", None),
        ({"http": "p:1", "all": "q:2"}, "https://a.example/", "q:2"),
        ({"https": "p:1", "all": "q:2"}, "https://a.example/", "p:1"),
        ({"https": ""}, "https://a.example/", None),
        ({"https": "p"}, "https://a.example/", "p:80"),
        ({"https": "https://p"}, "https://a.example/", "p:443"),
        ({"https": "HTTP://p:8080/"}, "https://a.example/", "p:8080"),
        ({"https": " http://p:8080\n"}, "https://a.example/", "p:8080"),
        ({"https": "socks5h://p"}, "https://a.example/", "p:1080"),
        ({"https": "http://[fd00::1]:3128"}, "https://a.example/", "[fd00::1]:3128"),
        ({"https": "me:pw@p:1"}, "https://a.example/", "p:1"),
    ],
)
def test_the_proxy_is_the_one_for_the_scheme(variables, url, name):
    proxy = proxy_for(url, variables)
    assert (proxy and proxy.name) == name


@pytest.mark.parametrize(
    "proxy",
    ["http://", "http://me:hunter2@", "ftp://me:hunter2@p:1", "http://me:hunter2@p:port", "http://me:hunter2@[::1"],
)
def test_a_proxy_that_is_no_url_is_an_error_without_its_password(proxy):
    with pytest.raises(TransportError, match=r"The proxy for a\.example:443 in the environment is not") as caught:
        proxy_for("https://a.example/", {"https": proxy})
    assert "hunter2" not in str(caught.value)


def test_a_proxy_shows_neither_user_nor_password():
    assert repr(proxy_for("https://a.example/", PROXY)) == "Proxy(name='proxy.example:3128', scheme='http')"


def test_the_password_of_a_proxy_is_redacted_in_all_its_forms_but_not_within_words():
    proxy = Proxy("", "p:1", "http", "me", "a%40c")
    login = base64.b64encode(b"me:a@c").decode()
    assert proxy.redact(f"Basic {login}, a%40c and a@c; xa@cx") == "Basic (hidden), (hidden) and (hidden); xa@cx"
    assert Proxy("", "p:1", "http", "me").redact("me") == "me"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1"])
def test_the_login_of_a_proxy_is_redacted_also_within_words_and_beyond_ascii(encoding):
    proxy = Proxy("", "p:1", "http", "u", "p%C3%A4ssword1")
    login = base64.b64encode("u:p\u00e4ssword1".encode(encoding)).decode()
    body = "you sent u:p\u00e4ssword1".encode(encoding).decode("latin-1")
    assert proxy.redact(f"x0{login} {body}") == "x0(hidden) you sent u:(hidden)"


def test_a_password_of_a_proxy_that_is_no_text_is_redacted():
    assert Proxy("", "p:1", "http", "u", "secret\udcff").redact("secret\xff") == "(hidden)"
