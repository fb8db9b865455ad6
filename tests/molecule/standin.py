# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write a stand-in for LocalAI, a backend and a model into a directory, for the molecule scenario without internet.

Run it with `python -m ansible_collections.localai.core.tests.molecule.standin DIRECTORY`; standin.yml is the inventory.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from ..hosts.releases import pack
from ..support.playbook import COLLECTION


def write(directory: Path) -> None:
    """Write the program `local-ai`, the backend `backend` and the weights `tiny.gguf`."""
    backend = directory / "backend"
    backend.mkdir(parents=True, exist_ok=True)
    run_file = backend / "run.sh"
    run_file.write_text("#!/bin/sh\necho yes\n", encoding="ascii")
    run_file.chmod(0o755)
    (directory / "tiny.gguf").write_bytes(b"weights")
    defaults = (COLLECTION / "roles" / "localai" / "defaults" / "main.yml").read_text(encoding="utf-8")
    found = re.search(r"^localai_version: (v[0-9.]+)$", defaults, re.MULTILINE)
    assert found, "the role has a default version"
    program = directory / "local-ai"
    pack(program, found[1])
    program.chmod(0o755)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
