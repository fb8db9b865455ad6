# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who signed an image: several repositories and policies, and the trusted root."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import SignatureError
from ansible_collections.localai.core.plugins.module_utils._http.client import Http
from ansible_collections.localai.core.plugins.module_utils._oci.manifest import Repository
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Reference
from ansible_collections.localai.core.plugins.module_utils._oci.registry import Location
from ansible_collections.localai.core.plugins.module_utils._oci.registry import Registry as Client
from ansible_collections.localai.core.plugins.module_utils._request import Connection, SignatureOptions, Verification
from ansible_collections.localai.core.plugins.module_utils._resolver.signatures import SignerFinder
from ansible_collections.localai.core.tests.support.registry import Registry
from ansible_collections.localai.core.tests.support.signed_world import POLICY, REPOSITORY, SignedWorld

LOCALAI = Verification(**POLICY)
NOBODY = Verification("https://issuer.example", None, "https://nobody.example")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[SignedWorld]:
    with Registry(referrers=True) as registry:
        yield SignedWorld(registry, tmp_path)


def repository(host: str) -> Repository:
    client = Client(Http(Connection(timeout=5, retries=0)))
    return client.repository(Location(Reference.parse(f"{host}/{REPOSITORY}:x"), "http"))


def find(world: SignedWorld, *policies: Verification, hosts: Any = None, root: Any = ...) -> Any:
    options = SignatureOptions("enforce", str(world.root) if root is ... else root)
    finder = SignerFinder(options, [])
    repositories = map(repository, hosts or [world.registry.host])
    return finder.find(repositories, (world.image.digest,), policies)


def test_one_policy_is_enough(world: SignedWorld) -> None:
    world.sign()
    signer = find(world, NOBODY, LOCALAI)
    assert signer.issuer == POLICY["issuer"]
    assert signer.log_index >= 0
    with pytest.raises(SignatureError, match=r"and the policy demands https://issuer\.example"):
        find(world, NOBODY)


def test_a_mirror_without_signatures_and_one_that_is_down_are_passed_over(world: SignedWorld) -> None:
    world.sign()
    with Registry() as empty:
        assert find(world, LOCALAI, hosts=[empty.host, "127.0.0.1:1", world.registry.host])
        with pytest.raises(SignatureError, match=r"127\.0\.0\.1:1"):
            find(world, LOCALAI, hosts=[empty.host, "127.0.0.1:1"])
        with pytest.raises(SignatureError, match=f"{empty.host}.* has no signature of {world.image.digest}"):
            find(world, LOCALAI, hosts=[empty.host])


def test_the_public_instance_is_another_one(world: SignedWorld) -> None:
    world.sign()
    with pytest.raises(SignatureError, match="the trusted root has no transparency log"):
        find(world, LOCALAI, root=None)
