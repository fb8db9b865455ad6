# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The stand-in for LocalAI's server starts, and refuses to start, where the real one does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ansible_collections.localai.core.tests.hosts.standin import program, reachable
from ansible_collections.localai.core.tests.support.standin_process import Standin


def test_the_version_and_nothing_but_run(packed: Path) -> None:
    def run(*arguments: str) -> tuple[int, str]:
        done = subprocess.run([sys.executable, str(packed), *arguments], stdout=subprocess.PIPE, text=True, check=False)
        return done.returncode, done.stdout

    assert run("--version") == (0, "v4.11.0\n")
    assert run("serve") == (80, "")


@pytest.mark.parametrize(
    ("name", "value", "code", "said"),
    [
        ("LOCALAI_F16", "", 1, "--f16: bool value must be true, 1, yes, false, 0 or no but got"),
        ("LOCALAI_AUTO_UPGRADE_BACKENDS", "on", 1, "bool value"),
        ("LOCALAI_THREADS", "", 1, "--threads: expected a valid 64 bit int"),
        ("CONTEXT_SIZE", "many", 1, "expected a valid 64 bit int"),
        ("LOCALAI_CONFIG_DIR_POLL_INTERVAL", "", 1, "expected duration"),
        ("LOCALAI_LOG_LEVEL", "loud", 80, "must be one of"),
        ("LOCALAI_MODELS_PATH", "", 1, "models path"),
        ("LOCALAI_UPLOAD_PATH", "/dev/null/upload", 1, "unable to create"),
        ("LOCALAI_ADDRESS", "8.8.8.8:8080", 1, "refusing to start: API bound to public address"),
        ("LOCALAI_LOAD_TO_MEMORY", "nothing", 1, "could not load model"),
    ],
)
def test_what_ends_the_start(standin: Standin, name: str, value: str, code: int, said: str) -> None:
    standin.start(**{name: value})
    ended, errors = standin.ended()
    assert (ended, said in errors) == (code, True), errors


def test_keys_of_the_file_do_not_make_a_public_address_safe(standin: Standin) -> None:
    standin.write("configuration/api_keys.json", '["a"]')
    standin.start(LOCALAI_ADDRESS="8.8.8.8:8080")
    assert standin.ended()[0] == 1


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("- match: quay.io\n  username: a\n  password_file: /etc/secret\n", None),
        ('[{"match": "quay.io", "bearer_env": "TOKEN"}]', None),
        ("- match: quay.io\n  token: a\n", 1),
        ('[{"match": "quay.io", "login": "a"}]', 1),
    ],
)
def test_a_credentials_file_with_an_unknown_key_ends_the_start(standin: Standin, text: str, code: int | None) -> None:
    standin.write("data/credentials.yaml", text)
    if code is None:
        standin.ready()
    else:
        standin.start()
        assert standin.ended()[0] == code


@pytest.mark.parametrize(
    ("address", "trusted"),
    [
        ("127.0.0.1:1", True),
        ("localhost:1", True),
        ("[::1]:1", True),
        ("10.1.2.3:1", True),
        ("100.64.0.1:1", True),
        ("[fd00::1]:1", True),
        ("203.0.113.1:1", False),
        ("[2001:db8::1]:1", False),
        ("8080", False),
        ("no-such-host.invalid:1", False),
    ],
)
def test_addresses_that_need_a_key(address: str, trusted: bool) -> None:
    assert reachable.is_trusted(address) == trusted


def test_a_wildcard_counts_as_all_interfaces(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "127.0.0.1" in reachable.interface_addresses()
    for found, trusted in (["127.0.0.1", "10.0.0.2"], True), (["10.0.0.2", "2001:db8::1"], False), ([], False):
        monkeypatch.setattr(reachable, "interface_addresses", lambda found=found: found)
        assert reachable.is_trusted(":8080") == trusted


def test_the_port_is_closed_until_it_is_ready(standin: Standin) -> None:
    process = standin.start(STANDIN_START="2")
    assert process.stdout is not None
    assert process.stdout.readline() == "LocalAI v4.11.0 starts\n"
    assert standin.ask("/readyz")[0] == 0
    assert standin.eventually("/readyz", 200)


def test_a_version_that_does_not_get_ready_keeps_its_port_closed(standin: Standin) -> None:
    standin.pack("v4.11.9", program.NEVER_READY)
    process = standin.start()
    assert process.stdout is not None
    assert process.stdout.readline() == "LocalAI v4.11.9 starts\n"
    assert {status for status, _content in standin.for_a_while("/readyz")} == {0}
    assert process.poll() is None


def test_a_version_that_fails_ends_at_once(standin: Standin) -> None:
    standin.pack("v4.11.9", program.FAILS)
    standin.start()
    assert standin.ended()[0] == 1
