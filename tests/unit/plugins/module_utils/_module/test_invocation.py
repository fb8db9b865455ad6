# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that Ansible returns and writes to syslog show no secret of an address, also where it refuses them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Iterator
from unittest import mock

import pytest

from ansible_collections.localai.core.plugins.module_utils._module.argspec import BACKEND
from ansible_collections.localai.core.plugins.modules import localai_backend, localai_backend_info
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.module import run_raw

S = "S3cret"
URL = f"https://me:{S}@127.0.0.1:1/index.yaml?sig={S}#{S}"
SHOWN = "https://127.0.0.1:1/index.yaml"
NOT_GIVEN = dict.fromkeys(["sha256", "verification", "artifact_verification"])
DIGEST = "sha256:" + "ab" * 32
PIN = {"name": "x", "capability": "default", "platform": "linux/amd64", "backend": "x", "uri": URL, "digest": DIGEST}

# Each with the option, and how it is shown.
ADDRESSES: list[tuple[dict[str, Any], Any]] = [
    ({"uri": URL}, SHOWN),
    ({"uri": f"me:{S}@127.0.0.1:1/x"}, "127.0.0.1:1/x"),
    ({"uri": f"//me:{S}@127.0.0.1:1/x?{S}"}, "127.0.0.1:1/x"),
    ({"uri": f"oci://me:{S}@127.0.0.1:1/x@{DIGEST}"}, f"oci://127.0.0.1:1/x@{DIGEST}"),
    (
        {"galleries": [{"name": "g", "url": URL, "mirrors": [URL, "/srv/index.yaml"]}]},
        [{"name": "g", "url": SHOWN, "mirrors": [SHOWN, "/srv/index.yaml"], **NOT_GIVEN}],
    ),
    (
        {"galleries": [f"name=g url={URL}"]},
        [{"name": "g", "url": SHOWN, "mirrors": [], **NOT_GIVEN}],
    ),
    (
        {"pins": {"format": 1, "backends": [PIN]}},
        {"format": 1, "backends": [{**PIN, "alias": None, "gallery": None, "signer": None, "uri": SHOWN}]},
    ),
]
# Options that Ansible refuses before the module's own code runs.
REFUSED: list[dict[str, Any]] = [
    {"state": "somehow"},
    {"no_such_option": "x"},
    {"no_such_option": URL},
    {"no_such_option": [{"deep": URL}]},
    {"state": URL},
    {"timeout": URL},
    {"force": URL},
    {"client_key": "/k"},
    {"endpoints": [{"host": "h", "username": "u"}]},
    {"galleries": [URL]},
    {"galleries": URL},
    {"endpoints": [{"host": "h", "mirrors": [URL]}]},
    {"endpoints": [{"host": f"me:{S}@h", "mirrors": [{"url": URL, "x": 1}]}]},
    {"pins": json.dumps({"format": 1, "backends": [PIN]})[1:]},
    {"pins": {"format": 1, "backends": [{**PIN, "more": URL}]}},
    {"name": {"uri": URL}},
    {"galleries": [f"127.0.0.1:1/x?sig={S}"]},
    {"endpoints": [{"host": "h", "mirrors": [f"me@127.0.0.1:1/x?sig={S}"]}]},
]


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[str]]:
    """What goes to syslog, or would go to the journal."""
    lines: list[str] = []
    with mock.patch("ansible.module_utils.basic.has_journal", False), mock.patch(
        "syslog.syslog", lambda *arguments: lines.append(repr(arguments))
    ):
        yield lines


def run(tmp_path: Path, module: Any = localai_backend, **options: Any) -> tuple[str, Any]:
    """Return all that a module writes, as text and read."""
    host = {"backends_path": str(tmp_path / "b"), "capability": "default", "retries": 0, "timeout": 1}
    output = run_raw(module.main, {**host, **options})
    return output, json.loads(output)


@pytest.mark.parametrize(("options", "shown"), ADDRESSES)
def test_an_option_that_is_an_address_is_shown_and_logged_redacted(
    tmp_path: Path, logged: list[str], options: dict[str, Any], shown: Any
) -> None:
    output, result = run(tmp_path, name=["x"], **options)
    (option,) = options
    assert result["failed"]
    assert result["invocation"]["module_args"][option] == shown
    assert f" {option}=" in "".join(logged)
    assert S not in output + "".join(logged)


def test_the_mirrors_of_an_endpoint_are_shown_and_logged_redacted(tmp_path: Path, logged: list[str]) -> None:
    mirrors = [{"url": f"https://127.0.0.1:1?sig={S}", "resolve": True}, {"url": f"https://me:{S}@127.0.0.1:1/x"}]
    for given in (mirrors, mirrors[:1]):
        output, result = run(tmp_path, name=["x"], uri="quay.io/x", endpoints=[{"host": "quay.io", "mirrors": given}])
        (endpoint,) = result["invocation"]["module_args"]["endpoints"]
        assert endpoint["mirrors"][0] == {"url": "https://127.0.0.1:1", "resolve": True}
        assert "https://127.0.0.1:1" in "".join(logged)
        assert S not in output + "".join(logged)


@pytest.mark.parametrize("module", [localai_backend, localai_backend_info])
@pytest.mark.parametrize("refused", REFUSED, ids=[str(each)[:50] for each in REFUSED])
def test_what_ansible_refuses_is_shown_redacted(
    tmp_path: Path, logged: list[str], module: Any, refused: dict[str, Any]
) -> None:
    options = {"galleries": [{"name": "g", "url": URL, "mirrors": [URL]}], **refused}
    if module is localai_backend:
        options = {"uri": URL, "name": ["x"], **options}
    output, result = run(tmp_path, module, **options)
    assert result["failed"]
    assert "invocation" in result
    assert S not in output + "".join(logged)


def test_the_module_itself_works_with_the_options_as_they_were_given(tmp_path: Path, logged: list[str]) -> None:
    with FileServer({"/index.yaml": b"[]"}) as files:
        signed = f"{files.url}/index.yaml?sig={S}"
        galleries = [{"name": "g", "url": signed}]
        output, result = run(tmp_path, localai_backend_info, galleries=galleries, available=True)
        assert not result.get("failed")
        assert [request.query for request in files.requests] == [f"sig={S}"]
        assert S not in output + "".join(logged)
    assert galleries == [{"name": "g", "url": signed}]


@pytest.mark.parametrize("password", [f"a://{S}?b", f"https://me:{S}@h/x?y", f"me@{S}", f"x#{S}"])
@pytest.mark.parametrize("wrong", [{}, {"state": "somehow"}])
def test_a_password_that_looks_like_an_address_is_hidden_whole(
    tmp_path: Path, logged: list[str], password: str, wrong: dict[str, Any]
) -> None:
    endpoint = {"host": "quay.io", "username": "u", "password": password}
    output, result = run(tmp_path, name=["x"], uri="/no/such", endpoints=[endpoint], **wrong)
    assert result["failed"]
    assert "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER" in output
    assert S not in output + "".join(logged)


def test_a_run_leaves_the_specification_of_the_options_as_it_is(tmp_path: Path) -> None:
    before = json.dumps(BACKEND)
    assert run(tmp_path, name=["x"], uri="/no/such")[1]["failed"]
    assert json.dumps(BACKEND) == before


def test_other_options_are_shown_as_they_are(tmp_path: Path) -> None:
    options = {"alias": "a?b#c", "uri": "/srv/a@b?c#d", "owner": "me@home", "directory_mode": "0711"}
    shown = run(tmp_path, name=["x"], **options)[1]["invocation"]["module_args"]
    assert {option: shown[option] for option in options} == options


@pytest.mark.parametrize("name", [URL, f"oci://me:{S}@h/x", f"g@https://h/x?sig={S}"])
def test_an_address_in_the_place_of_a_name_is_told_without_its_secret(tmp_path: Path, name: str) -> None:
    output, result = run(tmp_path, name=[name])
    assert "is an address" in result["msg"]
    assert S not in output


def test_all_errors_of_the_options_are_reported(tmp_path: Path) -> None:
    endpoint = {"host": "h", "user": "u", "password": "S3cret pass"}
    _output, result = run(tmp_path, name=["a"], endpoints=[endpoint], backend_path="/b", state="somehow")
    for part in ("required together: username, password", "Unsupported: backend_path, endpoints.user.", "got: somehow"):
        assert part in result["msg"]


def test_a_key_in_place_of_its_path_is_hidden(tmp_path: Path, logged: list[str]) -> None:
    key = f"-----BEGIN PRIVATE KEY-----\n{S}\n-----END PRIVATE KEY-----\n"
    options = {"client_cert": key, "client_key": key, "ca_path": key}
    output, result = run(tmp_path, name=["x"], uri="https://127.0.0.1:1/x", **options)
    assert "set it to the path of a file, not to its content" in result["msg"]
    assert S not in output + "".join(logged)
