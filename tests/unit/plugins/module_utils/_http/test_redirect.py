# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Redirects: the bytes of a Location header, as servers send them."""

from __future__ import annotations

import pytest
import requests

from ansible_collections.localai.core.plugins.module_utils._errors import TransportError
from ansible_collections.localai.core.plugins.module_utils._http.redirect import redirect_target
from ansible_collections.localai.core.tests.support.client import Client
from ansible_collections.localai.core.tests.support.faults import Raw

URL = "http://a.example/dir/old?q=1"


def response(location, status=302):
    answer = requests.Response()
    answer.status_code, answer.raw = status, None
    if location is not None:
        answer.headers["Location"] = location.decode("latin-1")
    answer.close = lambda: None
    return answer


@pytest.mark.parametrize(
    ("location", "target"),
    [
        (b"/new", "http://a.example/new"),
        (b"new", "http://a.example/dir/new"),
        (b"?q=2", "http://a.example/dir/old?q=2"),
        (b"//b.example/x", "http://b.example/x"),
        (b" /new\t", "http://a.example/new"),
        ("/gr\u00f6\u00dfe".encode(), "http://a.example/gr\u00f6\u00dfe"),
        ("/\u00e0".encode(), "http://a.example/\u00e0"),
        ("/gr\u00f6\u00dfe".encode("latin-1"), "http://a.example/gr%F6%DFe"),
        ("/a%2Fb \u00f6?x=%2b".encode("latin-1"), "http://a.example/a%2Fb%20%F6?x=%2b"),
        (b"/a\x1b[2J\x00", "http://a.example/a%1B[2J%00"),
        ("/\u202eb".encode(), "http://a.example/%E2%80%AEb"),
        (b"https://c.example/x?X-Amz-Signature=a%2Bb/c~%7E", "https://c.example/x?X-Amz-Signature=a%2Bb/c~%7E"),
    ],
)
def test_a_location_leads_to_a_url(location, target):
    assert redirect_target(response(location), URL) == target


@pytest.mark.parametrize("answer", [response(b"/x", 200), response(b"/x", 304), response(None), response(b"")])
def test_other_answers_lead_nowhere(answer):
    assert redirect_target(answer, URL) is None


@pytest.mark.parametrize("location", [b"http://[::1", b"ftp://b.example/", b"http://me:hunter2@b.example/"])
def test_a_location_that_is_no_url_is_an_error(location):
    with pytest.raises(TransportError, match=r"^http://a\.example/dir/old redirects to ") as caught:
        redirect_target(response(location), URL)
    assert "hunter2" not in str(caught.value)


def test_a_location_in_an_error_is_short():
    with pytest.raises(TransportError) as caught:
        redirect_target(response(b"ftp://b.example/" + b"x\x1b" * 20000), URL)
    assert len(str(caught.value)) < 400


def test_a_redirect_does_not_leave_https():
    with pytest.raises(TransportError, match="not HTTPS: refused"):
        redirect_target(response(b"http://a.example/x"), "https://a.example/")


@pytest.mark.parametrize(
    ("sent", "requested"),
    [
        ("/gr\u00f6\u00dfe".encode(), "/gr%C3%B6%C3%9Fe"),
        ("gr\u00f6\u00dfe".encode(), "/gr%C3%B6%C3%9Fe"),
        ("/\u00e0".encode(), "/%C3%A0"),
        ("/\u65e5\u672c?q=\u00fc&s=a%2Bb".encode(), "/%E6%97%A5%E6%9C%AC?q=%C3%BC&s=a%2Bb"),
        ("/gr\u00f6\u00dfe/%C3%B6%20x".encode(), "/gr%C3%B6%C3%9Fe/%C3%B6%20x"),
        (b"/gr\xf6\xdfe?q=\xfc", "/gr%F6%DFe?q=%FC"),
        (b"/x?sig=%2F+/=&exp=1", "/x?sig=%2F+/=&exp=1"),
    ],
)
def test_the_bytes_of_a_location_are_encoded_once(server, sent, requested):
    server.faults = [Raw(data=b"HTTP/1.1 302 Found\r\nLocation: " + sent + b"\r\nContent-Length: 0\r\n\r\n", times=1)]
    Client().fetch(server.url + "/old", accept=(200, 404))
    path, query = server.requests[1].path, server.requests[1].query
    assert (f"{path}?{query}" if query else path) == requested
