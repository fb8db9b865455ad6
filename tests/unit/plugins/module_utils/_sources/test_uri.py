# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A backend's URI tells what it is, and is printed without its secrets."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import redacted
from ansible_collections.localai.core.plugins.module_utils._errors import LocalAIError
from ansible_collections.localai.core.plugins.module_utils._sources.uri import Uri


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("/opt/piper", "path"),
        ("busybox@sha256:" + "0" * 64, "image"),
        ("oci://busybox:1@sha256:" + "0" * 64, "image"),
        ("/opt/a@b", "path"),
        ("file:///opt/piper.tar.gz", "path"),
        ("ocifile:///opt/piper.tar", "image file"),
        ("ocilayout:/opt/piper", "layout"),
        ("ocilayout:///opt/piper:tag", "layout"),
        ("https://host/x.tar.gz", "archive"),
        ("HTTP://host/x", "archive"),
        ("oci://quay.io/x/y:tag", "image"),
        ("quay.io/x/y:tag", "image"),
        ("localai/localai-backends:tag", "image"),
        ("localhost:5000/x", "image"),
        ("quay.io/x/y@sha256:" + "0" * 64, "image"),
        ("quay.io/x/y:tag@sha256:" + "0" * 64, "image"),
    ],
)
def test_a_uri_tells_its_kind(uri, kind):
    assert Uri.parse(uri).kind == kind


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("ollama://gemma:2b", "names a model, not a backend"),
        ("ollama:gemma", "names a model"),
        ("huggingface://x/y", "names a model"),
        ("hf://x/y", "names a model"),
        ("ocifile://x.tar", "not an absolute path"),
        ("ocilayout:x/y", "not an absolute path"),
        ("file://x", "not an absolute path"),
        ("ftp://host/x", "ftp: is no kind of source"),
        ("https://me:hunter2@host/x", "user name in it"),
        ("https://[::1", "malformed"),
        ("oci://me:hunter2@host/x", "user name or a query in it"),
        ("oci://host/x?sig=hunter2", "user name or a query in it"),
        ("me:hunter2@host/x", "user name or a query in it"),
    ],
)
def test_what_is_no_source_is_refused(uri, message):
    with pytest.raises(LocalAIError, match=message) as caught:
        str(Uri.parse(uri).reference)
    assert "hunter2" not in str(caught.value)


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
def test_a_path_and_a_name_are_taken_apart(uri, path, name):
    parsed = Uri.parse(uri)
    assert (parsed.path, parsed.name) == (path, name)


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
