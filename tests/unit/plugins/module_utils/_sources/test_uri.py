# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A URI has a kind, parts, and spellings; it is printed without its secrets."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address, redacted
from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError
from ansible_collections.localai.core.plugins.module_utils._sources.uri import (
    HttpUri,
    ImageFileUri,
    ImageUri,
    LayoutUri,
    PathUri,
    digest_in,
    is_at_digest,
    is_of_release,
    parse_uri,
    same_uri,
    uri_of,
    with_digest,
    with_release,
)


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("/opt/piper", PathUri),
        ("busybox@sha256:" + "0" * 64, ImageUri),
        ("oci://busybox:1@sha256:" + "0" * 64, ImageUri),
        ("/opt/a@b", PathUri),
        ("file:///opt/piper.tar.gz", PathUri),
        ("ocifile:///opt/piper.tar", ImageFileUri),
        ("ocilayout:/opt/piper", LayoutUri),
        ("ocilayout:///opt/piper:tag", LayoutUri),
        ("https://host/x.tar.gz", HttpUri),
        ("HTTP://host/x", HttpUri),
        ("oci://quay.io/x/y:tag", ImageUri),
        ("quay.io/x/y:tag", ImageUri),
        ("localai/localai-backends:tag", ImageUri),
        ("localhost:5000/x", ImageUri),
        ("quay.io/x/y@sha256:" + "0" * 64, ImageUri),
        ("quay.io/x/y:tag@sha256:" + "0" * 64, ImageUri),
    ],
)
def test_a_uri_has_a_kind(uri, kind):
    assert parse_uri(Address(uri)).__class__ is kind
    assert uri_of(Address(uri)).__class__ is kind


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("ollama://gemma:2b", "is a source of models only"),
        ("ollama:gemma", "is a source of models only"),
        ("huggingface://x/y", "is a source of models only"),
        ("hf://x/y", "is a source of models only"),
        ("ocifile://x.tar", "write ocifile:///x.tar"),
        ("ocifile:/tmp/x", "write ocifile:///tmp/x"),
        ("ocilayout:x/y", "not an absolute path"),
        ("file://tmp/x", "three slashes follow file: .* write file:///tmp/x"),
        ("file:/tmp/x", "write file:///tmp/x"),
        ("ftp://host/x", "ftp: is not a supported kind of source"),
        ("https://me:hunter2@host/x", "contains a user name"),
        ("https://[::1", "malformed"),
        ("oci://me:hunter2@host/x", "it contains a user name, a query"),
        ("oci://host/x?sig=hunter2", "it contains a user name, a query"),
        ("me:hunter2@host/x", "it contains a user name, a query"),
    ],
)
def test_what_is_no_source_is_refused(uri, message):
    with pytest.raises(LocalAIError, match=message) as caught:
        parse_uri(Address(uri))
    assert "hunter2" not in str(caught.value)
    assert uri_of(Address(uri)) is None


DIGEST = "sha256:" + "0" * 64


@pytest.mark.parametrize(
    ("uri", "path", "name"),
    [
        ("ocilayout:/opt/piper", "/opt/piper", ""),
        ("ocilayout:///opt/piper/", "/opt/piper", ""),
        ("ocilayout:/opt/piper:latest-cpu", "/opt/piper", "latest-cpu"),
        ("ocilayout:/opt:1/piper:latest", "/opt:1/piper", "latest"),
        (f"ocilayout:/opt/piper@{DIGEST}", "/opt/piper", DIGEST),
        (f"ocilayout:/opt/piper:tag@{DIGEST}", "/opt/piper", DIGEST),
        ("ocifile:///opt/piper.tar", "/opt/piper.tar", ""),
        ("file:///opt/a%20b.tar", "/opt/a b.tar", ""),
        ("/opt/piper", "/opt/piper", ""),
    ],
)
def test_a_path_and_a_name_are_separated(uri, path, name):
    parsed = parse_uri(Address(uri))
    parts = [value for key, value in vars(parsed).items() if key not in ("address", "others")]
    assert parts == ([path, name] if isinstance(parsed, (LayoutUri, ImageFileUri)) else [path])


@pytest.mark.parametrize(
    ("uri", "others"),
    [
        ("ocilayout:/opt/piper", []),
        ("ocilayout:/opt/piper:latest", [("/opt/piper:latest", "")]),
        (
            "ocilayout:/dir:registry.example/foo/bar:1.0.0",
            [("/dir", "registry.example/foo/bar:1.0.0"), ("/dir:registry.example/foo/bar:1.0.0", "")],
        ),
        ("ocifile:///opt/a.tar", []),
        ("ocifile:///opt/a.tar:x/y:v1", [("/opt/a.tar", "x/y:v1"), ("/opt/a.tar:x/y", "v1")]),
        (f"ocifile:///opt/a.tar:v1@{DIGEST}", [("/opt/a.tar", DIGEST)]),
        ("ocilayout:/opt:1/piper:x", [("/opt", "1/piper:x"), ("/opt:1/piper:x", "")]),
        (
            f"ocilayout:/d:localhost:5000/x:1@{DIGEST}",
            [("/d", DIGEST), ("/d:localhost", DIGEST), ("/d:localhost:5000/x:1", DIGEST)],
        ),
    ],
)
def test_a_colon_may_begin_a_full_name_or_be_part_of_a_path(uri, others):
    assert list(parse_uri(Address(uri)).others) == others


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://me:hunter2@host/x?token=hunter2#hunter2", "https://host/x"),
        ("HTTPS://host/x?token=hunter2", "https://host/x"),
        ("oci://me:hunter2@host/x:y", "oci://host/x:y"),
        ("me:hunter2@host/x", "host/x"),
        ("quay.io/x/y@sha256:" + "0" * 64, "quay.io/x/y@sha256:" + "0" * 64),
        ("oci://quay.io/x/y:tag", "oci://quay.io/x/y:tag"),
        ("busybox:1@sha256:" + "0" * 64, "busybox:1@sha256:" + "0" * 64),
        ("oci://busybox@sha256:" + "0" * 64, "oci://busybox@sha256:" + "0" * 64),
        ("me:hunter2@busybox@sha256:" + "0" * 64, "busybox@sha256:" + "0" * 64),
        ("me:hunter2@localhost", "localhost"),
        ("/opt/backends@2/piper", "/opt/backends@2/piper"),
    ],
)
def test_a_uri_is_shown_without_its_secrets(uri, expected):
    assert redacted(uri) == expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("quay.io/x:y", "oci://quay.io/x:y", True),
        ("/srv/piper/", "/srv/piper", True),
        ("/a/b", "/a/c", False),
        ("", "/a", False),
        ("https://h/x/", "https://h/x", False),
        ("quay.io/x:y", "quay.io/x:z", False),
        ("", "", True),
    ],
)
def test_uris_are_the_same_apart_from_their_spelling(one, other, same):
    assert same_uri(Address(one), Address(other)) is same
    assert same_uri(Address(other), Address(one)) is same


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("quay.io/x:y", f"quay.io/x:y@{DIGEST}"),
        ("quay.io/x", f"quay.io/x@{DIGEST}"),
        ("oci://quay.io/x:y@sha256:" + "1" * 64, f"oci://quay.io/x:y@{DIGEST}"),
        ("ocilayout:/srv/a@b:c", f"ocilayout:/srv/a@b:c@{DIGEST}"),
    ],
)
def test_an_image_is_pinned_to_a_digest(uri, expected):
    assert with_digest(Address(uri), DIGEST) == Address(expected)
    assert is_at_digest(Address(expected))
    assert not is_at_digest(Address("quay.io/x:y"))
    assert expected.endswith(f"@{digest_in(Address(expected))}")
    assert digest_in(Address("quay.io/x:y")) == digest_in(Address("https://user@host/x")) == ""


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("quay.io/x/y:latest-cpu-a", "quay.io/x/y:v4.9.0-cpu-a"),
        ("oci://h:5000/x:latest-a", "oci://h:5000/x:v4.9.0-a"),
        ("quay.io/x/y:latest", None),
        ("quay.io/x/y:master-a", None),
        ("quay.io/x/y", None),
        ("h:5000/latest-a", None),
        ("quay.io/x/y:latest-a@" + DIGEST, None),
        ("https://h/latest-a.tar.gz", None),
        ("/srv/a:latest-/b", None),
    ],
)
def test_a_release_replaces_latest_in_a_tag(uri, expected):
    pinned = with_release(Address(uri), "v4.9.0")
    assert pinned == (expected and Address(expected))
    assert pinned is None or is_of_release(pinned, "v4.9.0")


@pytest.mark.parametrize(
    ("uri", "release", "is_of"),
    [
        ("quay.io/x:v1-a", "v1", True),
        ("quay.io/x:v1-a", "v", False),
        ("quay.io/x:v10-a", "v1", False),
        ("quay.io/x:v1-rc1-a", "v1", False),
        ("quay.io/x:v1-beta.2-a", "v1", False),
        ("quay.io/x:v1-rc1-a", "v1-rc1", True),
        ("quay.io/x:v1-rc-model", "v1", False),
        ("quay.io/x:v1-rcpp", "v1", True),
        ("quay.io/x:v1-pretrained-a", "v1", True),
        ("quay.io/x:v1", "v1", False),
        ("h:5000/v1-a", "v1", False),
        ("", "v1", False),
    ],
)
def test_the_release_of_an_image_is_in_its_tag(uri, release, is_of):
    assert is_of_release(Address(uri), release) is is_of
