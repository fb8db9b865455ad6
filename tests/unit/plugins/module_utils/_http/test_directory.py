# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The files of a directory, on this host and below a URL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import SourceError, TransportError
from ansible_collections.localai.core.plugins.module_utils._http.directory import (
    LocalDirectory,
    WebDirectory,
    content_of,
    directory_at,
)
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint
from ansible_collections.localai.core.tests.support.auth import basic
from ansible_collections.localai.core.tests.support.client import Client
from ansible_collections.localai.core.tests.support.faults import IgnoreRange
from ansible_collections.localai.core.tests.support.files import FileServer

CONTENT = bytes(range(256)) * 10


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "file").write_bytes(CONTENT)
    (tmp_path / "index.json").write_bytes(b"{}")
    return tmp_path


@pytest.fixture(params=["path", "url"])
def directory(request: Any, files: Path) -> Any:
    with FileServer(directory=files) as server:
        yield directory_at(str(files) if request.param == "path" else f"{server.url}/", Client(retries=0))


@pytest.mark.parametrize("offset", [0, 1, 1000, len(CONTENT)])
def test_a_file_is_read_from_an_offset(directory: Any, offset: int) -> None:
    assert b"".join(directory.chunks("sub/file", offset, len(CONTENT))) == CONTENT[offset:]


@pytest.mark.parametrize(("start", "length"), [(0, 10), (100, 50), (len(CONTENT) - 5, 5), (len(CONTENT) - 5, 50)])
def test_a_part_is_read(directory: Any, start: int, length: int) -> None:
    assert directory.part("sub/file", start, length) == CONTENT[start : start + length]


def test_a_small_file_is_read_and_a_large_one_refused(directory: Any) -> None:
    assert content_of(directory, "sub/file", len(CONTENT)) == CONTENT
    with pytest.raises(SourceError, match="sub/file has more than 100 bytes, which is not plausible"):
        content_of(directory, "sub/file", 100)


def test_a_missing_file_is_missing(directory: Any) -> None:
    with pytest.raises((SourceError, TransportError)) as caught:
        content_of(directory, "nothing", 10)
    assert caught.value.missing


def test_of_a_directory_that_is_not_mounted_no_file_is_missing(files: Path) -> None:
    (files / "index.json").unlink()
    with pytest.raises(SourceError, match="No such file or directory") as caught:
        content_of(LocalDirectory(str(files)), "nothing", 10)
    assert not caught.value.missing
    with pytest.raises(SourceError) as caught:
        content_of(LocalDirectory(str(files), "sub"), "nothing", 10)
    assert caught.value.missing


def test_a_directory_is_no_file(files: Path) -> None:
    with pytest.raises(SourceError, match="Is a directory"):
        content_of(LocalDirectory(str(files)), "sub", 10)


def test_a_part_is_empty_if_the_server_sends_only_whole_files(files: Path) -> None:
    with FileServer(directory=files) as server:
        server.faults.append(IgnoreRange())
        directory = WebDirectory(Client(), server.url)
        assert directory.part("sub/file", 100, 10) == b""
        assert directory.part("sub/file", 0, 10) == CONTENT[:10]


def test_a_part_is_one_small_request(files: Path) -> None:
    with FileServer(directory=files) as server:
        WebDirectory(Client(), server.url).part("sub/file", 7, 5)
        assert [request.headers["range"] for request in server.requests] == ["bytes=7-11"]


def test_a_server_gets_the_credentials_of_its_endpoint(files: Path) -> None:
    with FileServer(directory=files, authorization=basic("me", "pw")) as server:
        with pytest.raises(TransportError, match="401"):
            content_of(WebDirectory(Client(), server.url), "sub/file", 10)
        client = Client(endpoints=(Endpoint(server.host, username="me", password="pw"),))
        assert content_of(WebDirectory(client, server.url), "sub/file", len(CONTENT)) == CONTENT


def test_names_with_signs_are_quoted_in_urls() -> None:
    with FileServer({"/x/a%20b%25c.gguf": b"content"}) as server:
        assert content_of(WebDirectory(Client(), f"{server.url}/x"), "a b%c.gguf", 10) == b"content"


def test_secrets_in_a_url_are_not_printed() -> None:
    assert "hunter2" not in str(WebDirectory(Client(), "https://h.example/x?token=hunter2"))
    assert WebDirectory.local is False
    assert LocalDirectory.local is True
    assert str(LocalDirectory("/srv/x")) == "/srv/x"
