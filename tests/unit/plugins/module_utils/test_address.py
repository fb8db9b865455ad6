# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An address is printed without user, password, query and fragment, and never in another way by accident."""

from __future__ import annotations

import json
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._address import (
    NO_ADDRESS,
    Address,
    printable,
    redacted,
    redacted_text,
)

DIGEST = "sha256:" + "ab" * 32
LONG_DIGEST = "sha512:" + "ab" * 64

REDACTED = [
    ("", ""),
    ("https://h.example/a.tar.gz", "https://h.example/a.tar.gz"),
    ("https://h.example:8443/a@b/c;d.tar.gz", "https://h.example:8443/a@b/c;d.tar.gz"),
    ("https://h.example/a?sig=s3cret", "https://h.example/a"),
    ("https://h.example?sig=s3cret", "https://h.example"),
    ("https://h.example/a#s3cret", "https://h.example/a"),
    ("https://h.example/a?x=1#s3cret?y", "https://h.example/a"),
    ("https://me:s3cret@h.example/a", "https://h.example/a"),
    ("https://me:s3@cret@h.example/a", "https://h.example/a"),
    ("https://s3cret@h.example:1/a", "https://h.example:1/a"),
    ("HTTPS://me:s3cret@H.example/a?s3cret", "https://H.example/a"),
    ("http://me:s3cret@[::1]:8080/a?s3cret", "http://[::1]:8080/a"),
    ("https://me:s3/cret@h.example/a", "(a malformed URL)"),
    ("https://me:s3?cret@h.example/a", "(a malformed URL)"),
    ("https://[::1/a?sig=s3cret", "(a malformed URL)"),
    ("https://h.example:99999/a?sig=s3cret", "(a malformed URL)"),
    ("https://h.example:port/a?sig=s3cret", "(a malformed URL)"),
    (" https://me:s3cret@h.example/a?s3cret", " https://h.example/a"),
    ("https:/me:s3cret@h.example/a?s3cret", "h.example/a"),
    ("oci://h.example:5000/x/y:tag", "oci://h.example:5000/x/y:tag"),
    ("oci://me:s3cret@h.example/x:tag", "oci://h.example/x:tag"),
    (f"oci://me:s3cret@h.example/x@{DIGEST}", f"oci://h.example/x@{DIGEST}"),
    ("oci://h.example/x?next=https://s3cret", "oci://h.example/x"),
    (f"quay.io/x/y:tag@{DIGEST}", f"quay.io/x/y:tag@{DIGEST}"),
    (f"quay.io/x/y@{LONG_DIGEST}", f"quay.io/x/y@{LONG_DIGEST}"),
    (f"quay.io/x/y@{DIGEST}?sig=s3cret", f"quay.io/x/y@{DIGEST}"),
    ("quay.io/x/y@sha256:abc", "quay.io/x/y@sha256:abc"),
    ("piper@sha256:abc", "piper@sha256:abc"),
    ("quay.io/x/y:tag@latest", "quay.io/x/y:tag@latest"),
    ("piper", "piper"),
    ("library/piper:latest", "library/piper:latest"),
    ("me:s3cret@quay.io/x", "quay.io/x"),
    (f"me:s3cret@quay.io/x:tag@{DIGEST}", f"quay.io/x:tag@{DIGEST}"),
    ("me:s3@cret@quay.io/x", "quay.io/x"),
    ("me:s3/cret@quay.io/x", "quay.io/x"),
    ("me:s3://cret@quay.io/x", "quay.io/x"),
    ("me:s3cret\n@quay.io/x", "quay.io/x"),
    ("s3cret@quay.io", "quay.io"),
    ("[::1]:5000/x:tag", "[::1]:5000/x:tag"),
    ("quay.io/x?sig=s3cret", "quay.io/x"),
    ("quay.io/x#s3cret", "quay.io/x"),
    ("ftp://me:s3cret@h.example/x?s3cret", "ftp://h.example/x"),
    ("s3://bucket/key?sig=s3cret", "s3://bucket/key"),
    ("ocilayout:https://me:s3cret@h.example/x", "h.example/x"),
    ("http:///me:s3cret@h.example/a?s3cret", "(a malformed URL)"),
    ("//me:s3cret@h.example/x?s3cret", "h.example/x"),
    ("/srv/a@b/c?d#e", "/srv/a@b/c?d#e"),
    ("~/a@b/c?d", "~/a@b/c?d"),
    ("file:///srv/a@b/c?d#e", "file:///srv/a@b/c?d#e"),
    ("file://me:s3cret@h.example/x", "file://h.example/x"),
    ("ocifile:///srv/a@b.tar", "ocifile:///srv/a@b.tar"),
    ("ocilayout:/srv/a@b/images:v1", "ocilayout:/srv/a@b/images:v1"),
    (f"ocilayout:/srv/images@{DIGEST}", f"ocilayout:/srv/images@{DIGEST}"),
    ("github:org/repo/a/index.yaml@branch", "github:org/repo/a/index.yaml@branch"),
    ("github:org/repo/index.yaml@a/branch", "github:org/repo/index.yaml@a/branch"),
    ("github://org/repo/index.yaml@v1", "github://org/repo/index.yaml@v1"),
    ("github:org/repo/index.yaml", "github:org/repo/index.yaml"),
    ("github:org/repo/index.yaml@branch?token=s3cret", "github:org/repo/index.yaml@branch"),
    ("github:org/repo/index.yaml?token=s3cret", "github:org/repo/index.yaml"),
    ("github://me:s3cret@org/repo/index.yaml", "github://org/repo/index.yaml"),
]


@pytest.mark.parametrize(("address", "expected"), REDACTED)
def test_an_address_is_printed_without_what_may_be_secret(address: str, expected: str) -> None:
    assert redacted(address) == str(Address(address)) == f"{Address(address)}" == f"{Address(address)}"
    assert redacted(address) == expected
    assert "s3cret" not in repr(Address(address))
    assert Address(address).text == address


@pytest.mark.parametrize("address", [address for address, _expected in REDACTED])
def test_what_is_redacted_stays_as_it_is(address: str) -> None:
    assert redacted(redacted(address)) == redacted(address)


# Characters that a URL may have there; letters of no host, path or scheme below.
SECRETS = st.text("QXZ9!$&*+,-._~%=;:|é", min_size=4, max_size=30).filter(lambda text: any(c in text for c in "QXZ9"))
SCHEMES = st.sampled_from(["http://", "https://", "HTTPS://", "oci://", "OCI://", "ftp://", "s3://", ""])
HOSTS = st.sampled_from(["h.example", "h.example:5000", "localhost", "[::1]:5000", "127.0.0.1"])
PATHS = st.sampled_from(["/x", "/x/y:tag", "/a/b/c.tar.gz", f"/x/y@{DIGEST}", "/"])


@given(SCHEMES, HOSTS, PATHS, SECRETS, st.sampled_from(["user", "password", "query", "fragment", "both"]))
def test_no_secret_is_printed_wherever_it_stands(scheme: str, host: str, path: str, secret: str, where: str) -> None:
    address = {
        "user": f"{scheme}{secret}@{host}{path}",
        "password": f"{scheme}me:{secret}@{host}{path}",
        "query": f"{scheme}{host}{path}?sig={secret}",
        "fragment": f"{scheme}{host}{path}#{secret}",
        "both": f"{scheme}me:{secret}@{host}{path}?{secret}&x=1#{secret}",
    }[where]
    value = Address(address)
    shapes = [str(value), repr(value), f"{value}", f"{[value]} {(value,)}", str({"uri": value})]
    shapes += [json.dumps(printable({"uri": [value]}))]
    for shape in shapes:
        assert secret not in shape
        assert not set("QXZ9") & set(shape)
    assert address == value.text
    if scheme:
        assert not set("QXZ9") & set(redacted_text(f"Tried {address}, '{address}' and {address}"))


TEXTS = [
    ("", ""),
    ("no address: a?b#c me@home", "no address: a?b#c me@home"),
    ("use oci://, https:// or a path.", "use oci://, https:// or a path."),
    ("https://h/x?sig=s3cret", "https://h/x"),
    ("GET https://h:80/x?sig=s3cret: 404 Not Found", "GET https://h:80/x: 404 Not Found"),
    ("it is at https://h:80.", "it is at https://h:80."),
    ("(see https://h:80)", "(see https://h:80)"),
    ("http://[::1]:80/x, http://[::1]?s3cret", "http://[::1]:80/x, http://[::1]"),
    ("got: https://me:s3cret@h/x", "got: https://h/x"),
    ("got: 'oci://me:s3@cret@h/x?s3cret#s3cret'.", "got: 'oci://h/x'."),
    ('{"uri": "https://h/x?sig=s3cret", "name": "x"}', '{"uri": "https://h/x", "name": "x"}'),
    ("name=g url=https://h/x?sig=s3cret", "name=g url=https://h/x"),
    (f"oci://h/x@{DIGEST}: denied", f"oci://h/x@{DIGEST}: denied"),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_the_urls_in_a_longer_text_are_redacted_and_nothing_else(text: str, expected: str) -> None:
    assert redacted_text(text) == expected


def test_an_address_is_no_text() -> None:
    address = Address("https://h/x?sig=s3cret")
    with pytest.raises(TypeError):
        ", ".join(t.cast("list[str]", [address]))
    with pytest.raises(TypeError):
        "Tried " + address  # type: ignore[operator]
    with pytest.raises(TypeError):
        json.dumps({"uri": address})
    assert address != "https://h/x?sig=s3cret"


def test_addresses_are_compared_as_they_were_given() -> None:
    one, other = Address("https://h/x?a"), Address("https://h/x?b")
    assert str(one) == str(other)
    assert one != other
    assert len({one, other, Address("https://h/x?a")}) == 2


def test_no_address_is_null_in_a_result() -> None:
    assert not NO_ADDRESS
    assert Address("x")
    assert printable({"uri": NO_ADDRESS, "more": [Address("x?y"), 1, None, ("z",)]}) == {
        "uri": None,
        "more": ["x", 1, None, ["z"]],
    }
