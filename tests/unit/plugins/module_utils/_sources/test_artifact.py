# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every kind of source and of content has what `Sources` needs of it, and the two agree."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.tests.support.delivery import ARCHIVE, IMAGE, SHA256, Anything, sources
from ansible_collections.localai.core.tests.support.layouts import oci_archive, write_oci_layout


@pytest.fixture
def uris(tmp_path, server, files, source):
    """One URI of each kind, whether it is an image, and whether its bytes prove themselves with and without sha256."""
    write_oci_layout(tmp_path / "layout", {"v1": IMAGE})
    (tmp_path / "image.tar").write_bytes(oci_archive({"v1": IMAGE}))
    (tmp_path / "archive").write_bytes(ARCHIVE)
    return [
        (server.put("x/y", "tag", IMAGE), True, True),
        (f"ocilayout:{tmp_path}/layout", True, True),
        (f"ocifile://{tmp_path}/image.tar", True, True),
        (files.url + "/piper.tar.gz", False, False),
        (f"{tmp_path}/archive", False, False),
        (str(source), False, False),
    ]


def test_content_has_a_kind_and_may_be_proved(uris):
    for uri, is_image, is_proved in uris:
        artifact = sources(Anything()).find([Address(uri)])
        assert (artifact.content.is_image, artifact.content.is_proved) == (is_image, is_proved), uri
        assert (artifact.digest is not None) is is_proved


def test_an_archive_is_proved_by_its_sha256(uris):
    for uri, is_image, _is_proved in uris[:-1]:
        artifact = sources(Anything()).find([Address(uri)], SHA256)
        assert artifact.content.is_proved, uri
        assert artifact.sha256 == ("" if is_image else SHA256)


def test_what_identifies_a_content_is_its_digest_or_else_its_version(uris):
    registry, layout, image, web, archive, directory = (
        sources(Anything()).find([Address(uri)]).identity for uri, _is_image, _is_proved in uris
    )
    assert registry == layout == image
    assert registry.startswith("sha256:")
    # A web server states no digest.
    assert not web.startswith("sha256:")
    assert (archive, directory) == ("", "")
    assert sources(Anything()).find([Address(uris[3][0])], SHA256).identity == f"sha256:{SHA256}"
