# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Manifests are checked before they are believed."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._errors import IntegrityError, SourceError
from ansible_collections.localai.core.plugins.module_utils._oci.manifest import (
    DOCKER_LIST,
    DOCKER_MANIFEST,
    OCI_INDEX,
    OCI_MANIFEST,
    Descriptor,
    Manifest,
    check_platform,
    choose,
    digest_of,
    parse_manifest,
    verified,
)
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform
from ansible_collections.localai.core.plugins.module_utils._unpack.compression import GZIP
from ansible_collections.localai.core.tests.support import images
from ansible_collections.localai.core.tests.support.archives import file
from ansible_collections.localai.core.tests.support.hostile import hostile

AMD64, ARM64 = images.Platform("amd64"), images.Platform("arm64", variant="v8")
LAYERS = [images.layer([file("run.sh")]), images.layer([file("x")], "none")]
HOST = Platform("linux", "amd64")
DIGEST = "sha256:" + "a" * 64
CONFIG = {"mediaType": images.OCI_CONFIG, "size": 2, "digest": DIGEST}


def written(**changes):
    document = {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "config": CONFIG, "layers": [], **changes}
    return json.dumps({key: value for key, value in document.items() if value is not None}).encode()


@pytest.mark.parametrize("docker", [True, False])
@pytest.mark.parametrize("stated_type", ["its own", "", "text/plain", "application/json; charset=utf-8"])
def test_an_image_has_a_config_and_layers(docker, stated_type):
    image = images.image(LAYERS, docker=docker)
    manifest = parse_manifest(image.manifest, image.media_type if stated_type == "its own" else stated_type)
    assert (manifest.digest, manifest.is_index) == (image.digest, False)
    assert [(item.digest, item.size, item.compression) for item in manifest.layers] == [
        (item.digest, len(item.blob), GZIP if item.compression == "gzip" else None) for item in LAYERS
    ]


@pytest.mark.parametrize("docker", [True, False])
def test_an_index_has_children(docker):
    index = images.index([images.image(LAYERS, platform, docker) for platform in (AMD64, ARM64)], docker)
    manifest = parse_manifest(index.manifest, "")
    assert (manifest.digest, manifest.is_index, manifest.layers) == (index.digest, True, ())
    assert [str(child.platform) for child in manifest.children] == ["linux/amd64", "linux/arm64"]


@pytest.mark.parametrize(
    ("media_type", "key", "is_index"),
    [
        (OCI_INDEX + "; charset=utf-8", "manifests", True),
        (DOCKER_LIST, "manifests", True),
        ("", "manifests", True),
        (OCI_MANIFEST, "layers", False),
        (DOCKER_MANIFEST, "layers", False),
        ("", "layers", False),
    ],
)
def test_a_manifest_that_does_not_say_what_it_is_goes_by_the_server_or_its_content(media_type, key, is_index):
    body = json.dumps({"schemaVersion": 2, key: [], "config": CONFIG}).encode()
    assert parse_manifest(body, media_type).is_index is is_index


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
def test_a_manifest_must_have_the_requested_digest(algorithm):
    body = written()
    assert parse_manifest(body, "", digest_of(body, algorithm)).digest == digest_of(body, algorithm)
    with pytest.raises(IntegrityError, match="the manifest has the digest"):
        parse_manifest(body + b" ", "", digest_of(body, algorithm))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"<html>", "not JSON; is this a registry"),
        (b"", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b"{}", "not a supported kind of manifest"),
        (json.dumps({"schemaVersion": 1, "fsLayers": []}).encode(), "schema 1"),
        (
            written(mediaType="application/vnd.example+json", layers=None),
            "'application/vnd.example.json' is not a supported kind",
        ),
        (written(mediaType=["x"], layers=None), "not a supported kind of manifest"),
        (written(config=None), "no config"),
        (written(config="x"), "no config"),
        (written(layers=None), "layers are not a list"),
        (written(layers={}), "layers are not a list"),
        (written(layers=["x"]), "layers are not a list"),
        (written(mediaType=OCI_INDEX, manifests=7), "manifests are not a list"),
        (written(layers=[{}]), "'None' instead of a digest"),
        (written(layers=[{**CONFIG, "digest": "sha256:../../x"}]), "instead of a digest"),
        (written(layers=[{**CONFIG, "digest": [DIGEST]}]), "instead of a digest"),
        (written(layers=[{**CONFIG, "digest": "x" * 10_000}]), r"'x{100}' instead of a digest"),
        (written(layers=[{**CONFIG, "size": None}]), f"size of {DIGEST}"),
        (written(layers=[{**CONFIG, "size": "7"}]), "size of"),
        (written(layers=[{**CONFIG, "size": -1}]), "size of"),
        (written(layers=[{**CONFIG, "size": True}]), "size of"),
        (written(layers=[{**CONFIG, "size": 1.5}]), "size of"),
        (written(layers=[{**CONFIG, "size": 2**63}]), "size of"),
    ],
)
def test_what_is_no_manifest_is_refused(body, message):
    with pytest.raises(SourceError, match=message):
        parse_manifest(body, "")


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just(DIGEST)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["digest", "size", "mediaType", "platform", "os", "layers", "config"]), inner, max_size=5
        ),
    ),
    max_leaves=10,
)


@given(
    st.dictionaries(st.sampled_from(["schemaVersion", "mediaType", "config", "layers", "manifests"]), JSON),
    st.sampled_from(["", OCI_INDEX, OCI_MANIFEST]),
)
@hostile
def test_any_document_is_a_manifest_or_refused(document, media_type):
    with contextlib.suppress(SourceError):
        manifest = parse_manifest(json.dumps(document).encode(), media_type)
        with contextlib.suppress(SourceError):
            choose(manifest, HOST)


@pytest.mark.parametrize(
    "media_type",
    [
        "application/vnd.in-toto+json",
        "application/octet-stream",
        "application/vnd.oci.image.layer.v1.tar+bzip2",
        "",
    ],
)
def test_layers_that_are_no_content_cannot_be_unpacked(media_type):
    with pytest.raises(SourceError, match="which cannot be unpacked"):
        assert Descriptor(DIGEST, 1, media_type).compression


def test_a_media_type_that_is_no_text_is_none():
    manifest = parse_manifest(written(layers=[{**CONFIG, "mediaType": 7}]), "")
    assert manifest.layers[0].media_type == ""


def child(platform, letter):
    return Descriptor("sha256:" + letter * 64, 1, OCI_MANIFEST, platform)


@pytest.mark.parametrize(
    ("platforms", "expected"),
    [
        ([HOST], 0),
        ([Platform("linux", "s390x"), HOST, HOST], 1),
        ([Platform("unknown", "unknown"), HOST], 1),
        ([Platform("linux", "arm64"), None], 1),
        ([Platform("linux", "amd64", "v3")], 0),
        ([Platform("linux", "amd64", "v3"), HOST], 1),
        ([Platform("linux", "amd64", "v3"), None], 1),
        ([Platform("linux", "amd64", "v3"), Platform("linux", "amd64", "v2")], 0),
    ],
)
def test_the_first_child_for_exactly_the_platform_is_chosen_or_else_the_first_that_fits(platforms, expected):
    children = tuple(child(platform, letter) for platform, letter in zip(platforms, "abc"))
    assert choose(Manifest(DIGEST, children), HOST) is children[expected]


@pytest.mark.parametrize(("variants", "expected"), [(["", "v7"], 1), (["v6", ""], 1), (["v7", ""], 0)])
def test_a_child_for_the_same_variant_is_preferred_and_one_for_another_is_not_chosen(variants, expected):
    children = tuple(child(Platform("linux", "arm", variant), letter) for variant, letter in zip(variants, "ab"))
    assert choose(Manifest(DIGEST, children), Platform("linux", "arm", "v7")) is children[expected]


@pytest.mark.parametrize(
    "artifact",
    [
        {"artifactType": "application/vnd.dev.cosign.artifact.sig.v1+json"},
        {"mediaType": "application/vnd.in-toto+json"},
    ],
)
def test_a_child_that_is_no_image_is_skipped(artifact):
    image = {**CONFIG, "mediaType": OCI_MANIFEST, "digest": "sha256:" + "b" * 64}
    rows = [{**CONFIG, "mediaType": OCI_MANIFEST, **artifact}, image]
    index = parse_manifest(written(mediaType=OCI_INDEX, manifests=rows), "")
    assert choose(index, HOST).digest == image["digest"]
    with pytest.raises(SourceError, match="it is for nothing"):
        choose(Manifest(DIGEST, index.children[:1]), HOST)


@pytest.mark.parametrize("stated", [{"mediaType": OCI_MANIFEST}, {"mediaType": None, "artifactType": 7}])
def test_a_child_of_which_nothing_else_is_known_is_an_image(stated):
    index = parse_manifest(written(mediaType=OCI_INDEX, manifests=[{**CONFIG, **stated}]), "")
    assert choose(index, HOST).digest == DIGEST


@pytest.mark.parametrize(
    ("platforms", "offered"),
    [
        ([], "nothing"),
        ([Platform("linux", "s390x"), Platform("linux", "arm", "v7")], "linux/s390x, linux/arm/v7"),
        ([Platform("unknown", "unknown")], "unknown/unknown"),
        ([Platform("", ""), Platform("linux", "s390x")], "a platform that it does not state, linux/s390x"),
    ],
)
def test_the_error_for_a_missing_platform_lists_the_platforms(platforms, offered):
    index = Manifest(DIGEST, tuple(child(platform, "a") for platform in platforms))
    with pytest.raises(SourceError, match=f"not built for linux/amd64; it is for {offered}"):
        choose(index, HOST)


def test_a_child_without_a_platform_is_no_arm_image():
    with pytest.raises(SourceError, match="it is for linux/amd64"):
        choose(Manifest(DIGEST, (child(None, "a"),)), Platform("linux", "arm64"))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"os": "linux", "architecture": "amd64"}, None),
        ({"os": "linux"}, None),
        ({}, None),
        ([], "not a JSON object"),
        ({"os": "linux", "architecture": "arm64", "variant": "v8"}, "it is for linux/arm64\\."),
        ({"os": "windows", "architecture": "amd64"}, "it is for windows/amd64"),
    ],
)
def test_a_config_states_the_platform(config, message):
    with pytest.raises(SourceError, match=message) if message else contextlib.nullcontext():
        check_platform(json.dumps(config).encode(), HOST)


@pytest.mark.parametrize("config", [b"", b"\xff", b"[" * 100_000])
def test_a_config_is_json(config):
    with pytest.raises(SourceError, match="not JSON"):
        check_platform(config, HOST)


@pytest.mark.parametrize("algorithm", ["sha256", "sha512"])
@given(chunks=st.lists(st.binary(max_size=9), max_size=5))
def test_the_right_bytes_pass(algorithm, chunks):
    content = b"".join(chunks)
    assert b"".join(verified(iter(chunks), Descriptor(digest_of(content, algorithm), len(content), ""))) == content


@pytest.mark.parametrize(
    ("chunks", "message"),
    [
        ([], "0 of 4 bytes"),
        ([b"ab"], "2 of 4 bytes"),
        ([b"ab", b"cx"], "4 of 4 bytes and the digest sha256:"),
        ([b"ab", b"cd", b"e"], "longer than the 4 bytes"),
    ],
)
def test_other_bytes_are_an_error_at_their_end(chunks, message):
    with pytest.raises(IntegrityError, match=message):
        list(verified(iter(chunks), Descriptor(digest_of(b"abcd"), 4, "")))


def test_bytes_beyond_the_size_are_not_passed_on():
    seen = []
    with pytest.raises(IntegrityError):
        seen.extend(verified(iter([b"ab", b"cd", b"e" * 100]), Descriptor(digest_of(b"abcd"), 4, "")))
    assert seen == [b"ab", b"cd"]


def test_a_configuration_that_is_not_json_is_that_of_another_artifact():
    with pytest.raises(SourceError, match="configuration is not JSON, so it is probably not an image but an artifact"):
        check_platform(b"weights", HOST)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"artifactType": "application/x"}, "application/x"),
        ({}, CONFIG["mediaType"]),
        ({"artifactType": ""}, CONFIG["mediaType"]),
        ({"artifactType": 7}, CONFIG["mediaType"]),
    ],
)
def test_an_artifact_without_a_type_has_that_of_its_configuration(members, expected):
    assert parse_manifest(written(**members), "").artifact_type == expected
