# Copyright: (c) 2026, localai.core contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The evidence of a GPU that cannot be read, as text."""

from __future__ import annotations

from ansible_collections.localai.core.plugins.module_utils._localai.evidence import Unreadable


def test_a_probe_that_failed_is_told_with_its_output() -> None:
    assert str(Unreadable("nvidia", "nvidia-smi", "exit status 9: no driver")) == (
        "nvidia: nvidia-smi: exit status 9: no driver"
    )
