# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The daily check against a registry, galleries and a release on this machine, with the stand-in for LocalAI."""

from __future__ import annotations

import argparse
import hashlib
from pathlib import Path
from typing import Iterator

import pytest

from ansible_collections.localai.core.tests.daily.run import Report, check_server
from ansible_collections.localai.core.tests.demo.run import servers
from ansible_collections.localai.core.tests.hosts.releases import pack
from ansible_collections.localai.core.tests.support.files import FileServer
from ansible_collections.localai.core.tests.support.images import host_platform

VERSION = "v9.8.7"
ASSET = f"local-ai-{VERSION}-linux-{host_platform().architecture}"


@pytest.fixture
def files(tmp_path: Path) -> Iterator[FileServer]:
    """Serve the galleries, and a release."""
    pack(tmp_path / "local-ai", VERSION)
    program = (tmp_path / "local-ai").read_bytes()
    (tmp_path / "work").mkdir()
    with servers(tmp_path / "work") as (_registry, server):
        server.pages["/releases/latest"] = f"{VERSION}\n".encode()
        base = f"/releases/download/{VERSION}"
        server.pages[f"{base}/{ASSET}"] = program
        sums = f"{hashlib.sha256(program).hexdigest()}  {ASSET}\n"
        server.pages[f"{base}/LocalAI-{VERSION}-checksums.txt"] = sums.encode()
        yield server


def report_of(files: FileServer, model: str = "tiny") -> Report:
    """Check the server, and return what is reported."""
    report = Report()
    options = {"backends": f"{files.url}/index.yaml", "models": f"{files.url}/models.yaml"}
    check_server(argparse.Namespace(**options, releases=f"{files.url}/releases", model=model), report)
    return report


def test_the_model_answers(files: FileServer) -> None:
    report = report_of(files)
    assert report.problems == []
    assert report.done == [f"LocalAI {VERSION} is downloaded and verified", "tiny answers: cpu-llama-cpp 1"]


def test_a_changed_program_is_not_run(files: FileServer) -> None:
    files.pages[f"/releases/download/{VERSION}/{ASSET}"] = b"#!/bin/sh\ntouch /tmp/never\n"
    report = report_of(files)
    assert report.done == []
    assert len(report.problems) == 1
    assert f"{ASSET} has the SHA-256" in report.problems[0]


def test_releases_without_a_version(files: FileServer) -> None:
    files.pages["/releases/latest"] = b"<html>v9.8.7</html>"
    assert "neither leads to a version nor has one" in report_of(files).problems[0]


def test_an_installation_that_fails(files: FileServer) -> None:
    report = report_of(files, model="nosuch")
    assert report.done == [f"LocalAI {VERSION} is downloaded and verified"]
    assert "returned non-zero exit status" in report.problems[0]


def test_the_report_is_no_markup_of_others() -> None:
    text = Report(problems=["a\n```\n# b", *("c" for _ in range(200))]).text()
    assert "a ''' # b\nc\n" in text
    assert "… and 101 more" in text
    assert text.count("```") == 6
