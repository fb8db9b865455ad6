#!/usr/bin/python
# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.localai.core.plugins.module_utils._module.models.model import run_model


def main() -> None:
    """Run the module."""
    run_model()


if __name__ == "__main__":
    main()
