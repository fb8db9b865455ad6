# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A gallery may be an artifact in a registry: only its index is fetched, and nothing else is taken for one."""

from __future__ import annotations

from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError
from ansible_collections.localai.core.plugins.module_utils._oci.manifest import parse_manifest
from ansible_collections.localai.core.plugins.module_utils._request import (
    Endpoint,
    GallerySource,
    Mirror,
    Verification,
)
from ansible_collections.localai.core.plugins.module_utils._resolver.gallery_artifact import files_of
from ansible_collections.localai.core.tests.support import images
from ansible_collections.localai.core.tests.support.auth import Basic, Bearer
from ansible_collections.localai.core.tests.support.client import Client
from ansible_collections.localai.core.tests.support.faults import Cut, Status
from ansible_collections.localai.core.tests.support.galleries import Galleries
from ansible_collections.localai.core.tests.support.gallery_artifacts import (
    GALLERY_TYPE,
    artifact,
    index_of,
    pointer,
)
from ansible_collections.localai.core.tests.support.indexes import REAL, failure
from ansible_collections.localai.core.tests.support.layouts import write_oci_layout
from ansible_collections.localai.core.tests.support.registry import Registry
from ansible_collections.localai.core.tests.support.sample import IMAGE

FILES = {"models/a.yaml": b"name: a\n", "index.yaml": REAL, "b.yaml": b"x" * 1000}
GALLERY = artifact(FILES)


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry() as running:
        yield running


def gallery(url: str, *mirrors: str, policy: Verification | None = None, **settings: Any) -> Galleries:
    """One gallery, called g, which is read by a client with these settings of a connection."""
    source = GallerySource("g", Address(url), tuple(map(Address, mirrors)), artifact_verification=policy)
    return Galleries([source], Client(**settings))


def blobs(registry: Registry) -> list[str]:
    return [request.path.rpartition("/")[2] for request in registry.requests if "/blobs/" in request.path]


@pytest.mark.parametrize("name", [":gallery-backends", "@digest", ":gallery-backends@digest", ""])
@pytest.mark.parametrize("scheme", ["oci://", "OCI://"])
def test_only_the_index_of_an_artifact_is_fetched(registry: Registry, name: str, scheme: str) -> None:
    registry.put("x/y", "gallery-backends", GALLERY)
    registry.put("x/y", "latest", GALLERY)
    url = f"{scheme}{registry.host}/x/y{name.replace('digest', GALLERY.digest)}"
    found = gallery(url).find("piper")
    assert (found.name, found.gallery_url.text) == ("piper", url)
    assert blobs(registry) == [images.digest(REAL)]


@pytest.mark.parametrize("types", [[GALLERY_TYPE], [None], [None, GALLERY_TYPE], [GALLERY_TYPE, "application/x"]])
def test_an_index_may_list_the_artifact(registry: Registry, types: list[str | None]) -> None:
    children = [GALLERY if kind == GALLERY_TYPE or len(types) == 1 else IMAGE for kind in types]
    registry.put("x/y", "v1", index_of(children, types))
    assert gallery(f"oci://{registry.host}/x/y:v1").find("piper").name == "piper"


@pytest.mark.parametrize("auth", [Basic("me", "secret"), Bearer("me", "secret")], ids=["basic", "bearer"])
def test_credentials_are_those_of_the_registry(registry: Registry, auth: Any) -> None:
    registry.auth = auth
    registry.put("x/y", "v1", GALLERY)
    endpoints = (Endpoint(registry.host, username="me", password="secret"),)
    assert gallery(f"oci://{registry.host}/x/y:v1", endpoints=endpoints).find("piper").name == "piper"
    assert "401" in failure(gallery(f"oci://{registry.host}/x/y:v1").find, "piper")


def test_a_fault_is_tried_again(registry: Registry) -> None:
    registry.put("x/y", "v1", GALLERY)
    registry.faults += [Cut(after=100, path="/blobs/", times=1), Status(status=503, path="/manifests/", times=1)]
    assert gallery(f"oci://{registry.host}/x/y:v1").find("piper").name == "piper"


def test_a_mirror_of_the_registry_has_it_too(registry: Registry, tmp_path: Any) -> None:
    registry.put("x/y", "v1", GALLERY)
    url = "oci://registry.example/x/y:v1"
    for mirror in (registry.url, f"ocilayout:{tmp_path}"):
        write_oci_layout(tmp_path, {"registry.example/x/y:v1": GALLERY})
        endpoints = (Endpoint("registry.example", mirrors=(Mirror(Address(mirror), resolve=True),)),)
        assert gallery(url, endpoints=endpoints).find("piper").name == "piper"


def test_it_may_be_a_mirror_of_a_gallery_on_the_web(registry: Registry) -> None:
    registry.put("x/y", "v1", GALLERY)
    found = gallery("/no/such.yaml", "/nor/this.yaml", f"oci://{registry.host}/x/y:v1")
    assert found.find("piper").gallery_url.text == "/no/such.yaml"


LARGE = 33 * 1024**2
WRONG = [
    (artifact({"index.yaml": REAL}, artifactType="application/vnd.example"), "of the type 'application/vnd.example'"),
    (artifact({"index.yaml": REAL}, artifactType=None), "of the type 'application/vnd.oci.empty.v1\\+json'"),
    (artifact({"other.yaml": REAL, "a.yaml": b""}), "has no index.yaml, but a.yaml, other.yaml"),
    (artifact({}), "has no index.yaml, but nothing"),
    (artifact({}, [pointer(b"", f"{n}.yaml") for n in range(513)]), "has 513 files; at most 512 are allowed"),
    (artifact({}, [pointer(b"", f"{n}.yaml", size=2**20) for n in range(65)]), "have 68157440 bytes; the limit is"),
    (artifact({}, [pointer(b"", "index.yaml", size=LARGE)]), "index.yaml is larger than 33554432 bytes"),
    (artifact({"a": REAL}, [pointer(REAL, "index.yaml"), pointer(REAL, "index.yaml")]), "two files 'index.yaml'"),
    (artifact({"a": REAL}, [pointer(REAL, "index.yaml", "text/plain")]), "'index.yaml'.*media type 'text/plain'"),
    (artifact({"a": REAL}, [pointer(REAL, None, images.OCI_LAYER)]), "the media type 'application/vnd.oci.image.lay"),
    (artifact({"a": REAL}, [pointer(REAL, None)]), "unsafe path ''"),
    (IMAGE, "it is a container image, not a gallery artifact"),
    (index_of([IMAGE], [None]), "it is a container image, not a gallery artifact"),
    (index_of([GALLERY, GALLERY], [GALLERY_TYPE] * 2), "an index of 2 manifests, of which 2 are galleries"),
    (index_of([GALLERY, IMAGE], [None, None]), "an index of 2 manifests, of which 0 are galleries"),
    (index_of([], []), "an index of 0 manifests"),
]


@pytest.mark.parametrize(("content", "says"), WRONG)
def test_what_is_no_gallery_is_refused_by_its_manifest(registry: Registry, content: Any, says: str) -> None:
    registry.put("x/y", "v1", content)
    with pytest.raises(GalleryError, match=says):
        gallery(f"oci://{registry.host}/x/y:v1").find("piper")
    assert blobs(registry) == []


@pytest.mark.parametrize(
    "title", ["../index.yaml", "/index.yaml", "a/../../b", "a//b", "a/", "./index.yaml", "a\\b", "a\0b", "a\nb", ".."]
)
def test_an_unsafe_title_refuses_the_artifact(registry: Registry, title: str) -> None:
    registry.put("x/y", "v1", artifact({"index.yaml": REAL, title: b""}))
    assert "unsafe path" in failure(gallery(f"oci://{registry.host}/x/y:v1").find, "piper")


def test_an_index_that_is_not_what_its_digest_says_is_refused(registry: Registry) -> None:
    registry.put("x/y", "v1", GALLERY)
    registry.put_blob("x/y", REAL.replace(b"piper", b"piqer"), images.digest(REAL))
    assert "and the digest sha256:" in failure(gallery(f"oci://{registry.host}/x/y:v1").find, "piper")


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("oci://", "is not an image reference"),
        ("oci://{}/x/y:nothing", "404"),
        ("oci://{}/X/y:v1", "is not an image reference"),
        ("oci://me:hunter2@{}/x/y:v1", "Put credentials in endpoints"),
        ("oci://{}/x/y@sha256:0", "is not a digest such as"),
    ],
)
def test_a_reference_that_names_nothing_is_an_error(registry: Registry, url: str, says: str) -> None:
    message = failure(gallery(url.format(registry.host)).find, "piper")
    assert says in message
    assert "hunter2" not in message


def test_a_tag_that_ends_with_ref_is_no_reference_file(registry: Registry) -> None:
    registry.put("x/y", "v1.ref", GALLERY)
    assert gallery(f"oci://{registry.host}/x/y:v1.ref").find("piper").name == "piper"


def test_a_policy_for_the_artifact_is_warned_of_when_it_would_apply(registry: Registry, tmp_path: Any) -> None:
    policy = Verification(issuer="i", identity="x")
    registry.put("x/y", "v1", GALLERY)
    url = f"oci://{registry.host}/x/y:v1"
    from_registry = gallery("/no/such.yaml", url, policy=policy)
    from_registry.entries()
    (warning,) = from_registry.warnings
    expected = f"gallery g: the index was read from {url} without verifying its signature, because signatures is ignore"
    assert warning.startswith(expected)
    (tmp_path / "index.yaml").write_bytes(REAL)
    from_disk = gallery(str(tmp_path / "index.yaml"), url, policy=policy)
    from_disk.entries()
    assert from_disk.warnings == []


def test_the_files_of_an_artifact_are_named_by_their_titles() -> None:
    assert list(files_of(parse_manifest(GALLERY.manifest, ""))) == list(FILES)
