# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The galleries and the sources of a task answer each question once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError, SourceError
from ansible_collections.localai.core.plugins.module_utils._oci.platform import Platform
from ansible_collections.localai.core.plugins.module_utils._planner.questions import (
    FindArtifact,
    ReadGallery,
    ServedDigest,
    WalkTree,
)
from ansible_collections.localai.core.plugins.module_utils._request import Connection, GallerySource, HostOptions
from ansible_collections.localai.core.plugins.module_utils._resolver.resolver import Resolver
from ansible_collections.localai.core.tests.support import images
from ansible_collections.localai.core.tests.support.archives import file, write_tree
from ansible_collections.localai.core.tests.support.backends import backend_image
from ansible_collections.localai.core.tests.support.registry import Registry

AMD64, ARM64 = Platform("linux", "amd64"), Platform("linux", "arm64")
IMAGE = backend_image("piper", platforms=[images.Platform("amd64"), images.Platform("arm64")])


@pytest.fixture
def warnings() -> list[str]:
    return []


@pytest.fixture
def gallery(tmp_path: Path) -> Path:
    path = tmp_path / "gallery.yaml"
    path.write_text(json.dumps([{"name": "piper", "uri": "quay.io/piper"}, {"name": "../x"}]))
    return path


@pytest.fixture
def resolver(gallery: Path, warnings: list[str]) -> Resolver:
    sources = (GallerySource("g", Address(str(gallery))), GallerySource("lost", Address("/no/such/gallery.yaml")))
    host = HostOptions("/b", "/s", sources, connection=Connection(timeout=5, retries=0))
    return Resolver(host, AMD64, warnings)


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry() as running:
        running.put("piper", "latest", IMAGE)
        yield running


def test_a_gallery_is_read_once_and_what_it_skips_is_warned_of_once(
    resolver: Resolver, gallery: Path, warnings: list[str]
) -> None:
    index = resolver.answer(ReadGallery("g"))
    assert set(index.entries) == {"piper"}
    (warning,) = warnings
    assert warning.startswith("gallery g: ")
    gallery.unlink()
    assert resolver.answer(ReadGallery("g")) is resolver.index("g") is index
    assert len(warnings) == 1


def test_a_gallery_that_cannot_be_read_is_an_error_for_the_catalog_too(resolver: Resolver) -> None:
    with pytest.raises(GalleryError, match=r"/no/such/gallery\.yaml"):
        resolver.answer(ReadGallery("lost"))
    assert resolver.catalog.find("g@piper").name == "piper"
    with pytest.raises(GalleryError, match=r"/no/such/gallery\.yaml"):
        resolver.catalog.find("nobody")


def test_an_artifact_is_looked_up_once_for_each_platform(resolver: Resolver, registry: Registry) -> None:
    question = FindArtifact((Address(f"{registry.host}/piper:latest"),))
    artifact = resolver.answer(question)
    assert (artifact.digest, artifact.platform_digest) == (IMAGE.digest, IMAGE.images[0].digest)
    requests = len(registry.requests)
    assert resolver.answer(question) is artifact
    assert resolver.artifact("piper", question, AMD64) is artifact
    assert len(registry.requests) == requests
    assert resolver.artifact("piper", question, ARM64).platform_digest == IMAGE.images[1].digest
    assert len(registry.requests) > requests


def test_a_digest_is_that_of_the_source_at_this_moment(resolver: Resolver, registry: Registry) -> None:
    question = ServedDigest((Address(f"{registry.host}/piper:latest"),))
    assert resolver.answer(question) == IMAGE.digest
    newer = backend_image("piper", "2", platforms=[images.Platform("amd64")])
    registry.put("piper", "latest", newer)
    assert resolver.answer(question) == newer.digest


def test_a_directory_has_no_digest(resolver: Resolver, tmp_path: Path) -> None:
    write_tree(tmp_path / "source", [file("run.sh", "", 0o755)])
    origins = (Address(str(tmp_path / "source")),)
    assert resolver.answer(FindArtifact(origins)).digest is None
    assert resolver.answer(ServedDigest(origins)) is None


def test_an_artifact_that_cannot_be_found_is_an_error_about_its_backend(resolver: Resolver, registry: Registry) -> None:
    question = FindArtifact((Address(f"{registry.host}/piper:missing"),))
    with pytest.raises(SourceError, match=r"^piper cannot be fetched\. ") as failed:
        resolver.artifact("piper", question, AMD64)
    assert failed.value.missing


def test_a_question_about_the_disk_is_not_for_the_resolver(resolver: Resolver) -> None:
    with pytest.raises(TypeError):
        resolver.answer(WalkTree("piper"))
