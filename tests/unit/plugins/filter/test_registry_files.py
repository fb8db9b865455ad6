# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter that lists the files of a registry. `tests/hosts` has it with a real registry."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.filter.registry_files import FilterModule

INDEX, MANIFEST, LAYER = (f"sha256:{digit * 64}" for digit in "abc")
STORAGE = "/var/lib/docker-registry"
ROOT = f"{STORAGE}/docker/registry/v2"
REPOSITORY = f"{ROOT}/repositories/skynet/backends"


def image(name: str = "quay.io/skynet/backends:latest", digest: str = INDEX) -> dict[str, Any]:
    return {
        "name": name,
        "digest": digest,
        "blobs": [digest, MANIFEST, LAYER],
        "manifests": [digest, MANIFEST],
        "referrers": [],
    }


def registry_files(*images: dict[str, Any]) -> Any:
    return FilterModule().filters()["registry_files"]({"images": list(images)}, STORAGE)


def contents_of(files: Any) -> dict[str, str]:
    return {link["path"]: link["content"] for link in files["links"]}


def test_an_image_becomes_blobs_and_links() -> None:
    files = registry_files(image())
    assert files["blobs"] == {
        f"{ROOT}/blobs/sha256/{digit * 2}/{digit * 64}/data": f"images/blobs/sha256/{digit * 64}" for digit in "abc"
    }
    links = contents_of(files)
    assert links == {
        f"{REPOSITORY}/_manifests/revisions/sha256/{'a' * 64}/link": INDEX,
        f"{REPOSITORY}/_manifests/revisions/sha256/{'b' * 64}/link": MANIFEST,
        f"{REPOSITORY}/_layers/sha256/{'c' * 64}/link": LAYER,
        f"{REPOSITORY}/_manifests/tags/latest/index/sha256/{'a' * 64}/link": INDEX,
        f"{REPOSITORY}/_manifests/tags/latest/current/link": INDEX,
    }
    assert [f"{row['path']}/link" for row in files["directories"]] == sorted(links)


@pytest.mark.parametrize(
    "name",
    ["quay.io/skynet/backends@" + INDEX, "localhost:5000/skynet/backends@" + INDEX, "ollama://r.io/skynet/backends"],
)
def test_an_image_without_a_tag_has_no_tag(name: str) -> None:
    links = contents_of(registry_files(image(name)))
    assert f"{REPOSITORY}/_manifests/revisions/sha256/{'a' * 64}/link" in links
    assert not [path for path in links if "/tags/" in path]


def test_two_tags_of_an_image_share_its_blobs() -> None:
    files = registry_files(image(), image("quay.io/skynet/backends:v1"))
    assert len(files["blobs"]) == 3
    for tag in ("latest", "v1"):
        assert contents_of(files)[f"{REPOSITORY}/_manifests/tags/{tag}/current/link"] == INDEX


def test_images_of_two_hosts_with_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="backends:latest: another image"):
        registry_files(image(), image("ghcr.io/skynet/backends:latest", "sha256:" + "d" * 64))
    assert registry_files(image(), image("ghcr.io/skynet/backends:latest"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "quay.io/../../etc:latest"},
        {"name": "backends"},
        {"name": None},
        {"digest": "sha256:.."},
        {"blobs": ["sha256:../x"]},
        {"manifests": None},
    ],
)
def test_what_no_bundle_has_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="needs the content of"):
        registry_files({**image(), **wrong})


@pytest.mark.parametrize("contents", [{}, [], None, {"images": [{}]}, {"images": 1}])
def test_what_is_no_bundle_is_refused(contents: Any) -> None:
    with pytest.raises(ValueError, match="needs the content of"):
        FilterModule().filters()["registry_files"](contents, STORAGE)
