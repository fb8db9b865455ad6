# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Install one image or archive as the module does it, and print as JSON what the install alone took.

That is a run of the module from its options to its result. What Python, Ansible and requests need to be loaded is not
in it.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from ansible_collections.localai.core.plugins.modules import localai_backend

from ..support.module import run_module


def main() -> None:
    """`install REFERENCE DIRECTORY with|without [OPTION=NUMBER...]`: with isal or not, and options of the module.

    zlib-ng is not used in any case.
    """
    reference, directory, isal, *settings = sys.argv[1:]
    importlib.import_module("requests")
    for library in ("zlib_ng", *(["isal"] if isal == "without" else [])):
        sys.modules[library] = None  # type: ignore[assignment]  # so Python says that there is none
    options: dict[str, Any] = {
        "name": ["benchmark"],
        "uri": reference,
        "backends_path": directory,
        "backends_system_path": str(Path(directory).with_name("system")),
        "capability": "default",
        **{name: int(number) for name, number in (setting.split("=") for setting in settings)},
    }
    wall, before = time.perf_counter(), os.times()
    result = run_module(localai_backend.main, options)
    wall, after = time.perf_counter() - wall, os.times()
    if result["failed"]:
        sys.exit(result["msg"])
    print(json.dumps({"wall": wall, "cpu": sum(after[:4]) - sum(before[:4])}))


if __name__ == "__main__":
    main()
