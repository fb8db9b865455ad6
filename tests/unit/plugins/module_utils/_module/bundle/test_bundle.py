# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The run of localai_bundle: what it reports, and that the list is written last."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Iterator

import pytest

from ansible_collections.localai.core.plugins.module_utils._module.bundle.fill import Filler
from ansible_collections.localai.core.tests.support.bundles import BundleDirectory, prove_fill, published
from ansible_collections.localai.core.tests.support.faults import Status
from ansible_collections.localai.core.tests.support.files import FileServer

BINARY = b"binary " * 1000
SUMS = f"{hashlib.sha256(BINARY).hexdigest()}  local-ai-v1.0.0-linux-amd64\n".encode()


@pytest.fixture
def server() -> Iterator[FileServer]:
    pages: dict[str, Any] = {
        "/v1.0.0/LocalAI-v1.0.0-checksums.txt": SUMS,
        "/v1.0.0/local-ai-v1.0.0-linux-amd64": BINARY,
    }
    with FileServer(pages) as files:
        yield files


@pytest.fixture
def directory(tmp_path: Path, server: FileServer) -> BundleDirectory:
    options = {"server_versions": ["v1.0.0"], "platforms": ["linux/amd64"], "release_url": server.url}
    return BundleDirectory(tmp_path / "bundle", **options)


def test_a_release_is_fetched_with_its_list_of_checksums(directory: BundleDirectory, server: FileServer) -> None:
    result = prove_fill(directory)
    url = f"{server.url}/v1.0.0/local-ai-v1.0.0-linux-amd64"
    assert result["fetched"] == [{"name": url, "kind": "file", "size": len(BINARY)}]
    assert (result["size"], result["bytes_transferred"]) == (len(BINARY), len(BINARY))
    assert result["msg"] == "Fetched 1 thing (0.1 MiB)."
    assert directory.run(check=True, server_versions=["v1.0.0"])["msg"] == "Nothing to change."
    files = directory.files
    assert files["releases/v1.0.0/local-ai-v1.0.0-linux-amd64"] == BINARY
    assert files["releases/v1.0.0/LocalAI-v1.0.0-checksums.txt"] == SUMS


def test_check_mode_says_what_it_would_do(directory: BundleDirectory) -> None:
    assert directory.run(check=True)["msg"] == "Would fetch 1 thing (0.1 MiB)."
    directory.fill()
    (directory.path / "SHA256SUMS").unlink()
    assert directory.run(check=True)["msg"] == "Would write the list."
    assert directory.fill()["msg"] == "Wrote the list."
    (directory.path / "files").mkdir()
    (directory.path / "files" / "stray").write_bytes(b"")
    assert directory.run(check=True, prune=True)["msg"] == "Would remove 1 file."
    assert directory.fill(prune=True)["removed"] == ["files/stray"]


def test_the_list_comes_last(directory: BundleDirectory, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    write = Filler.write
    monkeypatch.setattr(
        Filler, "write", lambda filler, path, content: (written.append(path), write(filler, path, content))
    )
    directory.fill()
    assert written[-2:] == ["bundle.json", "SHA256SUMS"]


def test_after_a_failure_the_bundle_is_as_before(directory: BundleDirectory, server: FileServer) -> None:
    directory.fill()
    before = published(directory)
    server.faults.append(Status("linux-amd64$", method="GET", status=500))
    (directory.path / "releases/v1.0.0/local-ai-v1.0.0-linux-amd64").write_bytes(BINARY[:-1])
    damaged = published(directory)
    result = directory.run()
    assert (result["failed"], result["changed"]) == (True, False)
    assert published(directory) == damaged
    server.faults.clear()
    directory.fill()
    assert set(published(directory)) == set(before)
