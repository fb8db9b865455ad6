# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every document that is read, bent and damaged: it is understood, or refused with one of our errors."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._address import Address, redacted
from ansible_collections.localai.core.plugins.module_utils._errors import (
    HostError,
    LocalAIError,
    LockTimeout,
    OptionError,
    SourceError,
)
from ansible_collections.localai.core.plugins.module_utils._localai.metadata import Metadata
from ansible_collections.localai.core.plugins.module_utils._localai.metadata_writer import to_json
from ansible_collections.localai.core.plugins.module_utils._oci.challenge import parse_challenge
from ansible_collections.localai.core.plugins.module_utils._oci.docker_config import docker_credentials
from ansible_collections.localai.core.plugins.module_utils._oci.image import image_in_file, resolve
from ansible_collections.localai.core.plugins.module_utils._oci.layout import Layout
from ansible_collections.localai.core.plugins.module_utils._oci.manifest import parse_manifest, verified
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Reference
from ansible_collections.localai.core.plugins.module_utils._planner.pins import at_digest, at_release
from ansible_collections.localai.core.plugins.module_utils._resolver.galleries import (
    parse_index,
)
from ansible_collections.localai.core.plugins.module_utils._sources.progress import in_progress
from ansible_collections.localai.core.plugins.module_utils._sources.uri import (
    ImageFileUri,
    ImageUri,
    LayoutUri,
    PathUri,
    parse_uri,
)
from ansible_collections.localai.core.plugins.module_utils._store.contents import parse_contents, record_file
from ansible_collections.localai.core.plugins.module_utils._store.layout import PROGRESS
from ansible_collections.localai.core.plugins.module_utils._store.record import Record
from ansible_collections.localai.core.plugins.module_utils._store.verify import damage
from ansible_collections.localai.core.tests.support import images
from ansible_collections.localai.core.tests.support.archives import file, tar
from ansible_collections.localai.core.tests.support.client import Client, Internet
from ansible_collections.localai.core.tests.support.galleries import Galleries
from ansible_collections.localai.core.tests.support.host import temporary_directory
from ansible_collections.localai.core.tests.support.hostile import FEWER, TEXTS, damaged, documents, hostile, written
from ansible_collections.localai.core.tests.support.layouts import docker_archive, layout_files, oci_archive
from ansible_collections.localai.core.tests.support.trees import opened

HOST = Platform("linux", "amd64")
IMAGE = images.image([images.layer([file("run.sh", "x" * 500)]), images.layer([file("y", "z")], "none")])
INDEX = images.index([images.image([images.layer([])], images.Platform("s390x")), IMAGE])


# what is on disk beside a backend

METADATA = {
    "alias": "llama-cpp",
    "meta_backend_for": "cpu-llama-cpp",
    "name": "x",
    "gallery_url": "https://h/index.yaml",
    "installed_at": "2026-01-01T00:00:00Z",
    "version": "1",
    "uri": "quay.io/x/y:z",
    "digest": "sha256:" + "0" * 64,
}
RECORDED = {
    "format": 1,
    "requested": True,
    "platform_digest": "sha256:" + "0" * 64,
    "sha256": "",
    "size": 7,
    "entries": 2,
    "pinned": False,
    "listed": True,
    "contents": {"": ["5 run.sh", "> run.sh/link"], "lib": ["7 x"]},
}


@given(documents(METADATA) | st.text('{}[]":, \\unameALIS018', max_size=24).map(str.encode))
@hostile
def test_any_metadata_is_read_or_refused_with_a_reason(data):
    try:
        metadata = Metadata.parse(data)
    except ValueError as e:
        reason = str(e)
        assert reason.startswith("it")
        return
    assert Metadata.parse(to_json(metadata)) == metadata


@given(documents(RECORDED))
@hostile
def test_any_record_is_read_or_is_none(data):
    record = Record.parse(data)
    assert record is None or Record.parse(record_file(record, {} if record.listed else None)) == record
    contents = parse_contents(data)
    if contents is not None:
        assert isinstance(damage(contents, {"": ["5 run.sh"]}), str)


NOTE = {"pid": 7, "host": "h", "since": "2026-01-01T00:00:00Z"}
PROGRESS_NOTE = {
    "backend": "x",
    "source": "quay.io/x",
    "bytes_done": 1,
    "bytes_total": 2,
    "bytes_per_second": 3,
    "seconds_left": 4,
}


@given(documents(NOTE))
@example(b'{"pid": ' + b"[" * 900 + b"]" * 900 + b', "host": "h", "since": "now"}')
@hostile
def test_whatever_stands_in_a_lock_who_waits_for_it_says_so_on_one_line(data):
    with temporary_directory() as path:
        (path / ".localai-core").mkdir()
        (path / ".localai-core/lock").write_bytes(data)
        with (path / ".localai-core/lock").open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            with pytest.raises(LockTimeout) as caught, opened(path, 0):
                pass
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 1000


@given(documents(PROGRESS_NOTE))
@example(b'{"backend": ' + b"[" * 1500 + b"]" * 1500 + b"}")
@hostile
def test_whatever_stands_in_the_progress_file_is_shown_as_texts_and_numbers(data):
    with temporary_directory() as path:
        (path / PROGRESS).write_bytes(data)
        with (path / PROGRESS).open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            told = in_progress(str(path / PROGRESS))
        assert told is None or all(value is None or isinstance(value, (str, int)) for value in told.values())


# images in files

ARCHIVES = [oci_archive({"v1": INDEX}), docker_archive({"x:v1": IMAGE})]


def pulled(repository, name=""):
    """Pull an image as far as that goes."""
    with contextlib.suppress(LocalAIError):
        image = resolve(name, [repository], [repository], HOST)
        for layer in image.layers:
            assert layer.compression is None or layer.compression.suffix
            repository.tail(layer, 4)
            for _chunk in verified(repository.blob(layer), layer):
                pass


def laid_out(path, **changes):
    """A layout directory with other content in some of its files, named by what they are."""
    for name, data in layout_files({"v1": INDEX}).items():
        place = path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    for name, data in changes.items():
        (path / name.replace("_", ".")).write_bytes(data)
    return path


@FEWER
@given(
    documents(
        json.loads(layout_files({"v1": INDEX})["index.json"]),
        json.loads(layout_files({"h/x/y:v1": INDEX, "h/x/y:v2": IMAGE})["index.json"]),
    ),
    st.sampled_from(["", "v1", "h/x/y:v1", "x/y", INDEX.digest]),
)
@hostile
def test_any_index_of_a_layout_is_an_image_or_an_error(data, name):
    with temporary_directory() as path:
        pulled(Layout(str(laid_out(path, index_json=data))), name)


@FEWER
@given(documents(json.loads(IMAGE.manifest), json.loads(INDEX.manifest)), st.sampled_from([images.OCI_INDEX, ""]))
@hostile
def test_any_manifest_under_its_right_digest_is_an_image_or_an_error(data, media_type):
    with contextlib.suppress(SourceError):
        parse_manifest(data, media_type)
    with temporary_directory() as path:
        laid_out(path)
        digest = images.digest(data)
        (path / "blobs/sha256" / digest.partition(":")[2]).write_bytes(data)
        pulled(Layout(str(path)), digest)


@FEWER
@given(documents(json.loads(IMAGE.config)))
@hostile
def test_any_configuration_is_of_an_image_or_an_error(data):
    manifest = json.loads(IMAGE.manifest)
    manifest["config"].update(digest=images.digest(data), size=len(data))
    with temporary_directory() as path:
        laid_out(path)
        for content in (data, written(manifest)):
            (path / "blobs/sha256" / images.digest(content).partition(":")[2]).write_bytes(content)
        pulled(Layout(str(path)), images.digest(written(manifest)))


def header(size):
    """An extended header of a tar file that announces so many bytes, in the way of GNU."""
    block = bytearray(tar([file("x")])[:512])
    block[124:136] = (1 << 95 | size).to_bytes(12, "big")
    block[156:157] = b"x"
    block[148:156] = b"%06o\0 " % (sum(block[:148]) + 8 * 32 + sum(block[156:]))
    return bytes(block)


@FEWER
@given(st.one_of(damaged(ARCHIVES[0]), damaged(ARCHIVES[1]), st.binary(max_size=2000)))
@example(header(2**62))
@example(header(2**40) + b"\0" * 1024)
@hostile
def test_any_file_is_an_image_or_an_error(data):
    with temporary_directory() as path:
        (path / "image.tar").write_bytes(data)
        with contextlib.suppress(LocalAIError):
            repository = image_in_file(str(path / "image.tar"))
            pulled(repository)


@FEWER
@given(
    documents([{"Config": "c.json", "RepoTags": ["x:v1"], "Layers": ["a.tar", "b.tar"]}]),
    documents({"rootfs": {}}),
    st.one_of(st.none(), documents({"manifests": None})),
)
@hostile
def test_whatever_docker_saved_is_an_image_or_an_error(manifest, config, index):
    with temporary_directory() as path:
        files = {"manifest.json": manifest, "c.json": config, "a.tar": b"x", "b.tar": b"y"}
        files.update({} if index is None else {"index.json": index})
        (path / "image.tar").write_bytes(tar(file(name, data) for name, data in files.items()))
        with contextlib.suppress(LocalAIError):
            pulled(image_in_file(str(path / "image.tar")))


# logins

LOGINS = {
    "auths": {
        "docker.io": {"auth": "bWU6cHc="},
        "quay.io": {"username": "me", "password": "pw"},
        "quay.io/x": {"auth": "bWU6cHc=", "identitytoken": "t"},
    },
    "credsStore": "x",
}


@FEWER
@given(documents(LOGINS), st.sampled_from(["quay.io/x/y", "docker.io/library/x", "h:5/z"]))
@hostile
def test_any_file_of_logins_has_one_or_none_or_is_refused(data, image):
    with temporary_directory() as path:
        (path / "config.json").write_bytes(data)
        with contextlib.suppress(HostError):
            login = docker_credentials(Reference.parse(image), str(path / "config.json"))
            assert login is None or isinstance(login.password, str)


CHALLENGE = (
    b'Bearer realm="https://auth.example/token",service="registry.example",scope="repository:x/y:pull", Basic a="b"'
)


@given(damaged(CHALLENGE))
@hostile
def test_any_damaged_challenge_is_one_or_none(data):
    challenge = parse_challenge(data.decode("latin-1"))
    assert challenge is None or challenge.scheme in ("basic", "bearer")


# addresses of backends

SCHEMES = st.sampled_from(
    ["", "oci://", "ocilayout:", "ocifile://", "file://", "https://h/", "http://", "/", "quay.io/"]
)


@given(st.builds("{}{}".format, SCHEMES, st.one_of(TEXTS, st.builds("{}@{}".format, TEXTS, TEXTS))))
@example("ocilayout:/\ud800")
@hostile
def test_any_text_is_an_address_of_a_backend_or_refused(text):
    assert isinstance(redacted(text), str)
    with contextlib.suppress(SourceError, OptionError):
        uri = parse_uri(Address(text))
        if isinstance(uri, ImageUri):
            assert str(uri.reference)
        if isinstance(uri, (LayoutUri, PathUri)):
            assert os.path.isabs(uri.path)
        with contextlib.suppress(LocalAIError):
            if isinstance(uri, ImageFileUri):
                pulled(image_in_file(uri.path), uri.name)
            elif isinstance(uri, LayoutUri):
                for path, name in ((uri.path, uri.name), *uri.others):
                    assert os.path.isabs(path)
                    pulled(Layout(path), name)
    galleries = Galleries((), Client(Internet()))
    entry = parse_index(written([{"name": "x", "uri": "u"}]), "g", Address("u")).entries["x"]
    for pinned in (lambda: at_digest(entry, text), lambda: at_release(entry, text), lambda: galleries.find(text)):
        with contextlib.suppress(LocalAIError):
            pinned()
