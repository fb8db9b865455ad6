# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The Hub lists the files of a repository at a commit, and whatever else it answers is an error with advice."""

from __future__ import annotations

import hashlib
import json

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import GalleryError, SourceError
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint, Mirror
from ansible_collections.localai.core.plugins.module_utils._resolver.hub import Hub, HubFile
from ansible_collections.localai.core.tests.support import hub as made_up
from ansible_collections.localai.core.tests.support.client import Client
from ansible_collections.localai.core.tests.support.faults import Headers, Status
from ansible_collections.localai.core.tests.support.files import FileServer, Page
from ansible_collections.localai.core.tests.support.hub import COMMIT, Repo, blob_oid

SMALL = {"config.json": b"{}", "README.md": b"# x", "vae/config.json": b"[]"}
LARGE = {"model é.safetensors": b"weights", "vae/model.bin": b"vae"}


@pytest.fixture
def server():
    """The Hub, with one repository."""
    with made_up.Hub({"o/r": Repo(SMALL, LARGE, revisions=("main", "refs/pr/1"))}, page=2) as running:
        yield running


def hub(server: made_up.Hub, **settings) -> Hub:
    return Hub(Client(**settings), Address(server.endpoint))


@pytest.mark.parametrize("revision", ["main", "refs/pr/1", COMMIT])
def test_a_revision_is_a_commit(server, revision):
    assert hub(server).commit("hf://o/r", revision) == COMMIT


def test_a_snapshot_has_all_files_of_all_pages(server):
    snapshot = hub(server).snapshot("o/r", "main", [], [])
    assert (snapshot.endpoint.text, snapshot.commit) == (server.endpoint, COMMIT)
    assert [file.path for file in snapshot.files] == sorted([*SMALL, *LARGE])
    assert len([request for request in server.requests if "/tree/" in request.path]) == 3


def test_a_large_file_has_a_sha256_and_a_small_one_that_of_git(server):
    files = {file.path: file for file in hub(server).snapshot("o/r", "main", [], []).files}
    sha256 = hashlib.sha256(b"weights").hexdigest()
    resolve = f"{server.url}/o/r/resolve/{COMMIT}"
    assert files["model é.safetensors"] == HubFile(
        "model é.safetensors",
        7,
        sha256,
        blob_oid(sha256.encode()),
        sha256[::-1],
        Address(f"{resolve}/model%20%C3%A9.safetensors"),
    )
    assert files["config.json"] == HubFile("config.json", 2, "", blob_oid(b"{}"), "", Address(f"{resolve}/config.json"))


def test_all_pages_come_from_a_mirror_and_files_keep_their_own_address(server):
    endpoint = Endpoint("huggingface.co", mirrors=(Mirror(Address(server.endpoint)),))
    files = Hub(Client(endpoints=(endpoint,)), Address("https://huggingface.co")).snapshot("o/r", "main", [], []).files
    assert [file.path for file in files] == sorted([*SMALL, *LARGE])
    assert {file.url.text.partition("/o/r/")[0] for file in files} == {"https://huggingface.co"}


def test_the_files_can_be_fetched_from_where_the_hub_says(server):
    client = Client()
    for file in Hub(client, Address(server.endpoint)).snapshot("o/r", "main", [], []).files:
        assert client.fetch(file.url.text).body == {**SMALL, **LARGE}[file.path]


def test_patterns_select_the_files(server):
    snapshot = hub(server).snapshot("o/r", "main", ["*.json", "vae/*"], ["*.bin"])
    assert [file.path for file in snapshot.files] == ["config.json", "vae/config.json"]
    with pytest.raises(SourceError, match="no file at main that the patterns select"):
        hub(server).snapshot("o/r", "main", ["*.gguf"], [])


def test_the_hub_can_be_below_a_path():
    with made_up.Hub({"o/r": Repo(SMALL)}, prefix="/hub") as server:
        (file,) = hub(server).snapshot("o/r", "main", ["README.md"], []).files
        assert file.url.text == f"{server.url}/hub/o/r/resolve/{COMMIT}/README.md"


@pytest.mark.parametrize(("repo", "pattern"), [("o", "*"), ("o/r/x", "*"), ("o/r", "["), ("../r", "*")])
def test_a_malformed_request_is_refused_before_the_hub_is_asked(server, repo, pattern):
    with pytest.raises((GalleryError, SourceError)):
        hub(server).snapshot(repo, "main", [pattern], [])
    assert server.requests == []


def test_a_repository_that_needs_a_token_says_so(server):
    server.repos["o/r"] = Repo(SMALL, token="hf_secret")
    with pytest.raises(SourceError) as caught:
        hub(server).commit("o/r", "main")
    text = str(caught.value)
    assert text.startswith("o/r: the Hub answered 401. No credentials were sent.")
    assert f"add a token for the host {server.host} to endpoints" in text
    assert f"accept it at {server.url}/o/r" in text
    assert hub(server, endpoints=(Endpoint(server.host, token="hf_secret"),)).commit("o/r", "main") == COMMIT


def test_a_token_that_is_refused_is_not_printed(server):
    server.repos["o/r"] = Repo(SMALL, token="hf_secret")
    with pytest.raises(SourceError, match="are wrong or may not read the repository") as caught:
        hub(server, endpoints=(Endpoint(server.host, token="hf_wrong"),)).commit("o/r", "main")
    assert "hf_wrong" not in str(caught.value)


def test_a_missing_repository_and_a_missing_revision_are_told_apart(server):
    token = (Endpoint(server.host, token="any"),)
    with pytest.raises(SourceError, match="no repository o/x") as caught:
        hub(server, endpoints=token).commit("o/x", "main")
    assert caught.value.missing
    with pytest.raises(SourceError, match="no revision 'v2' of o/r") as caught:
        hub(server).commit("o/r", "v2")
    assert caught.value.missing


def test_a_hub_that_fails_is_named_with_the_repository(server):
    server.faults = [Status("/revision/", status=503)]
    with pytest.raises(SourceError, match=r"o/r at main could not be looked up at the Hub\. GET .*503") as caught:
        hub(server).commit("o/r", "main")
    assert not caught.value.missing


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"sha": "main"}', b'{"sha": 1}', b"[" * 100_000])
def test_an_answer_without_a_commit_is_no_hub(body):
    with FileServer({"/api/models/o/r/revision/main": body}) as server, pytest.raises(
        SourceError, match="did not answer like the API of the Hub"
    ):
        Hub(Client(), Address(server.url)).commit("o/r", "main")


def row(**changes):
    return {"type": "file", "oid": "a" * 40, "size": 1, "path": "x", **changes}


def listing(rows: object, link: str = "") -> dict[str, Page | bytes]:
    """Return the pages of a hub that lists `rows`."""
    headers = {"Link": link} if link else {}
    return {
        "/api/models/o/r/revision/main": json.dumps({"sha": COMMIT.upper()}).encode(),
        f"/api/models/o/r/tree/{COMMIT}": Page(json.dumps(rows).encode(), headers=headers),
    }


@pytest.mark.parametrize(
    "rows",
    [
        {},
        ["x"],
        [row(path="../x")],
        [row(path="/x")],
        [row(path="a//b")],
        [row(path=1)],
        [row(size=-1)],
        [row(size="1")],
        [row(size=True)],
        [row(size=2**63)],
        [row(), row()],
        [row(lfs={"oid": "x"})],
        [row(lfs={"oid": 1})],
        [row(lfs="x")],
        [row(size=2**62, path="x"), row(size=2**62, path="y")],
    ],
    ids=str,
)
def test_a_list_of_files_that_cannot_be_one_is_refused(rows):
    with FileServer(listing(rows)) as server, pytest.raises(
        SourceError, match="did not answer like the API of the Hub"
    ):
        Hub(Client(), Address(server.url)).snapshot("o/r", "main", [], [])


def test_directories_and_unknown_hashes_are_left_out():
    rows = [{"type": "directory", "path": ".."}, row(oid="; rm", xetHash=7, lfs={"oid": "A" * 64})]
    with FileServer(listing(rows)) as server:
        (file,) = Hub(Client(), Address(server.url)).snapshot("o/r", "main", [], []).files
    assert (file.sha256, file.blob_oid, file.xet_hash) == ("a" * 64, "", "")


@pytest.mark.parametrize("link", ["https://other.example/x", "//other.example/x", "ftp://x", "https://[::1/x"])
def test_a_next_page_at_another_server_is_refused(link):
    with FileServer(listing([row()], f'<{link}>; rel="next"')) as server, pytest.raises(
        SourceError, match="next page of its list of files is at another server"
    ):
        Hub(Client(), Address(server.url)).snapshot("o/r", "main", [], [])


def test_a_list_without_an_end_is_refused():
    with FileServer(listing([], '<?page=1>; rel="next"')) as server, pytest.raises(
        SourceError, match="more than 2200 pages"
    ):
        Hub(Client(), Address(server.url)).snapshot("o/r", "main", [], [])


def test_a_repository_with_too_many_files_is_refused():
    with FileServer(listing([row(path=str(number)) for number in range(100_001)])) as server, pytest.raises(
        SourceError, match="more than 100000 files"
    ):
        Hub(Client(), Address(server.url)).snapshot("o/r", "main", [], [])


def test_other_links_lead_nowhere(server):
    server.faults = [Headers("/tree/", headers={"Link": '<https://other.example/x>; rel="first"'})]
    hub(server).snapshot("o/r", "main", [], [])
    assert [request.path for request in server.requests if "/tree/" in request.path] == [
        f"/api/models/o/r/tree/{COMMIT}"
    ]
