# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which package may import which: an allow-list. Adding a line to it is a decision about the architecture."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Iterator

import pytest

MODULE_UTILS = Path(__file__).resolve().parents[4] / "plugins" / "module_utils"
PRIVATE = "# This file is private to the localai.core collection: nothing outside it may import it."

# A package may import packages, or single files of them. Everybody may import the files beside the packages.
MAY_IMPORT = {
    "_fs": [],
    "_unpack": ["_fs"],
    "_http": ["_unpack.compression"],
    "_oci": ["_http", "_fs"],
    "_store": ["_fs"],
    "_localai": ["_fs", "_store.record", "_store.builds", "_store.layout", "_store.file_system"],
    "_sources": ["_oci", "_http", "_unpack", "_fs"],
    "_planner": ["_localai", "_store.record", "_store.builds", "_store.layout", "_oci.reference", "_oci.platform", "_sources.uri"],
    "_resolver": ["_planner", "_sources", "_localai", "_oci", "_http", "_fs"],
    "_module": ["_planner", "_resolver", "_localai", "_sources", "_oci", "_http", "_store", "_fs"],
    "_service_directories": ["_module.invocation", "_store", "_fs"],
}
# The files beside the packages, and what each may import.
BESIDE = {"_errors": [], "_address": [], "_request": ["_address"]}
