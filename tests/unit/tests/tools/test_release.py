# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A release has one version everywhere, all fragments in its changelog, and its own section as notes."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[4] / "tests" / "tools" / "release.py"
CHANGELOG = """# localai\\.core Release Notes

<a id="v1-0-0"></a>
## v1\\.0\\.0

<a id="release-summary"></a>
### Release Summary

The first\\.

<a id="v0-1-0"></a>
## v0\\.1\\.0

Before\\.
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Write what a released repository has, and a built collection."""
    (tmp_path / "changelogs" / "fragments").mkdir(parents=True)
    (tmp_path / "changelogs" / "fragments" / ".gitkeep").touch()
    (tmp_path / "changelogs" / "changelog.yaml").write_text("releases: {1.0.0: {}, 0.1.0: {}}\n")
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    (tmp_path / "galaxy.yml").write_text("version: 1.0.0\n")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "localai-core-1.0.0.tar.gz").write_bytes(b"collection")
    return tmp_path


def release(root: Path, tag: str) -> subprocess.CompletedProcess[str]:
    """Run the script there."""
    command = [sys.executable, str(SCRIPT), tag, "package", "release"]
    return subprocess.run(command, cwd=root, text=True, capture_output=True, check=False)


def test_a_release(root: Path) -> None:
    done = release(root, "1.0.0")
    assert (done.returncode, done.stderr) == (0, "")
    name = "localai-core-1.0.0.tar.gz"
    assert sorted(path.name for path in (root / "release").iterdir()) == [name, f"{name}.sha256", "notes.md"]
    checksum = hashlib.sha256(b"collection").hexdigest()
    assert (root / "release" / f"{name}.sha256").read_text() == f"{checksum}  {name}\n"
    notes = (root / "release" / "notes.md").read_text()
    assert notes == '<a id="release-summary"></a>\n### Release Summary\n\nThe first\\.\n'


def test_the_oldest_release_has_notes_too(root: Path) -> None:
    (root / "galaxy.yml").write_text("version: 0.1.0\n")
    (root / "package" / "localai-core-0.1.0.tar.gz").write_bytes(b"collection")
    assert release(root, "0.1.0").returncode == 0
    assert (root / "release" / "notes.md").read_text() == "Before\\.\n"


def test_another_tag(root: Path) -> None:
    done = release(root, "1.0.1")
    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        "The tag is 1.0.1, and the version in galaxy.yml is 1.0.0.",
        "changelogs/changelog.yaml has no release 1.0.1. Run antsibull-changelog release.",
        "CHANGELOG.md has no section for 1.0.1.",
    ]
    assert not (root / "release").exists()


def test_a_fragment_that_is_left(root: Path) -> None:
    (root / "changelogs" / "fragments" / "late.yml").write_text("bugfixes: [x]\n")
    done = release(root, "1.0.0")
    assert done.returncode == 1
    assert done.stderr == "These fragments are in no release: late.yml. Run antsibull-changelog release.\n"
