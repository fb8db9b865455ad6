#!/usr/bin/python
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Fetches everything that hosts without internet need into one directory."""

from __future__ import annotations

from ansible_collections.localai.core.plugins.module_utils._module.bundle.bundle import run_bundle

if __name__ == "__main__":
    run_bundle()
