# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Image references are read as docker reads them."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Reference, is_digest, reference_of
from ansible_collections.localai.core.tests.support.hostile import hostile

DIGEST = "sha256:" + "0123456789abcdef" * 4


LONG_DIGEST = "sha512:" + "0123456789abcdef" * 8


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("quay.io/x/y:tag", ("quay.io", "x/y", "tag", "")),
        ("quay.io/x/y", ("quay.io", "x/y", "latest", "")),
        ("QUAY.io/x/y:Tag", ("quay.io", "x/y", "Tag", "")),
        ("quay.io/y", ("quay.io", "y", "latest", "")),
        ("quay.io/a/b/c/d:1", ("quay.io", "a/b/c/d", "1", "")),
        ("localai/localai-backends:latest-x", ("docker.io", "localai/localai-backends", "latest-x", "")),
        ("alpine", ("docker.io", "library/alpine", "latest", "")),
        ("docker.io/alpine:3", ("docker.io", "library/alpine", "3", "")),
        ("index.docker.io/x/y", ("docker.io", "x/y", "latest", "")),
        ("registry-1.docker.io/x/y", ("docker.io", "x/y", "latest", "")),
        ("localhost/x", ("localhost", "x", "latest", "")),
        ("localhost:5000/x", ("localhost:5000", "x", "latest", "")),
        ("registry:5000/x:y", ("registry:5000", "x", "y", "")),
        ("127.0.0.1:5000/x:y", ("127.0.0.1:5000", "x", "y", "")),
        ("[::1]:5000/x:y", ("[::1]:5000", "x", "y", "")),
        (f"quay.io/x/y@{DIGEST}", ("quay.io", "x/y", "", DIGEST)),
        (f"quay.io/x/y:tag@{LONG_DIGEST}", ("quay.io", "x/y", "tag", LONG_DIGEST)),
        ("quay.io/x-y/z__a.b_c--d", ("quay.io", "x-y/z__a.b_c--d", "latest", "")),
    ],
)
def test_a_reference_is_read_as_docker_reads_it(text, expected):
    reference = Reference.parse(text)
    assert (reference.host, reference.repository, reference.tag, reference.digest) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "quay.io/",
        "quay.io/X/y",
        "quay.io//y",
        "quay.io/x/../y",
        "quay.io/x/",
        "/x",
        "quay.io/x:",
        "quay.io/x:-tag",
        "quay.io/x:" + "t" * 129,
        "quay.io/x:a:b",
        "quay.io/x:tag\n",
        "quay.io/x y",
        "quay.io/x?a=b",
        "quay.io/x#a",
        "quay.io/" + "x" * 256,
        "quay.io/x@",
        "quay.io/x@sha256:short",
        "quay.io/x@md5:" + "0" * 32,
        f"quay.io/x@{DIGEST.upper()}",
        f"quay.io/x@{DIGEST}@{DIGEST}",
        "me:secret@quay.io/x",
        "host:port/x",
        "host:123456/x",
        "-host.example/x",
        "https://quay.io/x/y",
        "./x",
        "../x",
    ],
)
def test_what_is_no_reference_is_refused(text):
    with pytest.raises(SourceError, match="is not an image reference"):
        Reference.parse(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [("ghcr.io/Owner/image:v1", True), ("Owner/image", True), ("ghcr.io/owner/im age", False), ("ghcr.io/-A/x", False)],
)
def test_an_upper_case_name_is_told_from_other_mistakes(text, told):
    with pytest.raises(SourceError) as caught:
        Reference.parse(text)
    assert ("always in lower case" in str(caught.value)) is told


@pytest.mark.parametrize(
    ("text", "server", "hostname"),
    [
        ("alpine", "registry-1.docker.io", "registry-1.docker.io"),
        ("quay.io/x", "quay.io", "quay.io"),
        ("127.0.0.1:5000/x", "127.0.0.1:5000", "127.0.0.1"),
        ("[::1]:5000/x", "[::1]:5000", "::1"),
        ("[::1].:5000/x", None, None),
    ],
)
def test_a_reference_knows_its_server(text, server, hostname):
    with contextlib.nullcontext() if server else pytest.raises(SourceError):
        reference = Reference.parse(text)
        assert (reference.server, reference.hostname) == (server, hostname)


def test_pinning_keeps_the_rest():
    assert str(Reference.parse("quay.io/x/y:tag").at(DIGEST)) == f"quay.io/x/y:tag@{DIGEST}"


PART = st.from_regex(r"[a-z0-9]{1,4}([._-][a-z0-9]{1,4}){0,2}", fullmatch=True)


@given(
    host=st.sampled_from(["docker.io", "quay.io", "localhost", "h:5", "[::1]:5000"]),
    parts=st.lists(PART, min_size=1, max_size=4),
    tag=st.sampled_from(["", "latest", "v1.2.3-x_y"]),
    digest=st.sampled_from(["", DIGEST, LONG_DIGEST]),
)
def test_what_is_written_is_read_back(host, parts, tag, digest):
    text = f"{host}/{'/'.join(parts)}" + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")
    reference = Reference.parse(text)
    assert Reference.parse(str(reference)) == reference
    assert (reference.digest, reference.tag or "-") == (digest, tag or ("-" if digest else "latest"))


@given(st.one_of(st.text(), st.text("ab:/@.[]-_0\n ", max_size=40)))
@hostile
def test_any_text_is_a_reference_or_refused(text):
    with contextlib.suppress(SourceError):
        reference = Reference.parse(text)
        assert Reference.parse(str(reference)) == reference
        assert not set("?#@\\ \n") & set(reference.server + reference.repository + reference.tag)
        assert ".." not in reference.repository.split("/")


@pytest.mark.parametrize("text", ["quay.io/" + "a-" * 50000, "a." * 50000 + "/x", "quay.io/a:" + "." * 100_000])
def test_a_reference_without_end_takes_no_time(text):
    start = time.monotonic()
    with pytest.raises(SourceError):
        Reference.parse(text)
    assert time.monotonic() - start < 10


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (DIGEST, True),
        (LONG_DIGEST, True),
        (DIGEST + "\n", False),
        (DIGEST[:-1], False),
        ("sha256:" + "g" * 64, False),
        ("md5:" + "0" * 32, False),
        ("", False),
        (None, False),
        (7, False),
        ([DIGEST], False),
    ],
)
def test_only_digests_that_can_be_checked_are_digests(value, expected):
    assert is_digest(value) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("registry.example/foo/bar:1.0.0", "registry.example/foo/bar:1.0.0"),
        ("x/y", "docker.io/x/y:latest"),
        ("bar:1", "docker.io/library/bar:1"),
        ("v1", None),
        ("X/y:1", None),
        (":", None),
        ("/", None),
    ],
)
def test_a_name_with_a_repository_is_a_reference(name, expected):
    found = reference_of(name)
    assert (str(found) if found else None) == expected
