# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Paths that are no directories of a service are found, once for each variable."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.localai.core.plugins.filter.wrong_paths import FilterModule, wrong_paths

OWN = ["/etc/localai", "/opt/localai"]
SYSTEM = "which is a system directory"


@pytest.mark.parametrize(
    "path",
    [
        "/var/lib/local-ai",
        "/srv/ai",
        "//srv//ai/",
        "/home/ai/models",
        "/opt/localai-models",
        "/usr/share/localai",
        "/a@b+c",
    ],
)
def test_accepted(path: str) -> None:
    assert wrong_paths({"localai_home": path}, OWN) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("srv/ai", "which is not an absolute path"),
        ("~/ai", "which is not an absolute path"),
        ("", "which is not an absolute path"),
        ("/srv/../etc", "which leads through . or .."),
        ("/srv/.", "which leads through . or .."),
        ("/srv/a b", "which has characters other than letters, digits and . _ / @ + -"),
        ("/srv/a\n", "which has characters other than letters, digits and . _ / @ + -"),
        ("/srv/%h", "which has characters other than letters, digits and . _ / @ + -"),
        ("/", SYSTEM),
        ("//", SYSTEM),
        ("/usr", SYSTEM),
        ("/var/lib/", SYSTEM),
        ("/home", SYSTEM),
        ("/srv", SYSTEM),
        ("/etc", SYSTEM),
        ("/etc/ai", SYSTEM),
        ("/usr/bin", SYSTEM),
        ("/usr/lib/ai", SYSTEM),
        ("/tmp", SYSTEM),
        ("/opt/localai", "which belongs to the role, which keeps its own files there and removes them with LocalAI"),
        ("/opt//localai/x", "which belongs to the role, which keeps its own files there and removes them with LocalAI"),
        ("/tmp/ai", "which does not survive a reboot, or is not visible to the service"),
        ("/run/ai", "which does not survive a reboot, or is not visible to the service"),
    ],
)
def test_refused(path: str, text: str) -> None:
    assert wrong_paths({"localai_home": path}, OWN) == [f"localai_home is {path or 'empty'}, {text}"]


def test_without_a_service_directories_may_be_lost_at_a_reboot() -> None:
    assert wrong_paths({"localai_home": "/tmp/ai"}, volatile=True) == []
    assert wrong_paths({"localai_home": "/tmp"}, volatile=True) == [f"localai_home is /tmp, {SYSTEM}"]


def test_paths_below_a_wrong_one_are_not_reported_too() -> None:
    paths: dict[str, Any] = {"localai_home": "ai/", "localai_models_path": "ai/models", "localai_data_path": "data"}
    found = wrong_paths(paths, below="localai_home")
    assert [text.split()[0] for text in found] == ["localai_home", "localai_data_path"]


def test_the_filter_has_its_name() -> None:
    assert FilterModule().filters() == {"wrong_paths": wrong_paths}
