# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a server may answer when it has to read its models again."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import ServerError
from ansible_collections.localai.core.plugins.module_utils._server.address import parse_url
from ansible_collections.localai.core.plugins.module_utils._server.client import Client
from ansible_collections.localai.core.plugins.module_utils._server.reload import reload_models
from ansible_collections.localai.core.tests.support.running_server import KEY, LocalAI
from ansible_collections.localai.core.tests.support.server import Answer

PATH = "/models/reload"


def client(server: LocalAI, key: str = KEY) -> Client:
    """A client of the server."""
    return Client(parse_url(server.url), key)


def test_the_models_are_read_again(server: LocalAI) -> None:
    assert reload_models(client(server), 5) == ()
    assert server.posts() == [(PATH, {})]


def test_a_server_that_ends_meanwhile_is_an_error() -> None:
    with pytest.raises(ServerError, match="did not read its models again: the port is closed"):
        reload_models(Client(parse_url("http://127.0.0.1:1"), ""), 5)


def test_a_download_that_fails_is_a_warning(server: LocalAI) -> None:
    server.answers[PATH] = Answer(500, body=b'{"error": {"message": "404 for x.gguf"}}')
    (warning,) = reload_models(client(server), 5)
    assert warning.endswith("could not download something that one of them names: status 500: 404 for x.gguf.")


def test_a_reload_that_takes_long_is_a_warning(server: LocalAI) -> None:
    server.answers[PATH] = Answer(delay=30.0)
    (warning,) = reload_models(client(server), 0.3)
    assert "was still busy with its models after 0.3 seconds" in warning


@pytest.mark.parametrize("status", [404, 405])
def test_a_server_without_the_endpoint_has_to_be_restarted(server: LocalAI, status: int) -> None:
    server.answers[PATH] = Answer(status)
    with pytest.raises(ServerError, match=r"LOCALAI_DISABLE_GALLERY_ENDPOINT disables this request. Restart LocalAI"):
        reload_models(client(server), 5)


def test_a_key_that_is_not_accepted(server: LocalAI) -> None:
    with pytest.raises(ServerError, match="Set api_key"):
        reload_models(client(server, "other"), 5)


def test_any_other_answer_is_an_error(server: LocalAI) -> None:
    server.answers[PATH] = Answer(502, body=b"<html>Bad Gateway</html>")
    with pytest.raises(ServerError, match="did not read its models again: status 502"):
        reload_models(client(server), 5)
