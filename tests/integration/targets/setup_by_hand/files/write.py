# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write backends below a directory; standard input maps their names to the text of metadata.json, null for none.

The name of one without a run file ends with a slash.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

for name, metadata in json.load(sys.stdin).items():
    directory = Path(sys.argv[1], name)
    directory.mkdir(parents=True)
    if metadata is not None:
        directory.joinpath("metadata.json").write_bytes(metadata.encode())
    if not name.endswith("/"):
        run_file = directory / "run.sh"
        run_file.write_text(f"#!/bin/sh\necho {name}\n")
        run_file.chmod(0o755)
