# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whole runs with options that nobody would write, and against servers that send anything."""

from __future__ import annotations

import copy
import json
import os
import tarfile
from dataclasses import dataclass

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from hypothesis import assume, example, given
from hypothesis import strategies as st

from ansible_collections.localai.core.plugins.module_utils._module.argspec import BACKEND
from ansible_collections.localai.core.plugins.module_utils._module.info_options import BACKEND_INFO
from ansible_collections.localai.core.plugins.modules import localai_backend, localai_backend_info
from ansible_collections.localai.core.tests.support import images
from ansible_collections.localai.core.tests.support.archives import Entry, tar_archive
from ansible_collections.localai.core.tests.support.backends import backend_entries
from ansible_collections.localai.core.tests.support.faults import Headers
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.host import snapshot
from ansible_collections.localai.core.tests.support.hostile import (
    FEWER,
    NUMBERS,
    TEXTS,
    VALUES,
    bent,
    check_told,
    documents,
    hostile,
    watched,
)
from ansible_collections.localai.core.tests.support.module import run_module
from ansible_collections.localai.core.tests.support.registry import Registry
from ansible_collections.localai.core.tests.support.world import Host


@pytest.fixture(autouse=True)
def _no_other_host(monkeypatch):
    """Whatever host a case names, nobody is called: nothing listens where the proxy should."""
    for variable in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(variable, "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


# options

DIGEST = "sha256:" + "0" * 64
PIN = {
    "name": "piper",
    "capability": "default",
    "platform": "linux/amd64",
    "backend": "piper",
    "alias": None,
    "uri": "127.0.0.1:1/x/y:z",
    "digest": DIGEST,
}
PINS = {"format": 1, "backends": [PIN, {**PIN, "capability": "amd"}]}
ENDPOINTS = [
    {"host": "127.0.0.1:1", "username": "me", "password": "hunter2", "plain_http": True},
    {"host": "h", "token": "t", "mirrors": [{"url": "https://m/x?ns=", "resolve": True}, {"url": "ocilayout:/l"}]},
]
GALLERIES = [{"name": "g", "url": "https://h/index.yaml", "mirrors": ["/index.yaml"], "sha256": "0" * 64}]
# Nobody has to wait for a lock or for a server.
IMPATIENT = {"lock_timeout": 1, "retries": 0, "timeout": 1}
TEXT = st.one_of(
    TEXTS, st.sampled_from([DIGEST, "latest", "linux/arm64", "nvidia", "root", "65534", "0755", "9" * 5000])
)


def of_type(option):
    """Values that the type of an option lets through, and some that it does not."""
    kind = option.get("type")
    if kind == "int":
        return NUMBERS
    if kind == "bool":
        return st.booleans()
    if kind == "list" and option["elements"] == "str":
        return st.lists(TEXT, max_size=3)
    return st.one_of(VALUES, TEXT) if kind == "raw" else TEXT


def options_of(spec):
    values = {name: of_type(option) for name, option in spec.items()}
    known = {"pins": bent(PINS), "endpoints": bent(ENDPOINTS), "galleries": bent(GALLERIES)}
    values.update({name: value for name, value in known.items() if spec.get(name, {}).get("type") in ("dict", "list")})
    return st.fixed_dictionaries({}, optional=values).map(as_text)


def as_text(value):
    """The same without halves of surrogate pairs, on which AnsibleModule itself fails before we see them."""
    return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))


def reaches_us(spec, options):
    """Whether Ansible's own check survives these options: it fails on infinity as a number, and on false as a dict."""
    try:
        ArgumentSpecValidator(copy.deepcopy(spec)).validate(options)
    except (OverflowError, TypeError):
        return False
    return True


@FEWER
@given(
    options_of(BACKEND["argument_spec"]),
    st.lists(st.one_of(st.just("piper"), TEXT), max_size=2).map(as_text),
    st.sampled_from(["present", "latest", "absent"]),
)
@example(
    {"endpoints": [{"host": "127.0.0.1:1", "mirrors": [{"url": "ocilayout:/\0"}]}], "pins": PINS}, ["piper"], "present"
)
@example({"owner": "9" * 5000}, ["piper"], "present")
@hostile
def test_any_options_are_taken_or_refused(world, options, names, state):
    with watched() as top:
        host = Host(top, world)
        named = {
            **host.options,
            "state": state,
            **options,
            "name": options.get("name") or names,
            **IMPATIENT,
        }
        assume(reaches_us(BACKEND["argument_spec"], named))
        before = snapshot(top)
        check_told(run_module(localai_backend.main, named, check_mode=True))
        assert snapshot(top) == before
        # A real run writes only where it may.
        named.update(backends_path=str(host.path))
        check_told(run_module(localai_backend.main, named))


@FEWER
@given(options_of(BACKEND_INFO["argument_spec"]))
@hostile
def test_any_options_of_the_info_module_are_taken_or_refused(world, options):
    with watched() as top:
        host = Host(top, world)
        host.place("piper", {"name": "piper"})
        named = {**host.options, **options, "retries": 0, "timeout": 1}
        assume(reaches_us(BACKEND_INFO["argument_spec"], named))
        before = snapshot(top)
        check_told(run_module(localai_backend_info.main, named))
        assert snapshot(top) == before


# servers

PLATFORM = images.host_platform()
SOUND = images.image([images.layer(backend_entries("victim"))], PLATFORM)
GALLERY = [
    {"name": "victim", "capabilities": {"default": "cpu-victim"}},
    {"name": "cpu-victim", "uri": "oci://HOST/x/victim:latest", "mirrors": ["HOST/x/other:latest"], "version": "1"},
    {"name": "packed", "uri": "URL/packed.tar.gz", "alias": "victim", "sha256": ""},
]
PATHS = [
    "run.sh",
    "a",
    "a/b",
    "link",
    "link/below/file",
    "../outside/file",
    "/outside",
    "metadata.json",
    ".localai-core.json",
]
TARGETS = ["run.sh", "a", ".", "..", "../../../outside", "../../../outside/file", "/etc", "metadata.json", "link/below"]
KINDS = [tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE]


@st.composite
def layers(draw):
    """A layer whose digest is right, whatever is in it."""
    entries = draw(
        st.lists(
            st.builds(
                Entry,
                name=st.sampled_from(PATHS),
                kind=st.sampled_from(KINDS),
                mode=st.integers(0, 0o7777),
                target=st.sampled_from(TARGETS),
            ),
            max_size=5,
        )
    )
    place = draw(st.integers(0, 1))
    sound = backend_entries("victim")[:3]
    return images.layer([*sound, *entries] if place else [*entries, *sound])


HEADER = st.sampled_from(["Content-Type", "Content-Length", "Content-Range", "Docker-Content-Digest", "ETag", "X"])
FIELD = st.sampled_from(["", "0", "-1", "9" * 30, "bytes 1-2/3", "application/json", DIGEST, "sha256:x", "\x7f\xe9"])


@dataclass(frozen=True)
class Sent:
    """What the servers of one case send; None is what is right."""

    gallery: bytes | None = None
    manifest: bytes | None = None
    layer: images.Layer | None = None
    headers: tuple[tuple[str, str], ...] = ()
    place: str = "/manifests/"


SENT = st.builds(
    Sent,
    gallery=st.one_of(st.none(), st.none(), documents(GALLERY)),
    manifest=st.one_of(st.none(), st.none(), documents(json.loads(SOUND.manifest))),
    layer=st.one_of(st.none(), layers(), layers()),
    headers=st.one_of(st.just({}), st.dictionaries(HEADER, FIELD, max_size=2)).map(lambda found: tuple(found.items())),
    place=st.sampled_from(["/manifests/", "/blobs/", "/packed", "/index"]),
)


@pytest.fixture(scope="module")
def servers():
    with Registry() as registry, FileServer() as files:
        yield registry, files


def serve(registry, files, sent):
    image = images.image([sent.layer], PLATFORM) if sent.layer is not None else SOUND
    for repository in ("x/victim", "x/other"):
        registry.put(repository, "latest", image)
        if sent.manifest is not None:
            registry.put_manifest(repository, "latest", sent.manifest, images.OCI_MANIFEST)
    gallery = json.dumps(GALLERY).encode() if sent.gallery is None else sent.gallery
    gallery = gallery.replace(b"HOST", registry.host.encode()).replace(b"URL", files.url.encode())
    files.pages = {"/index.yaml": gallery, "/packed.tar.gz": tar_archive(backend_entries("packed"))}
    if sent.layer is not None:
        files.pages["/packed.tar.gz"] = sent.layer.blob
    for server in (registry, files):
        server.faults = [Headers(sent.place, headers=dict(sent.headers))] if sent.headers else []


@FEWER
@given(
    SENT,
    st.sampled_from(["victim", "packed", "cpu-victim"]),
    st.sampled_from([("present", False), ("latest", False), ("present", True), ("latest", True)]),
)
@hostile
def test_whatever_servers_send_nothing_outside_changes(world, servers, sent, name, situation):
    (registry, files), (state, installed) = servers, situation
    with watched() as top:
        host = Host(top, world)
        host.options["galleries"] = [{"name": "web", "url": files.url + "/index.yaml"}]
        if installed:
            serve(registry, files, Sent())
            host.install(name)
        serve(registry, files, sent)
        before = snapshot(top)
        for result in (
            host.backend(name, check=True, state=state),
            host.info(available=True, upgrades=True),
            host.info(name, pins=True),
        ):
            check_told(result)
            assert snapshot(top) == before
        old = snapshot(host.path / name) if installed else None
        result = host.backend(name, state=state)
        check_told(result)
        if result["failed"] and not result["changed"] and installed:
            assert snapshot(host.path / name) == old
        if (host.path / ".localai-core").exists():
            assert os.listdir(host.path / ".localai-core/staging") == []
        check_told(host.backend(name, state="absent"))
