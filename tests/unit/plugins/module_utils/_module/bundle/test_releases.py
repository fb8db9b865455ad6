# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of releases of the server."""

from __future__ import annotations

import hashlib
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import SourceError, TransportError
from ansible_collections.localai.core.plugins.module_utils._module.bundle.releases import ReleaseFinder
from ansible_collections.localai.core.plugins.module_utils._module.bundle.wanted import Wanted
from ansible_collections.localai.core.tests.support.client import Client
from ansible_collections.localai.core.tests.support.delivery import Anything, sources
from ansible_collections.localai.core.tests.support.faults import Redirect
from ansible_collections.localai.core.tests.support.files import FileServer

BINARY = b"binary " * 100
SHA256 = hashlib.sha256(BINARY).hexdigest()
SUMS = f"{SHA256}  local-ai-v4.11.0-linux-amd64\n{SHA256} *./local-ai-v4.11.0-linux-arm64\n".encode()


@pytest.fixture
def server() -> Iterator[FileServer]:
    pages = {
        "/releases/download/v4.11.0/LocalAI-v4.11.0-checksums.txt": SUMS,
        "/releases/download/v4.11.0/local-ai-v4.11.0-linux-amd64": BINARY,
        "/releases/download/v4.11.0/local-ai-v4.11.0-linux-arm64": BINARY,
        "/releases/tag/v4.11.0": b"<html>",
    }
    with FileServer(pages) as files:
        yield files


def finder(server: FileServer, wanted: Wanted, path: str = "/releases/download") -> ReleaseFinder:
    return ReleaseFinder(Address(server.url + path), Client(retries=0), sources(Anything(), retries=0), wanted)


def test_a_release_has_its_binary_and_its_list_of_checksums(server: Any) -> None:
    wanted = Wanted()
    finder(server, wanted).add("v4.11.0", "amd64")
    (file,) = wanted.files.values()
    assert (file.sha256, file.name, file.directory) == (SHA256, "local-ai-v4.11.0-linux-amd64", "releases/v4.11.0")
    assert file.keys == (f"{server.url}/releases/download/v4.11.0/local-ai-v4.11.0-linux-amd64",)
    assert wanted.documents == {"releases/v4.11.0/LocalAI-v4.11.0-checksums.txt": SUMS}


def test_the_list_of_checksums_is_fetched_once(server: Any) -> None:
    wanted = Wanted()
    found = finder(server, wanted)
    found.add("v4.11.0", "amd64")
    found.add("v4.11.0", "arm64")
    assert len([request for request in server.requests if request.path.endswith("checksums.txt")]) == 1


def test_the_newest_release_is_where_github_redirects_to(server: Any) -> None:
    server.faults.append(Redirect("/releases/latest$", location="/releases/tag/v4.11.0", status=302))
    wanted = Wanted()
    found = finder(server, wanted)
    found.add("latest", "amd64")
    found.add("latest", "arm64")
    assert wanted.documents["releases/latest"] == b"v4.11.0\n"
    assert len([request for request in server.requests if request.path == "/releases/latest"]) == 1


def test_a_mirror_has_a_text_file(server: Any) -> None:
    for name in ("LocalAI-v4.11.0-checksums.txt", "local-ai-v4.11.0-linux-amd64"):
        server.pages[f"/mirror/v4.11.0/{name}"] = server.pages[f"/releases/download/v4.11.0/{name}"]
    server.pages["/mirror/latest"] = b"v4.11.0\n"
    wanted = Wanted()
    finder(server, wanted, "/mirror").add("latest", "amd64")
    assert wanted.documents["releases/latest"] == b"v4.11.0\n"


@pytest.mark.parametrize("text", [b"", b"<html>", b"4.11.0", b"v../../x", b"xv1.0"])
def test_another_page_is_no_release(server: Any, text: bytes) -> None:
    server.pages["/releases/latest"] = text
    with pytest.raises(SourceError, match=r"does not tell the newest release. Name a version."):
        finder(server, Wanted()).add("latest", "amd64")


def test_without_a_page_a_version_has_to_be_named(server: Any) -> None:
    with pytest.raises(SourceError, match=r"The newest release cannot be looked up: .* 404 .* Name a version."):
        finder(server, Wanted()).add("latest", "amd64")


def test_an_architecture_without_a_binary_is_an_error(server: Any) -> None:
    with pytest.raises(SourceError, match=r"does not list local-ai-v4.11.0-linux-s390x. Check the versions"):
        finder(server, Wanted()).add("v4.11.0", "s390x")


def test_a_missing_release_is_an_error(server: Any) -> None:
    with pytest.raises(TransportError, match=r"404"):
        finder(server, Wanted()).add("v9.9.9", "amd64")
