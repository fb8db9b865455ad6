# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A mirror becomes entries of endpoints, and what is wrong with its value is reported with what to write."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.plugin_utils._mirror import endpoints_with_mirror, mirror_problems

HOSTS = ["huggingface.co", "github.com"]


def test_a_mirror_over_https_becomes_entries_for_the_hosts_that_it_has() -> None:
    mirror = {"registry": "https://m.example/quay.io", "files": "https://m.example/"}
    assert endpoints_with_mirror([], mirror, HOSTS) == [
        {"host": "quay.io", "mirrors": [{"url": "https://m.example/quay.io", "resolve": True}]},
        {"host": "huggingface.co", "mirrors": [{"url": "https://m.example/huggingface.co"}]},
        {"host": "github.com", "mirrors": [{"url": "https://m.example/github.com"}]},
    ]


def test_plain_http_and_an_authority_become_an_entry_for_the_mirror_itself() -> None:
    mirror = {"registry": "http://M.example:8090/quay.io", "files": "http://m.example:8090"}
    assert endpoints_with_mirror([], mirror, [])[1:] == [{"host": "m.example:8090", "plain_http": True}]
    mirror = {"files": "https://m.example", "ca_path": "/etc/ssl/ours.pem"}
    assert endpoints_with_mirror([], mirror, [])[-1] == {"host": "m.example", "ca_path": "/etc/ssl/ours.pem"}


def test_several_registries_have_a_mirror_each() -> None:
    registry = {"quay.io": "https://m.example/quay.io", "Registry.example:5000": "https://m.example/other"}
    assert endpoints_with_mirror([], {"registry": registry}, HOSTS) == [
        {"host": "quay.io", "mirrors": [{"url": "https://m.example/quay.io", "resolve": True}]},
        {"host": "registry.example:5000", "mirrors": [{"url": "https://m.example/other", "resolve": True}]},
    ]


def test_the_keys_of_entries_that_are_there_already_win() -> None:
    given = [
        {"host": " HuggingFace.co", "token": "secret"},
        {"host": "quay.io", "mirrors": [{"url": "https://other.example"}]},
        {"host": "third.example", "username": "me"},
        "no entry",
    ]
    mirror = {"registry": "https://m.example/quay.io", "files": "https://m.example"}
    assert endpoints_with_mirror(given, mirror, ["huggingface.co"]) == [
        {
            "host": " HuggingFace.co",
            "mirrors": [{"url": "https://m.example/huggingface.co"}],
            "token": "secret",
        },
        {"host": "quay.io", "mirrors": [{"url": "https://other.example"}]},
        {"host": "third.example", "username": "me"},
        "no entry",
    ]


@pytest.mark.parametrize(
    "mirror",
    [
        {"files": "http://10.0.0.5:8090"},
        {"files": "https://[fd00::5]:8090/prefix", "registry": None},
        {"registry": {"quay.io": "https://m.example/quay.io"}, "ca_path": "/etc/ours.pem"},
    ],
)
def test_what_is_right_has_no_problems(mirror: dict[str, Any]) -> None:
    assert mirror_problems(mirror) == []


@pytest.mark.parametrize(
    ("mirror", "problem"),
    [
        ({"file": "https://m.example"}, "it has no key file, only registry, files and ca_path"),
        ({"ca_path": "/x"}, "it needs registry or files, such as files: https://mirror.example.com:8090"),
        ({"files": "m.example"}, "files must be the URL of a web server"),
        ({"files": "https://me:secret@m.example"}, "files must be the URL of a web server"),
        ({"files": "https://m.example?x"}, "files must be the URL of a web server"),
        ({"registry": ["x"]}, "registry must be the URL of the mirror of quay.io"),
        ({"registry": {"https://quay.io": "https://m.example"}}, "registry, https://quay.io: write a host and the URL"),
        ({"registry": {"quay.io": "m.example"}}, "registry, quay.io: write a host and the URL of its mirror"),
        ({"files": "https://m.example", "ca_path": "ours.pem"}, "ca_path must be the absolute path"),
    ],
)
def test_what_is_wrong_is_reported_with_what_to_write(mirror: dict[str, Any], problem: str) -> None:
    assert problem in "; ".join(mirror_problems(mirror))
    assert "secret" not in "; ".join(mirror_problems(mirror))
