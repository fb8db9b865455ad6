# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Layers are what docker, skopeo and umoci agree on: empty ones, mislabelled ones, those kept at other addresses."""

from __future__ import annotations

import contextlib
import shutil
import sys
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint
from ansible_collections.localai.core.tests.support import images
from ansible_collections.localai.core.tests.support.archives import compress, file, tar, zip_archive
from ansible_collections.localai.core.tests.support.delivery import AMD64, Stage, deliver, sources
from ansible_collections.localai.core.tests.support.faults import Cut, Status
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.host import temporary_directory
from ansible_collections.localai.core.tests.support.hostile import hostile
from ansible_collections.localai.core.tests.support.layouts import write_oci_layout

OCI = "application/vnd.oci.image.layer.v1.tar"
OCI_NONDISTRIBUTABLE = "application/vnd.oci.image.layer.nondistributable.v1.tar"
DOCKER = "application/vnd.docker.image.rootfs.diff.tar"
DOCKER_FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar"
TYPES = [
    *(base + suffix for base in (OCI, OCI_NONDISTRIBUTABLE) for suffix in ("", "+gzip", "+zstd")),
    *(base + suffix for base in (DOCKER, DOCKER_FOREIGN) for suffix in ("", ".gzip", ".zstd")),
]
RUN = tar([file("run.sh", "run", 0o755)])
MORE = tar([file("more", b"more")])
SKIPPABLE = b"\x53\x2a\x4d\x18\x04\0\0\0skip"
NOTHING = {
    "no bytes": b"",
    "gzip of nothing": compress(b"", "gzip"),
    "zstd of nothing": compress(b"", "zstd"),
    "skippable frames": SKIPPABLE * 2,
    "the end of an archive": tar([]),
    "zeros": bytes(1024),
    "gzip of zeros": compress(bytes(10240), "gzip"),
}


def image_of(*layers):
    """An image of (blob, media type, more of its descriptor)."""
    blobs = [(blob, media_type, dict(*more)) for blob, media_type, *more in layers]
    pointers = [
        {"mediaType": media_type, "size": len(blob), "digest": images.digest(blob), **more}
        for blob, media_type, more in blobs
    ]
    digests = [images.digest(blob) for blob, _media_type, _more in blobs]
    image = images.image_around(digests, pointers, AMD64)
    return replace(
        image, layers=tuple(images.Layer(b"", blob, "none", images.digest(blob), "") for blob, _type, _more in blobs)
    )


@pytest.mark.parametrize("content", list(NOTHING.values()), ids=list(NOTHING))
@pytest.mark.parametrize("media_type", [OCI, OCI + "+gzip", OCI + "+zstd", DOCKER + ".gzip"])
def test_an_empty_layer_changes_nothing_wherever_it_is(stage, server, content, media_type):
    empty = (content, media_type)
    image = image_of(empty, (RUN, OCI), empty, (compress(MORE, "gzip"), OCI + "+gzip"), empty)
    assert deliver(stage, server.put("x/y", "tag", image))[1] == {"run.sh": b"run", "more": b"more"}


@pytest.mark.parametrize("content", list(NOTHING.values())[1:], ids=list(NOTHING)[1:])
def test_an_image_of_empty_layers_is_no_backend(stage, server, content):
    with pytest.raises(SourceError, match=r"it has no run\.sh at its top"):
        deliver(stage, server.put("x/y", "tag", image_of((content, OCI), (content, OCI + "+gzip"))))


@pytest.mark.parametrize("layers", [[], [(b"", OCI + "+gzip")], [(b"", OCI), (b"", DOCKER + ".gzip")]], ids=len)
def test_an_image_without_any_bytes_is_an_error_before_the_pull(server, layers):
    with pytest.raises(SourceError, match="the image is empty: it has no layer with any bytes"):
        sources().find((Address(server.put("x/y", "tag", image_of(*layers))),))


def test_a_layer_without_bytes_is_not_requested_but_must_have_its_digest(stage, server):
    digest = images.digest(b"")
    name = server.put("x/y", "tag", image_of((b"", OCI + "+gzip"), (RUN, OCI)))
    server.faults = [Status(f"/blobs/{digest}", status=500)]
    assert deliver(stage, name)[1] == {"run.sh": b"run"}
    image = image_of((b"", OCI, {"digest": "sha256:" + "0" * 64}), (RUN, OCI))
    with pytest.raises(SourceError, match=r"sha256:0000.* arrived with 0 of 0 bytes"):
        deliver(stage, server.put("x/y", "wrong", image))


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd", "bzip2", "xz"])
@pytest.mark.parametrize("media_type", TYPES)
def test_the_bytes_of_a_layer_tell_its_compression(stage, server, media_type, compression):
    image = image_of((compress(RUN, compression), media_type), (MORE, OCI))
    assert deliver(stage, server.put("x/y", "tag", image))[1] == {"run.sh": b"run", "more": b"more"}


def without_zstd(monkeypatch):
    for library in ("compression.zstd", "backports.zstd", "zstandard"):
        monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.setattr(shutil, "which", lambda name: None)


@pytest.mark.parametrize("blob", [RUN, compress(RUN, "gzip")], ids=["tar", "gzip"])
def test_a_layer_that_only_claims_to_be_zstd_needs_nothing_that_decompresses_it(stage, server, monkeypatch, blob):
    without_zstd(monkeypatch)
    image = image_of((b"", OCI + "+zstd"), (blob, OCI + "+zstd"))
    assert deliver(stage, server.put("x/y", "tag", image))[1] == {"run.sh": b"run"}


def test_the_media_type_decides_whether_a_layer_can_be_decompressed_if_its_start_cannot_be_read(server, monkeypatch):
    without_zstd(monkeypatch)
    name = server.put("x/y", "tag", image_of((RUN, OCI + "+zstd")))
    server.faults = [Status(f"/blobs/{images.digest(RUN)}", status=404)]
    with pytest.raises(SourceError, match="compressed with zstd, which this host cannot decompress"):
        sources(retries=0).find((Address(name),))


@pytest.mark.parametrize(
    ("blob", "message"),
    [
        (RUN[:1000], r"the archive is damaged: it ends in the middle of the file 'run\.sh'"),
        (compress(RUN, "gzip")[:-9], "the archive is damaged: its gzip stream is incomplete"),
        (zip_archive([file("run.sh")]), "it is not a tar archive"),
        (b"<html>Please log in</html>" * 40, "it is not a tar archive"),
        (tar([file("../x")]), r"the entry '\.\./x' leads out of the tree"),
    ],
    ids=["cut", "cut gzip", "zip", "HTML", "leading out"],
)
def test_an_error_names_the_layer(stage, server, blob, message):
    large = tar([file("run.sh", bytes(600), 0o755)])
    blob = large[:1000] if blob == RUN[:1000] else blob
    image = image_of((RUN, OCI), (blob, OCI + "+gzip"))
    with pytest.raises(SourceError, match=f"layer {images.digest(blob)}: {message}"):
        deliver(stage, server.put("x/y", "tag", image))


def test_a_layer_may_end_without_the_padding_of_its_last_file(stage, server):
    blob = tar([file("run.sh", "#!/bin/sh\n", 0o755)])[: 512 + 10]
    assert deliver(stage, server.put("x/y", "tag", image_of((blob, OCI))))[1] == {"run.sh": b"#!/bin/sh\n"}


BLOBS = st.one_of(
    st.sampled_from(list(NOTHING.values())),
    st.builds(
        compress,
        st.sampled_from([RUN, MORE, RUN[:600], RUN[:100], b"x", zip_archive([file("run.sh")])]),
        st.sampled_from(["none", "gzip", "zstd", "bzip2", "xz"]),
    ),
    st.binary(max_size=600),
)


@given(st.lists(st.tuples(BLOBS, st.sampled_from(TYPES)), max_size=4))
@hostile
def test_any_layers_of_any_media_type_become_a_backend_or_one_of_our_errors(layers):
    with temporary_directory() as path, contextlib.suppress(SourceError):
        write_oci_layout(path / "layout", {"v1": image_of(*layers)})
        (path / "stage").mkdir()
        assert deliver(Stage(path / "stage"), f"ocilayout:{path}/layout")[1]["run.sh"] in (b"run", RUN[512:600])


# other addresses


@pytest.fixture
def elsewhere():
    """Another web server, which has the layer `RUN` as `/layer`."""
    with FileServer({"/layer": RUN}) as running:
        yield running


def foreign(*urls):
    """An image of a layer that is not in its registry."""
    return image_of((MORE, OCI), (RUN, DOCKER_FOREIGN + ".gzip", {"urls": list(urls)}))


def gone(server):
    """Let the registry not have the layer."""
    server.faults = [Status(f"/blobs/{images.digest(RUN)}", status=404)]


def test_a_layer_that_the_registry_does_not_have_comes_from_its_url_without_credentials(stage, server, elsewhere):
    name = server.put("x/y", "tag", foreign("ftp://example/layer", elsewhere.url + "/gone", elsewhere.url + "/layer"))
    gone(server)
    endpoint = Endpoint(elsewhere.host, username="me", password="pw")
    delivered, tree = deliver(stage, name, endpoints=(endpoint,), retries=0)
    assert tree == {"run.sh": b"run", "more": b"more"}
    assert delivered.served_by.endswith(f", {elsewhere.url}/layer@{delivered.artifact.digest}")
    assert [request.path for request in elsewhere.requests] == ["/gone", "/layer"]
    assert not [request for request in elsewhere.requests if "authorization" in request.headers]


@pytest.mark.parametrize("own_endpoint", [True, False])
def test_the_host_of_a_url_is_shown_a_client_certificate_only_if_it_is_for_that_host(
    stage, server, authority, own_endpoint
):
    certificate, key = map(str, authority.issue("client"))
    files = {"client_cert": certificate, "client_key": key}
    with FileServer({"/layer": RUN}, tls=authority.server_context(client_certificates=True)) as elsewhere:
        name = server.put("x/y", "tag", foreign(elsewhere.url + "/layer"))
        gone(server)
        settings = {"endpoints": (Endpoint(elsewhere.host, **files),)} if own_endpoint else files
        with contextlib.nullcontext() if own_endpoint else pytest.raises(SourceError):
            deliver(stage, name, ca_path=str(authority.ca_file), retries=0, **settings)
        assert bool(elsewhere.requests) is own_endpoint


def test_a_url_is_not_used_for_a_layer_that_the_registry_has(stage, server, elsewhere):
    assert deliver(stage, server.put("x/y", "tag", foreign(elsewhere.url + "/layer")))[1]["run.sh"] == b"run"
    assert elsewhere.requests == []


def test_a_layer_goes_on_at_its_url_where_the_registry_stopped(stage, server, elsewhere):
    name = server.put("x/y", "tag", foreign(elsewhere.url + "/layer"))
    path = f"/blobs/{images.digest(RUN)}"
    server.faults = [Cut(path, after=100, times=1), Status(path, status=404)]
    assert deliver(stage, name)[1]["run.sh"] == b"run"
    assert [request.headers["range"] for request in elsewhere.requests] == ["bytes=100-"]


def test_a_layer_of_a_layout_comes_from_its_url_too(stage, tmp_path, elsewhere):
    image = foreign(elsewhere.url + "/layer")
    write_oci_layout(tmp_path / "layout", {"v1": image})
    (tmp_path / "layout/blobs" / images.digest(RUN).replace(":", "/")).unlink()
    assert deliver(stage, f"ocilayout:{tmp_path}/layout")[1]["run.sh"] == b"run"


@pytest.mark.parametrize("mirrors", [1, 2])
def test_a_url_with_other_bytes_is_an_error_and_no_endless_loop(stage, server, elsewhere, mirrors):
    elsewhere.pages["/layer"] = RUN[:-1] + b"x"
    names = [server.put(f"x/{number}", "tag", foreign(elsewhere.url + "/layer")) for number in range(mirrors)]
    gone(server)
    with pytest.raises(SourceError, match=f"{images.digest(RUN)} arrived with .* the digest sha256:"):
        deliver(stage, *names, retries=0)
    assert len(elsewhere.requests) <= mirrors + 1


def test_an_error_names_the_registry_and_the_url(stage, server, elsewhere):
    name = server.put("x/y", "tag", foreign(elsewhere.url + "/gone?token=hunter2"))
    gone(server)
    with pytest.raises(SourceError) as caught:
        deliver(stage, name, retries=0)
    assert f"{server.host}/x/y" in str(caught.value)
    assert f"{elsewhere.url}/gone: GET {elsewhere.url}/gone: 404" in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "urls", [None, "x", {}, [1, None], ["http://"], ["http://me:pw@host/x"], ["file:///etc/passwd"]]
)
def test_urls_that_are_none_are_ignored(stage, server, urls):
    image = image_of((RUN, OCI, {"urls": urls}))
    name = server.put("x/y", "tag", image)
    assert deliver(stage, name)[1] == {"run.sh": b"run"}
    gone(server)
    with pytest.raises(SourceError, match="404"):
        deliver(stage, name, retries=0)
