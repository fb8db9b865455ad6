# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where a server listens, by its environment."""

from __future__ import annotations

import pytest

from ansible_collections.localai.core.plugins.module_utils._errors import OptionError
from ansible_collections.localai.core.plugins.module_utils._server.address import (
    keys_of,
    parse_assignments,
    parse_environment,
    parse_environment_file,
    parse_url,
    secrets_of,
    url_of,
)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        (":8080", "http://127.0.0.1:8080"),
        (":9090", "http://127.0.0.1:9090"),
        ("0.0.0.0:81", "http://127.0.0.1:81"),
        ("[::]:81", "http://[::1]:81"),
        ("[::1]:81", "http://[::1]:81"),
        ("[fe80::1%eth0]:81", "http://[fe80::1]:81"),
        ("10.0.0.7:8080", "http://10.0.0.7:8080"),
        ("ai.example.com:8080", "http://ai.example.com:8080"),
        (" localhost:8080 ", "http://localhost:8080"),
        ("", "http://127.0.0.1:8080"),
        ("8080", "http://127.0.0.1:8080"),
        ("http://x:1", "http://127.0.0.1:8080"),
        ("user@host:1", "http://127.0.0.1:8080"),
    ],
)
def test_the_url_of_an_address(address: str, url: str) -> None:
    assert str(url_of({"LOCALAI_ADDRESS": address})) == url


def test_the_variable_with_the_prefix_wins_even_if_it_is_empty() -> None:
    assert str(url_of({"ADDRESS": ":1"})) == "http://127.0.0.1:1"
    assert str(url_of({"ADDRESS": ":1", "LOCALAI_ADDRESS": ":2"})) == "http://127.0.0.1:2"
    assert keys_of({"API_KEY": "a", "LOCALAI_API_KEY": ""}) == ()
    assert str(url_of({})) == "http://127.0.0.1:8080"


def test_the_keys() -> None:
    assert keys_of({"LOCALAI_API_KEY": "one, two,,"}) == ("one", "two")
    assert keys_of({"API_KEY": "one"}) == ("one",)


def test_what_must_not_be_printed() -> None:
    environ = {
        "LOCALAI_API_KEY": "k,other",
        "HF_TOKEN": "hf_12345678",
        "MAX_TOKENS": "512",
        "LOCALAI_CREDENTIALS_FILE": "/var/lib/credentials.yaml",
        "LOCALAI_ADDRESS": "127.0.0.1:8080",
    }
    assert secrets_of(environ) == {"k", "other", "hf_12345678"}


def test_the_environment_of_a_process() -> None:
    assert parse_environment(b"A=1\0B=x=y\0broken\0C=\xff\0\0") == {"A": "1", "B": "x=y", "C": "\udcff"}
    assert parse_environment(b"") == {}


def test_the_environment_of_a_unit() -> None:
    assert parse_assignments('A=1 "B=x y" C=') == {"A": "1", "B": "x y", "C": ""}
    assert parse_assignments('A="1') == {"A": '"1'}
    assert parse_assignments("") == {}
    text = "# A=0\n;B=0\n A = 1 \nB='x y'\nC=\"z\"\nD='\nnothing\n"
    assert parse_environment_file(text) == {"A": "1", "B": "x y", "C": "z", "D": "'"}


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("https://ai.example.com/local/", "https://ai.example.com:443/local"),
        ("http://host", "http://host:80"),
    ],
)
def test_the_option_url(text: str, url: str) -> None:
    assert str(parse_url(text)) == url


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1:8080",
        "",
        "ftp://x",
        "http://",
        "http://u:secret@h",
        "http://h:99999",
        "http://h?key=secret",
        "http://[",
    ],
)
def test_what_is_not_a_url_is_refused_without_its_secrets(text: str) -> None:
    with pytest.raises(OptionError, match="is not a URL such as") as error:
        parse_url(text)
    assert "secret" not in str(error.value)
