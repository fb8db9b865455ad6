# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The newest release of LocalAI: its version, and its program, verified with the checksums of the release."""

from __future__ import annotations

import hashlib
import re
import urllib.request
from pathlib import Path

from ..support.images import host_platform

# On GitHub, `latest` redirects to `tag/<version>`. A mirror can have a file with the version there, as for the role.
RELEASES = "https://github.com/mudler/LocalAI/releases"
_TIMEOUT = 60.0


class ReleaseError(Exception):
    """A release is not as it should be."""


def newest_version(releases: str) -> str:
    """Return the version of the newest release; raises OSError and ReleaseError."""
    with urllib.request.urlopen(f"{releases}/latest", timeout=_TIMEOUT) as answer:
        candidates = (str(answer.url).rpartition("/")[2], answer.read(64).decode("utf-8", "replace").strip())
    for candidate in candidates:
        if re.fullmatch(r"v\d+\.\d+\.\d+", candidate):
            return candidate
    raise ReleaseError(f"{releases}/latest neither leads to a version nor has one.")


def download(releases: str, version: str, program: Path) -> None:
    """Download and verify the program of a release; raises OSError and ReleaseError."""
    asset = f"local-ai-{version}-linux-{host_platform().architecture}"
    base = f"{releases}/download/{version}"
    with urllib.request.urlopen(f"{base}/LocalAI-{version}-checksums.txt", timeout=_TIMEOUT) as answer:
        sums = dict(reversed(line.split()) for line in answer.read().decode("utf-8").splitlines() if line.strip())
    if asset not in sums:
        raise ReleaseError(f"The checksums of {version} have no line for {asset}.")
    checksum = hashlib.sha256()
    with urllib.request.urlopen(f"{base}/{asset}", timeout=_TIMEOUT) as answer, program.open("wb") as file:
        while data := answer.read(1 << 20):
            checksum.update(data)
            file.write(data)
    if checksum.hexdigest() != sums[asset]:
        raise ReleaseError(f"{asset} has the SHA-256 {checksum.hexdigest()}, and {sums[asset]} in the checksums.")
    program.chmod(0o755)
