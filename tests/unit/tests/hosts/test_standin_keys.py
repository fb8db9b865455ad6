# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stand-in for LocalAI's server takes keys and settings from its files as the real one does."""

from __future__ import annotations

from ansible_collections.localai.core.tests.support.standin_process import Standin


def test_keys(standin: Standin) -> None:
    standin.write("configuration/api_keys.json", '["c"]')
    standin.ready(LOCALAI_API_KEY="a,b")
    assert [standin.ask(path)[0] for path in ("/readyz", "/healthz", "/", "/version", "/no")] == [
        200,
        200,
        200,
        401,
        401,
    ]
    assert standin.ask("/version")[1]["error"]["message"] == "An authentication key is required"
    assert standin.ask("/readyz", method="HEAD")[0] == 401
    assert standin.ask("/readyz", method="HEAD", x_api_key="a")[0] == 405
    for headers in {"Authorization": "Bearer a"}, {"Authorization": "b"}, {"x_api_key": "c"}, {"xi_api_key": "a"}:
        assert standin.ask("/version", **headers)[0] == 200, headers
    for path in "/version?api_key=a", "/system", "/v1/models":
        assert standin.ask(path)[0] == 401, path
    standin.write("configuration/api_keys.json", '["d"]')
    assert standin.eventually("/version", 200, x_api_key="d")
    assert standin.ask("/version", x_api_key="c")[0] == 401
    (standin.directory / "configuration/api_keys.json").chmod(0o600)
    (standin.directory / "configuration/api_keys.json").rename(standin.directory / "away.json")
    assert {status for status, _content in standin.for_a_while("/version", x_api_key="d")} == {200}, "it is not noticed"


def test_without_a_key_in_the_environment_a_lost_file_opens_the_server(standin: Standin) -> None:
    standin.write("configuration/api_keys.json", '["a"]')
    standin.ready()
    assert standin.ask("/version")[0] == 401
    standin.write("configuration/api_keys.json", "[")
    assert {status for status, _content in standin.for_a_while("/version")} == {401}, "the last keys stay"
    (standin.directory / "configuration/api_keys.json").unlink()
    assert standin.eventually("/version", 200)


def test_a_file_with_wrong_content_at_the_start_opens_the_server(standin: Standin) -> None:
    standin.write("configuration/api_keys.json", '{"a": 1}')
    standin.ready()
    assert standin.ask("/stand-in")[1]["warnings"] == [
        "failed to update options from api_keys.json: it is no list of texts"
    ]


def test_settings_of_the_web_page_bring_old_keys_back_and_upgrades(standin: Standin) -> None:
    standin.write("configuration/api_keys.json", '["old"]')
    standin.ready(LOCALAI_AUTO_UPGRADE_BACKENDS="false")
    standin.write("configuration/api_keys.json", '["new"]')
    assert standin.eventually("/version", 200, x_api_key="new")
    standin.write("configuration/runtime_settings.json", '{"api_keys": ["web"], "auto_upgrade_backends": true}')
    assert standin.eventually("/version", 200, x_api_key="web")
    assert [standin.ask("/version", x_api_key=key)[0] for key in ("old", "new")] == [200, 401]
    assert standin.ask("/stand-in", x_api_key="web")[1]["auto_upgrade"] is True


def test_without_galleries_nothing_is_upgraded(standin: Standin) -> None:
    standin.write("configuration/runtime_settings.json", '{"auto_upgrade_backends": true}')
    standin.ready(LOCALAI_BACKEND_GALLERIES="[]")
    assert standin.ask("/stand-in")[1]["auto_upgrade"] is False
