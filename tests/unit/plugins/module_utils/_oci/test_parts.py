# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything that belongs to an image: documents and blobs for some platforms, and what is about them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._oci.parts import Parts
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Reference
from ansible_collections.localai.core.tests.support import images
from ansible_collections.localai.core.tests.support.archives import file
from ansible_collections.localai.core.tests.support.backends import backend_image
from ansible_collections.localai.core.tests.support.client import Client
from ansible_collections.localai.core.tests.support.faults import Status
from ansible_collections.localai.core.tests.support.pulls import images_of
from ansible_collections.localai.core.tests.support.registry import Registry
from ansible_collections.localai.core.tests.support.sigstore import attach

NAMES = ("amd64", "arm64", "s390x")
PLATFORMS = {name: Platform("linux", name) for name in NAMES}
INDEX = images.index([images.image([images.layer([file("x", name)])], images.Platform(name)) for name in NAMES])


@pytest.fixture(params=[True, False], ids=["referrers", "fallback tag"])
def registry(request: Any) -> Iterator[Registry]:
    with Registry(referrers=request.param) as server:
        yield server


def parts(registry: Registry, artifact: images.Artifact, *names: str, problems: list[str] | None = None) -> Parts:
    registry.put("x/y", "v1", artifact)
    reference = Reference(registry.host, "x/y", "v1")
    platforms = tuple(PLATFORMS[name] for name in names)
    return images_of(Client(retries=0)).parts(reference, platforms, [] if problems is None else problems)


def digests(items: Any) -> set[str]:
    return {item.digest for item in items}


@pytest.mark.parametrize("names", [("amd64",), ("amd64", "s390x"), NAMES, ()])
def test_an_index_has_only_the_children_for_the_platforms(registry: Registry, names: tuple[str, ...]) -> None:
    found = parts(registry, INDEX, *names)
    children = [image for image in INDEX.images if image.platform.architecture in names]
    assert (found.top.digest, found.top.document) == (INDEX.digest, INDEX.manifest)
    assert digests(found.all_documents) == {INDEX.digest, *digests(children)}
    assert digests(found.blobs) == {digest for image in children for digest in image.blobs}
    size = len(INDEX.manifest) + sum(len(image.manifest) + sum(map(len, image.blobs.values())) for image in children)
    assert (found.size, found.referrers) == (size, ())


@pytest.mark.parametrize("docker", [True, False])
def test_documents_are_byte_for_byte(registry: Registry, docker: bool) -> None:
    for artifact in (backend_image(docker=docker), backend_image(docker=docker).images[0]):
        documents = parts(registry, artifact, "amd64").all_documents
        children = artifact.images if isinstance(artifact, images.Index) else ()
        assert {row.document for row in documents} == {artifact.manifest, *(child.manifest for child in children)}
        assert documents[0].media_type == artifact.media_type


def test_a_nested_index_is_followed(registry: Registry) -> None:
    child = {**images.descriptor(INDEX), "platform": {"os": "linux", "architecture": "amd64"}}
    top = images.document({"schemaVersion": 2, "mediaType": images.OCI_INDEX, "manifests": [child]})
    registry.put("x/y", "inner", INDEX)
    outer = images.Index(top, images.OCI_INDEX, images.digest(top), ())
    found = parts(registry, outer, "amd64")
    assert digests(found.all_documents) == {outer.digest, INDEX.digest, INDEX.images[0].digest}


def test_a_platform_that_is_not_there_is_an_error(registry: Registry) -> None:
    with pytest.raises(SourceError, match="linux/s390x"):
        parts(registry, images.index(INDEX.images[:2]), "s390x")


def test_parts_of_several_platforms_are_merged(registry: Registry) -> None:
    both = parts(registry, INDEX, "amd64", "arm64")
    merged = parts(registry, INDEX, "amd64").merged(parts(registry, INDEX, "arm64", "amd64"))
    assert digests(merged.all_documents) == digests(both.all_documents)
    assert (digests(merged.blobs), merged.size, len(merged.blobs)) == (digests(both.blobs), both.size, len(both.blobs))


def signed(registry: Registry, subject: images.Artifact) -> images.Image:
    referrer = attach.referrer(subject, b"{}")
    if registry.referrers:
        attach.put_referrers(registry.put, "x/y", [referrer])
    else:
        attach.put_fallback(registry.put, "x/y", subject, [referrer])
    return referrer


def test_what_is_about_an_index_and_its_images_belongs_to_it(registry: Registry) -> None:
    about = [signed(registry, INDEX), signed(registry, INDEX.images[0])]
    signed(registry, INDEX.images[1])
    found = parts(registry, INDEX, "amd64")
    assert digests(found.referrers) == digests(about)
    assert {digest for image in about for digest in image.blobs} <= digests(found.blobs)
    assert digests(about) <= digests(found.all_documents)


def test_a_referrer_that_cannot_be_read_is_left_out_with_a_warning(registry: Registry) -> None:
    referrer, problems = signed(registry, INDEX), list[str]()
    registry.faults.append(Status(f"manifests/{referrer.digest}", status=500))
    found = parts(registry, INDEX, "amd64", problems=problems)
    assert found.referrers == ()
    (problem,) = problems
    assert referrer.digest in problem
    assert INDEX.digest in problem


def test_referrers_that_cannot_be_listed_are_a_warning_for_each_document(registry: Registry) -> None:
    problems: list[str] = []
    registry.faults.append(Status("referrers/|manifests/sha256-", status=500))
    assert parts(registry, INDEX, "amd64", problems=problems).referrers == ()
    assert len(problems) == 2
    assert all("cannot be listed" in problem for problem in problems)


def test_a_referrer_of_something_else_is_left_out(registry: Registry) -> None:
    if registry.referrers:
        return
    other = attach.referrer(replace(INDEX.images[1]), b"{}")
    attach.put_fallback(registry.put, "x/y", INDEX, [other])
    assert parts(registry, INDEX, "amd64").referrers == ()
