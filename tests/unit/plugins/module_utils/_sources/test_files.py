# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A model's file comes from a mirror or from the Hub itself, and every server gets only its own credentials."""

from __future__ import annotations

import hashlib

import pytest

from ansible_collections.localai.core.plugins.module_utils._address import Address
from ansible_collections.localai.core.plugins.module_utils._errors import SourceError
from ansible_collections.localai.core.plugins.module_utils._request import Endpoint, Mirror
from ansible_collections.localai.core.tests.support.client import Internet
from ansible_collections.localai.core.tests.support.delivery import NOISE, Anything, deliver_file, sources
from ansible_collections.localai.core.tests.support.faults import Corrupt, Cut, Status
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.hub import COMMIT, Hub, Repo

MODEL = b"GGUF" + NOISE
SHA256 = hashlib.sha256(MODEL).hexdigest()
CARD = b"# A model\n"
PATH = "/o/r/resolve/main/sub/m.gguf"


@pytest.fixture
def hub():
    """The Hub, with one model."""
    with Hub({"o/r": Repo({"README.md": CARD}, {"sub/m.gguf": MODEL})}) as running:
        yield running


@pytest.fixture
def mirror():
    """A web server that has the same model below a path."""
    with FileServer({"/hub" + PATH: MODEL}) as running:
        yield running


def mirrored(hub: Hub, mirror: FileServer, token: str | None = None) -> dict[str, tuple[Endpoint, ...]]:
    """The settings of a connection that uses a mirror."""
    own = Endpoint(hub.host, mirrors=(Mirror(Address(f"{mirror.url}/hub")),))
    return {"endpoints": (own, Endpoint(mirror.host, token=token))}


@pytest.mark.parametrize("sha256", [SHA256, ""])
@pytest.mark.parametrize("uri", ["hf://o/r/sub/m.gguf", f"https://huggingface.co{PATH}?download=true"])
def test_a_file_of_the_hub_arrives_by_a_redirect(stage, hub, uri, sha256):
    delivered, tree = deliver_file(stage, uri, sha256=sha256, hub=hub.endpoint)
    artifact = delivered.artifact
    assert (tree, artifact.uri.text, artifact.size) == ({"m.gguf": MODEL}, uri, len(MODEL))
    assert delivered.served_by == hub.url + PATH


def test_a_file_at_a_commit_and_a_small_file_arrive_too(stage, hub):
    uri = f"https://huggingface.co/o/r/resolve/{COMMIT}/README.md"
    assert deliver_file(stage, uri, hub=hub.endpoint)[1] == {"README.md": CARD}


def test_a_file_on_github_is_read_from_its_server_of_raw_files():
    raw = "https://raw.githubusercontent.com/o/r/v1/x.txt"
    internet = Internet({raw: (200, {"Content-Length": "5"}, b"hello")})
    artifact = sources(Anything(), adapter=internet).find_file([Address("github:o/r/x.txt@v1")])
    assert (artifact.uri.text, artifact.size) == ("github:o/r/x.txt@v1", 5)
    assert [request.url for request in internet.requests] == [raw]


def test_a_token_is_sent_to_the_hub_and_never_to_where_it_redirects(stage, hub):
    hub.repos["o/r"] = Repo(large={"sub/m.gguf": MODEL}, token="hf_secret")
    uri = "hf://o/r/sub/m.gguf"
    with pytest.raises(SourceError, match=r"401.*credentials for this host to endpoints"):
        deliver_file(stage, uri, hub=hub.endpoint)
    token = Endpoint(hub.host, token="hf_secret")
    assert deliver_file(stage, uri, hub=hub.endpoint, endpoints=(token,))[1] == {"m.gguf": MODEL}
    assert {request.headers.get("authorization") for request in hub.requests[1:]} == {"Bearer hf_secret"}
    assert hub.cdn.requests
    assert [request for request in hub.cdn.requests if "authorization" in request.headers] == []


def test_a_token_of_the_official_server_is_not_sent_to_another_one(stage, hub):
    token = Endpoint("huggingface.co", token="hf_secret")
    deliver_file(stage, f"https://huggingface.co{PATH}", hub=hub.endpoint, endpoints=(token,))
    assert [request for request in hub.requests if "authorization" in request.headers] == []


def test_a_mirror_is_tried_first_with_its_own_token_and_without_the_query(stage, hub, mirror):
    mirror.authorization = "Bearer of-the-mirror"
    uri = f"{hub.url}{PATH}?token=signed"
    settings = mirrored(hub, mirror, token="of-the-mirror")
    delivered, tree = deliver_file(stage, uri, sha256=SHA256, **settings)
    assert (tree, delivered.served_by) == ({"m.gguf": MODEL}, f"{mirror.url}/hub{PATH}")
    assert (delivered.artifact.uri.text, hub.requests) == (uri, [])
    assert {request.query for request in mirror.requests} == {""}


def test_the_token_of_the_hub_is_not_sent_to_its_mirror(stage, hub, mirror):
    own = Endpoint(hub.host, token="hf_secret", mirrors=(Mirror(Address(f"{mirror.url}/hub")),))
    deliver_file(stage, "hf://o/r/sub/m.gguf", sha256=SHA256, hub=hub.endpoint, endpoints=(own,))
    assert mirror.requests
    assert [request for request in mirror.requests if "authorization" in request.headers] == []


@pytest.mark.parametrize("sha256", [SHA256, ""])
def test_the_hub_itself_is_used_if_a_mirror_does_not_have_the_file(stage, hub, mirror, sha256):
    mirror.pages.clear()
    delivered, tree = deliver_file(
        stage, "hf://o/r/sub/m.gguf", sha256=sha256, hub=hub.endpoint, **mirrored(hub, mirror)
    )
    assert (tree, delivered.served_by) == ({"m.gguf": MODEL}, hub.url + PATH)


def test_the_hub_goes_on_where_a_mirror_stopped_if_a_digest_proves_the_bytes(stage, hub, mirror):
    mirror.faults = [Cut(PATH, skip=1, times=1, after=400_000), Status(PATH, status=404, skip=1)]
    delivered, tree = deliver_file(
        stage, "hf://o/r/sub/m.gguf", sha256=SHA256, hub=hub.endpoint, **mirrored(hub, mirror)
    )
    assert tree == {"m.gguf": MODEL}
    assert delivered.served_by == f"{mirror.url}/hub{PATH}, {hub.url}{PATH}"
    assert delivered.transferred == len(MODEL)


def test_bytes_without_a_digest_are_all_from_one_server(stage, hub, mirror):
    mirror.pages["/hub" + PATH] = b"older" + MODEL
    mirror.faults = [Cut(PATH, skip=1, times=1, after=400_000), Status(PATH, status=404, skip=1)]
    delivered, tree = deliver_file(stage, "hf://o/r/sub/m.gguf", hub=hub.endpoint, **mirrored(hub, mirror))
    assert (tree, delivered.served_by) == ({"m.gguf": MODEL}, hub.url + PATH)
    assert stage.used == 2


def test_a_mirror_with_other_bytes_is_left_out(stage, hub, mirror):
    mirror.faults = [Corrupt(PATH, at=1000)]
    delivered, tree = deliver_file(
        stage, "hf://o/r/sub/m.gguf", sha256=SHA256, hub=hub.endpoint, **mirrored(hub, mirror)
    )
    assert (tree, delivered.served_by) == ({"m.gguf": MODEL}, hub.url + PATH)


def test_a_mirror_that_sends_a_login_page_is_left_out_if_a_digest_is_known(stage, hub, mirror):
    mirror.pages["/hub" + PATH] = b"<html>Log in</html>"
    delivered, tree = deliver_file(
        stage, "hf://o/r/sub/m.gguf", sha256=SHA256, hub=hub.endpoint, **mirrored(hub, mirror)
    )
    assert (tree, delivered.artifact.size) == ({"m.gguf": MODEL}, len(MODEL))
    with pytest.raises(SourceError, match=r"longer than the 19 bytes|its sha256 is"):
        deliver_file(stage, "hf://o/r/sub/m.gguf", sha256="0" * 64, hub=hub.endpoint, **mirrored(hub, mirror))


def test_a_second_uri_replaces_a_file_without_a_digest(stage, hub, files):
    files.pages["/m.gguf"] = MODEL
    files.faults = [Status("/m.gguf", status=404, skip=1)]
    delivered, tree = deliver_file(stage, f"{files.url}/m.gguf", "hf://o/r/sub/m.gguf", hub=hub.endpoint)
    assert (tree, delivered.artifact.uri.text) == ({"m.gguf": MODEL}, "hf://o/r/sub/m.gguf")


def test_every_server_that_was_tried_is_named(hub, mirror):
    mirror.pages.clear()
    hub.repos.clear()
    with pytest.raises(SourceError) as caught:
        sources(Anything(), hub=hub.endpoint, **mirrored(hub, mirror)).find_file([Address("hf://o/r/sub/m.gguf")])
    text = str(caught.value)
    assert text.startswith(f"Tried hf://o/r/sub/m.gguf: GET {mirror.url}/hub{PATH}: 404")
    assert f"; GET {hub.url}{PATH}: 401" in text


def test_a_file_is_missing_only_if_no_server_has_it(hub, mirror):
    mirror.pages.clear()
    hub.repos["o/r"] = Repo()
    with pytest.raises(SourceError) as caught:
        sources(Anything(), hub=hub.endpoint, **mirrored(hub, mirror)).find_file([Address("hf://o/r/sub/m.gguf")])
    assert caught.value.missing


def test_a_mirror_that_must_not_be_used_is_an_error(hub):
    own = Endpoint(hub.host, mirrors=(Mirror(Address("http://m.example")),))
    with pytest.raises(SourceError, match=r"plain_http for the host m\.example"):
        sources(Anything(), hub=hub.endpoint, endpoints=(own,)).find_file([Address("hf://o/r/sub/m.gguf")])
    assert hub.requests == []
