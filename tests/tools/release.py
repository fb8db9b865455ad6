# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Refuse what must not be released, and put a release together: release.py TAG PACKAGE DIRECTORY.

PACKAGE is the directory with the built collection. DIRECTORY gets the collection, its checksum, and the notes of the
release, which are its part of CHANGELOG.md.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import sys
from pathlib import Path

import yaml

ROOT = Path.cwd()


def hindrances(root: Path, tag: str) -> list[str]:
    """Return why a tag cannot be released."""
    version = yaml.safe_load((root / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    releases = yaml.safe_load((root / "changelogs" / "changelog.yaml").read_text(encoding="utf-8"))["releases"]
    fragments = sorted(path.name for path in (root / "changelogs" / "fragments").glob("[!.]*"))
    reasons = []
    if tag != version:
        reasons.append(f"The tag is {tag}, and the version in galaxy.yml is {version}.")
    if tag not in releases:
        reasons.append(f"changelogs/changelog.yaml has no release {tag}. Run antsibull-changelog release.")
    if fragments:
        reasons.append(f"These fragments are in no release: {', '.join(fragments)}. Run antsibull-changelog release.")
    if not notes(root, tag):
        reasons.append(f"CHANGELOG.md has no section for {tag}.")
    return reasons


def notes(root: Path, tag: str) -> str:
    """Return the section of a release in CHANGELOG.md, without its heading, or an empty text."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    heading = re.escape("v" + tag.replace(".", "\\."))
    found = re.search(rf"^## {heading}\n(.*?)(?=^<a id=\"v[0-9-]+\"></a>\n## |\Z)", text, re.MULTILINE | re.DOTALL)
    return found[1].strip() + "\n" if found else ""


def main(tag: str, package: Path, directory: Path) -> None:
    """Check, and write the files."""
    if reasons := hindrances(ROOT, tag):
        sys.exit("\n".join(reasons))
    built = package / f"localai-core-{tag}.tar.gz"
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    shutil.copy(built, directory)
    checksum = hashlib.sha256(built.read_bytes()).hexdigest()
    (directory / f"{built.name}.sha256").write_text(f"{checksum}  {built.name}\n", encoding="ascii")
    (directory / "notes.md").write_text(notes(ROOT, tag), encoding="utf-8")
    print(f"{checksum}  {built.name}")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
