# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Servers that answer anything: headers, challenges, tokens, redirects. An image comes of it, or one of our errors."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import stat
import struct
import tarfile
import tempfile
import warnings
import zlib

import pytest
import requests
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError
from ansible_collections.localai.core.plugins.module_utils._fs.tree import Tree
from ansible_collections.localai.core.plugins.module_utils._http.proxy import bypasses_proxy, proxy_for
from ansible_collections.localai.core.plugins.module_utils._oci.docker_config import (
    credential_helper,
    docker_credentials,
)
from ansible_collections.localai.core.plugins.module_utils._oci.image import Images
from ansible_collections.localai.core.plugins.module_utils._oci.manifest import verified
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Reference
from ansible_collections.localai.core.plugins.module_utils._oci.registry import Registry
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint
from ansible_collections.localai.core.plugins.module_utils._unpack.limits import Limits
from ansible_collections.localai.core.plugins.module_utils._unpack.unpack import unpack
from ansible_collections.localai.core.tests.support import images
from ansible_collections.localai.core.tests.support.archives import Entry, file, raw_zip, zip_archive
from ansible_collections.localai.core.tests.support.client import Client, Internet
from ansible_collections.localai.core.tests.support.connections import answering, send
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.hostile import (
    FEWER,
    TEXTS,
    VALUES,
    damaged,
    documents,
    hostile,
    watched,
)

PASSWORD = "hunter2"
LOGIN = Endpoint("registry.example", username="me", password=PASSWORD)
LAYER = images.layer([file("run.sh", "x" * 500)])
IMAGE = images.image([LAYER])
REALM = "https://auth.example/token"
CHALLENGE = f'Bearer realm="{REALM}",service="s",scope="repository:x/y:pull"'

# As http.client hands them out: Latin-1, on one line.
FIELDS = st.one_of(
    TEXTS.map(lambda text: text.encode("latin-1", "replace").decode("latin-1").replace("\n", " ").replace("\r", " ")),
    st.sampled_from(
        [
            *("0", "-1", "99999999999999999999", "1e9", "0x10", "bytes 0-1/2", "bytes */0", "bytes 5-1/9", "nan"),
            *(
                "https://elsewhere.example/x?sig=hunter2",
                "http://registry.example/",
                "//x",
                "/v2/",
                "?",
                "https://h:x/",
            ),
            *(images.OCI_INDEX, images.DOCKER_MANIFEST, "text/html; charset=x", IMAGE.digest, '"etag"', "W/", "gzip"),
            *(CHALLENGE, "Basic", "Bearer", f'Bearer realm="{REALM}?a=b#c"', 'Bearer realm="http://[::1"', "Negotiate"),
            *('Bearer realm="http://me:hunter2@h/"', 'Bearer realm="file:///etc/passwd"', 'Bearer realm="/token"'),
        ]
    ),
)
NAMES = st.sampled_from(
    [
        *("Content-Type", "Content-Length", "Content-Range", "Content-Encoding", "Docker-Content-Digest", "ETag"),
        *("Location", "Retry-After", "WWW-Authenticate", "Transfer-Encoding", "Link", "Set-Cookie"),
    ]
)
HEADERS = st.dictionaries(NAMES, FIELDS, max_size=4)
STATUSES = st.sampled_from([200, 200, 200, 206, 301, 307, 401, 401, 403, 404, 416, 429, 500, 503, 204, 100, 999])
ERRORS = {"errors": [{"code": "DENIED", "message": "no", "detail": {"a": [1]}}]}
BODIES = documents(json.loads(IMAGE.manifest), ERRORS, {"token": "t", "expires_in": 60})
ANSWERS = st.tuples(STATUSES, HEADERS, BODIES)


class Anywhere(Internet):
    """Answers what it is told for what a URL contains, and remembers who was told which credentials."""

    def __init__(self, answers):
        super().__init__()
        self.answers = answers

    def send(self, request, *arguments, **settings):
        found = next((answer for part, answer in self.answers.items() if part in str(request.url)), (404, {}, b""))
        self.pages = {str(request.url): found}
        return super().send(request, *arguments, **settings)

    @property
    def trusted(self):
        """The hosts that were sent credentials."""
        return {
            requests.utils.urlparse(request.url).hostname
            for request in self.requests
            if "Authorization" in request.headers
        }


def pull(world):
    """Pull an image as far as that goes; returns what went wrong."""
    client = Client(world, retries=1, endpoints=(LOGIN,))
    try:
        image = Images(client, Registry(client)).resolve(
            Reference.parse("registry.example/x/y:v1"), Platform("linux", "amd64")
        )
        for layer in image.layers:
            image.repositories[0].tail(layer, 4)
            for _chunk in verified(image.repositories[0].blob(layer), layer):
                pass
    except LocalAIError as e:
        return str(e)
    return ""


SOUND = (200, {"Content-Type": IMAGE.media_type}, IMAGE.manifest)


@given(ANSWERS, ANSWERS, ANSWERS)
@example((401, {"WWW-Authenticate": CHALLENGE}, b""), (200, {}, b'{"token": "x", "expires_in": 1e999}'), SOUND)
@example(SOUND, SOUND, (401, {"WWW-Authenticate": 'Bearer realm="https://auth.example/token"'}, b""))
@hostile
def test_whatever_a_registry_answers_it_is_an_image_or_an_error(manifest, token, blob):
    world = Anywhere({"/manifests/": manifest, "/blobs/": blob, "token": token})
    message = pull(world)
    assert PASSWORD not in message
    assert len(message) < 20_000


@given(
    st.sampled_from(["registry.example/v2/x/y/manifests/", "auth.example", "/blobs/"]),
    st.one_of(FIELDS, st.builds("https://{}/{}".format, st.sampled_from(["elsewhere.example", "h:5"]), FIELDS)),
    st.sampled_from([301, 302, 303, 307, 308]),
)
@hostile
def test_wherever_a_server_sends_us_credentials_stay_with_their_host(place, location, status):
    world = Anywhere(
        {
            place: (status, {"Location": location}, b""),
            "/manifests/": (401, {"WWW-Authenticate": CHALLENGE}, b""),
            "auth.example": (200, {}, b'{"token": "t0ken"}'),
        }
    )
    message = pull(world)
    assert PASSWORD not in message
    assert world.trusted <= {"registry.example", "auth.example"}


@given(HEADERS, STATUSES, st.integers(0, 600), st.booleans())
@hostile
def test_whatever_headers_a_body_has_it_comes_or_is_an_error(headers, status, length, size_is_known):
    world = Internet({"https://h.example/x": (status, headers, b"x" * length)})
    with contextlib.suppress(LocalAIError):
        size = 500 if size_is_known else None
        body = b"".join(Client(world, retries=1).download("https://h.example/x", headers=dict, size=size))
        assert set(body) <= set(b"x")
    with contextlib.suppress(LocalAIError):
        assert len(Client(world, retries=1).fetch("https://h.example/x", decode=True, limit=1000).body) <= 1000


# archives that are no tar

PATHS = st.sampled_from(
    [
        "a",
        "a/b",
        "a/b/c",
        "run.sh",
        "link",
        "link/x",
        "../outside/file",
        "/outside",
        "a/../../outside",
        "x\0y",
        "n" * 300,
    ]
)
MEMBER = st.builds(
    Entry,
    name=PATHS,
    kind=st.sampled_from([tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE]),
    data=st.binary(max_size=30),
    mode=st.integers(0, 0o7777),
    target=st.sampled_from(["../outside", "../outside/file", "/", ".", "a", "link", "x" * 5000]),
)


# Names as other systems write them: with backslashes and drives, in code pages, with the field for Unicode.
RAW_NAMES = st.lists(
    st.sampled_from(
        [b"..", b"\\", b"/", b"C:", b"outside", b"file", b"a", b"link", b"\xc3\xb6", b"\x94", b"\xff", b"\0", b"."]
    ),
    max_size=7,
).map(b"".join)


@st.composite
def raw_member(draw):
    """A name, its content and the attributes of its header, as any system may have written them."""
    name = draw(RAW_NAMES)
    known = draw(st.sampled_from([name, b"other"]))
    field = struct.pack("<BL", draw(st.integers(0, 2)), zlib.crc32(known)) + draw(RAW_NAMES)
    extra = struct.pack("<HH", 0x7075, len(field) + draw(st.sampled_from([0, 0, 0, 9]))) + field
    kind = draw(st.sampled_from([0, stat.S_IFREG, stat.S_IFDIR, stat.S_IFLNK, stat.S_IFIFO, stat.S_IFBLK]))
    attributes = {
        "create_system": draw(st.sampled_from([0, 3, 10, 14, 19, 200])),
        "external_attr": (kind | draw(st.integers(0, 0o7777))) << 16 | draw(st.sampled_from([0, 0x10, 0x20])),
        "extra": draw(st.sampled_from([b"", extra, b"\x75\x70"])),
        "flagged": draw(st.booleans()),
    }
    return name, draw(st.sampled_from([b"", b"x", b"../outside/file", b"..\\outside"])), attributes


def zipped(members):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # zipfile warns of names that stand there twice
        return zip_archive(members) if all(isinstance(member, Entry) for member in members) else raw_zip(members)


@FEWER
@given(
    st.one_of(st.lists(MEMBER, max_size=6), st.lists(raw_member(), min_size=1, max_size=6))
    .map(zipped)
    .flatmap(lambda archive: st.just(archive) | damaged(archive))
)
@hostile
def test_whatever_a_zip_archive_holds_nothing_outside_changes(data):
    with watched() as top, Tree(str(top / "backends")) as tree, contextlib.suppress(LocalAIError):
        unpack(iter([data]), tree, is_layer=False, limits=Limits(size=100_000, entries=1000))


# what is between a host and a server: its DNS and its proxy

LOGIN_OF_PROXY = base64.b64encode(f"me:{PASSWORD}".encode())
LINES = st.one_of(
    st.binary(max_size=40),
    st.builds(
        b"HTTP/1.1 %d %b\r\n%b\r\n\r\n%b".__mod__,
        st.tuples(
            STATUSES,
            st.sampled_from([b"", b"OK", b"\xff", b"me:" + PASSWORD.encode(), LOGIN_OF_PROXY, b"x" * 70_000]),
            st.sampled_from([b"", b"X: y", b"Retry-After: 0", b"Content-Length: -1", b"Location: http://[::1", b": "]),
            st.sampled_from([b"", b"\x15\x03\x01\x00\x02\x02\x28", PASSWORD.encode(), LOGIN_OF_PROXY, b"<html>" * 20]),
        ),
    ),
)
PROXIES = st.sampled_from(
    ["http://me:{password}@{proxy}", "me:{password}@{proxy}", "http://me:{password}@{proxy}/x?y#z"]
)


def request_through(proxy, scheme):
    """Send a request through a proxy; returns what went wrong."""
    client = Client(retries=1, timeout=2)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv(f"{scheme}_proxy", proxy)
        try:
            client.fetch(f"{scheme}://files.example/x?sig={PASSWORD}{PASSWORD}")
        except LocalAIError as e:
            return str(e)
    return ""


@FEWER
@example(b"HTTP/1.1 101 hunter2", "http://me:{password}@{proxy}", "http")
@given(LINES, PROXIES, st.sampled_from(["http", "https"]))
@hostile
def test_whatever_a_proxy_answers_there_is_an_answer_or_an_error_without_its_password(answer, proxy, scheme):
    with answering(send(answer)) as host:
        message = request_through(proxy.format(password=PASSWORD, proxy=host), scheme)
    assert PASSWORD not in message
    assert LOGIN_OF_PROXY.decode() not in message
    assert len(message) < 2000


@given(st.one_of(TEXTS, st.builds("{}://me:hunter2@{}".format, st.sampled_from(["http", "socks5", "x", ""]), TEXTS)))
@hostile
def test_whatever_the_variable_for_a_proxy_has_the_password_is_not_shown(proxy):
    url = proxy.replace("\0", "")
    try:
        shown = repr(proxy_for("https://files.example/", {"https": url}))
    except LocalAIError as e:
        shown = str(e)
    assert PASSWORD not in shown


@given(TEXTS, TEXTS, st.integers(1, 65535))
@hostile
def test_whatever_no_proxy_has_it_is_an_answer(no_proxy, host, port):
    assert bypasses_proxy(host, port, no_proxy) in (True, False)


NAME_ERRORS = [getattr(socket, name) for name in dir(socket) if name.startswith("EAI_")]


@given(st.lists(st.sampled_from([*NAME_ERRORS, 0, 99, None]), max_size=4), TEXTS, st.booleans())
@hostile
def test_whatever_the_dns_does_there_is_an_answer_or_an_error(codes, text, proxied):
    original, left = socket.getaddrinfo, list(codes)

    def resolve(host, *arguments, **settings):
        if left:
            code = left.pop()
            raise socket.gaierror(text) if code is None else socket.gaierror(code, text)
        return original("127.0.0.1", *arguments, **settings)

    with FileServer({"/x": b"x", "http://files.example/x": b"x"}) as server, pytest.MonkeyPatch.context() as patch:
        port = server.host.rpartition(":")[2]
        patch.setattr(socket, "getaddrinfo", resolve)
        if proxied:
            patch.setenv("http_proxy", f"http://me:{PASSWORD}@proxy.example:{port}")
        client = Client(retries=2)
        url = "http://files.example/x" if proxied else f"http://files.example:{port}/x"
        try:
            shown = client.fetch(url).body.decode()
        except LocalAIError as e:
            shown = str(e)
    assert shown == "x" or codes
    assert PASSWORD not in shown


AUTHS = st.one_of(TEXTS, st.binary(max_size=30).map(lambda data: base64.b64encode(data).decode()), VALUES)


@given(st.dictionaries(st.sampled_from(["registry.example", "https://registry.example/v1/", "x"]), AUTHS, max_size=3))
@hostile
def test_whatever_a_docker_config_has_it_is_credentials_or_an_error(auths):
    with tempfile.NamedTemporaryFile("w") as file_of_logins:
        json.dump({"auths": {key: {"auth": auth} for key, auth in auths.items()}, "credsStore": auths}, file_of_logins)
        file_of_logins.flush()
        reference = Reference.parse("registry.example/x/y:v1")
        with contextlib.suppress(LocalAIError):
            docker_credentials(reference, file_of_logins.name)
        assert credential_helper(reference, file_of_logins.name) == ""
