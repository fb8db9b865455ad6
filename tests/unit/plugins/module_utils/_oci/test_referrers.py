# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Signatures beside an image: where they are found, and what is not one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import TransportError
from ansible_collections.localai.core.plugins.module_utils._http.client import Http
from ansible_collections.localai.core.plugins.module_utils._oci.layout import Layout
from ansible_collections.localai.core.plugins.module_utils._oci.manifest import Repository
from ansible_collections.localai.core.plugins.module_utils._oci.reference import Reference, referrers_tag
from ansible_collections.localai.core.plugins.module_utils._oci.referrers import Signature, signatures_beside
from ansible_collections.localai.core.plugins.module_utils._oci.registry import Location
from ansible_collections.localai.core.plugins.module_utils._oci.registry import Registry as Client
from ansible_collections.localai.core.plugins.module_utils._request import Connection
from ansible_collections.localai.core.tests.support.backends import backend_image
from ansible_collections.localai.core.tests.support.images import OCI_INDEX
from ansible_collections.localai.core.tests.support.layouts import write_oci_layout
from ansible_collections.localai.core.tests.support.registry import Registry
from ansible_collections.localai.core.tests.support.server import Answer, Fault, Request
from ansible_collections.localai.core.tests.support.sigstore import attach
from ansible_collections.localai.core.tests.support.sigstore.instance import Instance


@dataclass(frozen=True)
class Instead(Fault):
    """What a registry answers to a request for referrers."""

    path: str = "/referrers/"
    sent: Answer = field(default_factory=Answer)

    def answer(self, _request: Request, _answer: Answer) -> Answer:
        return self.sent


SIGSTORE = Instance()
IMAGE = backend_image()
BUNDLE = SIGSTORE.sign_image(IMAGE.digest)


@pytest.fixture(params=[True, False], ids=["referrers", "fallback tag"])
def registry(request: Any) -> Iterator[Registry]:
    with Registry(referrers=request.param) as server:
        server.put("x/y", "v1", IMAGE)
        yield server


def repository(registry: Registry) -> Repository:
    client = Client(Http(Connection(timeout=5, retries=0)))
    return client.repository(Location(Reference.parse(f"{registry.host}/x/y:v1")))


def put(registry: Registry, *referrers: Any, exact: bool = False) -> None:
    if registry.referrers:
        attach.put_referrers(registry.put, "x/y", referrers)
    else:
        attach.put_fallback(registry.put, "x/y", IMAGE, referrers, exact=exact)


def found(where: Repository, digest: str = IMAGE.digest) -> list[Signature]:
    problems: list[str] = []
    signatures = list(signatures_beside(where, digest, problems))
    assert problems == []
    return signatures


@pytest.mark.parametrize("exact", [True, False])
def test_bundles_and_the_older_form_are_found(registry: Registry, exact: bool) -> None:
    old = SIGSTORE.sign_image_old(IMAGE.digest)
    put(registry, attach.referrer(IMAGE, BUNDLE), attach.old_referrer(IMAGE, [old]), exact=exact)
    by_kind = {signature.is_bundle: signature for signature in found(repository(registry))}
    assert set(by_kind) == {True, False}
    assert by_kind[False].content == old.layer
    assert by_kind[False].annotations == old.annotations


def test_an_image_without_signatures_has_none(registry: Registry) -> None:
    assert found(repository(registry)) == []


def test_a_referrer_of_something_else_is_none(registry: Registry) -> None:
    other = backend_image(version="2")
    stray = attach.referrer(other, BUNDLE)
    if registry.referrers:
        put(registry, stray)
    else:
        attach.put_fallback(registry.put, "x/y", IMAGE, [stray])
    assert found(repository(registry)) == []


def test_other_kinds_of_referrers_are_not_read(registry: Registry) -> None:
    scan = attach.referrer(IMAGE, b"{}", artifactType="application/sarif+json")
    put(registry, scan, exact=True)
    repository_ = repository(registry)
    registry.requests.clear()
    assert found(repository_) == []
    assert not [request for request in registry.requests if scan.digest in request.path]


@pytest.mark.parametrize("status", [400, 404, 405, 501])
def test_a_registry_that_knows_no_referrers_has_a_tag_for_them(status: int) -> None:
    with Registry() as registry:
        registry.put("x/y", "v1", IMAGE)
        attach.put_fallback(registry.put, "x/y", IMAGE, [attach.referrer(IMAGE, BUNDLE)])
        registry.faults.append(Instead(sent=Answer(status)))
        assert len(found(repository(registry))) == 1


def test_a_page_instead_of_a_list_is_none() -> None:
    with Registry() as registry:
        registry.put("x/y", "v1", IMAGE)
        attach.put_fallback(registry.put, "x/y", IMAGE, [attach.referrer(IMAGE, BUNDLE)])
        page = Answer(200, {"Content-Type": "text/html"}, b"<html>")
        registry.faults.append(Instead(sent=page))
        assert len(found(repository(registry))) == 1


def test_a_server_that_fails_is_an_error() -> None:
    with Registry() as registry:
        registry.put("x/y", "v1", IMAGE)
        registry.faults.append(Instead(sent=Answer(500)))
        with pytest.raises(TransportError):
            found(repository(registry))


def test_an_implausible_signature_is_an_error(registry: Registry) -> None:
    put(registry, attach.referrer(IMAGE, bytes(5 * 1024**2)), attach.referrer(IMAGE, BUNDLE))
    problems: list[str] = []
    assert len(list(signatures_beside(repository(registry), IMAGE.digest, problems))) == 1
    (problem,) = problems
    assert "which is not plausible" in problem


def test_a_referrer_that_is_gone_does_not_hide_the_others(registry: Registry) -> None:
    gone, there = attach.referrer(IMAGE, b"{}"), attach.referrer(IMAGE, BUNDLE)
    put(registry, gone, there)
    registry.faults.append(Instead(path=f"/manifests/{gone.digest}", sent=Answer(404)))
    problems: list[str] = []
    assert len(list(signatures_beside(repository(registry), IMAGE.digest, problems))) == 1
    assert len(problems) == 1


def test_other_kinds_do_not_count_for_the_limit(registry: Registry) -> None:
    scans = [attach.referrer(IMAGE, str(n).encode(), artifactType="application/sarif+json") for n in range(70)]
    put(registry, *scans, attach.referrer(IMAGE, BUNDLE), exact=True)
    assert len(found(repository(registry))) == 1
    many = [attach.referrer(IMAGE, str(n).encode()) for n in range(70)]
    put(registry, *many, exact=True)
    problems: list[str] = []
    assert len(list(signatures_beside(repository(registry), IMAGE.digest, problems))) == 64
    assert "of which 64 were read" in problems[0]


def test_a_long_list_has_pages() -> None:
    with Registry() as registry:
        registry.put("x/y", "v1", IMAGE)
        scan, bundle = (
            attach.referrer(IMAGE, b"1", artifactType="application/sarif+json"),
            attach.referrer(IMAGE, BUNDLE),
        )
        attach.put_referrers(registry.put, "x/y", [scan, bundle])
        pages = [attach.fallback_index([row], exact=True).manifest for row in (scan, bundle)]
        link = {"Content-Type": OCI_INDEX, "Link": f'</v2/x/y/referrers/{IMAGE.digest}?last=1&n=1>; rel="next"'}
        registry.faults.append(Instead(times=1, sent=Answer(200, link, pages[0])))
        registry.faults.append(Instead(sent=Answer(200, {"Content-Type": OCI_INDEX}, pages[1])))
        assert len(found(repository(registry))) == 1
        assert [request.path for request in registry.requests if "last=1" in str(request)]


@pytest.mark.parametrize("tagged", [True, False])
def test_a_layout_has_them_in_one_of_two_ways(tmp_path: Path, tagged: bool) -> None:
    referrer = attach.referrer(IMAGE, BUNDLE)
    images: dict[str, Any] = {"latest": IMAGE}
    if tagged:
        images[attach.fallback_tag(IMAGE.digest)] = attach.fallback_index([referrer])
    write_oci_layout(tmp_path, images)
    if not tagged:
        attach.add_to_layout(tmp_path, [referrer])
    assert len(found(Layout(str(tmp_path)))) == 1
    assert found(Layout(str(tmp_path)), IMAGE.images[0].digest) == []


def test_the_tag_of_the_specification() -> None:
    assert referrers_tag("sha256:" + "ab" * 32) == "sha256-" + "ab" * 32
    assert referrers_tag("sha512:" + "ab" * 64) == "sha512-" + "ab" * 32
